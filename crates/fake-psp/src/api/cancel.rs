//! Cancel: giving money back, wholly or in part.

use jiff::{SignedDuration, Timestamp};

use super::{answer::Answer, ask::Ask, error::Refusal, fields, read::show};
use crate::{
    Cause,
    clock::in_korea,
    model::{Method, Payment, State},
    world::{Core, GiveBack, World},
};

const LONGEST_REASON: usize = 200;

/// Bank transfers can be given back for so long.
const TRANSFER_LIMIT: SignedDuration = SignedDuration::from_hours(180 * 24);

pub(super) fn cancel(
    core: &Core,
    world: &mut World,
    ask: &Ask,
    key: &str,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let payment = world.store.get(key).ok_or("NOT_FOUND_PAYMENT")?;
    let reason = fields::text(&ask.body, "cancelReason").ok_or("INVALID_REQUEST")?;
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err("INVALID_REQUEST".into());
    }
    let asked = fields::won(&ask.body, "cancelAmount")?;
    let expected = fields::won(&ask.body, "refundableAmount")?;
    let tax_free_amount = fields::won(&ask.body, "taxFreeAmount")?.unwrap_or(0);
    if fields::text(&ask.body, "currency").is_some_and(|currency| currency != "KRW") {
        return Err("INVALID_REQUEST".into());
    }
    let amount = check(payment, asked, expected, now)?;
    let back = GiveBack { amount, reason: &reason, tax_free_amount, cause: Cause::Cancel };
    world.give_back(core, key, &back, now);
    let payment = world.store.get(key).expect("changed just now");
    Ok(show(core, payment, ask.english))
}

/// How much may be given back, if anything.
fn check(
    payment: &Payment,
    asked: Option<i64>,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<i64, Refusal> {
    match payment.state {
        State::Ready | State::InProgress | State::Aborted | State::Expired => {
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
    match payment.method {
        Method::Card | Method::EasyPay => false,
        Method::Transfer => now.duration_since(approved_at) > TRANSFER_LIMIT,
        Method::MobilePhone => {
            let (paid, today) = (in_korea(approved_at), in_korea(now));
            (paid.year(), paid.month()) != (today.year(), today.month())
        }
    }
}
