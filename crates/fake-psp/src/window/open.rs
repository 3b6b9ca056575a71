//! Opening the window: what Toss's JavaScript does for a shop's page.

use axum::{
    extract::{Request, State as Handle},
    response::Response,
};
use serde_json::Value;
use url::Url;

use super::{fields, refuse, see_other};
use crate::{
    Config, Endpoint, FakePsp,
    api::{
        self,
        error::Refusal,
        fields::{text, won},
    },
    fault::Subject,
    model::{Means, Method},
    world::{Opening, World},
};

const LONGEST_NAME: usize = 100;

/// Creates a payment in READY and sends the browser to its page.
pub(super) async fn open(Handle(psp): Handle<FakePsp>, request: Request) -> Response {
    let (parts, form) = fields(request).await;
    let opened = psp.with(|core, world, now| {
        let checked = check(&core.config, world, &form);
        let order_id = text(&form, "orderId");
        let subject = Subject { order_id: order_id.as_deref(), ..Subject::default() };
        let call = api::log_call(world, &parts, Endpoint::Window, now, subject);
        let opened = checked.map(|opening| world.open(core, opening, now));
        world.calls[call].status = Some(opened.as_ref().map_or_else(Refusal::status, |_| 303));
        world.calls[call].payment_key = opened.as_ref().ok().cloned();
        opened
    });
    match opened {
        Ok(key) => see_other(&format!("/window/{key}")),
        Err(refusal) => refuse(&refusal, api::english(&parts.headers)),
    }
}

fn check(config: &Config, world: &World, form: &Value) -> Result<Opening, Refusal> {
    let order_id = text(form, "orderId").ok_or("INVALID_REQUIRED_PARAM")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
    if !(6..=64).contains(&order_id.len()) || !order_id.chars().all(letters) {
        return Err("INVALID_ORDER_ID".into());
    }
    let order_name = text(form, "orderName").ok_or("INVALID_REQUIRED_PARAM")?;
    if order_name.chars().count() > LONGEST_NAME {
        return Err("INVALID_ORDER_NAME".into());
    }
    if text(form, "clientKey").is_some_and(|key| !key.contains("_ck_") && !key.contains("_gck_")) {
        return Err("INVALID_CLIENT_KEY".into());
    }
    // The SDK of version 2 sends {currency, value}.
    let (amount, nested) = match form.get("amount") {
        Some(nested @ Value::Object(_)) => (won(nested, "value")?, text(nested, "currency")),
        _ => (won(form, "amount")?, None),
    };
    if nested.or_else(|| text(form, "currency")).is_some_and(|currency| currency != "KRW") {
        return Err("INVALID_CURRENCY".into());
    }
    let amount = amount.ok_or("REQUIRED_AMOUNT")?;
    if amount <= 0 {
        return Err("BELOW_ZERO_AMOUNT".into());
    }
    if amount < config.minimum_amount {
        return Err("BELOW_MINIMUM_AMOUNT".into());
    }
    let method = Method::read(text(form, "method").as_deref()).ok_or("NOT_SUPPORTED_METHOD")?;
    if world.store.approved_of(&order_id).is_some() {
        return Err("DUPLICATED_ORDER_ID".into());
    }
    let success = http_url(form, "successUrl").ok_or("INCORRECT_SUCCESS_URL_FORMAT")?;
    let fail = http_url(form, "failUrl").ok_or("INCORRECT_FAIL_URL_FORMAT")?;
    Ok(Opening {
        success_url: Some(success),
        fail_url: Some(fail),
        customer_key: text(form, "customerKey"),
        ..Opening::new(order_id, order_name, amount, Means::usual(method))
    })
}

fn http_url(form: &Value, name: &str) -> Option<String> {
    let url = text(form, name)?;
    let parsed = Url::parse(&url).ok()?;
    matches!(parsed.scheme(), "http" | "https").then_some(url)
}
