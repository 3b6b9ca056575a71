//! Confirm: the one call that takes money.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::{Act, Twist},
    answer::Answer,
    ask::Ask,
    auth,
    error::Refusal,
    fields::{Amount, Text},
    order,
    route::Route,
};
use crate::{
    Endpoint,
    model::State,
    view::PaymentView,
    world::{Core, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v1/payments/confirm", "confirmPayment", confirm)
        .about("Approves an authenticated payment: the buyer is charged.")
        .at(Endpoint::Confirm)
        .takes::<ConfirmBody>()
        .answers::<PaymentView<'_>>()
        .codes("confirm"),
    Route::post("/v1/payments/{paymentKey}", "confirmPaymentLegacy", confirm)
        .about("The older form of confirm, with the payment key in the path.")
        .at(Endpoint::Confirm)
        .takes::<ConfirmBody>()
        .answers::<PaymentView<'_>>()
        .codes("confirm"),
];

/// What a merchant confirms.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConfirmBody {
    /// From the redirect to `successUrl`. Not needed where the path has it.
    #[schemars(length(max = 200))]
    payment_key: Option<Text>,
    /// The merchant's.
    #[schemars(length(min = 6, max = 64))]
    order_id: Text,
    /// Must be the amount that the buyer authenticated.
    amount: Amount,
}

fn confirm(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let key = check(act.core, act.world, act.ask)?;
    if let Twist::Decline(refusal) = act.twist {
        act.world.abort(act.core, &key, refusal, act.now);
        return Err(refusal.clone());
    }
    act.world.approve(act.core, &key, !matches!(act.twist, Twist::Unbooked), act.now);
    Ok(act.show_payment(&key))
}

/// May this payment be approved now? Yields its key.
///
/// The order in which conditions are looked at is ours; Toss documents none.
pub(super) fn check(core: &Core, world: &World, ask: &Ask) -> Result<String, Refusal> {
    let body: ConfirmBody = ask.body()?;
    let in_path = ask.params.get("paymentKey").cloned();
    let key = in_path.or(body.payment_key.map(|Text(key)| key)).ok_or("INVALID_REQUEST")?;
    let Text(order_id) = body.order_id;
    let payment = world.store.get(&key).ok_or("NOT_FOUND_PAYMENT")?;
    let mixed = |key: &str| !auth::are_of_one_set(key, &ask.api_key);
    if core.config.key_sets_must_match && payment.client_key.as_deref().is_some_and(mixed) {
        return Err("INVALID_API_KEY".into());
    }
    let amount = body.amount.of(payment.currency)?;
    if payment.order_id != order_id {
        return Err("NOT_FOUND_PAYMENT_SESSION".into());
    }
    match payment.state {
        State::Done | State::Canceled | State::PartialCanceled | State::WaitingForDeposit => {
            return Err(core.config.confirm_again_code.as_str().into());
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
    // The window was opened before the buyer chose what to pay with.
    order::check_payment(&core.config, payment)?;
    Ok(key)
}
