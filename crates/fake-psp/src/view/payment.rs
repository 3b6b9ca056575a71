//! A payment as Toss shows it. Fields are null rather than absent, in the order of real answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    CancelView, CashReceiptView,
    cash_receipt::ShortReceiptView,
    means::{
        CardView, EasyPayView, GiftCertificateView, MeansView, MobilePhoneView, TransferView,
        VirtualAccountView,
    },
    tax_of,
};
use crate::{
    Config,
    api::error::error_code,
    cash_receipt::CashReceipts,
    clock::iso,
    model::{Currency, Failure, Kind, Method, Money, Payment, State},
};

/// The whole payment object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Payment")]
pub(crate) struct PaymentView<'a> {
    m_id: &'a str,
    last_transaction_key: Option<&'a str>,
    payment_key: &'a str,
    order_id: &'a str,
    order_name: &'a str,
    tax_exemption_amount: Money,
    status: State,
    requested_at: String,
    approved_at: Option<String>,
    use_escrow: Option<bool>,
    culture_expense: bool,
    card: Option<CardView<'a>>,
    virtual_account: Option<VirtualAccountView<'a>>,
    transfer: Option<TransferView<'a>>,
    mobile_phone: Option<MobilePhoneView<'a>>,
    gift_certificate: Option<GiftCertificateView<'a>>,
    cash_receipt: Option<ShortReceiptView<'a>>,
    cash_receipts: Option<Vec<CashReceiptView<'a>>>,
    discount: Option<DiscountView>,
    cancels: Option<Vec<CancelView<'a>>>,
    secret: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Kind,
    easy_pay: Option<EasyPayView<'a>>,
    country: &'static str,
    failure: Option<FailureView<'a>>,
    is_partial_cancelable: bool,
    receipt: Option<UrlView>,
    checkout: UrlView,
    currency: Currency,
    total_amount: Money,
    balance_amount: Money,
    supplied_amount: Money,
    vat: Money,
    tax_free_amount: Money,
    method: Option<&'static str>,
    version: &'a str,
    metadata: Option<&'a BTreeMap<String, String>>,
}

/// What the card company has taken off, in the amounts of the card and of the payment.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Discount")]
struct DiscountView {
    amount: Money,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Failure")]
pub(super) struct FailureView<'a> {
    code: &'a str,
    message: &'a str,
}

impl<'a> FailureView<'a> {
    pub(super) fn of(failure: &'a Failure, english: bool) -> Self {
        let known = error_code(&failure.code).filter(|_| english).map(|row| row.english);
        Self { code: &failure.code, message: known.unwrap_or(&failure.message) }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Url")]
struct UrlView {
    url: String,
}

impl<'a> PaymentView<'a> {
    pub(crate) fn of(
        payment: &'a Payment,
        receipts: &'a CashReceipts,
        config: &'a Config,
        english: bool,
    ) -> Self {
        // Before authentication nobody knows the method, and a session that never got so far
        // has no details.
        let known = payment.authenticated_at.is_some() && payment.state != State::Expired;
        let money = |amount| Money(amount, payment.currency);
        let means = match known {
            true => MeansView::of(payment, money(payment.amount), config, english),
            false => MeansView::default(),
        };
        let tax = tax_of(payment);
        Self {
            m_id: &config.merchant_id,
            last_transaction_key: payment.last_transaction_key(),
            payment_key: &payment.key,
            order_id: &payment.order_id,
            order_name: &payment.order_name,
            tax_exemption_amount: money(payment.tax_exemption_amount),
            status: payment.state,
            requested_at: iso(payment.requested_at),
            approved_at: payment.approved_at.map(iso),
            use_escrow: (known && payment.method() != Method::ForeignEasyPay)
                .then_some(payment.use_escrow),
            culture_expense: payment.culture_expense,
            card: means.card,
            virtual_account: means.virtual_account,
            transfer: means.transfer,
            mobile_phone: means.mobile_phone,
            gift_certificate: means.gift_certificate,
            cash_receipt: ShortReceiptView::last_of(payment, receipts, config),
            cash_receipts: CashReceiptView::all_of(payment, receipts, config),
            discount: payment
                .discount
                .as_ref()
                .map(|discount| DiscountView { amount: money(discount.amount) }),
            cancels: (!payment.cancels.is_empty()).then(|| {
                payment.cancels.iter().map(|one| CancelView::of(one, payment.currency)).collect()
            }),
            secret: (known && (config.secret_is_for_all || payment.account().is_some()))
                .then_some(&payment.secret),
            kind: payment.kind,
            easy_pay: means.easy_pay,
            country: "KR",
            failure: payment.failure.as_ref().map(|failure| FailureView::of(failure, english)),
            is_partial_cancelable: payment.is_partial_cancelable(),
            receipt: payment
                .was_charged()
                .then(|| UrlView { url: receipt_url(&payment.key, config) }),
            checkout: UrlView { url: format!("{}/window/{}", config.public_url, payment.key) },
            currency: payment.currency,
            total_amount: money(payment.amount),
            balance_amount: money(payment.balance),
            supplied_amount: money(tax.supplied),
            vat: money(tax.vat),
            tax_free_amount: money(tax.tax_free),
            method: known.then(|| payment.method().name(english)),
            version: &config.api_version,
            metadata: payment.metadata.as_ref(),
        }
    }
}

pub(crate) fn receipt_url(payment_key: &str, config: &Config) -> String {
    format!("{}/receipt/{}", config.public_url, payment_key)
}
