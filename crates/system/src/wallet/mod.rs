//! The wallet: what each seller may be paid.
//!
//! It follows the payment feed, credits each payment order once, and says so in its own feed.
//! Once the feeds are drained, a seller's balance here equals the seller's account in the ledger.

mod apply;
mod http;
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

/// Settings of the wallet.
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
struct Wallet {
    store: Store,
    clock: Arc<dyn Clock>,
    feed: Feed,
}

const SCHEMA: &[Migration] =
    &[FEED_SCHEMA, Migration { name: "wallet", sql: include_str!("schema.sql") }];

/// Runs the wallet until `stop`.
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
    let wallet = Wallet { store: store.clone(), clock: env.clock.clone(), feed: feed.clone() };
    let router = require_token(http::router(wallet.clone()), token)
        .merge(feed.router(token))
        .merge(health(&store));
    tokio::select! {
        biased;
        () = serve_http(listener, router, env.clock, stop) => {}
        () = follow("payment", &payment, &store, common, &wallet) => unreachable!("never ends"),
    }
    store.close().await;
    Ok(())
}
