//! What can go wrong.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, model::State};

/// What a rule does. The same word in TOML and JSON: `"act_then_close"`,
/// `{ act_then_late = { ms = 500 } }`.
///
/// "The act" is what the request asks for: charging, giving back, or, for reads, looking. It
/// happens at most once per idempotency key, whatever the wire does; only `act_twice` breaks that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Closes the connection before acting.
    DropRequest,
    /// Resets the connection (RST where the transport can) before acting.
    Reset,
    /// Neither acts nor answers.
    HangBefore,
    /// Waits, then acts, then answers: the effect comes late, even if nobody waits any more.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Confirm: answers 200 with the payment still IN_PROGRESS and approves it later.
    Hold {
        /// Milliseconds; may be days.
        ms: u64,
    },
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
    /// Acts, then answers with another payment; lists are empty.
    OtherAnswer,
    /// Acts, then puts the same answer on the wire twice.
    AnswerTwice,
    /// Cheat: confirm and cancel move the money once more than they say.
    ActTwice,
    /// Cheat: confirm says DONE, but no money was taken; no transaction, no settlement.
    ActWithoutBook,

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

    /// Settlement row: not there.
    Missing,
    /// Settlement row: this much too much (or, negative, too little).
    OffBy {
        /// Won.
        won: i64,
    },
    /// Settlement row: listed as sold (and so paid out) this many days later.
    Late {
        /// Days.
        days: u32,
    },
}

fn one() -> u32 {
    1
}

/// Every verdict by name, with the endpoints where it means something.
const PLACES: &[(&str, &[Endpoint])] = {
    use Endpoint::{
        Any, BillingCharge, BillingDelete, BillingIssue, Cancel, CashReceipts, Confirm,
        CreatePayment, KeyIn, Other, Payouts, Read, Sellers, SettlementFile, Settlements,
        Transactions, VirtualAccount, Webhook,
    };
    const REQUESTS: &[Endpoint] = &[
        Any,
        Confirm,
        Read,
        Cancel,
        Transactions,
        Settlements,
        CreatePayment,
        KeyIn,
        VirtualAccount,
        BillingIssue,
        BillingCharge,
        BillingDelete,
        CashReceipts,
        Sellers,
        Payouts,
        Other,
    ];
    const NOT_FILES: &[Endpoint] = &[
        Any,
        Confirm,
        Read,
        Cancel,
        Transactions,
        Settlements,
        CreatePayment,
        KeyIn,
        VirtualAccount,
        BillingIssue,
        BillingCharge,
        BillingDelete,
        CashReceipts,
        Sellers,
        Payouts,
        Other,
        Webhook,
    ];
    const EVERY: &[Endpoint] = &[
        Any,
        Confirm,
        Read,
        Cancel,
        Transactions,
        Settlements,
        CreatePayment,
        KeyIn,
        VirtualAccount,
        BillingIssue,
        BillingCharge,
        BillingDelete,
        CashReceipts,
        Sellers,
        Payouts,
        Other,
        Webhook,
        SettlementFile,
    ];
    &[
        ("pass", EVERY),
        ("refuse", REQUESTS),
        ("decline", &[Confirm, KeyIn, BillingCharge]),
        ("too_many", REQUESTS),
        ("drop_request", REQUESTS),
        ("reset", REQUESTS),
        ("hang_before", REQUESTS),
        ("delay", NOT_FILES),
        ("hold", &[Confirm]),
        ("act_then_close", REQUESTS),
        ("act_then_reset", REQUESTS),
        ("act_then_hang", REQUESTS),
        ("act_then_late", REQUESTS),
        ("act_then_error", REQUESTS),
        ("act_then_cut", REQUESTS),
        ("garbage", REQUESTS),
        ("slow_body", REQUESTS),
        ("stale_answer", REQUESTS),
        ("other_answer", REQUESTS),
        ("answer_twice", REQUESTS),
        ("act_twice", &[Confirm, Cancel, KeyIn, BillingCharge]),
        ("act_without_book", &[Confirm, KeyIn, BillingCharge]),
        ("duplicate", &[Webhook, SettlementFile]),
        ("drop", &[Webhook]),
        ("reorder", &[Webhook]),
        ("forge", &[Webhook]),
        ("missing", &[SettlementFile]),
        ("off_by", &[SettlementFile]),
        ("late", &[SettlementFile]),
    ]
};

impl Verdict {
    /// The name, as written in a programme.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refuse { .. } => "refuse",
            Self::Decline { .. } => "decline",
            Self::TooMany { .. } => "too_many",
            Self::DropRequest => "drop_request",
            Self::Reset => "reset",
            Self::HangBefore => "hang_before",
            Self::Delay { .. } => "delay",
            Self::Hold { .. } => "hold",
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
            Self::AnswerTwice => "answer_twice",
            Self::ActTwice => "act_twice",
            Self::ActWithoutBook => "act_without_book",
            Self::Duplicate { .. } => "duplicate",
            Self::Drop => "drop",
            Self::Reorder => "reorder",
            Self::Forge { .. } => "forge",
            Self::Missing => "missing",
            Self::OffBy { .. } => "off_by",
            Self::Late { .. } => "late",
        }
    }

    /// Does it mean something at this endpoint?
    pub(crate) fn fits(&self, endpoint: Endpoint) -> bool {
        Self::names_at(endpoint).any(|name| name == self.name())
    }

    /// The names of all verdicts that mean something at an endpoint.
    pub(crate) fn names_at(endpoint: Endpoint) -> impl Iterator<Item = &'static str> {
        PLACES.iter().filter(move |(_, places)| places.contains(&endpoint)).map(|(name, _)| *name)
    }
}
