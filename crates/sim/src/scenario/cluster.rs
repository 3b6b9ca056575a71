//! The services of a run: how many replicas there are, and their settings.

use fake_psp::SettlementCycle;
use serde::{Deserialize, Serialize};

/// The services, and their contract with the PSP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// Each seed draws how many replicas there are, up to these numbers.
    pub vary: bool,
    /// Replicas of each.
    pub payment: usize,
    pub executor: usize,
    pub wallet: usize,
    pub ledger: usize,
    pub reconciler: usize,
    /// The services' settings of the same names.
    pub reconcile_at: String,
    /// How often the PSP settles with the shop: their contract, which both know.
    #[serde(skip_serializing_if = "is_daily")]
    pub settlement_cycle: SettlementCycle,
    pub confirm_patience_ms: u64,
    #[serde(skip_serializing_if = "is_a_day")]
    pub order_lifetime_ms: u64,
    pub psp_deadline_ms: u64,
    pub retry_tries: u32,
    pub feed_wait_ms: u64,
    pub feed_recheck_ms: u64,
    pub worker_poll_ms: u64,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            vary: false,
            payment: 1,
            executor: 1,
            wallet: 1,
            ledger: 1,
            reconciler: 1,
            reconcile_at: "00:30".into(),
            settlement_cycle: SettlementCycle::Daily,
            confirm_patience_ms: 10_000,
            order_lifetime_ms: A_DAY_MS,
            psp_deadline_ms: 30_000,
            retry_tries: 3,
            feed_wait_ms: 300_000,
            feed_recheck_ms: 60_000,
            worker_poll_ms: 120_000,
        }
    }
}

/// How long an order can be paid, by default.
const A_DAY_MS: u64 = 86_400_000;

fn is_a_day(ms: &u64) -> bool {
    *ms == A_DAY_MS
}

fn is_daily(cycle: &SettlementCycle) -> bool {
    *cycle == SettlementCycle::Daily
}
