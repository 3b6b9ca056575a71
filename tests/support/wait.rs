//! Waiting for what other processes do: by looking, never by guessing how long it takes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Looks every 50 ms until `look` finds something.
///
/// # Panics
/// After `patience`, with `what` was waited for.
pub async fn eventually<T>(
    what: &str,
    patience: Duration,
    look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let found = within(patience, look).await;
    found.unwrap_or_else(|| panic!("waited {patience:?} in vain for: {what}"))
}

/// Looks every 50 ms until `look` finds something; `None` after `patience`.
pub(crate) async fn within<T>(
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        pause(50).await;
    }
}

/// Waits some milliseconds of real time.
pub async fn pause(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}
