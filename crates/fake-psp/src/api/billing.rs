//! Billing keys: issued for what a buyer registered, charged, deleted.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::{Act, Twist},
    answer::Answer,
    ask::Ask,
    card::TypedCard,
    error::Refusal,
    fields::{Amount, Count, Text},
    order,
    route::Route,
};
use crate::{
    Config, Currency, Endpoint,
    model::{BillingKey, BillingMeans, CardType, Kind, Method},
    test_means::TestMeans,
    view::{BillingView, PaymentView},
    world::{Core, Opening, World},
};

const LONGEST_AUTH_KEY: usize = 300;

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v1/billing/authorizations/issue", "issueBillingKey", issue)
        .about("Turns the authKey of the billing window into a billing key.")
        .at(Endpoint::BillingIssue)
        .takes::<IssueBody>()
        .answers::<BillingView<'_>>()
        .codes("billing_issue"),
    Route::post("/v1/billing/authorizations/{authKey}", "issueBillingKeyByPath", issue_by_path)
        .about("As `issue`, with the authKey in the path: older clients still ask this way.")
        .at(Endpoint::BillingIssue)
        .takes::<CustomerBody>()
        .answers::<BillingView<'_>>()
        .codes("billing_issue"),
    Route::post("/v1/billing/authorizations/card", "issueBillingKeyByCard", issue_by_card)
        .about("Issues a billing key for a card that the merchant knows.")
        .at(Endpoint::BillingIssue)
        .takes::<CardBody>()
        .answers::<BillingView<'_>>()
        .codes("billing_issue"),
    Route::post("/v1/billing/{billingKey}", "chargeBillingKey", charge)
        .about("Charges what the billing key stands for.")
        .at(Endpoint::BillingCharge)
        .takes::<ChargeBody>()
        .answers::<PaymentView<'_>>()
        .codes("billing_charge"),
    Route::delete("/v1/billing/{billingKey}", "deleteBillingKey", delete)
        .about("Deletes a billing key. The answer is empty.")
        .at(Endpoint::BillingDelete)
        .codes("billing_charge"),
];

/// What came to `successUrl`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct IssueBody {
    #[schemars(length(min = 1, max = 300))]
    auth_key: Text,
    #[schemars(length(min = 1, max = 300))]
    customer_key: Text,
}

/// Whose key it is.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CustomerBody {
    #[schemars(length(min = 1, max = 300))]
    customer_key: Text,
}

/// A card to be registered.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CardBody {
    #[schemars(length(min = 1, max = 300))]
    customer_key: Text,
    #[serde(flatten)]
    card: TypedCard,
    #[schemars(length(max = 100))]
    customer_email: Option<Text>,
}

/// One charge.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChargeBody {
    amount: Amount,
    /// Whose key it is.
    #[schemars(length(min = 1, max = 300))]
    customer_key: Text,
    #[schemars(length(min = 6, max = 64))]
    order_id: Text,
    #[schemars(length(min = 1, max = 100))]
    order_name: Text,
    customer_email: Option<Text>,
    customer_name: Option<Text>,
    tax_free_amount: Option<Amount>,
    tax_exemption_amount: Option<Amount>,
    /// Months; 0 (or left out) for none.
    #[schemars(range(min = 0, max = 12))]
    card_installment_plan: Option<Count>,
}

fn issue(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let IssueBody { auth_key: Text(auth_key), customer_key: Text(customer_key) } =
        act.ask.body()?;
    redeem(act, &auth_key, &customer_key)
}

fn issue_by_path(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let CustomerBody { customer_key: Text(customer_key) } = act.ask.body()?;
    let auth_key = act.ask.param("authKey").to_owned();
    redeem(act, &auth_key, &customer_key)
}

fn redeem(act: &mut Act<'_>, auth_key: &str, customer_key: &str) -> Result<Answer, Refusal> {
    check_customer_key(&act.core.config, customer_key)?;
    if auth_key.is_empty() || auth_key.chars().count() > LONGEST_AUTH_KEY {
        return Err("INVALID_REQUEST".into());
    }
    let key = act.world.redeem(act.core, auth_key, customer_key, act.now)?;
    Ok(show(act, &key))
}

fn issue_by_card(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let body: CardBody = act.ask.body()?;
    let Text(customer_key) = body.customer_key;
    check_customer_key(&act.core.config, &customer_key)?;
    order::check_email(body.customer_email.as_ref().map(|Text(email)| email.as_str()))?;
    let means = BillingMeans::Card(body.card.read(act.now)?);
    let test = TestMeans::find(Method::Card, &body.card.card_number.0);
    let planned = test.and_then(TestMeans::planned);
    let key = act.world.issue_billing_key(act.core, &customer_key, means, planned, act.now);
    Ok(show(act, &key))
}

fn check_customer_key(config: &Config, customer_key: &str) -> Result<(), Refusal> {
    match customer_key.chars().count() {
        0 => Err("INVALID_REQUEST".into()),
        // They do not fit into the real one's database, and it says so (measured).
        count if count > config.customer_key_length => Err("FAILED_DB_PROCESSING".into()),
        _ => Ok(()),
    }
}

fn show(act: &Act<'_>, key: &str) -> Answer {
    let billing = act.world.billing_keys.get(key).expect("issued just now");
    Answer::json(200, &BillingView::of(billing, &act.core.config, act.ask.english))
}

/// A refused charge leaves no payment behind: its order id may be used again.
fn charge(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let opening = check(act.core, act.world, act.ask)?;
    if let Twist::Decline(refusal) = act.twist {
        return Err(refusal.clone());
    }
    let key = act.world.open(act.core, opening, act.now);
    act.world.authenticate(act.core, &key, None, None, act.now);
    act.world.approve(act.core, &key, !matches!(act.twist, Twist::Unbooked), act.now);
    Ok(act.show_payment(&key))
}

/// May this be charged now? Yields what is opened for it.
pub(super) fn check(core: &Core, world: &World, ask: &Ask) -> Result<Opening, Refusal> {
    let billing = world.billing_keys.get(ask.param("billingKey"));
    let billing = billing.ok_or("INVALID_BILL_KEY_REQUEST")?;
    if billing.deleted_at.is_some() {
        return Err("ALREADY_REMOVED_BILLING_KEY".into());
    }
    let opening = read_charge(&core.config, billing, ask.body()?)?;
    if world.store.approved_of(&opening.order_id).is_some() {
        return Err("DUPLICATED_ORDER_ID".into());
    }
    Ok(opening)
}

fn read_charge(
    config: &Config,
    billing: &BillingKey,
    body: ChargeBody,
) -> Result<Opening, Refusal> {
    if body.customer_key.0 != billing.customer_key {
        return Err("NOT_MATCHES_CUSTOMER_KEY".into());
    }
    let (Text(order_id), Text(order_name)) = (body.order_id, body.order_name);
    if !order::is_order_id(config, &order_id) || !order::is_name(&order_name) {
        return Err("INVALID_REQUEST".into());
    }
    let amount = body.amount.won()?;
    let (tax_free_amount, tax_exemption_amount) = order::tax_parts(
        body.tax_free_amount.as_ref(),
        body.tax_exemption_amount.as_ref(),
        Currency::Krw,
        amount,
    )?;
    if amount <= 0 {
        return Err("INVALID_REQUEST".into());
    }
    order::check_amount(config, billing.means.method(), Currency::Krw, amount)?;
    let mut means = billing.means.clone();
    if let BillingMeans::Card(card) = &mut means {
        if card.card_type == CardType::Unknown {
            return Err("NOT_SUPPORTED_CARD_TYPE".into());
        }
        card.installment_months = order::instalments(body.card_installment_plan, amount)?;
    }
    Ok(Opening {
        kind: Kind::Billing,
        tax_free_amount,
        tax_exemption_amount,
        customer_key: Some(billing.customer_key.clone()),
        customer_name: body.customer_name.map(|Text(name)| name),
        customer_email: body.customer_email.map(|Text(email)| email),
        ..Opening::new(order_id, order_name, amount, means.to_means())
    })
}

fn delete(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let key = act.ask.param("billingKey");
    let Some(billing) = act.world.billing_keys.get(key) else {
        return Err(act.core.config.unknown_billing_key_code.as_str().into());
    };
    if billing.deleted_at.is_some() {
        return Err("ALREADY_REMOVED_BILLING_KEY".into());
    }
    act.world.delete_billing_key(act.core, key, act.now);
    Ok(Answer::empty())
}
