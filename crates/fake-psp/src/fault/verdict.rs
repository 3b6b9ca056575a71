//! What can go wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Echo;
use crate::{Endpoint, model::State};

/// What a rule does. The same word in TOML and JSON: `"act_then_close"`,
/// `{ act_then_late = { ms = 500 } }`.
///
/// "The act" is what the request asks for: charging, giving back, or, for reads, looking. It
/// happens at most once per idempotency key, whatever the wire does; only `act_twice` and `act_again`
/// break that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// No opinion: the next rule is asked.
    Pass,

    /// Answers this error, without effect. A 4xx (but 429) is bound to the idempotency key.
    Refuse {
        /// Toss's code.
        code: String,
        /// Another status than the table's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Confirm: the approval is refused with this code. The payment becomes ABORTED. Billing charge:
    /// refused likewise; there is no payment then.
    Decline {
        /// Toss's code.
        code: String,
    },
    /// Answers 429, without effect.
    TooMany {
        /// For the `retry-after` header, in seconds.
        retry_after_s: u64,
    },
    /// Answers as Toss does while a bank or a method is under maintenance, without effect and
    /// without binding the idempotency key: NOT_AVAILABLE_BANK for transfers and virtual accounts,
    /// else MAINTAINED_METHOD. With `between` in the rule, a maintenance window.
    Maintenance {
        /// Another code of Toss's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Another status than the table's, such as 503.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Closes the connection before acting.
    DropRequest,
    /// Resets the connection (RST where the transport can) before acting.
    Reset,
    /// Neither acts nor answers.
    HangBefore,
    /// Waits, then acts, then answers: the effect comes late, even if nobody waits any more. A
    /// webhook is sent, a deposit arrives so much later.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Confirm: answers 200 with the payment still IN_PROGRESS and approves it later.
    Hold {
        /// Milliseconds; may be days.
        ms: u64,
    },
    /// Confirm: answers 200 with the payment still IN_PROGRESS and refuses it later.
    HoldThenDecline {
        /// Milliseconds; may be days.
        ms: u64,
        /// Toss's code.
        code: String,
    },
    /// Confirm: answers 200 with the payment still IN_PROGRESS until somebody decides by hand
    /// (`POST /_fake/payments/{paymentKey}/review`).
    Review,
    /// Acts, then closes the connection without an answer.
    ActThenClose,
    /// Acts, then resets the connection.
    ActThenReset,
    /// Acts, then never answers.
    ActThenHang,
    /// Acts at once, answers late. Until then the idempotency key is "processing".
    ActThenLate {
        /// Milliseconds.
        ms: u64,
    },
    /// Acts, then answers this error.
    ActThenError {
        /// Toss's code.
        code: String,
        /// Another status than the table's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Acts, then sends half of the answer's body and closes.
    ActThenCut,
    /// Acts, then answers 200 with a body that is no JSON.
    Garbage,
    /// Acts, sends the answer's head and half of the body, waits, sends the rest.
    SlowBody {
        /// Milliseconds.
        ms: u64,
    },
    /// Acts, then answers with the payment as it was before; lists lack their newest row.
    StaleAnswer,
    /// Acts, then answers with another payment; what is no payment, with an empty list.
    OtherAnswer,
    /// Does not act, and answers 200 with another payment, one that is DONE if there is any: as if
    /// another order's answer had come out of a cache. Nothing is bound to the idempotency key.
    OtherInstead,
    /// Does not act, and answers 200 with the payment as it is: an older answer of its own. Nothing
    /// is bound to the idempotency key.
    StaleInstead,
    /// Acts, then answers with the true payment but for one field.
    WrongEcho {
        /// Which.
        field: Echo,
    },
    /// Does not act, and claims that the payment is DONE, with one field that is not the request's:
    /// a success that the book does not have. Nothing is bound to the idempotency key.
    WrongEchoInstead {
        /// Which.
        field: Echo,
    },
    /// The list breaks off: only its first rows, as if there were no more.
    ListCut {
        /// So many rows; 0 is an empty list.
        keep: u32,
    },
    /// Acts, then puts the same answer on the wire twice.
    AnswerTwice,
    /// Answers (or sends) as always, but from a clock that is off: every time in the body, the
    /// `date` header, a webhook's transmission time. Encrypted bodies stay as they are.
    ClockOff {
        /// Milliseconds ahead; negative: behind.
        ms: i64,
    },
    /// Cheat: the money moves once more than the answer (or the deposit) says.
    ActTwice,
    /// Cheat: the money moves once more, some time later, and nobody asked for it.
    ActAgain {
        /// Milliseconds after the approval.
        ms: u64,
    },
    /// Cheat: says that it took what was asked for, and took so much more (or less).
    ActOffBy {
        /// In the currency's smallest unit.
        won: i64,
    },
    /// Cheat: says DONE (or CANCELED), but no money was taken (or given back); no transaction, no
    /// settlement. The confirm of a virtual account takes none anyway: it is issued as always.
    ActWithoutBook,
    /// Acts, and some time later cancels by itself, as by hand in the merchant's console: the
    /// merchant's servers did not ask for it. Nothing if so much is not left then.
    ConsoleCancel {
        /// Milliseconds after the approval.
        ms: u64,
        /// Only so much; without, all that is left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<i64>,
    },
    /// Deposit: the bank takes it back some time later.
    ReverseDeposit {
        /// Milliseconds after the deposit.
        ms: u64,
    },

    /// Webhook or settlement row: so many more of the same.
    Duplicate {
        /// How many more; 1 by default.
        #[serde(default = "one")]
        times: u32,
    },
    /// Webhook: never sent, not even again.
    Drop,
    /// Webhook: held back until the next one went to the same URL (an hour at most).
    Reorder,
    /// Webhook: besides the true one, a false one with this status. The book is untouched.
    Forge {
        /// The status it claims.
        status: State,
    },
    /// Webhook: payout and seller events carry a signature that is not of their body.
    WrongSignature,
    /// Webhook: a deposit callback carries another secret than the payment has.
    WrongSecret,
    /// Webhook: the body breaks off in the middle.
    CutBody,

    /// Settlement row: not there.
    Missing,
    /// Settlement row: this much too much (or, negative, too little).
    OffBy {
        /// Won.
        won: i64,
    },
    /// Settlement row: the fee is this much too high (or, negative, too low), and so the pay-out
    /// too low.
    FeeOff {
        /// Won.
        won: i64,
    },
    /// Settlement row: the pay-out is this much too high (or, negative, too low), it alone.
    PayOutOff {
        /// Won.
        won: i64,
    },
    /// Settlement row: listed as sold (and so paid out) this many days later.
    Late {
        /// Days.
        days: u32,
    },
    /// Settlement row: listed as sold (and so paid out) this many days earlier.
    Early {
        /// Days.
        days: u32,
    },
}

fn one() -> u32 {
    1
}

impl Verdict {
    /// One of each, in the order in which they are told.
    pub(crate) fn examples() -> Vec<Self> {
        let code = || "UNKNOWN_PAYMENT_ERROR".to_owned();
        vec![
            Self::Pass,
            Self::Refuse { code: "PROVIDER_ERROR".to_owned(), status: None },
            Self::Decline { code: "REJECT_CARD_COMPANY".to_owned() },
            Self::TooMany { retry_after_s: 3 },
            Self::Maintenance { code: None, status: None },
            Self::DropRequest,
            Self::Reset,
            Self::HangBefore,
            Self::Delay { ms: 5_000 },
            Self::Hold { ms: 86_400_000 },
            Self::HoldThenDecline { ms: 86_400_000, code: "REJECT_CARD_COMPANY".to_owned() },
            Self::Review,
            Self::ActThenClose,
            Self::ActThenReset,
            Self::ActThenHang,
            Self::ActThenLate { ms: 60_000 },
            Self::ActThenError { code: code(), status: None },
            Self::ActThenCut,
            Self::Garbage,
            Self::SlowBody { ms: 5_000 },
            Self::StaleAnswer,
            Self::OtherAnswer,
            Self::OtherInstead,
            Self::StaleInstead,
            Self::WrongEcho { field: Echo::Amount },
            Self::WrongEchoInstead { field: Echo::OrderId },
            Self::ListCut { keep: 0 },
            Self::AnswerTwice,
            Self::ClockOff { ms: -540_000 },
            Self::ActTwice,
            Self::ActAgain { ms: 60_000 },
            Self::ActOffBy { won: -1 },
            Self::ActWithoutBook,
            Self::ConsoleCancel { ms: 60_000, amount: None },
            Self::ReverseDeposit { ms: 60_000 },
            Self::Duplicate { times: 1 },
            Self::Drop,
            Self::Reorder,
            Self::Forge { status: State::Done },
            Self::WrongSignature,
            Self::WrongSecret,
            Self::CutBody,
            Self::Missing,
            Self::OffBy { won: 1 },
            Self::FeeOff { won: 1 },
            Self::PayOutOff { won: 1 },
            Self::Late { days: 1 },
            Self::Early { days: 1 },
        ]
    }

    /// The name, as written in a programme.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refuse { .. } => "refuse",
            Self::Decline { .. } => "decline",
            Self::TooMany { .. } => "too_many",
            Self::Maintenance { .. } => "maintenance",
            Self::DropRequest => "drop_request",
            Self::Reset => "reset",
            Self::HangBefore => "hang_before",
            Self::Delay { .. } => "delay",
            Self::Hold { .. } => "hold",
            Self::HoldThenDecline { .. } => "hold_then_decline",
            Self::Review => "review",
            Self::ActThenClose => "act_then_close",
            Self::ActThenReset => "act_then_reset",
            Self::ActThenHang => "act_then_hang",
            Self::ActThenLate { .. } => "act_then_late",
            Self::ActThenError { .. } => "act_then_error",
            Self::ActThenCut => "act_then_cut",
            Self::Garbage => "garbage",
            Self::SlowBody { .. } => "slow_body",
            Self::StaleAnswer => "stale_answer",
            Self::OtherAnswer => "other_answer",
            Self::OtherInstead => "other_instead",
            Self::StaleInstead => "stale_instead",
            Self::WrongEcho { .. } => "wrong_echo",
            Self::WrongEchoInstead { .. } => "wrong_echo_instead",
            Self::ListCut { .. } => "list_cut",
            Self::AnswerTwice => "answer_twice",
            Self::ClockOff { .. } => "clock_off",
            Self::ActTwice => "act_twice",
            Self::ActAgain { .. } => "act_again",
            Self::ActOffBy { .. } => "act_off_by",
            Self::ActWithoutBook => "act_without_book",
            Self::ConsoleCancel { .. } => "console_cancel",
            Self::ReverseDeposit { .. } => "reverse_deposit",
            Self::Duplicate { .. } => "duplicate",
            Self::Drop => "drop",
            Self::Reorder => "reorder",
            Self::Forge { .. } => "forge",
            Self::WrongSignature => "wrong_signature",
            Self::WrongSecret => "wrong_secret",
            Self::CutBody => "cut_body",
            Self::Missing => "missing",
            Self::OffBy { .. } => "off_by",
            Self::FeeOff { .. } => "fee_off",
            Self::PayOutOff { .. } => "pay_out_off",
            Self::Late { .. } => "late",
            Self::Early { .. } => "early",
        }
    }

    /// Does it mean something at this endpoint?
    pub fn fits(&self, endpoint: Endpoint) -> bool {
        use Endpoint::{
            BillingCharge, Cancel, Confirm, Deposit, KeyIn, Read, SettlementFile, Settlements,
            Transactions, Webhook,
        };
        let charges = matches!(endpoint, Confirm | KeyIn | BillingCharge);
        match self {
            Self::Pass => true,
            Self::Refuse { .. }
            | Self::TooMany { .. }
            | Self::Maintenance { .. }
            | Self::DropRequest
            | Self::Reset
            | Self::HangBefore
            | Self::ActThenClose
            | Self::ActThenReset
            | Self::ActThenHang
            | Self::ActThenLate { .. }
            | Self::ActThenError { .. }
            | Self::ActThenCut
            | Self::Garbage
            | Self::SlowBody { .. }
            | Self::StaleAnswer
            | Self::OtherAnswer
            | Self::AnswerTwice => endpoint.is_request(),
            Self::Delay { .. } => endpoint.is_request() || matches!(endpoint, Webhook | Deposit),
            Self::ClockOff { .. } => endpoint.is_request() || endpoint == Webhook,
            Self::Hold { .. } | Self::HoldThenDecline { .. } | Self::Review => endpoint == Confirm,
            Self::Decline { .. }
            | Self::ConsoleCancel { .. }
            | Self::ActAgain { .. }
            | Self::ActOffBy { .. } => charges,
            Self::ActTwice | Self::ActWithoutBook => {
                charges || matches!(endpoint, Cancel | Deposit)
            }
            Self::OtherInstead | Self::WrongEcho { .. } => {
                matches!(endpoint, Confirm | Read | Cancel)
            }
            Self::StaleInstead => matches!(endpoint, Confirm | Cancel),
            Self::WrongEchoInstead { .. } => matches!(endpoint, Confirm | Read),
            Self::ListCut { .. } => matches!(endpoint, Transactions | Settlements),
            Self::ReverseDeposit { .. } => endpoint == Deposit,
            Self::Duplicate { .. } => matches!(endpoint, Webhook | SettlementFile),
            Self::Drop
            | Self::Reorder
            | Self::Forge { .. }
            | Self::WrongSignature
            | Self::WrongSecret
            | Self::CutBody => endpoint == Webhook,
            Self::Missing
            | Self::OffBy { .. }
            | Self::FeeOff { .. }
            | Self::PayOutOff { .. }
            | Self::Late { .. }
            | Self::Early { .. } => endpoint == SettlementFile,
        }
    }

    /// The names of all verdicts that mean something at an endpoint.
    pub(crate) fn names_at(endpoint: Endpoint) -> impl Iterator<Item = &'static str> {
        let examples = Self::examples().into_iter();
        examples.filter(move |verdict| verdict.fits(endpoint)).map(|verdict| verdict.name())
    }
}
