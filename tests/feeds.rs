//! The feed, where it is hard: many writers, transactions that are slow or rolled back, two
//! replicas that stamp. Every reader sees every event once, all in the same order.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use hanbeon::{Postgres, eventually, pause};
use serde_json::json;
use sqlx::{Executor, Row};
use system::{
    kernel::SystemClock,
    service::{Apply, Common, Event, FEED_SCHEMA, Feed, NewEvent, Peer, follow},
    store::{Migration, Store, StoreError, Tx},
    transport::{HttpClient, TokioDial, serve_http},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet, time::Instant};

const PATIENCE: Duration = Duration::from_secs(120);
const TOKEN: &str = "token";

/// What is to be published.
#[derive(Debug, Clone, Copy)]
struct Crowd {
    writers: usize,
    /// Transactions per writer.
    each: usize,
}

impl Crowd {
    /// Transaction `n` of a writer is rolled back if this says so.
    fn rolls_back(n: usize) -> bool {
        n % 5 == 3
    }

    fn committed(self) -> usize {
        self.writers * (0..self.each).filter(|n| !Self::rolls_back(*n)).count()
    }
}

/// Where the databases of a test are.
enum Place {
    File(TempDir),
    Server(Postgres),
}

impl Place {
    fn file() -> Self {
        Self::File(TempDir::new().expect("a temporary directory"))
    }

    async fn database(&self, name: &str) -> String {
        match self {
            Self::File(directory) => {
                format!("sqlite://{}/{name}.db?mode=rwc", directory.path().display())
            }
            Self::Server(postgres) => postgres.create_database(name).await,
        }
    }
}

/// One replica's way to a feed.
async fn replica(url: &str) -> (Store, Feed) {
    let store = Store::open(url, &[FEED_SCHEMA]).await.expect("a fresh database");
    let feed = Feed::new(&store, Arc::new(SystemClock), &common());
    (store, feed)
}

fn common() -> Common {
    Common {
        feed_wait: Duration::from_secs(1),
        feed_recheck: Duration::from_millis(100),
        ..Common::with_token(TOKEN)
    }
}

/// Publishes one writer's events, each in a transaction of its own. Some transactions stay open
/// while others commit: their events become visible late, and must still not be skipped.
async fn write(store: Store, feed: Feed, writer: usize, crowd: Crowd, hold: u64) {
    for n in 0..crowd.each {
        let subject = format!("w{writer}-{n}");
        while let Err(error) = publish(&store, &feed, &subject, writer, n, hold).await {
            // SQLite has one writer at a time and may say so; a service would try again, too.
            assert!(matches!(error, StoreError::Busy | StoreError::Sql(_)), "{error}");
            pause(20).await;
        }
    }
}

async fn publish(
    store: &Store,
    feed: &Feed,
    subject: &str,
    writer: usize,
    n: usize,
    hold: u64,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let event = NewEvent { kind: "made", subject, data: json!({ "writer": writer, "n": n }) };
    feed.publish(&mut tx, event).await?;
    if (writer + n).is_multiple_of(4) {
        pause(hold).await;
    }
    if Crowd::rolls_back(n) {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
        feed.announce();
    }
    Ok(())
}

/// Reads from the beginning until `count` events have come.
async fn read_all(feed: Feed, count: usize, limit: i64) -> Vec<Event> {
    let deadline = Instant::now() + PATIENCE;
    let (mut seen, mut cursor) = (Vec::new(), 0);
    while seen.len() < count {
        assert!(Instant::now() < deadline, "only {} of {count} events came", seen.len());
        // SQLite may be busy; ask again.
        let events = feed.read(cursor, limit).await.unwrap_or_default();
        match events.last() {
            Some(last) => cursor = last.seq,
            None => pause(5).await,
        }
        seen.extend(events);
    }
    seen
}

async fn every_event_once_in_one_order(place: &Place, crowd: Crowd, hold: u64) {
    let url = place.database("feed").await;
    let replicas = [replica(&url).await, replica(&url).await];
    let mut writers = JoinSet::new();
    for writer in 0..crowd.writers {
        let (store, feed) = replicas[writer % 2].clone();
        writers.spawn(write(store, feed, writer, crowd, hold));
    }
    let mut readers = JoinSet::new();
    for (n, (_, feed)) in replicas.iter().enumerate() {
        // One reader takes many at a time, one few.
        let limit = [200, 3][n];
        readers.spawn(read_all(feed.clone(), crowd.committed(), limit));
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer's panic is the test's");
    }
    let mut read = Vec::new();
    while let Some(ended) = readers.join_next().await {
        read.push(ended.expect("a reader's panic is the test's"));
    }
    let [one, two] = &read[..] else { panic!("two readers") };
    assert_eq!(one, two, "the readers saw different histories");
    let subjects: BTreeSet<&str> = one.iter().map(|event| event.subject.as_str()).collect();
    assert_eq!(subjects.len(), one.len(), "an event came twice");
    assert_eq!(one.len(), crowd.committed(), "as many events as commits");
    let places: Vec<i64> = one.iter().map(|event| event.seq).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    assert_eq!(places.last(), i64::try_from(one.len()).ok().as_ref(), "places have gaps");
    // Rolled back events are in nobody's feed, and a reader from the beginning sees the same.
    assert!(one.iter().all(|e| !Crowd::rolls_back(e.data["n"].as_u64().expect("n") as usize)));
    let again = read_all(replicas[0].1.clone(), crowd.committed(), 7).await;
    assert_eq!(&again, one, "the past has changed");
}

/// Counts into a table how often each event was applied, and fails now and then in the middle of
/// a page.
struct Counting {
    calls: AtomicUsize,
}

const TALLY: Migration = Migration {
    name: "tally",
    sql: "CREATE TABLE tally (subject TEXT PRIMARY KEY, times BIGINT NOT NULL, seq BIGINT NOT NULL)",
};

impl Apply for Counting {
    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let counted = sqlx::query(
                "INSERT INTO tally (subject, times, seq) VALUES ($1, 1, $2) \
                 ON CONFLICT (subject) DO UPDATE SET times = tally.times + 1",
            );
            counted.bind(event.subject.as_str()).bind(event.seq).execute(&mut **tx).await?;
            match self.calls.fetch_add(1, Ordering::Relaxed) % 97 {
                96 => Err(StoreError::Busy),
                _ => Ok(()),
            }
        }
        .boxed()
    }
}

/// Two replicas of a follower, each asking another replica of the one that publishes.
async fn every_event_takes_effect_once(place: &Place, crowd: Crowd, hold: u64) {
    let url = place.database("source").await;
    let replicas = [replica(&url).await, replica(&url).await];
    let mut background = JoinSet::new();
    let mut urls = Vec::new();
    for (_, feed) in &replicas {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        urls.push(format!("http://{}", listener.local_addr().expect("it is bound")));
        let router = feed.router(TOKEN);
        let clock = Arc::new(SystemClock);
        background.spawn(serve_http(listener, router, clock, std::future::pending()));
    }
    let url = place.database("follower").await;
    let mut books = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&url, &[FEED_SCHEMA, TALLY]).await.expect("a fresh database");
        books.push(store.clone());
        let http = HttpClient::new(Arc::new(TokioDial::new()));
        let peer = Peer::new(&urls, http, TOKEN);
        urls.rotate_left(1);
        background.spawn(async move {
            let counting = Counting { calls: AtomicUsize::new(0) };
            follow("source", &peer, &store, &common(), &counting).await;
        });
    }
    for writer in 0..crowd.writers {
        let (store, feed) = replicas[writer % 2].clone();
        background.spawn(write(store, feed, writer, crowd, hold));
    }
    let store = &books[0];
    eventually("every event to take effect", PATIENCE, async || {
        (tally(store).await.len() >= crowd.committed()).then_some(())
    })
    .await;
    // A second effect of an event would come late, if at all.
    pause(1_500).await;
    let tally = tally(store).await;
    assert_eq!(tally.len(), crowd.committed());
    let twice: Vec<_> = tally.iter().filter(|(_, times)| *times != 1).collect();
    assert!(twice.is_empty(), "these did not take effect exactly once: {twice:?}");
}

async fn tally(store: &Store) -> Vec<(String, i64)> {
    let mut connection = store.acquire().await.expect("the database is up");
    let rows = connection.fetch_all("SELECT subject, times FROM tally ORDER BY seq").await;
    rows.unwrap_or_default().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// A reader must get on while others write without a pause: there is always something that has no
/// place yet.
async fn a_reader_gets_on_under_load(place: &Place) {
    let url = place.database("busy").await;
    let (store, feed) = replica(&url).await;
    let (_, reader) = replica(&url).await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (store, feed) = (store.clone(), feed.clone());
        let crowd = Crowd { writers: 8, each: usize::MAX };
        writers.spawn(write(store, feed, writer, crowd, 0));
    }
    let (mut cursor, mut empty, mut full) = (0, 0, 0);
    while full < 50 {
        let events = reader.read(cursor, 20).await.expect("the database is up");
        // An empty page is a lie if there is an event with a place after the cursor.
        let Some(last) = events.last() else {
            let behind = "SELECT COUNT(*) FROM event WHERE seq > $1";
            let mut connection = store.acquire().await.expect("the database is up");
            let row = sqlx::query(behind).bind(cursor).fetch_one(&mut *connection).await;
            let behind: i64 = row.expect("the database is up").get(0);
            assert!(empty < 20, "{empty} empty pages in a row, {behind} stamped events behind");
            empty += 1;
            continue;
        };
        (cursor, empty, full) = (last.seq, 0, full + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_every_event_once_in_one_order() {
    sqlx::any::install_default_drivers();
    every_event_once_in_one_order(&Place::file(), Crowd { writers: 6, each: 20 }, 15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_every_event_once_in_one_order() {
    sqlx::any::install_default_drivers();
    let Some(postgres) = Postgres::start().await else { return };
    let place = Place::Server(postgres);
    every_event_once_in_one_order(&place, Crowd { writers: 14, each: 60 }, 120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_every_event_takes_effect_once() {
    sqlx::any::install_default_drivers();
    every_event_takes_effect_once(&Place::file(), Crowd { writers: 4, each: 30 }, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_every_event_takes_effect_once() {
    sqlx::any::install_default_drivers();
    let Some(postgres) = Postgres::start().await else { return };
    let place = Place::Server(postgres);
    every_event_takes_effect_once(&place, Crowd { writers: 10, each: 60 }, 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_a_reader_gets_on_under_load() {
    sqlx::any::install_default_drivers();
    let Some(postgres) = Postgres::start().await else { return };
    a_reader_gets_on_under_load(&Place::Server(postgres)).await;
}
