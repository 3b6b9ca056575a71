//! One payout.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Account;

/// Where a payout stands, spelled as Toss spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayoutStatus {
    /// Asked for. The amount is no longer available for others.
    Requested,
    /// At the bank: it cannot be cancelled any more.
    InProgress,
    /// The seller has the money.
    Completed,
    /// The bank did not take it. The amount is available again.
    Failed,
    /// Given up in time. The amount is available again.
    Canceled,
}

impl PayoutStatus {
    /// The name, as in Toss's objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        }
    }

    /// Can it be followed by `next`?
    pub(crate) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Requested, Self::InProgress | Self::Canceled)
                | (Self::InProgress, Self::Completed | Self::Failed)
        )
    }

    /// Is its amount gone from the balance?
    pub(crate) fn takes(self) -> bool {
        !matches!(self, Self::Failed | Self::Canceled)
    }
}

/// When a payout is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScheduleType {
    /// At once, in banking hours.
    Express,
    /// On a day to come, from nine o'clock on.
    Scheduled,
}

/// A payout to a seller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payout {
    /// Toss's id.
    pub id: String,
    /// The merchant's id.
    pub ref_payout_id: String,
    /// The seller's id.
    pub destination: String,
    /// At once or on a day.
    pub schedule_type: ScheduleType,
    /// The Korean day on which it is made.
    pub payout_date: Date,
    /// In won.
    pub amount: i64,
    /// What the seller reads in their bank statement.
    pub transaction_description: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Where it stands.
    pub status: PayoutStatus,
    /// The code of the error it failed with.
    pub error: Option<String>,
    /// The merchant's own notes.
    pub metadata: Option<BTreeMap<String, String>>,
    /// As it was when the payout was asked for.
    pub(crate) account: Account,
    /// Webhooks that told of it.
    pub(crate) notices: u32,
}

#[cfg(test)]
mod tests {
    use super::PayoutStatus as P;

    const ALL: [P; 5] = [P::Requested, P::InProgress, P::Completed, P::Failed, P::Canceled];

    #[test]
    fn the_state_machine() {
        let mut table = String::new();
        for from in ALL {
            let next: Vec<_> =
                ALL.iter().filter(|to| from.may_become(**to)).map(|to| to.as_str()).collect();
            let (from, takes) = (from.as_str(), if from.takes() { " (takes money)" } else { "" });
            table += &format!("{from}{takes} -> {}\n", next.join(", "));
        }
        let expected = "\
REQUESTED (takes money) -> IN_PROGRESS, CANCELED
IN_PROGRESS (takes money) -> COMPLETED, FAILED
COMPLETED (takes money) -> \n\
FAILED -> \n\
CANCELED -> \n";
        assert_eq!(table, expected);
    }
}
