//! One giving back of money.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a cancel has come. All but overseas ones are done at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CancelStatus {
    Done,
    InProgress,
    Aborted,
}

impl CancelStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::InProgress => "IN_PROGRESS",
            Self::Aborted => "ABORTED",
        }
    }
}

/// One cancel of a payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cancel {
    pub(crate) transaction_key: String,
    pub(crate) reason: String,
    pub(crate) amount: i64,
    /// What was left after this cancel.
    pub(crate) balance_after: i64,
    pub(crate) tax_free_amount: i64,
    pub(crate) tax_exemption_amount: i64,
    pub(crate) at: Timestamp,
    pub(crate) status: CancelStatus,
    /// What of the amount the card company had taken off.
    pub(crate) card_discount_amount: i64,
    /// The merchant's own id of an asynchronous cancel.
    pub(crate) request_id: Option<String>,
    /// The cash receipt that was corrected with it.
    pub(crate) receipt_key: Option<String>,
}
