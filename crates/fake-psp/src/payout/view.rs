//! Sellers, payouts and the balance as Toss shows them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Account, BusinessType, Company, Payout, PayoutStatus, Person, ScheduleType, Seller};
use crate::{Currency, SellerStatus, api::error::Refusal, clock::iso};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Seller")]
pub(crate) struct SellerView<'a> {
    id: &'a str,
    ref_seller_id: &'a str,
    business_type: BusinessType,
    company: Option<&'a Company>,
    individual: Option<&'a Person>,
    status: SellerStatus,
    account: &'a Account,
    metadata: Option<&'a BTreeMap<String, String>>,
}

impl<'a> SellerView<'a> {
    pub(crate) fn of(seller: &'a Seller) -> Self {
        Self {
            id: &seller.id,
            ref_seller_id: &seller.ref_seller_id,
            business_type: seller.business_type,
            company: seller.company.as_ref(),
            individual: seller.individual.as_ref(),
            status: seller.status,
            account: &seller.account,
            metadata: seller.metadata.as_ref(),
        }
    }
}

/// An amount with its currency, which is always won.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PayoutAmount")]
pub(crate) struct WonView {
    currency: Currency,
    value: i64,
}

impl WonView {
    pub(crate) fn of(value: i64) -> Self {
        Self { currency: Currency::Krw, value }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Balance")]
pub(crate) struct BalanceView {
    /// Not with test keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pending_amount: Option<WonView>,
    pub(crate) available_amount: WonView,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PayoutError")]
struct ErrorView<'a> {
    code: &'a str,
    message: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Payout")]
pub(crate) struct PayoutView<'a> {
    id: &'a str,
    ref_payout_id: &'a str,
    destination: &'a str,
    schedule_type: ScheduleType,
    payout_date: String,
    amount: WonView,
    transaction_description: Option<&'a str>,
    requested_at: String,
    status: PayoutStatus,
    error: Option<ErrorView<'a>>,
    metadata: Option<&'a BTreeMap<String, String>>,
}

impl<'a> PayoutView<'a> {
    pub(crate) fn of(payout: &'a Payout, english: bool) -> Self {
        let error = payout
            .error
            .as_deref()
            .map(|code| ErrorView { code, message: Refusal::new(code).message(english) });
        Self {
            id: &payout.id,
            ref_payout_id: &payout.ref_payout_id,
            destination: &payout.destination,
            schedule_type: payout.schedule_type,
            payout_date: payout.payout_date.to_string(),
            amount: WonView::of(payout.amount),
            transaction_description: payout.transaction_description.as_deref(),
            requested_at: iso(payout.requested_at),
            status: payout.status,
            error,
            metadata: payout.metadata.as_ref(),
        }
    }
}
