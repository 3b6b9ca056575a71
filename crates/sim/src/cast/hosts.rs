//! Which hosts there are, and what runs on each: the same `serve` functions as in production,
//! with the simulated environment.

use std::{sync::Arc, time::Duration};

use fake_psp::FakePsp;
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use system::{
    executor, ledger, payment, reconciler,
    service::{Common, ServeError},
    wallet,
};

use super::{
    buyer::{Shop, buyer},
    env,
};
use crate::{
    engine::{Ctl, HostHandle, HostOptions},
    plan::{Plan, Purchase},
    scenario::Cluster,
};

/// The PSP's host.
pub const PSP: &str = "psp";

/// The port that everyone listens on.
const PORT: u16 = 80;

/// The merchant's key at the PSP.
pub const SECRET_KEY: &str = "test_sk_simulation";

/// The secret between the services.
pub(super) const TOKEN: &str = "internal";

/// The machines from which buyers come.
pub fn buyers() -> Vec<String> {
    (1..=3).map(|n| format!("buyers-{n}")).collect()
}

/// The databases, each named after its service.
pub const DATABASES: [&str; 5] = ["payment", "executor", "wallet", "ledger", "reconciler"];

/// All hosts of services.
pub fn services(cluster: &Cluster) -> Vec<String> {
    let counts =
        [cluster.payment, cluster.executor, cluster.wallet, cluster.ledger, cluster.reconciler];
    DATABASES.iter().zip(counts).flat_map(|(name, n)| replicas(name, n)).collect()
}

/// The service that a host runs, which is also its database: `payment-2` → `payment`.
pub fn service_of(host: &str) -> &str {
    host.rsplit_once('-').map_or(host, |(service, _)| service)
}

/// The addresses of a service's replicas.
pub fn urls(service: &str, n: usize) -> Vec<String> {
    replicas(service, n).iter().map(|host| url_of(host)).collect()
}

/// The addresses of a service's replicas in a cluster.
pub(crate) fn urls_of(service: &str, cluster: &Cluster) -> Vec<String> {
    let mut hosts = services(cluster);
    hosts.retain(|host| service_of(host) == service);
    hosts.iter().map(|host| url_of(host)).collect()
}

/// The address of a host.
pub(crate) fn url_of(host: &str) -> String {
    format!("http://{host}:{PORT}")
}

fn replicas(service: &str, n: usize) -> Vec<String> {
    (1..=n).map(|i| format!("{service}-{i}")).collect()
}

/// Makes the databases and the buyers' hosts. Returns the true time's clock, for the PSP: nobody
/// sets a buyer's clock wrong.
pub fn open(ctl: &Ctl, plan: &Plan, shop: &Shop) -> Arc<dyn fake_psp::Clock> {
    for database in DATABASES {
        ctl.db().create(database);
    }
    let hosts = buyers();
    for (n, host) in hosts.iter().enumerate() {
        let mine = plan.purchases.iter().skip(n).step_by(hosts.len()).cloned();
        let (crowd, shop): (Vec<Purchase>, Shop) = (mine.collect(), shop.clone());
        ctl.host(host, HostOptions::default(), move |host| {
            run_buyers(host, crowd.clone(), shop.clone())
        });
    }
    Arc::new(env::Clock(ctl.clock(&hosts[0])))
}

/// Makes the other hosts and starts everything.
pub fn start(ctl: &Ctl, cluster: &Cluster, psp: &FakePsp) {
    let psp = psp.clone();
    ctl.host(PSP, HostOptions::default(), move |host| run_psp(psp.clone(), host));
    for host in services(cluster) {
        let cluster = cluster.clone();
        ctl.host(&host, HostOptions::default(), move |host| supervise(cluster.clone(), host));
    }
    for host in ctl.hosts() {
        ctl.start(&host);
    }
}

/// Where the PSP sends webhooks: the first replica of the payment service.
pub fn webhook_url() -> String {
    format!("http://payment-1:{PORT}/v1/webhooks/toss")
}

fn run_buyers(host: HostHandle, crowd: Vec<Purchase>, shop: Shop) -> BoxFuture<'static, ()> {
    async move {
        join_all(crowd.into_iter().map(|p| buyer(host.clone(), p, shop.clone()))).await;
        std::future::pending().await
    }
    .boxed()
}

fn run_psp(psp: FakePsp, host: HostHandle) -> BoxFuture<'static, ()> {
    async move {
        let deliver = Arc::new(env::Deliver::new(host.clone()));
        let listener = host.listen(PORT).await;
        psp.serve(listener, deliver, std::future::pending()).await;
    }
    .boxed()
}

/// Runs a service as a process manager would: what cannot start is started again.
fn supervise(cluster: Cluster, host: HostHandle) -> BoxFuture<'static, ()> {
    async move {
        loop {
            match serve(&cluster, &host).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the service did not start"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    .boxed()
}

async fn serve(cluster: &Cluster, host: &HostHandle) -> Result<(), ServeError> {
    let service = service_of(host.name());
    let env = env::env(host, service);
    let listener = host.listen(PORT).await;
    let stop = std::future::pending();
    let common = Common {
        internal_token: TOKEN.to_owned(),
        feed_wait: Duration::from_millis(cluster.feed_wait_ms),
        feed_recheck: Duration::from_millis(cluster.feed_recheck_ms),
        worker_poll: Duration::from_millis(cluster.worker_poll_ms),
    };
    let payment = urls("payment", cluster.payment);
    let executor = urls("executor", cluster.executor);
    let wallet = urls("wallet", cluster.wallet);
    let ledger = urls("ledger", cluster.ledger);
    match service {
        "payment" => {
            let mut config = payment::Config::new(common, &executor, &wallet, &ledger);
            config.confirm_patience = Duration::from_millis(cluster.confirm_patience_ms);
            config.order_lifetime = Duration::from_millis(cluster.order_lifetime_ms);
            payment::serve(listener, config, env, stop).await
        }
        "executor" => {
            let psp = format!("http://{PSP}:{PORT}");
            let mut config = executor::Config::new(common, &psp, SECRET_KEY);
            config.psp_deadline = Duration::from_millis(cluster.psp_deadline_ms);
            config.retry_tries = cluster.retry_tries;
            executor::serve(listener, config, env, stop).await
        }
        "wallet" => {
            wallet::serve(listener, wallet::Config { common, payment_urls: payment }, env, stop)
                .await
        }
        "ledger" => {
            ledger::serve(listener, ledger::Config { common, payment_urls: payment }, env, stop)
                .await
        }
        "reconciler" => {
            let mut config = reconciler::Config::new(common, &payment, &executor, &wallet, &ledger);
            config.reconcile_at = cluster.reconcile_at.parse().expect("checked");
            config.settlement_cycle = match cluster.settlement_cycle {
                fake_psp::SettlementCycle::Daily => reconciler::SettlementCycle::Daily,
                fake_psp::SettlementCycle::Weekly => reconciler::SettlementCycle::Weekly,
                fake_psp::SettlementCycle::Monthly => reconciler::SettlementCycle::Monthly,
            };
            reconciler::serve(listener, config, env, stop).await
        }
        other => unreachable!("no service is called {other}"),
    }
}
