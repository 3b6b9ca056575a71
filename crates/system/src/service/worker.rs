//! A worker: does what is due, sleeps until more is, and never gives up.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// Wakes a worker of the same process.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There is work.
    pub fn now(&self) {
        self.0.notify_one();
    }

    /// Waits until there is.
    pub async fn wait(&self) {
        self.0.notified().await;
    }
}

/// What a worker found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Something was done; there may be more.
    Again,
    /// Nothing is due before this time has passed (or the worker is woken).
    After(Duration),
    /// Nothing is known to be due.
    Idle,
}

impl Next {
    /// Nothing is due before `at`, and it is `now` (both in microseconds since the epoch).
    pub fn until(at: i64, now: i64) -> Self {
        Next::After(Duration::from_micros(u64::try_from(at - now).unwrap_or(0)))
    }
}

/// Runs `step` for ever: at once while there is work, when woken, and at least every `poll`,
/// because another replica may have left work in the database.
pub async fn work<F, E>(name: &str, wake: &Wake, poll: Duration, mut step: impl FnMut() -> F)
where
    F: Future<Output = Result<Next, E>>,
    E: std::fmt::Display,
{
    let mut failures = 0_u32;
    loop {
        let rest = match step().await {
            Ok(Next::Again) => {
                failures = 0;
                continue;
            }
            Ok(Next::After(rest)) => rest.min(poll),
            Ok(Next::Idle) => poll,
            Err(error) => {
                failures = (failures + 1).min(6);
                tracing::warn!(worker = name, %error, "worker step failed; it will be repeated");
                // Not interruptible: what fails now would fail again on every wake-up.
                sleep(Duration::from_millis(100 << failures)).await;
                continue;
            }
        };
        failures = 0;
        // A poll of nothing at all would spin.
        let _ = timeout(rest.max(Duration::from_millis(1)), wake.wait()).await;
    }
}
