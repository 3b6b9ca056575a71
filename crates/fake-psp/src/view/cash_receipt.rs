//! Cash receipts as Toss shows them.

use schemars::JsonSchema;
use serde::Serialize;

use super::payment::FailureView;
use crate::{
    Config,
    cash_receipt::CashReceipts,
    clock::iso,
    model::{CashReceipt, IssueStatus, Payment, ReceiptEvent, ReceiptKind},
};

/// A whole receipt, of the API of its own and in `cashReceipts` of a payment.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CashReceipt")]
pub(crate) struct CashReceiptView<'a> {
    #[schemars(length(max = 200))]
    receipt_key: &'a str,
    order_id: &'a str,
    order_name: &'a str,
    #[serde(rename = "type")]
    kind: ReceiptKind,
    #[schemars(length(max = 9))]
    issue_number: &'a str,
    receipt_url: String,
    #[schemars(length(max = 10))]
    business_number: &'a str,
    /// Issued or given back.
    transaction_type: ReceiptEvent,
    amount: i64,
    tax_free_amount: i64,
    /// Known a day or two after the request.
    issue_status: IssueStatus,
    failure: Option<FailureView<'a>>,
    #[schemars(length(max = 30))]
    customer_identity_number: &'a str,
    requested_at: String,
}

/// The receipt in `cashReceipt` of a payment.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PaymentCashReceipt")]
pub(crate) struct ShortReceiptView<'a> {
    #[serde(rename = "type")]
    kind: ReceiptKind,
    receipt_key: &'a str,
    issue_number: &'a str,
    receipt_url: String,
    amount: i64,
    tax_free_amount: i64,
}

impl<'a> CashReceiptView<'a> {
    pub(crate) fn of(receipt: &'a CashReceipt, config: &Config) -> Self {
        Self {
            receipt_key: &receipt.key,
            order_id: &receipt.order_id,
            order_name: &receipt.order_name,
            kind: receipt.wish.kind,
            issue_number: &receipt.issue_number,
            receipt_url: cash_receipt_url(&receipt.key, config),
            business_number: &receipt.business_number,
            transaction_type: receipt.event,
            amount: receipt.amount,
            tax_free_amount: receipt.tax_free_amount,
            issue_status: receipt.status,
            failure: receipt.failure.as_ref().map(|failure| FailureView::of(failure, false)),
            customer_identity_number: &receipt.wish.identity,
            requested_at: iso(receipt.requested_at),
        }
    }

    /// All of a payment; None if it has none.
    pub(crate) fn all_of(
        payment: &Payment,
        receipts: &'a CashReceipts,
        config: &Config,
    ) -> Option<Vec<Self>> {
        let found = payment.cash_receipts.iter().filter_map(|key| receipts.get(key));
        let views: Vec<_> = found.map(|receipt| Self::of(receipt, config)).collect();
        (!views.is_empty()).then_some(views)
    }
}

impl<'a> ShortReceiptView<'a> {
    /// The one that was issued last.
    pub(crate) fn last_of(
        payment: &Payment,
        receipts: &'a CashReceipts,
        config: &Config,
    ) -> Option<Self> {
        let mut found = payment.cash_receipts.iter().filter_map(|key| receipts.get(key));
        let receipt = found.rfind(|receipt| receipt.event == ReceiptEvent::Confirm)?;
        Some(Self {
            kind: receipt.wish.kind,
            receipt_key: &receipt.key,
            issue_number: &receipt.issue_number,
            receipt_url: cash_receipt_url(&receipt.key, config),
            amount: receipt.amount,
            tax_free_amount: receipt.tax_free_amount,
        })
    }
}

fn cash_receipt_url(key: &str, config: &Config) -> String {
    format!("{}/receipt/cash/{key}", config.public_url)
}
