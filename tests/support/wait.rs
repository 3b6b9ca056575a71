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
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for: {what}");
        pause(50).await;
    }
}

/// Waits some milliseconds of real time.
pub async fn pause(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}
