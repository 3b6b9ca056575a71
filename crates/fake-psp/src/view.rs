//! A payment as Toss shows it. Fields are null rather than absent, in the order of real answers.

use serde::Serialize;

use crate::{
    Config,
    clock::iso,
    model::{Cancel, Method, Payment, State},
};

/// VAT contained in an amount: an eleventh, rounded half up. Negative amounts mirror positive ones.
pub(crate) fn vat_of(amount: i64) -> i64 {
    let vat = (2 * amount.abs() + 11) / 22;
    vat * amount.signum()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentView<'a> {
    m_id: &'a str,
    last_transaction_key: Option<&'a str>,
    payment_key: &'a str,
    order_id: &'a str,
    order_name: &'a str,
    tax_exemption_amount: i64,
    status: &'static str,
    requested_at: String,
    approved_at: Option<String>,
    use_escrow: Option<bool>,
    culture_expense: bool,
    card: Option<CardView<'a>>,
    virtual_account: Option<()>,
    transfer: Option<TransferView>,
    mobile_phone: Option<MobilePhoneView>,
    gift_certificate: Option<()>,
    cash_receipt: Option<()>,
    cash_receipts: Option<()>,
    discount: Option<()>,
    cancels: Option<Vec<CancelView<'a>>>,
    secret: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    easy_pay: Option<EasyPayView>,
    country: &'static str,
    failure: Option<FailureView<'a>>,
    is_partial_cancelable: bool,
    receipt: Option<Url>,
    checkout: Url,
    currency: &'static str,
    total_amount: i64,
    balance_amount: i64,
    supplied_amount: i64,
    vat: i64,
    tax_free_amount: i64,
    method: Option<&'static str>,
    version: &'a str,
    metadata: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardView<'a> {
    issuer_code: &'static str,
    acquirer_code: &'static str,
    number: &'static str,
    installment_plan_months: u8,
    is_interest_free: bool,
    interest_payer: Option<()>,
    approve_no: &'a str,
    use_card_point: bool,
    card_type: &'static str,
    owner_type: &'static str,
    acquire_status: &'static str,
    amount: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransferView {
    bank_code: &'static str,
    settlement_status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MobilePhoneView {
    customer_mobile_phone: &'static str,
    settlement_status: &'static str,
    receipt_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EasyPayView {
    provider: &'static str,
    amount: i64,
    discount_amount: i64,
}

#[derive(Serialize)]
struct FailureView<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Url {
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelView<'a> {
    transaction_key: &'a str,
    cancel_reason: &'a str,
    tax_exemption_amount: i64,
    canceled_at: String,
    card_discount_amount: i64,
    transfer_discount_amount: i64,
    easy_pay_discount_amount: i64,
    receipt_key: Option<()>,
    cancel_amount: i64,
    tax_free_amount: i64,
    refundable_amount: i64,
    cancel_status: &'static str,
    cancel_request_id: Option<()>,
}

impl<'a> CancelView<'a> {
    pub(crate) fn of(cancel: &'a Cancel) -> Self {
        Self {
            transaction_key: &cancel.transaction_key,
            cancel_reason: &cancel.reason,
            tax_exemption_amount: 0,
            canceled_at: iso(cancel.at),
            card_discount_amount: 0,
            transfer_discount_amount: 0,
            easy_pay_discount_amount: 0,
            receipt_key: None,
            cancel_amount: cancel.amount,
            tax_free_amount: cancel.tax_free_amount,
            refundable_amount: cancel.balance_after,
            cancel_status: "DONE",
            cancel_request_id: None,
        }
    }
}

impl<'a> PaymentView<'a> {
    pub(crate) fn of(payment: &'a Payment, config: &'a Config, english: bool) -> Self {
        // Before authentication nobody knows the method, and a session that never got so far
        // has no details.
        let known = payment.authenticated_at.is_some() && payment.state != State::Expired;
        let approved = payment.state.was_approved();
        let is = |method| known && payment.method == method;
        let vat = vat_of(payment.balance);
        Self {
            m_id: &config.merchant_id,
            last_transaction_key: payment.last_transaction_key(),
            payment_key: &payment.key,
            order_id: &payment.order_id,
            order_name: &payment.order_name,
            tax_exemption_amount: 0,
            status: payment.state.as_str(),
            requested_at: iso(payment.requested_at),
            approved_at: payment.approved_at.map(iso),
            use_escrow: known.then_some(false),
            culture_expense: false,
            card: is(Method::Card).then(|| CardView::of(payment, english)),
            virtual_account: None,
            transfer: is(Method::Transfer).then_some(TransferView {
                bank_code: "88",
                settlement_status: if approved { "COMPLETED" } else { "INCOMPLETED" },
            }),
            mobile_phone: is(Method::MobilePhone).then(|| MobilePhoneView {
                customer_mobile_phone: "01000000000",
                settlement_status: if approved { "COMPLETED" } else { "INCOMPLETED" },
                receipt_url: receipt_url(payment, config),
            }),
            gift_certificate: None,
            cash_receipt: None,
            cash_receipts: None,
            discount: None,
            cancels: (!payment.cancels.is_empty())
                .then(|| payment.cancels.iter().map(CancelView::of).collect()),
            secret: known.then_some(&payment.secret),
            kind: "NORMAL",
            easy_pay: is(Method::EasyPay).then_some(EasyPayView {
                provider: if english { "TOSSPAY" } else { "토스페이" },
                amount: payment.amount,
                discount_amount: 0,
            }),
            country: "KR",
            failure: payment
                .failure
                .as_ref()
                .map(|failure| FailureView { code: &failure.code, message: &failure.message }),
            is_partial_cancelable: true,
            receipt: approved.then(|| Url { url: receipt_url(payment, config) }),
            checkout: Url { url: format!("{}/window/{}", config.public_url, payment.key) },
            currency: "KRW",
            total_amount: payment.amount,
            balance_amount: payment.balance,
            supplied_amount: payment.balance - vat,
            vat,
            tax_free_amount: 0,
            method: known.then(|| payment.method.name(english)),
            version: &config.api_version,
            metadata: None,
        }
    }
}

impl<'a> CardView<'a> {
    fn of(payment: &'a Payment, english: bool) -> Self {
        Self {
            issuer_code: "61",
            acquirer_code: "31",
            number: "43301234****123*",
            installment_plan_months: 0,
            is_interest_free: false,
            interest_payer: None,
            approve_no: &payment.approve_no,
            use_card_point: false,
            card_type: if english { "CREDIT" } else { "신용" },
            owner_type: if english { "PERSONAL" } else { "개인" },
            acquire_status: if payment.state == State::Canceled { "CANCELED" } else { "READY" },
            amount: payment.amount,
        }
    }
}

pub(crate) fn receipt_url(payment: &Payment, config: &Config) -> String {
    format!("{}/receipt/{}", config.public_url, payment.key)
}

#[cfg(test)]
mod tests {
    use super::vat_of;

    #[test]
    fn vat_is_an_eleventh_rounded_half_up() {
        for (amount, vat) in [
            (15_000, 1_364),
            (30_000, 2_727),
            (9_026, 821),
            (2_250, 205),
            (860, 78),
            (0, 0),
            (-2_250, -205),
        ] {
            assert_eq!(vat_of(amount), vat, "{amount}");
        }
    }
}
