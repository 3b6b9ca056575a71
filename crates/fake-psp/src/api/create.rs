//! `POST /v1/payments`: the merchant's server opens a payment, and sends the buyer to
//! `checkout.url` itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{
    act::Act,
    answer::Answer,
    error::Refusal,
    fields::{Amount, Count, Flag, Text},
    route::Route,
};
use crate::{Endpoint, view::PaymentView, window};

pub(super) const ROUTES: &[Route] = &[Route::post("/v1/payments", "createPayment", create)
    .about("Opens a payment. The buyer pays at its checkout.url; then it is confirmed.")
    .at(Endpoint::CreatePayment)
    .takes::<CreateBody>()
    .answers::<PaymentView<'_>>()
    .codes("window")];

/// What is sold, and where the buyer goes afterwards: what a page gives the SDK.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "a description; the rules of the window read the body")]
struct CreateBody {
    /// As in the SDK (CARD) or in Korean (카드). Left out: the buyer chooses.
    method: Option<Text>,
    amount: Amount,
    /// KRW if left out. USD and JPY for cards and foreign easy payment.
    currency: Option<Text>,
    #[schemars(length(min = 6, max = 64))]
    order_id: Text,
    #[schemars(length(min = 1, max = 100))]
    order_name: Text,
    success_url: Text,
    fail_url: Text,
    tax_free_amount: Option<Amount>,
    tax_exemption_amount: Option<Amount>,
    use_escrow: Option<Flag>,
    culture_expense: Option<Flag>,
    customer_key: Option<Text>,
    #[schemars(length(max = 100))]
    customer_name: Option<Text>,
    #[schemars(length(max = 100))]
    customer_email: Option<Text>,
    customer_mobile_phone: Option<Text>,
    /// DIRECT leads to one card company or one easy payment at once.
    flow_mode: Option<Text>,
    card_company: Option<Text>,
    easy_pay: Option<Text>,
    /// Months: 0, or from 50,000 won on 2 to 12. Not with `maxCardInstallmentPlan`.
    card_installment_plan: Option<Count>,
    max_card_installment_plan: Option<Count>,
    use_card_point: Option<Flag>,
    /// How many hours a virtual account waits. Not with `dueDate`.
    valid_hours: Option<Count>,
    due_date: Option<Text>,
    /// At most five pairs.
    metadata: Option<BTreeMap<String, Text>>,
}

fn create(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let order = &act.ask.body;
    if !order.is_object() {
        return Err("INVALID_REQUEST".into());
    }
    let opening = window::check(&act.core.config, act.world, order, act.now)?;
    let key = act.world.open(act.core, opening, act.now);
    Ok(act.show_payment(&key))
}
