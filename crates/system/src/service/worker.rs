//! A worker: does what is due, sleeps until more is, and never gives up.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
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
                failures = failed(name, &error, failures).await;
                continue;
            }
        };
        failures = 0;
        // A poll of nothing at all would spin.
        let _ = timeout(rest.max(Duration::from_millis(1)), wake.wait()).await;
    }
}

/// Runs jobs for ever, up to `width` at once, so that one that hangs holds up nobody: `take` marks
/// the next one as taken and gives it, or says how long there is none.
pub async fn work_wide<F, J, E>(
    name: &str,
    wake: &Wake,
    poll: Duration,
    width: usize,
    mut take: impl FnMut() -> F,
) where
    F: Future<Output = Result<Result<J, Next>, E>>,
    J: Future<Output = ()> + Send + 'static,
    E: std::fmt::Display,
{
    let mut running = JoinSet::new();
    let mut failures = 0_u32;
    loop {
        let mut rest = poll;
        while running.len() < width {
            match take().await {
                Ok(Ok(job)) => drop(running.spawn(job)),
                Ok(Err(next)) => {
                    failures = 0;
                    if let Next::After(due) = next {
                        rest = due.min(poll);
                    }
                    break;
                }
                Err(error) => failures = failed(name, &error, failures).await,
            }
        }
        let is_full = running.len() == width;
        tokio::select! {
            biased;
            // Its place is free; and it may have left work for later.
            Some(ended) = running.join_next() => ended.unwrap_or_else(resume),
            _ = timeout(rest.max(Duration::from_millis(1)), wake.wait()), if !is_full => {}
        }
    }
}

/// Waits after a failed step, not interruptibly: what fails now would fail again on every wake-up.
async fn failed(name: &str, error: &impl std::fmt::Display, failures: u32) -> u32 {
    let failures = (failures + 1).min(6);
    tracing::warn!(worker = name, %error, "worker step failed; it will be repeated");
    sleep(Duration::from_millis(100 << failures)).await;
    failures
}

/// A panic in a job is a bug: it goes on.
fn resume(error: JoinError) {
    if error.is_panic() {
        std::panic::resume_unwind(error.into_panic());
    }
}
