//! What the executor and its callers say to one another.

use serde::{Deserialize, Serialize};

/// A verb at the PSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// Take the money.
    Confirm,
    /// Give all of it back.
    Cancel,
}

impl Kind {
    pub(super) fn code(self) -> &'static str {
        match self {
            Kind::Confirm => "CONFIRM",
            Kind::Cancel => "CANCEL",
        }
    }
}

/// `POST /v1/executions`: take the money for an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execute {
    pub order_id: String,
    /// The PSP's name of the payment, as the buyer's browser brought it.
    pub payment_key: String,
    /// Decimal string.
    pub amount: String,
    pub currency: String,
}

/// What is known of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Under way.
    Pending,
    /// A try ended without proof; more follow, or it lies in the dead-letter queue.
    Unknown,
    /// It happened.
    Approved,
    /// It surely did not happen and will not.
    Declined,
}

/// Why something was declined, or is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A Toss error code, or one of ours.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The [`Reason`]'s code of a payment that was taken and given back before we knew of it.
pub const GIVEN_BACK: &str = "CANCELED_AT_PSP";

/// An operation as callers and followers of the feed see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    pub order_id: String,
    pub kind: Kind,
    pub payment_key: String,
    pub state: State,
    /// Tries since it was accepted or last re-driven.
    pub tries: i64,
    /// Whether it waits for a person.
    pub dead_letter: bool,
    pub reason: Option<Reason>,
    /// When the PSP did it, in microseconds since the epoch.
    pub approved_at: Option<i64>,
}

/// `GET /v1/dead-letters`.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetters {
    pub dead_letters: Vec<Execution>,
    /// Pass as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}

/// One line of the PSP's transaction list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub transaction_key: String,
    pub payment_key: String,
    pub order_id: String,
    /// Whether it gave money back.
    pub cancel: bool,
    /// Minor units, never negative.
    pub amount: i64,
    pub currency: String,
    /// Microseconds since the epoch.
    pub at: i64,
}

/// `GET /v1/psp/transactions`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Transactions {
    pub transactions: Vec<Transaction>,
    /// Pass as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}

/// One line of the PSP's settlement file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub transaction_key: String,
    pub payment_key: String,
    pub order_id: String,
    /// Minor units; negative when money was given back.
    pub amount: i64,
    pub fee: i64,
    pub pay_out_amount: i64,
    pub currency: String,
    /// Korean days, `2026-01-31`.
    pub sold_on: String,
    pub paid_out_on: String,
}

/// `GET /v1/psp/settlements`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settlements {
    pub settlements: Vec<Settlement>,
    /// Whether there may be another page.
    pub more: bool,
}
