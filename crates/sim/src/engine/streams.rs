//! Randomness by name: the same seed and name always give the same stream.
//!
//! Nothing in a world draws from a shared generator, so the order in which parts of the world ask
//! never matters: taking one connection out of a run leaves the draws of all others as they were.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use sha2::{Digest as _, Sha256};

/// Derives named random streams from one root seed.
#[derive(Debug, Clone, Copy)]
pub struct Streams {
    root: u64,
}

impl Streams {
    /// The family of streams of this root seed.
    #[must_use]
    pub fn new(root: u64) -> Self {
        Self { root }
    }

    /// The seed that [`Streams::stream`] gives its generator: sha256 of (root seed, name).
    #[must_use]
    pub fn seed_for(&self, name: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.root.to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.finalize().into()
    }

    /// A portable generator (ChaCha with 8 rounds) that depends on the root seed and `name` only.
    #[must_use]
    pub fn stream(&self, name: &str) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.seed_for(name))
    }
}

/// A uniform draw from `low..=high`; one word of the stream, whatever the range.
pub(crate) fn uniform(rng: &mut ChaCha8Rng, low: u64, high: u64) -> u64 {
    let span = u128::from(high.saturating_sub(low)) + 1;
    let scaled = (u128::from(rng.next_u64()) * span) >> 64;
    low + u64::try_from(scaled).expect("a draw is smaller than its span")
}

/// Parts in 2^64 of a probability, so that a chance is one integer comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const NEVER: Self = Self(0);
    pub(crate) const HALF: Self = Self(1 << 63);

    /// # Panics
    /// If `probability` is not within 0..=1: a scenario bug.
    #[expect(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a probability is scaled once, when a fault is switched on; float-to-integer casts saturate"
    )]
    pub(crate) fn new(probability: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "a probability lies within 0..=1, but this one is {probability}"
        );
        Self((probability * 18_446_744_073_709_551_616.0) as u64)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether the chance comes true; always draws one word.
    pub(crate) fn strikes(self, rng: &mut ChaCha8Rng) -> bool {
        let word = rng.next_u64();
        self.0 == u64::MAX || word < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_name_only() {
        let draw = |seed, name| Streams::new(seed).stream(name).next_u64();
        assert_eq!(draw(1, "link/a/b/1"), draw(1, "link/a/b/1"));
        assert_ne!(draw(1, "link/a/b/1"), draw(1, "link/a/b/2"));
        assert_ne!(draw(1, "link/a/b/1"), draw(2, "link/a/b/1"));
    }

    #[test]
    fn a_stream_is_portable() {
        // A change of this value breaks every saved seed.
        assert_eq!(Streams::new(7).stream("example").next_u64(), 4_422_377_142_128_573_129);
    }

    #[test]
    fn draws_stay_in_range_and_chances_at_the_ends_are_certain() {
        let mut rng = Streams::new(1).stream("range");
        for _ in 0..1000 {
            assert!((5..=9).contains(&uniform(&mut rng, 5, 9)));
            assert!(Chance::new(1.0).strikes(&mut rng));
            assert!(!Chance::new(0.0).strikes(&mut rng));
        }
        assert_eq!(uniform(&mut rng, 3, 3), 3);
    }
}
