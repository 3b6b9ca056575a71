//! Cancel: giving money back, wholly or in part.

use jiff::{SignedDuration, Timestamp};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::{Act, Twist},
    answer::Answer,
    error::Refusal,
    fields::{Amount, Text, amount_or_zero},
    route::Route,
};
use crate::{
    Cause, Config, Endpoint,
    clock::in_korea,
    model::{Bank, Method, Payment, State},
    view::PaymentView,
    world::GiveBack,
};

const LONGEST_REASON: usize = 200;

/// The recorded message of a partial cancel with escrow.
const ESCROW: &str = "[ES12] 부분취소 불가한 에스크로 상태 입니다.";

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
    /// The merchant's own id of the cancel: for overseas payments, whose cancels take a while.
    #[schemars(length(min = 6, max = 64))]
    cancel_request_id: Option<Text>,
    /// Where the money goes: for a virtual account that was paid into.
    refund_receive_account: Option<RefundAccountBody>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RefundAccountBody {
    /// By code or name.
    bank: Option<Text>,
    #[schemars(length(min = 1, max = 20))]
    account_number: Option<Text>,
    #[schemars(length(min = 1, max = 60))]
    holder_name: Option<Text>,
}

/// What a cancel says of amounts.
struct Wanted {
    /// None: all that is left.
    amount: Option<i64>,
    /// The balance the merchant expects.
    expected: Option<i64>,
    tax_free: i64,
    tax_exemption: i64,
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
    let amount_of =
        |amount: &Option<Amount>| amount.as_ref().map(|amount| amount.of(currency)).transpose();
    let wanted = Wanted {
        amount: amount_of(&body.cancel_amount)?,
        expected: amount_of(&body.refundable_amount)?,
        tax_free: amount_or_zero(body.tax_free_amount.as_ref(), currency)?,
        tax_exemption: amount_or_zero(body.tax_exemption_amount.as_ref(), currency)?,
    };
    let length = body.cancel_request_id.as_ref().map(|Text(id)| id.chars().count());
    if length.is_some_and(|length| !(6..=64).contains(&length)) {
        return Err("INVALID_REQUEST".into());
    }
    if body.currency.is_some_and(|Text(named)| named != currency.as_str()) {
        return Err("INVALID_REQUEST".into());
    }
    let amount = check(&act.core.config, payment, &wanted, act.now)?;
    if payment.state == State::WaitingForDeposit {
        act.world.give_up(act.core, key, &reason, act.now);
        return Ok(act.show_payment(key));
    }
    if payment.account().is_some() {
        check_refund_account(&act.core.config, body.refund_receive_account.as_ref())?;
    }
    let request_id = body.cancel_request_id.map(|Text(id)| id);
    let whole = amount == payment.balance;
    let back = GiveBack {
        amount,
        reason: &reason,
        tax_free_amount: payment.tax_free_of(amount, wanted.tax_free),
        tax_exemption_amount: if whole {
            payment.tax_exemption_left()
        } else {
            wanted.tax_exemption
        },
        request_id: request_id.as_deref(),
        cause: Cause::Cancel,
        booked: !matches!(act.twist, Twist::Unbooked),
    };
    act.world.give_back(act.core, key, &back, act.now);
    Ok(act.show_payment(key))
}

/// How much may be given back, if anything.
fn check(
    config: &Config,
    payment: &Payment,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<i64, Refusal> {
    match payment.state {
        State::Ready | State::InProgress | State::Aborted | State::Expired => {
            return Err("NOT_CANCELABLE_PAYMENT".into());
        }
        State::Canceled => return Err("ALREADY_CANCELED_PAYMENT".into()),
        State::WaitingForDeposit | State::Done | State::PartialCanceled => {}
    }
    let left = payment.cancelable();
    if wanted.expected.is_some_and(|expected| expected != left) {
        return Err("NOT_MATCHES_REFUNDABLE_AMOUNT".into());
    }
    let amount = wanted.amount.unwrap_or(left);
    if wanted.amount.is_some_and(|asked| asked <= 0) {
        return Err("INVALID_REQUEST".into());
    }
    if amount == 0 || amount > left {
        return Err(config.over_balance_code.as_str().into());
    }
    if amount < payment.balance {
        check_partial(config, payment, amount)?;
    }
    check_tax(config, payment, wanted, amount)?;
    if is_too_late(payment, now) {
        return Err("EXCEED_MAX_REFUND_DUE".into());
    }
    Ok(amount)
}

/// Some payments can only be given back whole.
fn check_partial(config: &Config, payment: &Payment, amount: i64) -> Result<(), Refusal> {
    if payment.state == State::WaitingForDeposit {
        return Err("NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT".into());
    }
    if payment.use_escrow {
        let code = config.escrow_partial_cancel_code.as_str();
        return Err(match code {
            "FAILED_INTERNAL_SYSTEM_PROCESSING" => Refusal::with_message(code, ESCROW),
            code => code.into(),
        });
    }
    if payment.discount.as_ref().is_some_and(|discount| amount < discount.amount) {
        return Err("EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT".into());
    }
    if !payment.is_partial_cancelable() {
        return Err("NOT_ALLOWED_PARTIAL_REFUND".into());
    }
    Ok(())
}

/// A cancel gives back no more of a tax-free amount than there is.
fn check_tax(
    config: &Config,
    payment: &Payment,
    wanted: &Wanted,
    amount: i64,
) -> Result<(), Refusal> {
    let free = 0..=payment.tax_free_left();
    let exempt = 0..=payment.tax_exemption_left();
    let fits = free.contains(&wanted.tax_free)
        && exempt.contains(&wanted.tax_exemption)
        && wanted.tax_free + wanted.tax_exemption <= amount;
    if fits { Ok(()) } else { Err(config.cancel_tax_code.as_str().into()) }
}

/// The money of a deposit does not go back by itself: somebody has to say where to.
fn check_refund_account(
    config: &Config,
    account: Option<&RefundAccountBody>,
) -> Result<(), Refusal> {
    let text = |field: &Option<Text>| field.as_ref().map_or("", |Text(text)| text).to_owned();
    let Some(account) = account else { return Err(config.no_refund_account_code.as_str().into()) };
    Bank::read(&text(&account.bank)).ok_or("INVALID_BANK")?;
    let number = text(&account.account_number);
    if !(1..=20).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("INVALID_REFUND_ACCOUNT_NUMBER".into());
    }
    if !(1..=60).contains(&text(&account.holder_name).trim().chars().count()) {
        return Err("INVALID_REFUND_ACCOUNT_INFO".into());
    }
    Ok(())
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
