//! Cancel: giving money back, wholly or in part.

use jiff::{SignedDuration, Timestamp};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::Act,
    answer::Answer,
    error::Refusal,
    fields::{Amount, Text, amount_or_zero},
    route::Route,
};
use crate::{
    Cause, Endpoint,
    clock::in_korea,
    model::{Method, Payment, State},
    view::PaymentView,
    world::GiveBack,
};

const LONGEST_REASON: usize = 200;

/// Deposits into virtual accounts can be given back for so long.
const ACCOUNT_LIMIT: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Bank transfers (and PayPal) can be given back for so long.
const TRANSFER_LIMIT: SignedDuration = SignedDuration::from_hours(180 * 24);

pub(super) const ROUTES: &[Route] =
    &[Route::post("/v1/payments/{paymentKey}/cancel", "cancelPayment", cancel)
        .about("Gives money back, wholly or in part.")
        .at(Endpoint::Cancel)
        .takes::<CancelBody>()
        .answers::<PaymentView<'_>>()
        .codes("cancel")];

/// What a merchant wants to give back, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CancelBody {
    #[schemars(length(min = 1, max = 200))]
    cancel_reason: Text,
    /// Left out: all that is left.
    cancel_amount: Option<Amount>,
    tax_free_amount: Option<Amount>,
    tax_exemption_amount: Option<Amount>,
    /// Must equal the payment's.
    currency: Option<Text>,
    /// What the merchant thinks is left; with another balance nothing is cancelled.
    refundable_amount: Option<Amount>,
}

fn cancel(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let key = act.ask.param("paymentKey");
    let payment = act.world.store.get(key).ok_or("NOT_FOUND_PAYMENT")?;
    let body: CancelBody = act.ask.body()?;
    let currency = payment.currency;
    let Text(reason) = body.cancel_reason;
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err("INVALID_REQUEST".into());
    }
    let asked = body.cancel_amount.map(|amount| amount.of(currency)).transpose()?;
    let expected = body.refundable_amount.map(|amount| amount.of(currency)).transpose()?;
    let tax_free_amount = amount_or_zero(body.tax_free_amount.as_ref(), currency)?;
    let tax_exemption_amount = amount_or_zero(body.tax_exemption_amount.as_ref(), currency)?;
    if body.currency.is_some_and(|Text(named)| named != currency.as_str()) {
        return Err("INVALID_REQUEST".into());
    }
    let amount = check(payment, asked, expected, act.now)?;
    let back = GiveBack {
        amount,
        reason: &reason,
        tax_free_amount,
        tax_exemption_amount,
        cause: Cause::Cancel,
    };
    act.world.give_back(act.core, key, &back, act.now);
    Ok(act.show_payment(key))
}

/// How much may be given back, if anything.
fn check(
    payment: &Payment,
    asked: Option<i64>,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<i64, Refusal> {
    match payment.state {
        State::Ready
        | State::InProgress
        | State::WaitingForDeposit
        | State::Aborted
        | State::Expired => {
            return Err("NOT_CANCELABLE_PAYMENT".into());
        }
        State::Canceled => return Err("ALREADY_CANCELED_PAYMENT".into()),
        State::Done | State::PartialCanceled => {}
    }
    if expected.is_some_and(|expected| expected != payment.balance) {
        return Err("NOT_MATCHES_REFUNDABLE_AMOUNT".into());
    }
    let amount = asked.unwrap_or(payment.balance);
    if asked.is_some_and(|asked| asked <= 0) {
        return Err("INVALID_REQUEST".into());
    }
    if amount == 0 || amount > payment.balance {
        return Err("NOT_CANCELABLE_AMOUNT".into());
    }
    if is_too_late(payment, now) {
        return Err("EXCEED_MAX_REFUND_DUE".into());
    }
    Ok(amount)
}

fn is_too_late(payment: &Payment, now: Timestamp) -> bool {
    let Some(approved_at) = payment.approved_at else { return false };
    match payment.method() {
        Method::VirtualAccount => now.duration_since(approved_at) > ACCOUNT_LIMIT,
        Method::CultureGiftCertificate
        | Method::BookGiftCertificate
        | Method::GameGiftCertificate => false,
        Method::Card | Method::EasyPay => false,
        Method::Transfer | Method::ForeignEasyPay => {
            now.duration_since(approved_at) > TRANSFER_LIMIT
        }
        Method::MobilePhone => {
            let (paid, today) = (in_korea(approved_at), in_korea(now));
            (paid.year(), paid.month()) != (today.year(), today.month())
        }
    }
}
