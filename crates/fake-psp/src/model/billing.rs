//! Billing: a buyer registers a card or an account once, and the merchant charges it by its key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Card, Means, Method, Planned};

/// What a billing key charges.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum BillingMeans {
    Card(Card),
    Account {
        bank_code: String,
        /// Masked.
        account_number: String,
    },
}

impl BillingMeans {
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Card(_) => Method::Card,
            Self::Account { .. } => Method::Transfer,
        }
    }

    /// What a charge is paid with.
    pub(crate) fn to_means(&self) -> Means {
        match self {
            Self::Card(card) => Means::Card(card.clone()),
            Self::Account { bank_code, .. } => Means::Transfer { bank_code: bank_code.clone() },
        }
    }
}

/// A billing window: opened by the shop's page, ended by the buyer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BillingAuth {
    pub(crate) id: String,
    pub(crate) customer_key: String,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    /// A card or a transfer.
    pub(crate) method: Method,
    pub(crate) success_url: Option<String>,
    pub(crate) fail_url: Option<String>,
    /// Until then the buyer may register something.
    pub(crate) deadline: Timestamp,
    /// What came out of it.
    pub(crate) auth_key: Option<String>,
}

/// The right to a billing key, once: what the buyer registered, on its way to the merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AuthKey {
    pub(crate) customer_key: String,
    pub(crate) means: BillingMeans,
    pub(crate) planned: Option<Planned>,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) expires: Timestamp,
}

/// A billing key and what it charges.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BillingKey {
    pub(crate) key: String,
    pub(crate) customer_key: String,
    pub(crate) means: BillingMeans,
    /// What the test card does at each charge.
    pub(crate) planned: Option<Planned>,
    pub(crate) authenticated_at: Timestamp,
    /// Deleted keys are known, and refused.
    pub(crate) deleted_at: Option<Timestamp>,
}
