//! Reading the date. Waiting is `tokio::time`; only *what time is it* goes through this seam.

use jiff::Timestamp;

/// Tells the date and time.
pub trait Clock: Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> Timestamp;

    /// The current instant in microseconds since the epoch, as the databases store it.
    fn micros(&self) -> i64 {
        self.now().as_microsecond()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
