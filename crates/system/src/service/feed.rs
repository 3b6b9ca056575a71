//! A service's ordered feed: published in the transaction of the change, stamped with its place
//! after commit, served over HTTP by long poll.
//!
//! Why the stamp comes after commit: see `feed.sql`. The sequencer is not a task of its own:
//! whoever reads stamps first, under a lock, so there is nothing to elect and nothing to restart.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{Common, require_token};
use crate::{
    kernel::Clock,
    store::{Migration, Store, StoreError, Tx},
    transport::{Json, Problem, Query},
};

/// The tables of a feed and of its followers.
pub const SCHEMA: Migration = Migration { name: "feed", sql: include_str!("feed.sql") };

/// The most events in one answer.
const PAGE: i64 = 200;

/// One thing that happened, as its readers see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place: positive, growing, without two alike.
    pub seq: i64,
    /// What happened, e.g. `payment_order.succeeded`.
    pub kind: String,
    /// To what, e.g. a payment order's id.
    pub subject: String,
    /// When, in microseconds since the epoch.
    pub at: i64,
    /// The rest.
    pub data: Value,
}

/// One page of a feed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Page {
    pub(super) events: Vec<Event>,
    /// Where the next page begins.
    pub(super) cursor: i64,
}

/// Something to publish.
#[derive(Debug)]
pub struct NewEvent<'a> {
    pub kind: &'a str,
    pub subject: &'a str,
    pub data: Value,
}

/// Publishing and reading.
#[derive(Clone)]
pub struct Feed {
    store: Store,
    clock: Arc<dyn Clock>,
    /// Counts commits that published; readers wait for it to change.
    published: Arc<watch::Sender<u64>>,
    recheck: Duration,
    wait: Duration,
}

impl Feed {
    /// The feed in `store`.
    pub fn new(store: &Store, clock: Arc<dyn Clock>, common: &Common) -> Self {
        let (store, published) = (store.clone(), Arc::new(watch::Sender::new(0)));
        Self { store, clock, published, recheck: common.feed_recheck, wait: common.feed_wait }
    }

    /// Writes an event in the transaction of the change that it tells of; one that is already
    /// there stays as it was. Call [`Feed::announce`] after the commit.
    pub async fn publish(&self, tx: &mut Tx, event: NewEvent<'_>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO event (kind, subject, at, data) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, subject) DO NOTHING",
        )
        .bind(event.kind)
        .bind(event.subject)
        .bind(self.clock.micros())
        .bind(event.data.to_string())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Wakes the readers that wait at this replica. Losing this call loses time, not events.
    pub fn announce(&self) {
        self.published.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// The events after `cursor`, at most `limit` of them.
    ///
    /// Stamps only when it would have nothing to say. What has a place is handed out even while
    /// other events have none yet: under load there always are some, and places become visible in
    /// their order, so nothing can come to lie before what was read.
    pub async fn read(&self, cursor: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
        let (events, unstamped) = self.select(cursor, limit).await?;
        if !unstamped || !events.is_empty() {
            return Ok(events);
        }
        self.stamp().await?;
        Ok(self.select(cursor, limit).await?.0)
    }

    /// The events after `cursor`, and whether some are not stamped yet.
    async fn select(&self, cursor: i64, limit: i64) -> Result<(Vec<Event>, bool), StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM (SELECT seq, kind, subject, at, data FROM event WHERE seq > $1 \
                 ORDER BY seq LIMIT $2) AS stamped \
             UNION ALL SELECT NULL, '', '', 0, '' \
                 WHERE EXISTS (SELECT 1 FROM event WHERE seq IS NULL)",
        )
        .bind(cursor)
        .bind(limit.clamp(1, PAGE))
        .fetch_all(&mut *self.store.acquire().await?)
        .await?;
        let mut events = Vec::with_capacity(rows.len());
        let mut unstamped = false;
        for row in &rows {
            let Some(seq) = row.try_get::<Option<i64>, _>(0)? else {
                unstamped = true;
                continue;
            };
            let data: String = row.try_get(4)?;
            let data = serde_json::from_str(&data).expect("publish writes JSON");
            let (kind, subject, at) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            events.push(Event { seq, kind, subject, at, data });
        }
        // A union promises no order.
        events.sort_by_key(|event: &Event| event.seq);
        Ok((events, unstamped))
    }

    /// Gives every committed, unstamped event its place. Stampers exclude one another until they
    /// have committed, so a number never becomes visible before a lower one.
    async fn stamp(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        sqlx::query("UPDATE feed_head SET one = one").execute(&mut *tx).await?;
        sqlx::query(
            "UPDATE event SET seq = placed.seq FROM (\
                 SELECT kind, subject, (SELECT COALESCE(MAX(seq), 0) FROM event) \
                     + ROW_NUMBER() OVER (ORDER BY at, kind, subject) AS seq \
                 FROM event WHERE seq IS NULL\
             ) AS placed \
             WHERE event.kind = placed.kind AND event.subject = placed.subject",
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Like [`Feed::read`], but waits up to `wait` for the first event.
    async fn poll(&self, cursor: i64, limit: i64, wait: Duration) -> Result<Page, StoreError> {
        let deadline = Instant::now() + wait.min(self.wait);
        let mut published = self.published.subscribe();
        loop {
            published.mark_unchanged();
            let events = self.read(cursor, limit).await?;
            let left = deadline.saturating_duration_since(Instant::now());
            if !events.is_empty() || left.is_zero() {
                let cursor = events.last().map_or(cursor, |event| event.seq);
                return Ok(Page { events, cursor });
            }
            // Another replica's events are not announced here: look for them now and then.
            let _ = timeout(self.recheck.min(left), published.changed()).await;
        }
    }

    /// `GET /v1/events?after=&limit=&wait_ms=`, for services that follow.
    pub fn router(&self, token: &str) -> Router {
        let feed = self.clone();
        let handler = move |Query(asked): Query<Asked>| {
            let feed = feed.clone();
            async move {
                let wait = Duration::from_millis(asked.wait_ms);
                let page = feed.poll(asked.after, asked.limit.unwrap_or(PAGE), wait).await;
                page.map(Json).map_err(Problem::from)
            }
        };
        require_token(Router::new().route("/v1/events", get(handler)), token)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
    #[serde(default)]
    wait_ms: u64,
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Wake, Waker};

    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;
    use tempfile::TempDir;
    use tokio::sync::Notify;

    use super::*;
    use crate::{kernel::SystemClock, service::FEED_SCHEMA};

    /// A clock that is so much ahead.
    struct Ahead(SignedDuration);

    impl Clock for Ahead {
        fn now(&self) -> Timestamp {
            SystemClock.now() + self.0
        }
    }

    /// A replica's feed; it looks for what it was not told of only when no test waits any more.
    async fn replica(folder: &TempDir, ahead: SignedDuration) -> Feed {
        sqlx::any::install_default_drivers();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("feed.db").display());
        let store = Store::open(&url, &[FEED_SCHEMA]).await.expect("a database");
        let hour = Duration::from_secs(3600);
        let common = Common { feed_wait: hour, feed_recheck: hour, ..Common::with_token("token") };
        Feed::new(&store, Arc::new(Ahead(ahead)), &common)
    }

    async fn publish(feed: &Feed, subject: &str) {
        let mut tx = feed.store.begin().await.expect("a transaction");
        let event = NewEvent { kind: "made", subject, data: json!({}) };
        feed.publish(&mut tx, event).await.expect("published");
        tx.commit().await.expect("committed");
        feed.announce();
    }

    /// Tells when what is polled with it can go on.
    #[derive(Default)]
    struct Woken(Notify);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.notify_one();
        }
    }

    #[tokio::test]
    async fn what_is_published_while_a_reader_looks_is_not_lost_to_it() {
        let mut is_waiting = false;
        for steps in 0.. {
            let folder = TempDir::new().expect("a folder");
            let feed = replica(&folder, SignedDuration::ZERO).await;
            let mut reader = Box::pin(feed.poll(0, 10, Duration::from_secs(3600)));
            let woken = Arc::new(Woken::default());
            let waker = Waker::from(woken.clone());
            // It is stopped after so many steps, when what it asked the database is answered.
            for _ in 0..steps {
                assert!(reader.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                is_waiting = timeout(Duration::from_secs(2), woken.0.notified()).await.is_err();
            }
            publish(&feed, "a").await;
            let page = timeout(Duration::from_secs(20), reader).await;
            let page = page.unwrap_or_else(|_| panic!("lost after {steps} steps"));
            assert_eq!(page.expect("read").events.len(), 1);
            if is_waiting {
                assert!(steps > 1, "it was stopped while it looked");
                break;
            }
        }
    }

    #[tokio::test]
    async fn a_replica_hears_at_once_of_what_another_says_that_is_ahead_of_it() {
        let folder = TempDir::new().expect("a folder");
        let slow = replica(&folder, SignedDuration::ZERO).await;
        let fast = replica(&folder, SignedDuration::from_mins(10)).await;
        publish(&fast, "a").await;
        assert_eq!(slow.read(0, 10).await.expect("read").len(), 1);
    }
}
