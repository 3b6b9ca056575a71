//! Confirm: the one call that takes money.

use jiff::Timestamp;

use super::{act::Twist, answer::Answer, ask::Ask, error::Refusal, fields, read::show};
use crate::{
    model::State,
    world::{Core, World},
};

pub(super) fn confirm(
    core: &Core,
    world: &mut World,
    ask: &Ask,
    path_key: Option<&str>,
    now: Timestamp,
    twist: &Twist,
) -> Result<Answer, Refusal> {
    let key = check(core, world, ask, path_key)?;
    if let Twist::Decline(refusal) = twist {
        world.abort(core, &key, refusal, now);
        return Err(refusal.clone());
    }
    world.approve(core, &key, !matches!(twist, Twist::Unbooked), now);
    let payment = world.store.get(&key).expect("approved just now");
    Ok(show(core, payment, ask.english))
}

/// May this payment be approved now? Yields its key.
///
/// The order in which conditions are looked at is ours; Toss documents none.
pub(super) fn check(
    core: &Core,
    world: &World,
    ask: &Ask,
    path_key: Option<&str>,
) -> Result<String, Refusal> {
    let key = path_key.map(str::to_owned).or_else(|| fields::text(&ask.body, "paymentKey"));
    let key = key.ok_or("INVALID_REQUEST")?;
    let order_id = fields::text(&ask.body, "orderId").ok_or("INVALID_REQUEST")?;
    let amount = fields::won(&ask.body, "amount")?.ok_or("INVALID_REQUEST")?;
    let payment = world.store.get(&key).ok_or("NOT_FOUND_PAYMENT")?;
    if payment.order_id != order_id {
        return Err("NOT_FOUND_PAYMENT_SESSION".into());
    }
    match payment.state {
        State::Done | State::Canceled | State::PartialCanceled => {
            return Err("ALREADY_PROCESSED_PAYMENT".into());
        }
        State::Aborted => return Err(core.config.confirm_of_aborted_code.as_str().into()),
        // Nobody authenticated: there is nothing to be approved.
        State::Ready | State::Expired => return Err("NOT_FOUND_PAYMENT_SESSION".into()),
        State::InProgress => {}
    }
    if payment.held {
        return Err("FORBIDDEN_CONSECUTIVE_REQUEST".into());
    }
    if payment.amount != amount {
        return Err(core.config.amount_mismatch_code.as_str().into());
    }
    if world.store.approved_of(&order_id).is_some() {
        return Err("DUPLICATED_ORDER_ID".into());
    }
    Ok(key)
}
