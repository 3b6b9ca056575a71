//! What the wallet and its callers say to one another.

use serde::{Deserialize, Serialize};

/// One seller's balance in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub seller_id: String,
    pub currency: String,
    /// Decimal string.
    pub balance: String,
    /// The same in minor units.
    pub balance_minor: i64,
}

/// `GET /v1/wallets`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Wallets {
    pub wallets: Vec<Balance>,
    /// Pass as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}
