//! What the reconciler tells of a day.

use serde::{Deserialize, Serialize};

/// What can be done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Understood, and repaired by the system itself.
    Repairable,
    /// Understood, and for a person to settle with the PSP.
    Manual,
    /// Not understood.
    Unknown,
}

/// What kinds of differences there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The PSP took the money, and we do not know it yet.
    UnknownButTaken,
    /// The PSP took the money of a payment that the buyer was told had failed.
    FailedButTaken,
    /// We do not know whether there was a payment; the PSP has none.
    Unresolved,
    /// The PSP took another amount than we asked for.
    AmountMismatch,
    /// The PSP took the money more than once.
    ChargedTwice,
    /// We say paid; the PSP knows of nothing.
    MissingAtPsp,
    /// The PSP gave money back that we did not ask it to.
    CanceledAtPsp,
    /// No settlement line for a payment.
    SettlementMissing,
    /// More than one settlement line for one transaction.
    SettlementDuplicated,
    /// A settlement line with a wrong amount, or whose parts do not add up.
    SettlementAmount,
    /// A settlement line that came on a later day than it should have.
    SettlementLate,
    /// A payment that wallet or ledger has not booked yet.
    NotBooked,
    /// A seller's balance differs between wallet and ledger.
    WalletLedgerMismatch,
    /// The PSP has a payment for an order that we do not have.
    UnknownOrder,
    /// The PSP took the money of an order whose payment we never asked for.
    TakenButNotStarted,
    /// A settlement line that nothing explains.
    SettlementUnknown,
}

impl Kind {
    /// What can be done about it.
    pub fn class(self) -> Class {
        match self {
            Kind::UnknownButTaken | Kind::FailedButTaken | Kind::Unresolved | Kind::NotBooked => {
                Class::Repairable
            }
            Kind::AmountMismatch
            | Kind::ChargedTwice
            | Kind::MissingAtPsp
            | Kind::CanceledAtPsp
            | Kind::SettlementMissing
            | Kind::SettlementDuplicated
            | Kind::SettlementAmount
            | Kind::SettlementLate
            | Kind::WalletLedgerMismatch => Class::Manual,
            Kind::UnknownOrder | Kind::TakenButNotStarted | Kind::SettlementUnknown => {
                Class::Unknown
            }
        }
    }
}

/// How far the repair of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Repair {
    /// Nothing is repaired automatically.
    None,
    /// Tried, and to be tried again.
    Pending,
    /// Done by us.
    Repaired,
    /// No longer there when we looked again.
    Gone,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub kind: Kind,
    pub class: Class,
    /// What it is about: an order, a seller, a settlement line's transaction.
    pub subject: String,
    pub detail: String,
    pub repair: Repair,
}

/// What was compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub payments: usize,
    pub transactions: usize,
    pub settlements: usize,
}

/// A day's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub day: String,
    /// Microseconds since the epoch; absent while it is being made for the first time.
    pub finished_at: Option<i64>,
    /// How often it was made.
    pub runs: i64,
    /// Whether it will be made again the next night.
    pub is_open: bool,
    pub summary: Summary,
    pub differences: Vec<Difference>,
}

/// `GET /v1/reports`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reports {
    /// The days that have a report, latest first.
    pub days: Vec<String>,
}
