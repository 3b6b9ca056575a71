//! The reconciler: every night, our books against the PSP's, and our books among themselves.
//!
//! It reads through the other services' APIs like anyone else, classifies every difference, has
//! repaired what can be repaired, and keeps a report per Korean day.
//!
//! Reading order: [`wire`], `cycle`, `compare` and `settled` (pure), `run` (the verb), `repair`, `report`.

mod compare;
mod cycle;
mod fetch;
mod http;
mod repair;
mod report;
mod run;
mod settled;
pub mod wire;

pub use cycle::SettlementCycle;

use std::sync::Arc;

use axum::serve::Listener;
use clap::Args;

use crate::{
    kernel::{Clock, Entropy, NightTime},
    service::{Common, Env, Peer, ServeError, Wake, health, require_token, work},
    store::{Migration, Store},
    transport::serve_http,
};

/// Settings of the reconciler.
#[derive(Debug, Clone, Args)]
pub struct Config {
    #[command(flatten)]
    pub common: Common,

    /// Addresses of the payment service's replicas.
    #[arg(long, env = "PAYMENT_URLS", value_delimiter = ',', required = true)]
    pub payment_urls: Vec<String>,

    /// Addresses of the executor's replicas.
    #[arg(long, env = "EXECUTOR_URLS", value_delimiter = ',', required = true)]
    pub executor_urls: Vec<String>,

    /// Addresses of the wallet's replicas.
    #[arg(long, env = "WALLET_URLS", value_delimiter = ',', required = true)]
    pub wallet_urls: Vec<String>,

    /// Addresses of the ledger's replicas.
    #[arg(long, env = "LEDGER_URLS", value_delimiter = ',', required = true)]
    pub ledger_urls: Vec<String>,

    /// When yesterday is reconciled, in Korea.
    #[arg(long, env = "RECONCILE_AT", default_value = "03:00")]
    pub reconcile_at: NightTime,

    /// How often the PSP settles with the shop, by its contract: the lines of a week stand in the
    /// file of its Sunday, those of a month in the file of its last day.
    #[arg(long, env = "SETTLEMENT_CYCLE", value_enum, default_value_t)]
    pub settlement_cycle: SettlementCycle,
}

/// Everything that the verbs need.
#[derive(Clone)]
struct Reconciler {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    payment: Peer,
    executor: Peer,
    wallet: Peer,
    ledger: Peer,
    night: NightTime,
    cycle: SettlementCycle,
}

const SCHEMA: &[Migration] = &[Migration { name: "report", sql: include_str!("schema.sql") }];

impl Config {
    /// The defaults for services at these addresses.
    pub fn new(
        common: Common,
        payment: &[String],
        executor: &[String],
        wallet: &[String],
        ledger: &[String],
    ) -> Self {
        Self {
            common,
            payment_urls: payment.to_vec(),
            executor_urls: executor.to_vec(),
            wallet_urls: wallet.to_vec(),
            ledger_urls: ledger.to_vec(),
            reconcile_at: "03:00".parse().expect("a time of day"),
            settlement_cycle: SettlementCycle::default(),
        }
    }
}

/// Runs the reconciler until `stop`.
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
    let peer = |urls: &[String]| Peer::new(urls, env.http(), token);
    let reconciler = Reconciler {
        store: store.clone(),
        clock: env.clock.clone(),
        entropy: env.entropy.clone(),
        payment: peer(&config.payment_urls),
        executor: peer(&config.executor_urls),
        wallet: peer(&config.wallet_urls),
        ledger: peer(&config.ledger_urls),
        night: config.reconcile_at,
        cycle: config.settlement_cycle,
    };
    let router = require_token(http::router(reconciler.clone()), token).merge(health(&store));
    let wake = Wake::default();
    // Not a poll for work but a look at the clock, which may be set while we sleep.
    let glance = std::time::Duration::from_secs(3600);
    tokio::select! {
        biased;
        () = serve_http(listener, router, env.clock, stop) => {}
        () = work("nightly", &wake, glance, || reconciler.nightly()) => unreachable!("never ends"),
    }
    store.close().await;
    Ok(())
}
