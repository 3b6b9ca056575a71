//! The fake at a glance: where it listens, its keys, its time, and how much there is of everything.

use std::collections::BTreeMap;

use axum::{Json, Router, extract::State as Handle, routing::get};
use serde::Serialize;

use crate::{FakePsp, State, clock::iso, world::World};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new().route("/_fake", get(async |Handle(psp): Handle<FakePsp>| Json(summary(&psp))))
}

#[derive(Serialize)]
struct Summary {
    url: String,
    version: &'static str,
    merchant_id: String,
    secret_keys: Vec<String>,
    client_keys: Vec<String>,
    security_keys: Vec<String>,
    now: String,
    ahead_ms: i64,
    counts: Counts,
}

#[derive(Serialize)]
struct Counts {
    payments: usize,
    payments_by_status: BTreeMap<State, usize>,
    calls: usize,
    book: usize,
    /// Attempts that have ended.
    webhooks: usize,
    /// Still to be delivered.
    webhooks_waiting: usize,
    webhook_urls: usize,
    fault_rules: usize,
    faults_applied: usize,
    billing_keys: usize,
    sellers: usize,
    payouts: usize,
}

fn summary(psp: &FakePsp) -> Summary {
    psp.with(|core, world, now| {
        let config = &core.config;
        Summary {
            url: config.public_url.clone(),
            version: env!("CARGO_PKG_VERSION"),
            merchant_id: config.merchant_id.clone(),
            secret_keys: config.secret_keys.clone(),
            client_keys: config.secret_keys.iter().map(|key| client_key(key)).collect(),
            security_keys: config.security_keys.iter().map(ToString::to_string).collect(),
            now: iso(now),
            ahead_ms: *world.ahead_ms,
            counts: Counts::of(world),
        }
    })
}

/// `test_sk_a` belongs to `test_ck_a`, `test_gsk_a` to `test_gck_a`.
fn client_key(secret_key: &str) -> String {
    secret_key.replacen("sk_", "ck_", 1)
}

impl Counts {
    fn of(world: &World) -> Self {
        let mut payments_by_status = BTreeMap::new();
        for payment in world.store.iter() {
            *payments_by_status.entry(payment.state).or_default() += 1;
        }
        Self {
            payments: payments_by_status.values().sum(),
            payments_by_status,
            calls: world.calls.len(),
            book: world.records.book().len(),
            webhooks: world.outbox.log().len(),
            webhooks_waiting: world.outbox.waiting().count(),
            webhook_urls: world.hooks.len(),
            fault_rules: world.faults.programme().rules.len(),
            faults_applied: world.faults.applied().len(),
            billing_keys: world.billing_keys.len(),
            sellers: world.sellers.len(),
            payouts: world.payouts.len(),
        }
    }
}
