//! The ledger: double entry, append-only.
//!
//! It follows the payment feed, writes one journal entry per payment order, and says so in its own
//! feed. Entries balance by construction ([`entry`]) and because the database refuses others; it
//! also refuses to change or delete them (`schema.sql`).

mod entry;
mod http;
mod post;
pub mod wire;

use std::sync::Arc;

use axum::serve::Listener;
use clap::Args;

use crate::{
    kernel::Clock,
    service::{Common, Env, FEED_SCHEMA, Feed, Peer, ServeError, follow, health, require_token},
    store::{Migration, Store},
    transport::serve_http,
};

/// Settings of the ledger.
#[derive(Debug, Clone, Args)]
pub struct Config {
    #[command(flatten)]
    pub common: Common,

    /// Addresses of the payment service's replicas.
    #[arg(long, env = "PAYMENT_URLS", value_delimiter = ',', required = true)]
    pub payment_urls: Vec<String>,
}

/// Everything that the verbs need.
#[derive(Clone)]
struct Ledger {
    store: Store,
    clock: Arc<dyn Clock>,
    feed: Feed,
}

const SCHEMA: &[Migration] =
    &[FEED_SCHEMA, Migration { name: "ledger", sql: include_str!("schema.sql") }];

/// Runs the ledger until `stop`.
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
    let payment = Peer::new(&config.payment_urls, env.http(), token);
    let ledger = Ledger { store: store.clone(), clock: env.clock.clone(), feed: feed.clone() };
    let router = require_token(http::router(ledger.clone()), token)
        .merge(feed.router(token))
        .merge(health(&store));
    tokio::select! {
        biased;
        () = serve_http(listener, router, env.clock, stop) => {}
        () = follow("payment", &payment, &store, common, &ledger) => unreachable!("never ends"),
    }
    store.close().await;
    Ok(())
}
