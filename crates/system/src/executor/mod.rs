//! The payment executor: the only service that speaks to the PSP.
//!
//! It is asked to take an order's money (or to give it back), and finds out whether that
//! happened, however often it has to ask. Its promise: `APPROVED` and `DECLINED` are proven and
//! never change; everything else is unknown, and is never presented as anything else.
//!
//! Reading order: [`wire`], `schema.sql`, `operation`, `execute` (the verb), `psp/judge`.

mod execute;
mod http;
mod operation;
mod psp;
pub mod wire;

use std::{sync::Arc, time::Duration};

use axum::serve::Listener;
use clap::Args;
use tokio::sync::{broadcast, watch};

use crate::{
    kernel::{Clock, Entropy},
    service::{
        Backoff, Common, Env, FEED_SCHEMA, Feed, ServeError, Wake, health, parse_millis,
        require_token,
    },
    store::{Migration, Store},
    transport::serve_http,
};

/// Settings of the executor.
#[derive(Debug, Clone, Args)]
pub struct Config {
    #[command(flatten)]
    pub common: Common,

    /// The PSP's API.
    #[arg(long, env = "PSP_URL", default_value = "https://api.tosspayments.com")]
    pub psp_url: String,

    /// The merchant's secret key at the PSP.
    #[arg(long, env = "PSP_SECRET_KEY", hide_env_values = true)]
    pub psp_secret_key: String,

    /// How long one call to the PSP may take, in milliseconds; past that its outcome is unknown.
    #[arg(long, env = "PSP_DEADLINE_MS", default_value = "30000", value_parser = parse_millis)]
    pub psp_deadline: Duration,

    /// Tries before an operation goes to the dead-letter queue.
    #[arg(long, env = "RETRY_TRIES", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub retry_tries: u32,

    /// The wait after the first failed try, in milliseconds; it doubles with each.
    #[arg(long, env = "RETRY_BASE_MS", default_value = "2000", value_parser = parse_millis)]
    pub retry_base: Duration,

    /// The longest wait between two tries, in milliseconds.
    #[arg(long, env = "RETRY_MAX_MS", default_value = "60000", value_parser = parse_millis)]
    pub retry_max: Duration,
}

impl Config {
    /// The defaults.
    pub fn new(common: Common, psp_url: &str, psp_secret_key: &str) -> Self {
        Self {
            common,
            psp_url: psp_url.to_owned(),
            psp_secret_key: psp_secret_key.to_owned(),
            psp_deadline: Duration::from_secs(30),
            retry_tries: 3,
            retry_base: Duration::from_secs(2),
            retry_max: Duration::from_secs(60),
        }
    }
}

/// Everything that the executor's verbs need.
#[derive(Clone)]
struct Executor {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    psp: psp::Psp,
    feed: Feed,
    wake: Wake,
    /// Payment keys whose operation has just been settled, for callers that wait.
    settled: broadcast::Sender<Arc<str>>,
    common: Common,
    psp_deadline: Duration,
    tries: u32,
    backoff: Backoff,
}

const SCHEMA: &[Migration] = &[
    FEED_SCHEMA,
    Migration { name: "operation", sql: include_str!("schema.sql") },
    Migration { name: "unsent tries", sql: include_str!("unsent.sql") },
    Migration { name: "attempts", sql: include_str!("attempts.sql") },
];

/// Runs the executor until `stop`.
///
/// # Errors
/// If it cannot start.
pub async fn serve<L: Listener>(
    listener: L,
    config: Config,
    env: Env,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let store = Store::open(&env.database_url, SCHEMA).await?;
    let feed = Feed::new(&store, env.clock.clone(), &config.common);
    let token = config.common.internal_token.clone();
    let psp =
        psp::Psp::new(env.http(), &config.psp_url, &config.psp_secret_key, config.psp_deadline);
    let executor = Executor {
        store: store.clone(),
        clock: env.clock.clone(),
        entropy: env.entropy.clone(),
        psp,
        feed: feed.clone(),
        wake: Wake::default(),
        settled: broadcast::channel(1024).0,
        common: config.common,
        psp_deadline: config.psp_deadline,
        tries: config.retry_tries,
        backoff: Backoff { base: config.retry_base, max: config.retry_max },
    };
    let internal = require_token(http::router(executor.clone()), &token);
    let router = internal.merge(feed.router(&token)).merge(health(&store));
    let stopping = watch::Sender::new(false);
    let worker = executor.work(stopping.subscribe());
    let server = async {
        serve_http(listener, router, env.clock, stop).await;
        stopping.send_replace(true);
    };
    tokio::join!(server, worker);
    store.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Currency, Money};

    /// Steps are only ever appended: a database of an earlier version is brought up to date.
    #[tokio::test]
    async fn what_an_earlier_version_accepted_is_still_there() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("executor.db").display());
        let earlier = Store::open(&url, &SCHEMA[..2]).await.expect("a database");
        // As the first version wrote it.
        let sql = "INSERT INTO operation (order_id, kind, payment_key, currency, amount, state, \
             due_at, created_at, updated_at) \
             VALUES ('order-0001', 'CONFIRM', 'pay-1', 'KRW', 1000, 'PENDING', 5, 5, 5)";
        sqlx::query(sql).execute(&mut *earlier.acquire().await.expect("free")).await.expect("old");
        earlier.close().await;
        let store = Store::open(&url, SCHEMA).await.expect("the same database");
        let found = operation::find(&store, "pay-1", wire::Kind::Confirm).await.expect("read");
        let found = found.expect("it is there");
        let money = Money::from_minor(1_000, Currency::Krw);
        assert_eq!((&*found.order_id, found.money, found.unsent), ("order-0001", money, 0));
    }

    /// A repetition is taken for what it is, and not for a second payment.
    #[tokio::test]
    async fn an_order_has_one_confirmation_that_is_not_declined() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("executor.db").display());
        let store = Store::open(&url, SCHEMA).await.expect("a database");
        let money = Money::from_minor(1_000, Currency::Krw);
        let accept = async |key| {
            let confirm = (key, wire::Kind::Confirm);
            operation::accept(&store, confirm, "order-0001", money, 0).await
        };
        accept("pay-1").await.expect("the first");
        accept("pay-1").await.expect("the same again");
        let second = accept("pay-2").await.expect_err("another, while the first is open");
        assert!(second.is_unique_violation(), "{second}");
        let declined = "UPDATE operation SET state = 'DECLINED' WHERE payment_key = 'pay-1'";
        sqlx::query(declined).execute(&mut *store.acquire().await.expect("free")).await.unwrap();
        accept("pay-2").await.expect("the first is proven to have failed");
        let counts = operation::of_order(&store, "order-0001", wire::Kind::Confirm).await;
        assert_eq!(counts.expect("read").expect("there").payment_key, "pay-2");
    }
}
