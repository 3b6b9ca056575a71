//! The life of a payment order, as a pure table.
//!
//! ```text
//! NOT_STARTED ──confirm──▶ EXECUTING ──proof──▶ SUCCESS | FAILURE ──confirm──▶ EXECUTING …
//!                              │                     ▲        (another payment)
//!                              └──no proof──▶ UNKNOWN┘
//! ```
//!
//! A failure is proof that nothing was taken, so the order can be paid by another payment: each is
//! an *attempt*, and within one there is no way back.

use serde::{Deserialize, Serialize};

/// Where a payment order stands. All orders of a payment event stand at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The buyer has not come back from the PSP yet. Nothing is owed.
    NotStarted,
    /// The executor has been, or is about to be, asked for the money.
    Executing,
    /// The PSP may or may not have taken the money. Neither success nor failure.
    Unknown,
    /// The PSP has taken the money.
    Success,
    /// The PSP has not taken the money, and will not. Another payment may still pay for it.
    Failure,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 5] =
        [Status::NotStarted, Status::Executing, Status::Unknown, Status::Success, Status::Failure];

    /// As the database has it.
    pub fn code(self) -> &'static str {
        match self {
            Status::NotStarted => "NOT_STARTED",
            Status::Executing => "EXECUTING",
            Status::Unknown => "UNKNOWN",
            Status::Success => "SUCCESS",
            Status::Failure => "FAILURE",
        }
    }

    /// Reads what [`Status::code`] wrote.
    pub(super) fn from_code(code: &str) -> Self {
        let found = Status::ALL.into_iter().find(|status| status.code() == code);
        found.expect("the database admits no other status")
    }

    /// Whether it is proven, and will not change by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Success | Status::Failure)
    }

    /// Whether a payment order may go from here to `next`.
    pub fn may_become(self, next: Status) -> bool {
        use Status::{Executing, Failure, NotStarted, Success, Unknown};
        matches!(
            (self, next),
            (NotStarted | Failure, Executing)
                | (Executing, Unknown | Success | Failure)
                | (Unknown, Success | Failure)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_and_the_wire_have_the_same_words() {
        for status in Status::ALL {
            assert_eq!(Status::from_code(status.code()), status);
            assert_eq!(serde_json::to_value(status).expect("plain data"), status.code());
        }
    }

    #[test]
    fn success_and_failure_are_final() {
        let ends = Status::ALL.into_iter().filter(|status| status.is_final());
        assert_eq!(ends.collect::<Vec<_>>(), [Status::Success, Status::Failure]);
    }

    #[test]
    fn nothing_leaves_a_success_and_nothing_returns_to_the_start() {
        for from in Status::ALL {
            assert!(!from.may_become(Status::NotStarted));
            assert!(!from.may_become(from));
            assert!(!Status::Success.may_become(from));
        }
        let after = Status::ALL.into_iter().filter(|to| Status::Failure.may_become(*to));
        assert_eq!(after.collect::<Vec<_>>(), [Status::Executing], "another attempt");
    }

    #[test]
    fn only_what_was_executed_can_succeed() {
        let sources = Status::ALL.into_iter().filter(|from| from.may_become(Status::Success));
        assert_eq!(sources.collect::<Vec<_>>(), [Status::Executing, Status::Unknown]);
    }
}
