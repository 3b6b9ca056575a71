//! `POST /v1/virtual-accounts`: an account of its own for one payment, without a window.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::Act,
    answer::Answer,
    error::Refusal,
    fields::{Amount, Count, Flag, Text},
    order,
    route::Route,
    transactions::moment,
};
use crate::{
    Config, Currency, Endpoint,
    model::{Bank, Means, ReceiptKind, ReceiptWish, VirtualAccount},
    view::PaymentView,
    world::Opening,
};

pub(super) const ROUTES: &[Route] =
    &[Route::post("/v1/virtual-accounts", "issueVirtualAccount", issue)
        .about("Issues a virtual account: the payment waits for its deposit.")
        .at(Endpoint::VirtualAccount)
        .takes::<AccountBody>()
        .answers::<PaymentView<'_>>()
        .codes("virtual_account")];

/// What a merchant wants to be paid, by whom and until when.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AccountBody {
    amount: Amount,
    /// The merchant's. Shorter ones than the six characters of other APIs are taken.
    #[schemars(length(min = 1, max = 64))]
    order_id: Text,
    #[schemars(length(min = 1, max = 100))]
    order_name: Text,
    #[schemars(length(min = 1, max = 100))]
    customer_name: Text,
    /// By code or name.
    bank: Text,
    /// 일반 (the default) or 고정.
    account_type: Option<Text>,
    /// Whose fixed account it is; with 고정.
    #[schemars(length(min = 1, max = 50))]
    account_key: Option<Text>,
    /// How long the deposit is waited for; a week by default. Not with `dueDate`.
    #[schemars(range(min = 1, max = 2160))]
    valid_hours: Option<Count>,
    /// Until when the deposit is waited for. Not with `validHours`.
    due_date: Option<Text>,
    #[schemars(length(max = 100))]
    customer_email: Option<Text>,
    customer_mobile_phone: Option<Text>,
    tax_free_amount: Option<Amount>,
    use_escrow: Option<Flag>,
    /// What is sold; with escrow.
    escrow_products: Option<Vec<EscrowProduct>>,
    cash_receipt: Option<WishBody>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EscrowProduct {
    id: Text,
    name: Text,
    code: Text,
    unit_price: Amount,
    #[schemars(range(min = 1))]
    quantity: Count,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WishBody {
    /// 소득공제, 지출증빙 or 미발행.
    #[serde(rename = "type")]
    kind: Text,
    /// A phone or card number (소득공제) or a business number (지출증빙).
    registration_number: Option<Text>,
}

fn issue(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let body: AccountBody = act.ask.body()?;
    let opening = check(&body, &act.core.config, act.now)?;
    if act.world.store.approved_of(&opening.order_id).is_some() {
        return Err("DUPLICATED_ORDER_ID".into());
    }
    let key = act.world.open(act.core, opening, act.now);
    act.world.authenticate(act.core, &key, None, None, act.now);
    act.world.issue_account(act.core, &key, act.now);
    Ok(act.show_payment(&key))
}

fn check(body: &AccountBody, config: &Config, now: Timestamp) -> Result<Opening, Refusal> {
    let amount = body.amount.of(Currency::Krw)?;
    let (tax_free_amount, _) =
        order::tax_parts(body.tax_free_amount.as_ref(), None, Currency::Krw, amount)?;
    let Text(order_id) = &body.order_id;
    let names = [&body.order_name, &body.customer_name];
    let named = names.iter().all(|Text(name)| order::is_name(name));
    if amount <= 0 || !named || !order::is_short_order_id(config, order_id) {
        return Err("INVALID_REQUEST".into());
    }
    let escrow = body.use_escrow.is_some_and(|Flag(escrow)| escrow);
    if escrow && !are_products(body.escrow_products.as_deref().unwrap_or_default()) {
        return Err("INVALID_REQUEST".into());
    }
    let cash_receipt = body.cash_receipt.as_ref().map(read_wish).transpose()?.flatten();
    let text = |field: &Option<Text>| field.as_ref().map(|Text(text)| text.clone());
    Ok(Opening {
        tax_free_amount,
        use_escrow: escrow,
        cash_receipt,
        customer_name: Some(body.customer_name.0.clone()),
        customer_email: text(&body.customer_email),
        customer_mobile_phone: text(&body.customer_mobile_phone),
        ..Opening::new(
            order_id.clone(),
            body.order_name.0.clone(),
            amount,
            Means::VirtualAccount(account(body, config.account_longest_hours, now)?),
        )
    })
}

/// The account that is wanted.
fn account(
    body: &AccountBody,
    longest_hours: i64,
    now: Timestamp,
) -> Result<VirtualAccount, Refusal> {
    let bank = Bank::read(&body.bank.0).filter(|bank| bank.issues_accounts());
    let bank = bank.ok_or("INVALID_BANK")?;
    let mut account = VirtualAccount::wanted(bank.code, &body.customer_name.0);
    account.fixed = match body.account_type.as_ref().map(|Text(kind)| kind.as_str()) {
        None | Some("일반" | "NORMAL") => false,
        Some("고정" | "FIXED") => true,
        Some(_) => return Err("INVALID_VIRTUAL_ACCOUNT_TYPE".into()),
    };
    account.account_key =
        body.account_key.as_ref().map(|Text(key)| key.clone()).filter(|key| !key.is_empty());
    if account.fixed && account.account_key.is_none() {
        return Err("REQUIRED_ACCOUNT_KEY".into());
    }
    match (body.valid_hours, &body.due_date) {
        (Some(_), Some(_)) => {
            return Err("INVALID_VALID_HOURS_WITH_DUE_DATE_AND_SINGLE".into());
        }
        (Some(Count(hours)), None) if hours < 1 => return Err("INVALID_REQUEST".into()),
        (Some(Count(hours)), None) if hours > longest_hours => {
            return Err("EXCEED_MAX_VALID_HOURS".into());
        }
        (Some(Count(hours)), None) => account.valid_hours = hours,
        (None, Some(Text(date))) => account.due = Some(due(date, longest_hours, now)?),
        (None, None) => {}
    }
    Ok(account)
}

fn due(date: &str, longest_hours: i64, now: Timestamp) -> Result<Timestamp, Refusal> {
    let due = moment(Some(&date.to_owned()))?;
    if due <= now {
        return Err("INVALID_DATE".into());
    }
    if due.duration_since(now) > SignedDuration::from_hours(longest_hours) {
        return Err("EXCEED_MAX_DUE_DATE".into());
    }
    Ok(due)
}

/// The receipt that is wanted, if any is.
fn read_wish(wish: &WishBody) -> Result<Option<ReceiptWish>, Refusal> {
    if wish.kind.0 == "미발행" {
        return Ok(None);
    }
    let kind = ReceiptKind::read(&wish.kind.0).ok_or("INVALID_REQUEST")?;
    let number = wish.registration_number.as_ref().map_or("", |Text(number)| number.as_str());
    let identity = kind.identity(number).ok_or("INVALID_REGISTRATION_NUMBER_TYPE")?;
    Ok(Some(ReceiptWish { kind, identity }))
}

/// Escrow is for things: at least one, each with names, a price and a number.
fn are_products(products: &[EscrowProduct]) -> bool {
    let is_product = |product: &EscrowProduct| {
        let texts = [&product.id, &product.name, &product.code];
        texts.iter().all(|Text(text)| !text.is_empty())
            && product.unit_price.won().is_ok_and(|price| price >= 0)
            && product.quantity.0 > 0
    };
    !products.is_empty() && products.iter().all(is_product)
}
