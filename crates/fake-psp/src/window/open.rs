//! Opening the window: what Toss's JavaScript does for a shop's page.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Request, State as Handle},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Checkout, checkout,
    cors::across,
    ending::{refuse, see_other},
    visit::Visit,
};
use crate::{
    Config, Endpoint, FakePsp,
    api::{
        self,
        error::Refusal,
        fields::{Amount, text},
        order,
    },
    fault::Subject,
    model::{Currency, Method, ReceiptKind, ReceiptWish},
    world::{Opening, World},
};

const MOST_METADATA: usize = 5;
/// 010-000-1234.
const ANY_BUYER: &str = "0100001234";

/// What a script is told of a window that it opened.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Opened {
    /// The payment's key, or the billing window's id.
    pub(super) id: String,
    /// The path of the page.
    pub(super) path: String,
}

impl Opened {
    /// A script is told the path, a browser is led to it.
    pub(super) fn lead(self, visit: &Visit) -> Response {
        if visit.is_script() {
            return across(Json(self).into_response());
        }
        see_other(&format!("{}{}", self.path, visit.query()))
    }
}

/// Creates a payment in READY and sends the browser to its page.
pub(super) async fn open(Handle(psp): Handle<FakePsp>, request: Request) -> Response {
    let visit = Visit::read(request).await;
    let opened = psp.with(|core, world, now| {
        let checked = check(&core.config, world, &visit.form, now);
        let order_id = visit.field("orderId");
        let subject = Subject { order_id: order_id.as_deref(), ..Subject::default() };
        let call = api::log_call(&mut world.calls, &visit.parts, Endpoint::Window, now, subject);
        let opened = checked.map(|opening| world.open(core, opening, now));
        let led = if visit.is_script() { 200 } else { 303 };
        let status = opened.as_ref().map_or_else(Refusal::status, |_| led);
        let code = opened.as_ref().err().map(Refusal::logged_code);
        world.calls[call].answered(status, code, now);
        world.calls[call].payment_key = opened.as_ref().ok().cloned();
        opened
    });
    match opened {
        Ok(key) => Opened { path: format!("/window/{key}"), id: key }.lead(&visit),
        Err(refusal) => refuse(&visit, &refusal),
    }
}

/// Would the window open with this, for a page or for a server? Then as what.
///
/// # Errors
/// With Toss's code for what is wrong.
pub(crate) fn check(
    config: &Config,
    world: &World,
    form: &Value,
    now: Timestamp,
) -> Result<Opening, Refusal> {
    let order_id = text(form, "orderId").ok_or("INVALID_REQUIRED_PARAM")?;
    if !order::is_order_id(config, &order_id) {
        return Err("INVALID_ORDER_ID".into());
    }
    let order_name = text(form, "orderName").ok_or("INVALID_REQUIRED_PARAM")?;
    if !order::is_name(&order_name) {
        return Err("INVALID_ORDER_NAME".into());
    }
    check_client_key(form)?;
    let (amount, currency) = read_amount(form)?;
    if amount <= 0 {
        return Err("BELOW_ZERO_AMOUNT".into());
    }
    let (method, _) = checkout::named(text(form, "method").as_deref())?;
    order::check_currency(method, currency)?;
    order::check_amount(config, method.unwrap_or(Method::Card), currency, amount)?;
    if world.store.approved_of(&order_id).is_some() {
        return Err("DUPLICATED_ORDER_ID".into());
    }
    let (success, fail) = urls(form)?;
    let longest = config.account_longest_hours;
    let settings = Checkout::read(form, amount, currency, longest, now)?;
    let method = settings.methods.first().copied().or(method).unwrap_or(Method::Card);
    let means = settings.usual_means(method, text(form, "customerName").as_deref());
    let group = group_of(method);
    let part = |name: &str| checkout::option(form, group, name);
    let yes = |name: &str| checkout::is_wanted(part(name));
    let (free, exempt) =
        (as_amount(form.get("taxFreeAmount"))?, as_amount(part("taxExemptionAmount"))?);
    let (tax_free_amount, tax_exemption_amount) =
        order::tax_parts(free.as_ref(), exempt.as_ref(), currency, amount)?;
    let customer_email = text(form, "customerEmail");
    order::check_email(customer_email.as_deref())?;
    Ok(Opening {
        currency,
        success_url: success,
        fail_url: fail,
        client_key: text(form, "clientKey"),
        tax_free_amount,
        tax_exemption_amount,
        use_escrow: yes("useEscrow"),
        culture_expense: yes("isCulturalExpenses") || yes("cultureExpense"),
        customer_key: text(form, "customerKey"),
        customer_name: text(form, "customerName"),
        customer_email,
        customer_mobile_phone: text(form, "customerMobilePhone"),
        metadata: metadata(form)?,
        cash_receipt: wish(part("cashReceipt"))?,
        checkout: (settings != Checkout::default()).then(|| Box::new(settings)),
        ..Opening::new(order_id, order_name, amount, means)
    })
}

/// `test_ck_…`, `live_gck_…`: a key of a page, not of a server.
pub(super) fn check_client_key(form: &Value) -> Result<(), Refusal> {
    match text(form, "clientKey") {
        Some(key) if !key.contains("_ck_") && !key.contains("_gck_") => {
            Err("INVALID_CLIENT_KEY".into())
        }
        _ => Ok(()),
    }
}

/// Version 2 of the SDK sends {currency, value}.
fn read_amount(form: &Value) -> Result<(i64, Currency), Refusal> {
    let (value, nested) = match form.get("amount") {
        Some(nested @ Value::Object(_)) => (nested.get("value"), text(nested, "currency")),
        plain => (plain, None),
    };
    let named = nested.or_else(|| text(form, "currency"));
    let currency = Currency::read(named.as_deref().unwrap_or("KRW")).ok_or("INVALID_CURRENCY")?;
    let amount = as_amount(value)?.ok_or("REQUIRED_AMOUNT")?;
    Ok((amount.of(currency)?, currency))
}

fn as_amount(value: Option<&Value>) -> Result<Option<Amount>, Refusal> {
    let value = value.filter(|value| !value.is_null());
    value.map(Amount::deserialize).transpose().map_err(|_| "INVALID_REQUEST".into())
}

/// Where the buyer goes back to. A script may do without: its page waits for a promise.
pub(super) fn urls(form: &Value) -> Result<(Option<String>, Option<String>), Refusal> {
    let is_promise = form.get("promise") == Some(&Value::Bool(true));
    let none = |name: &str| form.get(name).is_none_or(Value::is_null);
    if is_promise && none("successUrl") && none("failUrl") {
        return Ok((None, None));
    }
    let success = http_url(form, "successUrl").ok_or("INCORRECT_SUCCESS_URL_FORMAT")?;
    let fail = http_url(form, "failUrl").ok_or("INCORRECT_FAIL_URL_FORMAT")?;
    Ok((Some(success), Some(fail)))
}

fn http_url(form: &Value, name: &str) -> Option<String> {
    text(form, name).filter(|url| order::is_http_url(url))
}

fn metadata(form: &Value) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let bad = || Refusal::new("INVALID_REQUEST");
    let pairs = match form.get("metadata") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(pairs)) if pairs.len() <= MOST_METADATA => pairs,
        Some(_) => return Err(bad()),
    };
    let pair = |(key, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fits = key.chars().count() <= 40 && !key.contains(['[', ']']);
        let fits = fits && value.chars().count() <= 2000;
        fits.then(|| (key.clone(), value)).ok_or_else(bad)
    };
    pairs.iter().map(pair).collect::<Result<_, _>>().map(Some)
}

/// The cash receipt that the shop proposes. Until the buyer gives a number, it is the tax office's
/// own for buyers without one.
fn wish(told: Option<&Value>) -> Result<Option<ReceiptWish>, Refusal> {
    let Some(kind) = told.and_then(|told| text(told, "type")).filter(|kind| kind != "미발행")
    else {
        return Ok(None);
    };
    let kind = ReceiptKind::read(&kind).ok_or("INVALID_CASH_RECEIPT_INFO")?;
    let number = told.and_then(|told| text(told, "registrationNumber"));
    let identity = match number {
        None => ANY_BUYER.to_owned(),
        Some(number) => kind.identity(&number).ok_or("INVALID_CASH_RECEIPT_INFO")?,
    };
    Ok(Some(ReceiptWish { kind, identity }))
}

/// Where version 2 of the SDK puts a method's options.
fn group_of(method: Method) -> &'static str {
    match method {
        Method::Card | Method::EasyPay => "card",
        Method::Transfer => "transfer",
        Method::VirtualAccount => "virtualAccount",
        Method::MobilePhone => "mobilePhone",
        Method::ForeignEasyPay => "foreignEasyPay",
        _ => "giftCertificate",
    }
}
