//! One cancel as Toss shows it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::iso,
    model::{Cancel, CancelStatus, Currency, Money},
};

/// A cancel, in `cancels` of a payment and in settlement rows.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Cancel")]
pub(crate) struct CancelView<'a> {
    transaction_key: &'a str,
    cancel_reason: &'a str,
    tax_exemption_amount: Money,
    canceled_at: String,
    card_discount_amount: Money,
    transfer_discount_amount: i64,
    easy_pay_discount_amount: i64,
    receipt_key: Option<&'a str>,
    cancel_amount: Money,
    tax_free_amount: Money,
    /// What was left after this cancel.
    refundable_amount: Money,
    cancel_status: CancelStatus,
    cancel_request_id: Option<&'a str>,
}

impl<'a> CancelView<'a> {
    pub(crate) fn of(cancel: &'a Cancel, currency: Currency) -> Self {
        let money = |amount| Money(amount, currency);
        Self {
            transaction_key: &cancel.transaction_key,
            cancel_reason: &cancel.reason,
            tax_exemption_amount: money(cancel.tax_exemption_amount),
            canceled_at: iso(cancel.at),
            card_discount_amount: money(cancel.card_discount_amount),
            transfer_discount_amount: 0,
            easy_pay_discount_amount: 0,
            receipt_key: cancel.receipt_key.as_deref(),
            cancel_amount: money(cancel.amount),
            tax_free_amount: money(cancel.tax_free_amount),
            refundable_amount: money(cancel.balance_after),
            cancel_status: cancel.status,
            cancel_request_id: cancel.request_id.as_deref(),
        }
    }
}
