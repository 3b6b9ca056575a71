//! What a payment was paid with, as Toss shows it.

use schemars::JsonSchema;
use serde::Serialize;

use super::payment::receipt_url;
use crate::{
    Config,
    clock::iso,
    model::{
        AcquireStatus, Card, InterestPayer, Means, Money, PROVIDERS, Payment, RefundStatus,
        VirtualAccount,
    },
};

/// The one object that tells of a payment's means, under its name; the others are null.
#[derive(Default)]
pub(crate) struct MeansView<'a> {
    pub(crate) card: Option<CardView<'a>>,
    pub(crate) virtual_account: Option<VirtualAccountView<'a>>,
    pub(crate) transfer: Option<TransferView<'a>>,
    pub(crate) mobile_phone: Option<MobilePhoneView<'a>>,
    pub(crate) gift_certificate: Option<GiftCertificateView<'a>>,
    pub(crate) easy_pay: Option<EasyPayView<'a>>,
}

impl<'a> MeansView<'a> {
    /// With the amount of the payment, or of a row about it.
    pub(crate) fn of(payment: &'a Payment, amount: Money, config: &Config, english: bool) -> Self {
        let mut view = Self::default();
        let settlement_status = settlement_status(payment);
        match &*payment.means {
            Means::Card(card) => view.card = Some(CardView::of(payment, card, amount, english)),
            Means::VirtualAccount(account) => {
                view.virtual_account = Some(VirtualAccountView::of(payment, account, english));
            }
            Means::Transfer { bank_code } => {
                view.transfer = Some(TransferView { bank_code, settlement_status });
            }
            Means::MobilePhone { number } => {
                view.mobile_phone = Some(MobilePhoneView {
                    customer_mobile_phone: number,
                    settlement_status,
                    receipt_url: receipt_url(&payment.key, config),
                });
            }
            Means::GiftCertificate(_) => {
                let approve_no = &payment.approve_no;
                view.gift_certificate = Some(GiftCertificateView { approve_no, settlement_status });
            }
            Means::EasyPay { provider: name } | Means::ForeignEasyPay { provider: name } => {
                let provider = provider(name, english);
                view.easy_pay = Some(EasyPayView { provider, amount, discount_amount: 0 });
            }
        }
        view
    }
}

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
    acquire_status: AcquireStatus,
    amount: Money,
}

impl<'a> CardView<'a> {
    fn of(payment: &'a Payment, card: &'a Card, amount: Money, english: bool) -> Self {
        Self {
            issuer_code: &card.issuer_code,
            acquirer_code: card.acquirer_code.as_deref(),
            number: &card.number,
            installment_plan_months: card.installment_months,
            is_interest_free: card.payer().is_some_and(|payer| payer != InterestPayer::Buyer),
            interest_payer: card.payer(),
            approve_no: &payment.approve_no,
            use_card_point: card.use_point,
            card_type: card.card_type.name(english),
            owner_type: card.owner_type.name(english),
            acquire_status: payment.settling.acquire,
            amount,
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
    fn of(payment: &Payment, account: &'a VirtualAccount, english: bool) -> Self {
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
    bank_code: &'a str,
    settlement_status: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MobilePhone")]
pub(crate) struct MobilePhoneView<'a> {
    customer_mobile_phone: &'a str,
    settlement_status: &'static str,
    receipt_url: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GiftCertificate")]
pub(crate) struct GiftCertificateView<'a> {
    approve_no: &'a str,
    settlement_status: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EasyPay")]
pub(crate) struct EasyPayView<'a> {
    provider: &'a str,
    amount: Money,
    discount_amount: i64,
}

/// Has the merchant got the money?
fn settlement_status(payment: &Payment) -> &'static str {
    if payment.settling.paid_out { "COMPLETED" } else { "INCOMPLETED" }
}

/// Easy pay providers have Korean names in Korean answers.
fn provider(name: &str, english: bool) -> &str {
    let known = PROVIDERS.iter().find(|provider| provider.code == name);
    known.filter(|_| english).map_or(name, |provider| provider.sdk)
}
