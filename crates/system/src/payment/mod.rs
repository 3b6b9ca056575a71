//! The payment service: checkout, confirmation, and the life of payment orders.
//!
//! Its promise: what it tells the buyer is true. `SUCCESS` only when the executor has proof that
//! the PSP took the money, `FAILURE` only when it has proof that it did not and will not.
//!
//! Reading order: [`wire`], `state`, `schema.sql`, `checkout`, `void`, `confirm`, `attempt`,
//! `settle`, `ask`, `webhook`, `booked`.

mod ask;
mod attempt;
mod booked;
mod checkout;
mod confirm;
mod http;
mod pages;
mod records;
mod settle;
pub mod state;
mod void;
mod webhook;
pub mod wire;

use std::{sync::Arc, time::Duration};

use axum::serve::Listener;
use clap::Args;

use booked::{Book, Booked};
use settle::Outcomes;

use crate::{
    kernel::{Clock, Entropy},
    service::{
        Backoff, Common, Env, FEED_SCHEMA, Feed, Peer, ServeError, Wake, follow, health,
        parse_millis, work, work_wide,
    },
    store::{Migration, Store},
    transport::serve_http,
};

/// Settings of the payment service.
#[derive(Debug, Clone, Args)]
pub struct Config {
    #[command(flatten)]
    pub common: Common,

    /// Addresses of the executor's replicas.
    #[arg(long, env = "EXECUTOR_URLS", value_delimiter = ',', required = true)]
    pub executor_urls: Vec<String>,

    /// Addresses of the wallet's replicas.
    #[arg(long, env = "WALLET_URLS", value_delimiter = ',', required = true)]
    pub wallet_urls: Vec<String>,

    /// Addresses of the ledger's replicas.
    #[arg(long, env = "LEDGER_URLS", value_delimiter = ',', required = true)]
    pub ledger_urls: Vec<String>,

    /// Where buyers reach this service; the PSP's window sends them back there.
    #[arg(long, env = "PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,

    /// Where the checkout page sends the buyer to pay.
    #[arg(long, env = "PSP_WINDOW_URL", default_value = "http://127.0.0.1:9090/window/payments")]
    pub psp_window_url: String,

    /// How long a buyer waits for a proven outcome before being told that it is not known yet,
    /// in milliseconds.
    #[arg(long, env = "CONFIRM_PATIENCE_MS", default_value = "10000", value_parser = parse_millis)]
    pub confirm_patience: Duration,

    /// How long an order can be paid after it was opened, in milliseconds.
    #[arg(long, env = "ORDER_LIFETIME_MS", default_value = "86400000", value_parser = parse_millis)]
    pub order_lifetime: Duration,
}

impl Config {
    /// The defaults for services at these addresses.
    pub fn new(common: Common, executor: &[String], wallet: &[String], ledger: &[String]) -> Self {
        Self {
            common,
            executor_urls: executor.to_vec(),
            wallet_urls: wallet.to_vec(),
            ledger_urls: ledger.to_vec(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            psp_window_url: "http://127.0.0.1:9090/window/payments".to_owned(),
            confirm_patience: Duration::from_secs(10),
            order_lifetime: Duration::from_secs(24 * 3600),
        }
    }
}

/// Everything that the verbs need.
#[derive(Clone)]
struct PaymentService {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    executor: Peer,
    feed: Feed,
    patience: Duration,
    order_lifetime: Duration,
    ask_backoff: Backoff,
    webhook_wake: Wake,
    public_url: Arc<str>,
    psp_window_url: Arc<str>,
}

const SCHEMA: &[Migration] = &[
    FEED_SCHEMA,
    Migration { name: "payment", sql: include_str!("schema.sql") },
    Migration { name: "attempts", sql: include_str!("attempts.sql") },
    Migration { name: "lifetime", sql: include_str!("lifetime.sql") },
];

/// Runs the payment service until `stop`.
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
    let common = &config.common;
    let token = &common.internal_token;
    let feed = Feed::new(&store, env.clock.clone(), common);
    let peer = |urls: &[String]| Peer::new(urls, env.http(), token);
    let service = PaymentService {
        store: store.clone(),
        clock: env.clock.clone(),
        entropy: env.entropy.clone(),
        executor: peer(&config.executor_urls),
        feed: feed.clone(),
        patience: config.confirm_patience,
        order_lifetime: config.order_lifetime,
        ask_backoff: Backoff {
            base: config.confirm_patience + Duration::from_secs(10),
            max: Duration::from_secs(600),
        },
        webhook_wake: Wake::default(),
        public_url: config.public_url.trim_end_matches('/').into(),
        psp_window_url: config.psp_window_url.as_str().into(),
    };
    let router = http::public(service.clone())
        .merge(http::internal(service.clone(), token))
        .merge(pages::router(service.clone()))
        .merge(feed.router(token))
        .merge(health(&store));
    let (wallet, ledger) = (peer(&config.wallet_urls), peer(&config.ledger_urls));
    let background = async {
        let poll = common.worker_poll;
        // Asking again is for what went wrong a while ago: nobody needs to wake it.
        let never = Wake::default();
        let outcomes = Outcomes(&service);
        let (in_wallet, in_ledger) = (Booked(Book::Wallet), Booked(Book::Ledger));
        tokio::join!(
            work("ask", &never, poll, || service.ask_again()),
            work_wide("webhook", &service.webhook_wake, poll, webhook::WIDTH, || service
                .take_webhook()),
            follow("executor", &service.executor, &store, common, &outcomes),
            follow("wallet", &wallet, &store, common, &in_wallet),
            follow("ledger", &ledger, &store, common, &in_ledger),
        )
    };
    tokio::select! {
        biased;
        () = serve_http(listener, router, env.clock, stop) => {}
        _ = background => unreachable!("workers never end"),
    }
    store.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database in which `order` is being paid with a payment, about which is to be asked at a time.
    pub(super) async fn paying_with(payment_key: &str, ask_at: i64) -> (tempfile::TempDir, Store) {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("payment.db").display());
        let store = Store::open(&url, SCHEMA).await.expect("a database");
        let event = "INSERT INTO payment_event (order_id, buyer_id, order_name, currency, amount, \
                     payment_key, ask_at, created_at) VALUES ('order', 'b', 'n', 'KRW', 1, $1, $2, 3)";
        let mut connection = store.acquire().await.expect("free");
        let event = sqlx::query(event).bind(payment_key).bind(ask_at);
        event.execute(&mut *connection).await.expect("opened");
        drop(connection);
        (folder, store)
    }

    /// Steps are only ever appended: a database of an earlier version is brought up to date.
    #[tokio::test]
    async fn what_was_begun_by_an_earlier_version_is_the_first_attempt() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("payment.db").display());
        let earlier = Store::open(&url, &SCHEMA[..2]).await.expect("a database");
        for (order, outcome) in [
            ("paid", "approved_at = 7"),
            ("failed", "failure_code = 'NO', failure_message = 'no'"),
            ("open", "ask_at = 9"),
            ("unpaid", "payment_key = NULL"),
        ] {
            let event = format!(
                "INSERT INTO payment_event (order_id, buyer_id, order_name, currency, amount, \
                 payment_key, created_at) VALUES ('{order}', 'b', 'n', 'KRW', 1, 'pay-{order}', 3)"
            );
            let update = format!("UPDATE payment_event SET {outcome} WHERE order_id = '{order}'");
            let moved = format!(
                "INSERT INTO payment_order_history VALUES ('{order}', 'A', 'EXECUTING', '', 5)"
            );
            for sql in [event, update, moved] {
                let sql = sqlx::AssertSqlSafe(sql);
                let mut connection = earlier.acquire().await.expect("free");
                sqlx::query(sql).execute(&mut *connection).await.expect("as it was written");
            }
        }
        earlier.close().await;
        let store = Store::open(&url, SCHEMA).await.expect("the same database");
        let first = async |order: &str| {
            let attempts = attempt::of_order(&store, order).await.expect("read");
            attempts.into_iter().next().map(|a| (a.payment_key, a.no, a.state, a.began_at))
        };
        use wire::AttemptState::{Approved, Declined, Open};
        for (order, state) in [("paid", Approved), ("failed", Declined), ("open", Open)] {
            assert_eq!(first(order).await, Some((format!("pay-{order}"), 1, state, 5)));
        }
        assert_eq!(first("unpaid").await, None);
    }
}
