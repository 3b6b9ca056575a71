//! One payment and the states it may be in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The status of a payment, spelled as Toss spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// The window is open, the method is not authenticated.
    Ready,
    /// Authenticated, waiting for the merchant's confirm. No money has moved.
    InProgress,
    /// Approved: the buyer was charged.
    Done,
    /// Wholly given back in one go.
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
            (Self::Done, E::CancelWhole) => Self::Canceled,
            (Self::Done | Self::PartialCanceled, E::CancelPart) => Self::PartialCanceled,
            _ => return None,
        })
    }

    /// Was the buyer ever charged?
    pub(crate) fn was_approved(self) -> bool {
        matches!(self, Self::Done | Self::Canceled | Self::PartialCanceled)
    }

    /// PAYMENT_STATUS_CHANGED is sent on reaching these five.
    pub(crate) fn is_announced(self) -> bool {
        !matches!(self, Self::Ready | Self::InProgress)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Canceled => "CANCELED",
            Self::PartialCanceled => "PARTIAL_CANCELED",
            Self::Aborted => "ABORTED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What the buyer paid with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Card,
    Transfer,
    EasyPay,
    MobilePhone,
}

impl Method {
    /// Reads the SDK's name, the Korean name or nothing (a card).
    pub(crate) fn read(name: Option<&str>) -> Option<Self> {
        Some(match name.unwrap_or("CARD") {
            "" | "CARD" | "카드" => Self::Card,
            "TRANSFER" | "계좌이체" => Self::Transfer,
            "EASY_PAY" | "간편결제" => Self::EasyPay,
            "MOBILE_PHONE" | "휴대폰" => Self::MobilePhone,
            _ => return None,
        })
    }

    pub(crate) fn name(self, english: bool) -> &'static str {
        match (self, english) {
            (Self::Card, false) => "카드",
            (Self::Card, true) => "CARD",
            (Self::Transfer, false) => "계좌이체",
            (Self::Transfer, true) => "TRANSFER",
            (Self::EasyPay, false) => "간편결제",
            (Self::EasyPay, true) => "EASY_PAY",
            (Self::MobilePhone, false) => "휴대폰",
            (Self::MobilePhone, true) => "MOBILE_PHONE",
        }
    }
}

/// One giving back of money.
#[derive(Clone, Debug)]
pub(crate) struct Cancel {
    pub(crate) transaction_key: String,
    pub(crate) reason: String,
    pub(crate) amount: i64,
    /// What was left after this cancel.
    pub(crate) balance_after: i64,
    pub(crate) tax_free_amount: i64,
    pub(crate) at: Timestamp,
}

/// Why a payment failed, as shown in `failure`.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// One payment, from the opening of the window on. Amounts are whole won.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) key: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) customer_key: Option<String>,
    pub(crate) success_url: String,
    pub(crate) fail_url: String,
    pub(crate) method: Method,
    pub(crate) amount: i64,
    pub(crate) balance: i64,
    pub(crate) state: State,
    pub(crate) requested_at: Timestamp,
    pub(crate) authenticated_at: Option<Timestamp>,
    pub(crate) approved_at: Option<Timestamp>,
    /// When it becomes EXPIRED unless something happens before.
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) approval_key: Option<String>,
    pub(crate) approve_no: String,
    pub(crate) secret: String,
    pub(crate) cancels: Vec<Cancel>,
    pub(crate) failure: Option<Failure>,
    /// A confirm is being reviewed: neither approved nor refused yet.
    pub(crate) held: bool,
    /// A cheat: shown as approved, but no money was ever taken.
    pub(crate) unbooked: bool,
    /// How many transaction keys were given to it.
    pub(crate) transactions: u32,
    /// How many webhooks were made of it.
    pub(crate) webhooks: u32,
    /// The payment before its last change, for stale answers.
    pub(crate) before: Option<Box<Payment>>,
}

impl Payment {
    /// Moves the payment and keeps what it was before; `false` where the event cannot happen.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        let Some(next) = self.state.after(event) else { return false };
        self.remember();
        self.state = next;
        true
    }

    fn remember(&mut self) {
        self.before = None;
        self.before = Some(Box::new(self.clone()));
    }

    /// The key of the latest transaction, approval or cancel.
    pub(crate) fn last_transaction_key(&self) -> Option<&str> {
        match self.cancels.last() {
            Some(cancel) => Some(&cancel.transaction_key),
            None => self.approval_key.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event as E, State as S};

    const STATES: [S; 7] =
        [S::Ready, S::InProgress, S::Done, S::Canceled, S::PartialCanceled, S::Aborted, S::Expired];

    #[test]
    fn the_state_machine_is_this_table() {
        #[rustfmt::skip]
        let table: [(E, [Option<S>; 7]); 6] = [
            //                 READY                IN_PROGRESS          DONE                      CANCELED  PARTIAL_CANCELED          ABORTED EXPIRED
            (E::Authenticate, [Some(S::InProgress), None,                None,                     None,     None,                     None,   None]),
            (E::Approve,      [None,                Some(S::Done),       None,                     None,     None,                     None,   None]),
            (E::Refuse,       [Some(S::Aborted),    Some(S::Aborted),    None,                     None,     None,                     None,   None]),
            (E::CancelWhole,  [None,                None,                Some(S::Canceled),        None,     None,                     None,   None]),
            (E::CancelPart,   [None,                None,                Some(S::PartialCanceled), None,     Some(S::PartialCanceled), None,   None]),
            (E::Expire,       [Some(S::Expired),    Some(S::Expired),    None,                     None,     None,                     None,   None]),
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
