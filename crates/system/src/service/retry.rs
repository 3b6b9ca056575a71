//! How long to wait before trying again: exponential, with full jitter above a floor.

use std::time::Duration;

use crate::kernel::Entropy;

/// A schedule of waits.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait after the first failure, before jitter.
    pub base: Duration,
    /// No wait is longer.
    pub max: Duration,
}

impl Backoff {
    /// The wait after the `failures`-th failure in a row (from 1): between half of
    /// `base * 2^(failures-1)` and all of it, and never less than `floor` (what the peer asked
    /// for in `Retry-After`).
    pub fn after(&self, failures: u32, floor: Option<Duration>, entropy: &Entropy) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.max);
        let half = ceiling / 2;
        let jitter = entropy.below(half.as_millis() as u64 + 1);
        (half + Duration::from_millis(jitter)).max(floor.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_whole_wait_is_possible_and_half_of_it() {
        let entropy = Entropy::from_seed([1; 32]);
        let ms = Duration::from_millis;
        let backoff = Backoff { base: ms(2), max: ms(2) };
        let waits: BTreeSet<_> = (0..64).map(|_| backoff.after(1, None, &entropy)).collect();
        assert_eq!(waits, [ms(1), ms(2)].into());
    }

    #[test]
    fn waits_grow_stay_below_the_ceiling_and_obey_the_peer() {
        let entropy = Entropy::from_seed([1; 32]);
        let backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_secs(10) };
        for failures in 1..40 {
            let ceiling = Duration::from_secs(1 << (failures - 1).min(10)).min(backoff.max);
            let wait = backoff.after(failures, None, &entropy);
            assert!((ceiling / 2..=ceiling).contains(&wait), "{failures}: {wait:?}");
        }
        let asked = Duration::from_secs(120);
        assert_eq!(backoff.after(1, Some(asked), &entropy), asked);
    }
}
