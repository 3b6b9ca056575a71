//! Following another service's feed: every event takes effect once, in order.
//!
//! The cursor lies in our own database and moves in the transaction of the effects. Of two
//! replicas that follow, the one whose cursor update finds the old position wins; the other
//! rolls back and goes on from where the winner is.

use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::Row;
use tokio::time::sleep;

use super::{Common, Event, Peer, PeerError, feed::Page};
use crate::store::{Store, StoreError, Tx};

/// What events of a feed do to us.
pub trait Apply: Send + Sync {
    /// Takes one event into the books, in the transaction that moves the cursor. An event of a
    /// kind that does not concern us is skipped.
    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A page has been committed.
    fn applied(&self) {}
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for FollowError {
    fn from(error: sqlx::Error) -> Self {
        FollowError::Store(error.into())
    }
}

/// Follows the feed `source` of `peer` for ever.
pub async fn follow(source: &str, peer: &Peer, store: &Store, common: &Common, apply: &impl Apply) {
    let mut cursor = None;
    let mut failures = 0_u32;
    loop {
        match page(source, peer, store, common, apply, &mut cursor).await {
            Ok(()) => failures = 0,
            Err(error) => {
                cursor = None;
                failures = (failures + 1).min(6);
                tracing::warn!(source, %error, "following failed; it goes on from the cursor");
                sleep(Duration::from_millis(50 << failures)).await;
            }
        }
    }
}

/// Waits for one page and takes it into the books. `cursor` is what we believe our position is;
/// the database knows better, and says so by refusing the update.
async fn page(
    source: &str,
    peer: &Peer,
    store: &Store,
    common: &Common,
    apply: &impl Apply,
    cursor: &mut Option<i64>,
) -> Result<(), FollowError> {
    let from = match *cursor {
        Some(from) => from,
        None => position(source, store).await?,
    };
    let wait = common.feed_wait;
    let path = format!("/v1/events?after={from}&wait_ms={}", wait.as_millis());
    let page: Page = peer.get(&path, wait + Duration::from_secs(10)).await?;
    if page.events.is_empty() {
        *cursor = Some(from);
        return Ok(());
    }
    let mut tx = store.begin().await?;
    let moved = sqlx::query(
        "INSERT INTO feed_cursor (source, position) VALUES ($1, $2) \
         ON CONFLICT (source) DO UPDATE SET position = excluded.position \
         WHERE feed_cursor.position = $3",
    )
    .bind(source)
    .bind(page.cursor)
    .bind(from)
    .execute(&mut *tx)
    .await?;
    // On a first page the insert always succeeds for one replica only: the row's key is taken.
    if moved.rows_affected() == 0 {
        tx.rollback().await?;
        *cursor = None;
        return Ok(());
    }
    for event in &page.events {
        apply.apply(&mut tx, event).await?;
    }
    *cursor = None;
    tx.commit().await?;
    *cursor = Some(page.cursor);
    apply.applied();
    Ok(())
}

async fn position(source: &str, store: &Store) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT position FROM feed_cursor WHERE source = $1")
        .bind(source)
        .fetch_optional(&mut *store.acquire().await?)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}
