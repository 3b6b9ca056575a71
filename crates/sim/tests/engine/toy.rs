//! Toy hosts: an echo server on raw sockets, and a notebook service with a database behind HTTP.

use std::{io, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{Request, StatusCode, Uri},
    routing::{get, post},
};
use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use sim::engine::{
    Ctl, HostHandle, HostOptions, Report, World, WorldConfig, db,
    net::{Listener, TcpStream},
};
use sqlx::{AnyPool, any::AnyPoolOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
    time::{sleep, timeout},
};

pub(crate) fn config(seed: u64) -> WorldConfig {
    let epoch = "2026-03-01T00:00:00Z".parse().expect("a timestamp");
    WorldConfig { spare_hosts: 4, ..WorldConfig::new(seed, epoch) }
}

pub(crate) fn run<T, F: Future<Output = T>>(
    seed: u64,
    scenario: impl FnOnce(Ctl) -> F,
) -> Report<T> {
    db::install();
    World::new(config(seed)).run(scenario)
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) async fn accept(listener: &mut Listener) -> TcpStream {
    axum::serve::Listener::accept(listener).await.0
}

/// Registers and starts a host that sends back what it hears on port 7.
pub(crate) fn echo_host(ctl: &Ctl, name: &str) {
    ctl.host(name, HostOptions::default(), |host| {
        async move {
            let mut listener = host.listen(7).await;
            let mut tasks = JoinSet::new();
            loop {
                let stream = accept(&mut listener).await;
                tasks.spawn(async move {
                    let (mut read, mut write) = tokio::io::split(stream);
                    let _closed = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        }
        .boxed()
    });
    ctl.start(name);
}

/// Registers and starts a host that runs `client` once.
pub(crate) fn client_host<F>(ctl: &Ctl, name: &str, client: impl Fn(HostHandle) -> F + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    ctl.host(name, HostOptions::default(), move |host| client(host).boxed());
    ctl.start(name);
}

/// Sends `text` and reads as much back.
pub(crate) async fn say(stream: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(text).await?;
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).await?;
    Ok(heard)
}

pub(crate) async fn pool(host: &HostHandle, database: &str, size: u32) -> AnyPool {
    let url = format!("sim+sqlite://{database}?host={}", host.name());
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(3600))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy(&url)
        .expect("a valid URL")
}

/// A service that keeps notes, served as production code would: own accept loop, tasks owned.
pub(crate) fn notebook(host: HostHandle, database: &'static str) -> BoxFuture<'static, ()> {
    async move {
        let pool = pool(&host, database, 4).await;
        while prepare(&pool).await.is_err() {
            sleep(ms(200)).await;
        }
        let app = Router::new()
            .route("/notes", post(add).get(count))
            .route("/health", get(|| async { "ok" }))
            .with_state(pool);
        let mut listener = host.listen(80).await;
        let mut tasks = JoinSet::new();
        loop {
            let stream = accept(&mut listener).await;
            let service = TowerToHyperService::new(app.clone());
            tasks.spawn(async move {
                let _closed = hyper::server::conn::http1::Builder::new()
                    .auto_date_header(false)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }
    .boxed()
}

async fn prepare(pool: &AnyPool) -> sqlx::Result<()> {
    let sql = "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)";
    sqlx::query(sql).execute(pool).await.map(drop)
}

async fn add(State(pool): State<AnyPool>, text: String) -> Result<String, StatusCode> {
    let added: sqlx::Result<i64> = async {
        let mut tx = pool.begin().await?;
        sqlx::query("INSERT INTO note (text) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(text.clone())
            .execute(&mut *tx)
            .await?;
        let id = sqlx::query_scalar("SELECT id FROM note WHERE text = $1")
            .bind(text.clone())
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(id)
    }
    .await;
    match added {
        Ok(id) => {
            tracing::info!(id, %text, "noted");
            Ok(id.to_string())
        }
        Err(error) => {
            tracing::warn!(%error, %text, "not noted");
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

async fn count(State(pool): State<AnyPool>) -> Result<String, StatusCode> {
    let counted = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM note").fetch_one(&pool).await;
    counted.map(|n| n.to_string()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

/// Posts `notes` notes, each until it is accepted, with a pooled hyper client.
pub(crate) async fn writer(host: HostHandle, notes: usize, pause: Duration) {
    let from = host.clone();
    let connector = tower::service_fn(move |uri: Uri| {
        let to = uri.host().unwrap_or_default().to_owned();
        let dialing = from.dial(&to, uri.port_u16().unwrap_or(80));
        async move { dialing.await.map(TokioIo::new) }.boxed()
    });
    let client = Client::builder(TokioExecutor::new())
        .pool_idle_timeout(None)
        .build::<_, Full<Bytes>>(connector);
    for n in 0..notes {
        loop {
            let note = format!("{}: {n}", host.name());
            let request = Request::post("http://notebook:80/notes")
                .body(Full::new(Bytes::from(note)))
                .expect("a valid request");
            let answer = async {
                let response = client.request(request).await.ok()?;
                let status = response.status();
                response.into_body().collect().await.ok()?;
                Some(status)
            };
            match timeout(ms(3_000), answer).await {
                Ok(Some(StatusCode::OK)) => break,
                other => {
                    tracing::debug!(?other, n, "again");
                    sleep(ms(500)).await;
                }
            }
        }
        sleep(pause).await;
    }
}
