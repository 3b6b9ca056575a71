//! The state machine of a payment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The status of a payment, spelled as Toss spells it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// The window is open, the method is not authenticated.
    Ready,
    /// Authenticated, waiting for the merchant's confirm. No money has moved.
    InProgress,
    /// A virtual account was issued; nobody has paid into it yet.
    WaitingForDeposit,
    /// Approved: the buyer was charged.
    Done,
    /// Wholly given back in one go, or a virtual account that was given up before a deposit.
    Canceled,
    /// At least one partial cancel; stays so when the rest is given back too.
    PartialCanceled,
    /// The approval was refused.
    Aborted,
    /// Not authenticated or not confirmed in time.
    Expired,
}

/// What can happen to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Authenticate,
    Approve,
    Refuse,
    CancelWhole,
    CancelPart,
    Expire,
    /// A virtual account is issued.
    Issue,
    /// The buyer pays into the virtual account.
    Deposit,
    /// The bank takes the deposit back.
    Reverse,
    /// Likewise in the API's versions up to 1.4: for good.
    ReverseForGood,
    /// The virtual account is given up before a deposit.
    GiveUp,
}

impl State {
    /// The state after `event`, or `None` where the event cannot happen.
    pub(crate) fn after(self, event: Event) -> Option<Self> {
        use Event as E;
        Some(match (self, event) {
            (Self::Ready, E::Authenticate) => Self::InProgress,
            (Self::Ready | Self::InProgress, E::Refuse) => Self::Aborted,
            (Self::Ready | Self::InProgress, E::Expire) => Self::Expired,
            (Self::InProgress, E::Approve) => Self::Done,
            (Self::InProgress, E::Issue) => Self::WaitingForDeposit,
            (Self::WaitingForDeposit, E::Deposit) => Self::Done,
            (Self::Done, E::Reverse) => Self::WaitingForDeposit,
            (Self::WaitingForDeposit, E::GiveUp) => Self::Canceled,
            (Self::Done, E::CancelWhole | E::ReverseForGood)
            | (Self::PartialCanceled, E::CancelWhole) => Self::Canceled,
            (Self::Done | Self::PartialCanceled, E::CancelPart) => Self::PartialCanceled,
            _ => return None,
        })
    }

    /// Was the buyer ever charged? (A virtual account can be CANCELED without that;
    /// [`super::Payment::was_charged`] knows the difference.)
    pub(crate) fn was_approved(self) -> bool {
        matches!(self, Self::Done | Self::Canceled | Self::PartialCanceled)
    }

    /// PAYMENT_STATUS_CHANGED is sent on reaching these five.
    pub(crate) fn is_announced(self) -> bool {
        !matches!(self, Self::Ready | Self::InProgress | Self::WaitingForDeposit)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::InProgress => "IN_PROGRESS",
            Self::WaitingForDeposit => "WAITING_FOR_DEPOSIT",
            Self::Done => "DONE",
            Self::Canceled => "CANCELED",
            Self::PartialCanceled => "PARTIAL_CANCELED",
            Self::Aborted => "ABORTED",
            Self::Expired => "EXPIRED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event as E, State as S};

    const STATES: [S; 8] = [
        S::Ready,
        S::InProgress,
        S::WaitingForDeposit,
        S::Done,
        S::Canceled,
        S::PartialCanceled,
        S::Aborted,
        S::Expired,
    ];

    #[test]
    fn the_state_machine_is_this_table() {
        let none = [None; 8];
        let only = |pairs: &[(usize, S)]| {
            let mut row = none;
            for (from, to) in pairs {
                row[*from] = Some(*to);
            }
            row
        };
        // Columns as in STATES: 0 READY, 1 IN_PROGRESS, 2 WAITING_FOR_DEPOSIT, 3 DONE, 4 CANCELED,
        // 5 PARTIAL_CANCELED, 6 ABORTED, 7 EXPIRED.
        let table: [(E, [Option<S>; 8]); 11] = [
            (E::Authenticate, only(&[(0, S::InProgress)])),
            (E::Approve, only(&[(1, S::Done)])),
            (E::Refuse, only(&[(0, S::Aborted), (1, S::Aborted)])),
            (E::Expire, only(&[(0, S::Expired), (1, S::Expired)])),
            (E::Issue, only(&[(1, S::WaitingForDeposit)])),
            (E::Deposit, only(&[(2, S::Done)])),
            (E::Reverse, only(&[(3, S::WaitingForDeposit)])),
            (E::ReverseForGood, only(&[(3, S::Canceled)])),
            (E::GiveUp, only(&[(2, S::Canceled)])),
            (E::CancelWhole, only(&[(3, S::Canceled), (5, S::Canceled)])),
            (E::CancelPart, only(&[(3, S::PartialCanceled), (5, S::PartialCanceled)])),
        ];
        for (event, row) in table {
            for (state, expected) in STATES.into_iter().zip(row) {
                assert_eq!(state.after(event), expected, "{state:?} on {event:?}");
            }
        }
    }

    #[test]
    fn five_statuses_are_announced() {
        let announced: Vec<_> = STATES.into_iter().filter(|state| state.is_announced()).collect();
        assert_eq!(announced, [S::Done, S::Canceled, S::PartialCanceled, S::Aborted, S::Expired]);
    }
}
