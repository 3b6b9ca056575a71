//! Cash receipts (현금영수증): what the tax office is told of sales that were paid in cash.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Failure;

/// What a receipt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum ReceiptKind {
    /// A person's income deduction.
    #[serde(rename = "소득공제")]
    IncomeDeduction,
    /// A business's proof of expenses.
    #[serde(rename = "지출증빙")]
    ExpenseProof,
}

impl ReceiptKind {
    /// Reads the Korean name; Toss has no English one.
    pub(crate) fn read(name: &str) -> Option<Self> {
        [Self::IncomeDeduction, Self::ExpenseProof].into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::IncomeDeduction => "소득공제",
            Self::ExpenseProof => "지출증빙",
        }
    }

    /// The digits of a buyer's number if it is of the right sort: a phone or card number for an
    /// income deduction, a business number for a proof of expenses. Hyphens are left out.
    pub(crate) fn identity(self, number: &str) -> Option<String> {
        let digits = number.replace('-', "");
        let lengths = match self {
            Self::IncomeDeduction => 10..=19,
            Self::ExpenseProof => 10..=10,
        };
        let fits = digits.bytes().all(|byte| byte.is_ascii_digit());
        (fits && lengths.contains(&digits.len())).then_some(digits)
    }
}

/// How far the tax office is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum IssueStatus {
    InProgress,
    Completed,
    Failed,
}

/// Issued or given back?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ReceiptEvent {
    Confirm,
    Cancel,
}

/// A buyer wants a receipt for what they pay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReceiptWish {
    pub(crate) kind: ReceiptKind,
    /// Digits only.
    pub(crate) identity: String,
}

/// One receipt, or the giving back of one, whole or in part. Amounts in won.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CashReceipt {
    pub(crate) key: String,
    pub(crate) event: ReceiptEvent,
    pub(crate) wish: ReceiptWish,
    pub(crate) issue_number: String,
    pub(crate) business_number: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    /// The payment it was issued with. None for those the merchant asked for.
    pub(crate) payment_key: Option<String>,
    pub(crate) amount: i64,
    pub(crate) tax_free_amount: i64,
    /// What can still be given back of it. Nothing of a CANCEL.
    pub(crate) left: i64,
    pub(crate) tax_free_left: i64,
    /// How many times something of it was given back.
    pub(crate) cancels: u32,
    pub(crate) status: IssueStatus,
    pub(crate) failure: Option<Failure>,
    pub(crate) requested_at: Timestamp,
}

impl CashReceipt {
    /// Does it stand for something, so that its order needs no other one?
    pub(crate) fn is_valid(&self) -> bool {
        self.status != IssueStatus::Failed && self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::ReceiptKind as Kind;

    #[test]
    fn numbers_have_sorts() {
        for (kind, number, expected) in [
            (Kind::IncomeDeduction, "010-000-1234", Some("0100001234")),
            (Kind::IncomeDeduction, "01012345678", Some("01012345678")),
            (Kind::IncomeDeduction, "123456789", None),
            (Kind::IncomeDeduction, "0101234567a", None),
            (Kind::ExpenseProof, "123-45-67890", Some("1234567890")),
            (Kind::ExpenseProof, "01012345678", None),
            (Kind::ExpenseProof, "", None),
        ] {
            assert_eq!(kind.identity(number).as_deref(), expected, "{number}");
        }
    }
}
