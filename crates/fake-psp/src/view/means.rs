//! What a payment was paid with, as Toss shows it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::iso,
    model::{Card, InterestPayer, Money, Payment, RefundStatus, State, VirtualAccount},
};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Card")]
pub(crate) struct CardView<'a> {
    issuer_code: &'a str,
    acquirer_code: Option<&'a str>,
    number: &'a str,
    installment_plan_months: u8,
    is_interest_free: bool,
    interest_payer: Option<InterestPayer>,
    approve_no: &'a str,
    use_card_point: bool,
    card_type: &'static str,
    owner_type: &'static str,
    acquire_status: &'static str,
    amount: Money,
}

impl<'a> CardView<'a> {
    pub(crate) fn of(payment: &'a Payment, card: &'a Card, english: bool) -> Self {
        let canceled = payment.state == State::Canceled;
        Self {
            issuer_code: &card.issuer_code,
            acquirer_code: card.acquirer_code.as_deref(),
            number: &card.number,
            installment_plan_months: card.installment_months,
            is_interest_free: card.interest_payer.is_some(),
            interest_payer: card.interest_payer,
            approve_no: &payment.approve_no,
            use_card_point: card.use_point,
            card_type: card.card_type.name(english),
            owner_type: card.owner_type.name(english),
            acquire_status: if canceled { "CANCELED" } else { "READY" },
            amount: Money(payment.amount, payment.currency),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "VirtualAccount")]
pub(crate) struct VirtualAccountView<'a> {
    account_type: &'static str,
    account_number: &'a str,
    bank_code: &'a str,
    customer_name: &'a str,
    depositor_name: Option<&'a str>,
    due_date: Option<String>,
    refund_status: RefundStatus,
    expired: bool,
    settlement_status: &'static str,
    refund_receive_account: Option<RefundAccountView<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RefundReceiveAccount")]
pub(crate) struct RefundAccountView<'a> {
    bank_code: &'a str,
    account_number: &'a str,
    holder_name: &'a str,
}

impl<'a> VirtualAccountView<'a> {
    pub(crate) fn of(payment: &Payment, account: &'a VirtualAccount, english: bool) -> Self {
        Self {
            account_type: match (account.fixed, english) {
                (false, false) => "일반",
                (false, true) => "NORMAL",
                (true, false) => "고정",
                (true, true) => "FIXED",
            },
            account_number: &account.account_number,
            bank_code: &account.bank_code,
            customer_name: &account.customer_name,
            depositor_name: account.depositor_name.as_deref(),
            due_date: account.due.map(iso),
            refund_status: account.refund_status,
            expired: account.expired,
            settlement_status: settlement_status(payment),
            refund_receive_account: account.refund_receive.as_ref().map(|refund| {
                RefundAccountView {
                    bank_code: &refund.bank_code,
                    account_number: &refund.account_number,
                    holder_name: &refund.holder_name,
                }
            }),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Transfer")]
pub(crate) struct TransferView<'a> {
    pub(crate) bank_code: &'a str,
    pub(crate) settlement_status: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MobilePhone")]
pub(crate) struct MobilePhoneView<'a> {
    pub(crate) customer_mobile_phone: &'a str,
    pub(crate) settlement_status: &'static str,
    pub(crate) receipt_url: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GiftCertificate")]
pub(crate) struct GiftCertificateView<'a> {
    pub(crate) approve_no: &'a str,
    pub(crate) settlement_status: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EasyPay")]
pub(crate) struct EasyPayView<'a> {
    pub(crate) provider: &'a str,
    pub(crate) amount: Money,
    pub(crate) discount_amount: i64,
}

/// Has the money come in?
pub(crate) fn settlement_status(payment: &Payment) -> &'static str {
    if payment.was_charged() && payment.state.was_approved() { "COMPLETED" } else { "INCOMPLETED" }
}

/// Easy pay providers have Korean names in Korean answers.
pub(crate) fn provider(name: &str, english: bool) -> &str {
    const NAMES: [(&str, &str); 8] = [
        ("토스페이", "TOSSPAY"),
        ("네이버페이", "NAVERPAY"),
        ("카카오페이", "KAKAOPAY"),
        ("삼성페이", "SAMSUNGPAY"),
        ("애플페이", "APPLEPAY"),
        ("엘페이", "LPAY"),
        ("페이코", "PAYCO"),
        ("SSG페이", "SSG"),
    ];
    let known = NAMES.iter().find(|(korean, _)| *korean == name);
    known.filter(|_| english).map_or(name, |(_, code)| code)
}
