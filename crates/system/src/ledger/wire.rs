//! What the ledger and its callers say to one another.

use serde::{Deserialize, Serialize};

/// One account's balance in one currency: debits less credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub account: String,
    pub kind: String,
    pub currency: String,
    /// Decimal string; negative for an account that has more credits.
    pub balance: String,
    /// The same in minor units.
    pub balance_minor: i64,
}

/// `GET /v1/balances`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Balances {
    pub balances: Vec<Balance>,
}

/// A journal entry with its postings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    pub payment_order_id: String,
    pub order_id: String,
    pub kind: String,
    pub currency: String,
    /// Microseconds since the epoch.
    pub effective_at: i64,
    pub booked_at: i64,
    pub postings: Vec<Line>,
}

/// One posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub account: String,
    /// Minor units; debits positive, credits negative.
    pub amount: i64,
}

/// `GET /v1/entries`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entries {
    pub entries: Vec<Entry>,
    /// Pass as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}
