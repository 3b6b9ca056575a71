//! The clocks that hosts read: epoch + simulated time + the host's skew.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// One host's wall clock. It moves with simulated time and is wrong by the host's skew, which the
/// world may change while the host runs (also backwards, as an operator or NTP does).
#[derive(Debug, Clone)]
pub struct HostClock {
    epoch: Timestamp,
    start: Instant,
    skew_ns: Arc<AtomicI64>,
}

impl HostClock {
    pub(crate) fn new(epoch: Timestamp, start: Instant, skew: SignedDuration) -> Self {
        let clock = Self { epoch, start, skew_ns: Arc::new(AtomicI64::new(0)) };
        clock.set_skew(skew);
        clock
    }

    /// The time that this host believes it is.
    ///
    /// # Panics
    /// If the scenario leaves the range of [`Timestamp`] (year 9999).
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let simulated = SignedDuration::try_from(self.start.elapsed()).expect("a run is short");
        let skew = SignedDuration::from_nanos(self.skew_ns.load(Ordering::Relaxed));
        self.epoch + simulated + skew
    }

    /// How far this clock is ahead of true time (negative: behind).
    #[must_use]
    pub fn skew(&self) -> SignedDuration {
        SignedDuration::from_nanos(self.skew_ns.load(Ordering::Relaxed))
    }

    pub(crate) fn set_skew(&self, skew: SignedDuration) {
        let nanos = i64::try_from(skew.as_nanos()).expect("a skew is less than 292 years");
        self.skew_ns.store(nanos, Ordering::Relaxed);
    }
}
