//! A billing key as Toss shows it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Config,
    clock::iso,
    model::{Bank, BillingKey, BillingMeans, Card, Issuer},
};

/// A billing key and what it charges.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Billing")]
pub(crate) struct BillingView<'a> {
    m_id: &'a str,
    customer_key: &'a str,
    authenticated_at: String,
    method: &'static str,
    billing_key: &'a str,
    card: Option<BillingCardView<'a>>,
    transfers: Option<[BillingTransferView<'a>; 1]>,
    easy_pay: Option<()>,
    /// Deprecated by Toss: see `card`.
    card_company: Option<&'static str>,
    /// Deprecated by Toss: see `card`.
    card_number: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BillingCard")]
struct BillingCardView<'a> {
    issuer_code: &'a str,
    acquirer_code: Option<&'a str>,
    number: &'a str,
    card_type: &'static str,
    owner_type: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BillingTransfer")]
struct BillingTransferView<'a> {
    bank_name: Option<&'static str>,
    bank_account_number: &'a str,
}

impl<'a> BillingView<'a> {
    pub(crate) fn of(billing: &'a BillingKey, config: &'a Config, english: bool) -> Self {
        let card = match &billing.means {
            BillingMeans::Card(card) => Some(card),
            BillingMeans::Account { .. } => None,
        };
        let transfers = match &billing.means {
            BillingMeans::Card(_) => None,
            BillingMeans::Account { bank_code, account_number } => Some([BillingTransferView {
                bank_name: Bank::read(bank_code).map(|bank| bank.korean),
                bank_account_number: account_number,
            }]),
        };
        Self {
            m_id: &config.merchant_id,
            customer_key: &billing.customer_key,
            authenticated_at: iso(billing.authenticated_at),
            method: billing.means.method().name(english),
            billing_key: &billing.key,
            card: card.map(|card| BillingCardView::of(card, english)),
            transfers,
            easy_pay: None,
            card_company: card
                .and_then(|card| Issuer::read(&card.issuer_code))
                .map(|issuer| issuer.korean),
            card_number: card.map(|card| &*card.number),
        }
    }
}

impl<'a> BillingCardView<'a> {
    fn of(card: &'a Card, english: bool) -> Self {
        Self {
            issuer_code: &card.issuer_code,
            acquirer_code: card.acquirer_code.as_deref(),
            number: &card.number,
            card_type: card.card_type.name(english),
            owner_type: card.owner_type.name(english),
        }
    }
}
