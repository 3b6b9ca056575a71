//! What the payment service and its callers say to one another.

use serde::{Deserialize, Serialize};

pub use super::state::Status;
use crate::executor::wire::GIVEN_BACK;

/// `POST /v1/checkouts`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    pub buyer_id: String,
    /// What the PSP's window and the receipt call it.
    pub order_name: String,
    pub currency: String,
    pub items: Vec<Item>,
}

/// What is bought from one seller.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub seller_id: String,
    /// Decimal string.
    pub amount: String,
}

/// `POST /v1/payments/confirm`: what the PSP's window appended to the success URL.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirm {
    pub payment_key: String,
    pub order_id: String,
    /// Decimal string.
    pub amount: String,
}

/// A payment event as its buyer and our services see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub order_id: String,
    pub order_name: String,
    pub buyer_id: String,
    pub status: Status,
    /// Paid, and booked in wallet and ledger.
    pub is_payment_done: bool,
    pub amount: String,
    pub currency: String,
    pub failure: Option<Failure>,
    /// When the PSP took the money, in microseconds since the epoch.
    pub approved_at: Option<i64>,
    pub created_at: i64,
    /// Until when it can be begun to pay for it.
    pub expires_at: i64,
    /// When the shop took the order back, unpaid.
    pub voided_at: Option<i64>,
    pub checkout_url: String,
    pub payment_orders: Vec<PaymentOrder>,
}

/// Why there was no payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

/// The codes of failures after which the PSP confirms no payment of the order any more: it has taken
/// money for it.
pub(super) const SPENT: [&str; 2] = [GIVEN_BACK, "DUPLICATED_ORDER_ID"];

impl Payment {
    /// Whether the PSP has taken money for it, of a payment that failed: it confirms none after that.
    pub(super) fn is_spent(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| SPENT.contains(&failure.code.as_str()))
    }

    /// Whether the buyer can pay for it at a time: for the first time, or again after a failure.
    pub(super) fn is_payable(&self, now: i64) -> bool {
        let is_open = self.voided_at.is_none() && now < self.expires_at;
        match self.status {
            Status::NotStarted => is_open,
            Status::Failure => is_open && !self.is_spent(),
            Status::Executing | Status::Unknown | Status::Success => false,
        }
    }
}

/// `POST /v1/payments/{order_id}/void`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Void {
    /// For whoever looks at the order later.
    pub reason: String,
}

/// One try of the buyer to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The PSP's name of the payment.
    pub payment_key: String,
    /// From 1.
    pub no: i64,
    pub state: AttemptState,
    pub failure: Option<Failure>,
    /// Microseconds since the epoch.
    pub began_at: i64,
    pub ended_at: Option<i64>,
}

/// How a try to pay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AttemptState {
    /// The PSP may have taken the money.
    Open,
    /// It has.
    Approved,
    /// It has not, and will not.
    Declined,
}

/// `GET /v1/payments/{order_id}/attempts`, in the order in which they were begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attempts {
    pub attempts: Vec<Attempt>,
}

/// One seller's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOrder {
    pub id: String,
    pub seller_id: String,
    pub amount: String,
    pub status: Status,
    pub ledger_updated: bool,
    pub wallet_updated: bool,
}

/// `GET /v1/payments?day=`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Payments {
    pub payments: Vec<Payment>,
    /// Pass as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}

/// The data of a `payment_order.succeeded` event: what wallet and ledger book.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Succeeded {
    pub payment_order_id: String,
    pub order_id: String,
    pub seller_id: String,
    /// Minor units.
    pub amount: i64,
    pub currency: String,
    /// When the PSP took the money, in microseconds since the epoch.
    pub approved_at: i64,
}
