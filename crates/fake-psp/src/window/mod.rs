//! The hosted page: where the buyer authenticates. A person uses it in a browser, a simulated
//! shopper with plain form posts.

mod open;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Request, State as Handle},
    http::{HeaderMap, HeaderValue, StatusCode, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use url::Url;

use crate::{
    Endpoint, FakePsp, State,
    api::{self, error::Refusal},
    fault::Subject,
    model::{Means, Method, Payment},
};

/// A form of the window is a few hundred bytes.
const LARGEST_FORM: usize = 64 * 1024;

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/window/payments", post(open::open))
        .route("/window/{key}", get(page))
        .route("/window/{key}/approve", post(approve))
        .route("/window/{key}/decline", post(decline))
        .route("/window/{key}/close", post(close))
}

/// Reads a form or a JSON object into one shape.
async fn fields(request: Request) -> (Parts, Value) {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_FORM).await.unwrap_or_default();
    let fields = read_fields(&parts.headers, &body);
    (parts, fields)
}

fn read_fields(headers: &HeaderMap, body: &Bytes) -> Value {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or(Value::Null);
    }
    let pairs = url::form_urlencoded::parse(body)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
    Value::Object(pairs.collect())
}

/// Logs what happened in the window and finds the payment.
fn visit<R>(
    psp: &FakePsp,
    parts: &Parts,
    key: &str,
    act: impl FnOnce(&crate::world::Core, &mut crate::world::World, jiff::Timestamp) -> R,
) -> Option<R> {
    psp.with(|core, world, now| {
        let order_id = world.store.get(key).map(|payment| payment.order_id.clone());
        let subject =
            Subject { order_id: order_id.as_deref(), payment_key: Some(key), ..Subject::default() };
        let call = api::log_call(world, parts, Endpoint::Window, now, subject);
        world.calls[call].status = Some(if order_id.is_some() { 303 } else { 404 });
        order_id.map(|_| act(core, world, now))
    })
}

/// The page with its three buttons.
async fn page(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    let html = psp.with(|core, world, _| {
        let payment = world.store.get(&key)?;
        Some(render(payment, &core.config.merchant_id))
    });
    match html {
        Some(html) => Html(html).into_response(),
        None => refuse(&Refusal::new("NOT_FOUND_PAYMENT_SESSION"), false),
    }
}

fn render(payment: &Payment, merchant: &str) -> String {
    let controls = if payment.state == State::Ready {
        include_str!("controls.html").replace("{{key}}", &payment.key)
    } else {
        "<p>더 이상 결제할 수 없는 결제창입니다.<br>\
         <small>This window can no longer be used.</small></p>"
            .to_owned()
    };
    include_str!("page.html")
        .replace("{{controls}}", &controls)
        .replace("{{amount}}", &grouped(payment.amount))
        .replace("{{status}}", payment.state.as_str())
        .replace("{{merchant}}", &escape(merchant))
        .replace("{{order_id}}", &escape(&payment.order_id))
        .replace("{{order_name}}", &escape(&payment.order_name))
}

/// The buyer authenticates: IN_PROGRESS, and back to the shop. A double click goes back twice.
async fn approve(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let (parts, form) = fields(request).await;
    let Some(method) = Method::read(form.get("method").and_then(Value::as_str)) else {
        return refuse(&Refusal::new("NOT_SUPPORTED_METHOD"), api::english(&parts.headers));
    };
    let chosen = form.get("method").is_some().then(|| Means::usual(method));
    let target = visit(&psp, &parts, &key, |core, world, now| {
        world.authenticate(core, &key, chosen, None, now);
        let payment = world.store.get(&key).expect("visited just now");
        if payment.state == State::InProgress || payment.state.was_approved() {
            success(payment)
        } else {
            failure(payment, "PAY_PROCESS_ABORTED", true)
        }
    });
    go(target, &parts)
}

/// The card company says no.
async fn decline(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = fields(request).await;
    let target = visit(&psp, &parts, &key, |core, world, now| {
        let ready = world.store.get(&key).is_some_and(|payment| payment.state == State::Ready);
        if ready && core.config.decline_in_window_aborts {
            world.abort(core, &key, &Refusal::new("REJECT_CARD_COMPANY"), now);
        }
        let payment = world.store.get(&key).expect("visited just now");
        failure(payment, "REJECT_CARD_COMPANY", true)
    });
    go(target, &parts)
}

/// The buyer walks away. Nothing changes; Toss sends no order id then.
async fn close(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = fields(request).await;
    let target = visit(&psp, &parts, &key, |_, world, _| {
        let payment = world.store.get(&key).expect("visited just now");
        failure(payment, "PAY_PROCESS_CANCELED", false)
    });
    go(target, &parts)
}

fn success(payment: &Payment) -> String {
    with_query(
        payment.success_url.as_deref(),
        &[
            ("paymentType", "NORMAL"),
            ("orderId", &payment.order_id),
            ("paymentKey", &payment.key),
            ("amount", &payment.amount.to_string()),
        ],
    )
}

fn failure(payment: &Payment, code: &str, with_order: bool) -> String {
    let message = Refusal::new(code).message(false);
    let order: &[_] = if with_order { &[("orderId", payment.order_id.as_str())] } else { &[] };
    with_query(
        payment.fail_url.as_deref(),
        &[&[("code", code), ("message", message)], order].concat(),
    )
}

/// Adds to whatever query the URL has already. The URL was checked when the window was opened.
fn with_query(url: Option<&str>, pairs: &[(&str, &str)]) -> String {
    let Some(url) = url else { return String::new() };
    let mut url = Url::parse(url).expect("checked when the window was opened");
    url.query_pairs_mut().extend_pairs(pairs);
    url.into()
}

fn go(target: Option<String>, parts: &Parts) -> Response {
    match target {
        Some(target) => see_other(&target),
        None => refuse(&Refusal::new("NOT_FOUND_PAYMENT_SESSION"), api::english(&parts.headers)),
    }
}

fn see_other(target: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let target = HeaderValue::try_from(target).expect("a URL is ASCII");
    response.headers_mut().insert("location", target);
    response
}

fn refuse(refusal: &Refusal, english: bool) -> Response {
    let answer = refusal.answer(english);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
    let kind = [("content-type", "application/json;charset=UTF-8")];
    (status, kind, answer.body).into_response()
}

/// 15000 → 15,000.
fn grouped(amount: i64) -> String {
    let digits = amount.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A name that looks like a placeholder stays a name.
            '{' => out.push_str("&#123;"),
            c => out.push(c),
        }
    }
    out
}
