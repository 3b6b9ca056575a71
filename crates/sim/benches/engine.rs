//! This engine against classic `turmoil`, on the same work in the same run.
//!
//! `cargo bench -p sim --bench engine`. Ten hosts, five of them axum servers, five hyper clients
//! with a kept-alive connection each; 1 to 2 ms of latency each way; turmoil at its finest usual
//! tick, 1 ms. Rounds of the two alternate, each is measured in CPU time of its thread (so a busy
//! machine disturbs little), and medians are compared.
//!
//! Clients think for 1 s (sparse), 50 ms (dense) or not at all (saturated). turmoil pays for every
//! millisecond, busy or not, so the gain shrinks as there is more to do in each.

use std::{io, net::IpAddr, time::Duration};

use axum::{Json, Router, routing::post};
use bytes::Bytes;
use futures::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use sim::engine::{HostOptions, World, WorldConfig};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
    time::sleep,
};

const PAIRS: usize = 5;
const ROUNDS: usize = 7;
const LOW: Duration = Duration::from_millis(1);
const HIGH: Duration = Duration::from_millis(2);

/// What clients do: how many requests each, how long they think in between.
#[derive(Clone, Copy)]
struct Work {
    requests: usize,
    think: Duration,
}

/// CPU time of this thread in nanoseconds.
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .expect("this benchmark needs Linux's /proc/thread-self/schedstat");
    let first = text.split_whitespace().next().expect("schedstat starts with the time on CPU");
    first.parse().expect("a number of nanoseconds")
}

async fn serve_one(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, app: Router) {
    let service = TowerToHyperService::new(app);
    let _closed = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(io), service)
        .await;
}

fn app() -> Router {
    Router::new().route("/pay", post(|body: Json<serde_json::Value>| async move { body }))
}

async fn ask(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, work: Work) {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(io)).await.expect("a fresh connection");
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    for n in 0..work.requests {
        let request = Request::post("/pay")
            .header("host", "server")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(format!("{{\"n\":{n}}}"))))
            .expect("a valid request");
        let answer = sender.send_request(request).await.expect("an answer");
        assert!(answer.status().is_success());
        answer.into_body().collect().await.expect("a body");
        sleep(work.think).await;
    }
}

/// Runs the work in this engine; the simulated time.
fn here(work: Work) -> Duration {
    let config = WorldConfig { spare_hosts: 0, ..WorldConfig::new(1, jiff::Timestamp::UNIX_EPOCH) };
    let report = World::new(config).run(|ctl| async move {
        ctl.net().default_latency(LOW..=HIGH);
        for n in 0..PAIRS {
            ctl.host(&format!("server-{n}"), HostOptions::default(), |host| {
                async move {
                    let mut listener = host.listen(80).await;
                    let mut tasks = JoinSet::new();
                    loop {
                        let (stream, _) = axum::serve::Listener::accept(&mut listener).await;
                        tasks.spawn(serve_one(stream, app()));
                    }
                }
                .boxed()
            });
            ctl.host(&format!("client-{n}"), HostOptions::default(), move |host| {
                async move {
                    let stream = host.dial(&format!("server-{n}"), 80).await.expect("connected");
                    ask(stream, work).await;
                }
                .boxed()
            });
        }
        (0..PAIRS).for_each(|n| ctl.start(&format!("server-{n}")));
        (0..PAIRS).for_each(|n| ctl.start(&format!("client-{n}")));
        while (0..PAIRS).any(|n| ctl.is_up(&format!("client-{n}"))) {
            sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(report.result.is_ok());
    report.stats.simulated
}

/// Runs the work in turmoil; the simulated time.
fn turmoil(work: Work) -> Duration {
    let mut sim = turmoil::Builder::new()
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(LOW)
        .max_message_latency(HIGH)
        .simulation_duration(Duration::from_secs(1_000_000))
        .rng_seed(1)
        .build();
    for n in 0..PAIRS {
        sim.host(format!("server-{n}"), || async {
            let address = (IpAddr::from([0, 0, 0, 0]), 80);
            let listener = turmoil::net::TcpListener::bind(address).await?;
            let mut tasks = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await?;
                tasks.spawn(serve_one(stream, app()));
            }
        });
        sim.client(format!("client-{n}"), async move {
            let stream = turmoil::net::TcpStream::connect((format!("server-{n}"), 80)).await?;
            ask(stream, work).await;
            Ok(())
        });
    }
    sim.run().map_err(|error| io::Error::other(error.to_string())).expect("the work is done");
    sim.elapsed()
}

/// Simulated seconds, or requests, per second of CPU time.
struct Pace {
    seconds: f64,
    requests: f64,
}

#[expect(clippy::float_arithmetic, reason = "a benchmark reports ratios")]
fn pace(run: impl Fn(Work) -> Duration, work: Work) -> Pace {
    let before = cpu_ns();
    let simulated = run(work);
    let cpu = Duration::from_nanos(cpu_ns() - before).as_secs_f64();
    let requests = f64::from(u32::try_from(work.requests * PAIRS).expect("a modest number"));
    Pace { seconds: simulated.as_secs_f64() / cpu, requests: requests / cpu }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::float_arithmetic, reason = "a benchmark reports ratios")]
fn verdict(name: &str, unit: &str, ours: f64, theirs: f64, target: Option<f64>) -> bool {
    let ratio = ours / theirs;
    println!("{name}: engine {ours:.0} {unit}, turmoil {theirs:.0} {unit} (medians of {ROUNDS})");
    let (met, word) = match target {
        Some(target) if ratio >= target => (true, format!("target {target:.0}: met")),
        Some(target) => (false, format!("target {target:.0}: MISSED")),
        None => (true, "no target: hyper and axum are most of the work".to_owned()),
    };
    println!("{name}: {ratio:.1} times as fast as turmoil; {word}");
    met
}

/// Measures both engines, rounds alternating; turmoil gets less of the same work, being slower.
fn compare(think: Duration, here_requests: usize, there_requests: usize) -> [Vec<Pace>; 2] {
    let mut paces = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        paces[0].push(pace(here, Work { requests: here_requests, think }));
        paces[1].push(pace(turmoil, Work { requests: there_requests, think }));
    }
    paces
}

fn seconds(paces: &[Pace]) -> f64 {
    median(paces.iter().map(|pace| pace.seconds).collect())
}

fn requests(paces: &[Pace]) -> f64 {
    median(paces.iter().map(|pace| pace.requests).collect())
}

/// CPU nanoseconds per statement through the database driver.
fn statement_ns() -> u64 {
    const STATEMENTS: u32 = 40_000;
    sim::engine::db::install();
    let before = cpu_ns();
    let config = WorldConfig::new(1, jiff::Timestamp::UNIX_EPOCH);
    let report = World::new(config).run(|ctl| async move {
        ctl.db().create("db");
        ctl.db().tamper("db", "CREATE TABLE t (id INTEGER PRIMARY KEY, n BIGINT)");
        ctl.host("host", HostOptions::default(), |_| {
            async move {
                let pool = sqlx::AnyPool::connect("sim+sqlite://db?host=host").await;
                let pool = pool.expect("the database is there");
                for n in 0..STATEMENTS / 4 {
                    let mut tx = pool.begin().await.expect("begun");
                    let insert = sqlx::query("INSERT INTO t (n) VALUES ($1)").bind(i64::from(n));
                    insert.execute(&mut *tx).await.expect("inserted");
                    let last = sqlx::query("SELECT n FROM t WHERE id = $1").bind(i64::from(n));
                    last.fetch_optional(&mut *tx).await.expect("selected");
                    tx.commit().await.expect("committed");
                }
            }
            .boxed()
        });
        ctl.start("host");
        while ctl.is_up("host") {
            sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(report.result.is_ok());
    (cpu_ns() - before) / u64::from(STATEMENTS)
}

fn main() {
    let second = Duration::from_secs(1);
    let [ours, theirs] = compare(second, 4_000, 10);
    let unit = "simulated s per CPU s";
    let sparse = verdict("sparse", unit, seconds(&ours), seconds(&theirs), Some(300.0));
    let unit = "requests per CPU s";
    let [ours, theirs] = compare(second / 20, 4_000, 200);
    let dense = verdict("dense", unit, requests(&ours), requests(&theirs), Some(10.0));
    let [ours, theirs] = compare(Duration::ZERO, 4_000, 2_000);
    verdict("saturated", unit, requests(&ours), requests(&theirs), None);
    let mut nanos: Vec<u64> = (0..ROUNDS).map(|_| statement_ns()).collect();
    nanos.sort_unstable();
    println!(
        "database: {} ns of CPU time per statement, simulated link included",
        nanos[ROUNDS / 2]
    );
    std::process::exit(i32::from(!(sparse && dense)));
}
