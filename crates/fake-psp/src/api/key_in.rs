//! `POST /v1/payments/key-in`: a card's number is typed in, and the buyer is charged at once.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::{Act, Twist},
    answer::Answer,
    card::TypedCard,
    error::Refusal,
    fields::{Amount, Count, Flag, Text},
    order,
    route::Route,
};
use crate::{
    Config, Currency, Endpoint,
    model::{Card, CardType, InterestPayer, Means, Method},
    view::PaymentView,
    world::Opening,
};

pub(super) const ROUTES: &[Route] = &[Route::post("/v1/payments/key-in", "keyIn", key_in)
    .about("Charges a card by its number, without a window.")
    .at(Endpoint::KeyIn)
    .takes::<KeyInBody>()
    .answers::<PaymentView<'_>>()
    .codes("key_in")];

/// An order and a card. `vbv`, the result of an authentication abroad, is taken and not looked at.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct KeyInBody {
    amount: Amount,
    #[schemars(length(min = 6, max = 64))]
    order_id: Text,
    #[schemars(length(min = 1, max = 100))]
    order_name: Text,
    #[serde(flatten)]
    card: TypedCard,
    /// Months: 0, or from 50,000 won on 2 to 12.
    #[schemars(range(min = 0, max = 12))]
    card_installment_plan: Option<Count>,
    /// Instalments without interest, for which the merchant pays.
    use_free_installment_plan: Option<Flag>,
    tax_free_amount: Option<Amount>,
    #[schemars(length(max = 100))]
    customer_email: Option<Text>,
    #[schemars(length(max = 100))]
    customer_name: Option<Text>,
}

/// A refused charge leaves no payment behind: its order id may be used again.
fn key_in(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let opening = check(&act.core.config, act.ask.body()?, act.now)?;
    if act.world.store.approved_of(&opening.order_id).is_some() {
        return Err("DUPLICATED_ORDER_ID".into());
    }
    if let Twist::Decline(refusal) = act.twist {
        return Err(refusal.clone());
    }
    let key = act.world.open(act.core, opening, act.now);
    act.world.authenticate(act.core, &key, None, None, act.now);
    act.world.approve(act.core, &key, !matches!(act.twist, Twist::Unbooked), act.now);
    Ok(act.show_payment(&key))
}

fn check(config: &Config, body: KeyInBody, now: Timestamp) -> Result<Opening, Refusal> {
    let (Text(order_id), Text(order_name)) = (&body.order_id, &body.order_name);
    if !order::is_order_id(config, order_id) {
        return Err("INVALID_ORDER_ID".into());
    }
    let amount = body.amount.won()?;
    if !order::is_name(order_name) || amount <= 0 {
        return Err("INVALID_REQUEST".into());
    }
    order::check_amount(config, Method::Card, Currency::Krw, amount)?;
    let (tax_free_amount, _) =
        order::tax_parts(body.tax_free_amount.as_ref(), None, Currency::Krw, amount)?;
    order::check_email(body.customer_email.as_ref().map(|Text(email)| email.as_str()))?;
    let card = card(&body, amount, now)?;
    let text = |field: Option<Text>| field.map(|Text(text)| text);
    Ok(Opening {
        tax_free_amount,
        customer_email: text(body.customer_email),
        customer_name: text(body.customer_name),
        ..Opening::new(body.order_id.0, body.order_name.0, amount, Means::Card(card))
    })
}

/// The card that is charged.
fn card(body: &KeyInBody, amount: i64, now: Timestamp) -> Result<Card, Refusal> {
    let card = body.card.read(now)?;
    if card.card_type == CardType::Unknown {
        return Err("NOT_SUPPORTED_CARD_TYPE".into());
    }
    let installment_months = order::instalments(body.card_installment_plan, amount)?;
    let free = installment_months > 0 && body.use_free_installment_plan == Some(Flag(true));
    let interest_payer = free.then_some(InterestPayer::Merchant);
    Ok(Card { installment_months, interest_payer, ..card })
}
