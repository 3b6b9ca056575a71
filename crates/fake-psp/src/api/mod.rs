//! The API of Toss Payments: from a request to an answer, through the fault programme.

pub(crate) mod act;
pub(crate) mod answer;
pub(crate) mod ask;
mod auth;
mod cancel;
mod confirm;
pub(crate) mod error;
pub(crate) mod fields;
pub(crate) mod late;
mod read;
mod run;
mod settlements;
mod transactions;

use axum::{
    Router,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, request::Parts},
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    Call, Endpoint, Entropy, FakePsp, Verdict,
    fault::Subject,
    idempotency::{LONGEST, Scope},
    world::{Core, World},
};
use ask::{Ask, Verb};
use error::Refusal;
use run::Job;

/// No request of this API comes near to this.
const LARGEST_BODY: usize = 1 << 20;

/// The routes; each also with a trailing slash, which some clients send.
pub(crate) fn routes() -> Router<FakePsp> {
    let by_key = get(read_by_key).post(legacy_confirm);
    let mut router = Router::new();
    for slash in ["", "/"] {
        router = router
            .route(&format!("/v1/payments/confirm{slash}"), post(confirm_payment))
            .route(&format!("/v1/payments/{{key}}{slash}"), by_key.clone())
            .route(&format!("/v1/payments/orders/{{order_id}}{slash}"), get(read_by_order))
            .route(&format!("/v1/payments/{{key}}/cancel{slash}"), post(cancel_payment))
            .route(&format!("/v1/transactions{slash}"), get(list_transactions))
            .route(&format!("/v1/settlements{slash}"), get(list_settlements));
    }
    router
}

/// A part of the path. What cannot be decoded names no payment, and is answered as such, in JSON.
type Segment = Result<Path<String>, PathRejection>;

fn decoded(segment: Segment) -> String {
    segment.map_or_else(|_| String::new(), |Path(text)| text)
}

async fn confirm_payment(State(psp): State<FakePsp>, request: Request) -> Response {
    answer(psp, Verb::Confirm { key: None }, request).await
}

async fn legacy_confirm(State(psp): State<FakePsp>, key: Segment, request: Request) -> Response {
    answer(psp, Verb::Confirm { key: Some(decoded(key)) }, request).await
}

async fn read_by_key(State(psp): State<FakePsp>, key: Segment, request: Request) -> Response {
    answer(psp, Verb::ReadKey(decoded(key)), request).await
}

async fn read_by_order(
    State(psp): State<FakePsp>,
    order_id: Segment,
    request: Request,
) -> Response {
    answer(psp, Verb::ReadOrder(decoded(order_id)), request).await
}

async fn cancel_payment(State(psp): State<FakePsp>, key: Segment, request: Request) -> Response {
    answer(psp, Verb::Cancel(decoded(key)), request).await
}

async fn list_transactions(State(psp): State<FakePsp>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    answer(psp, Verb::Transactions(query), request).await
}

async fn list_settlements(State(psp): State<FakePsp>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    answer(psp, Verb::Settlements(query), request).await
}

/// No such path: JSON, as every error.
pub(crate) async fn no_route(State(psp): State<FakePsp>, request: Request) -> Response {
    unroutable(&psp, &request.into_parts().0, "NOT_FOUND")
}

/// A known path, but not with this method.
pub(crate) async fn no_method(State(psp): State<FakePsp>, request: Request) -> Response {
    unroutable(&psp, &request.into_parts().0, "NOT_FOUND_HTTP_METHOD")
}

fn unroutable(psp: &FakePsp, parts: &Parts, code: &str) -> Response {
    let call = psp
        .with(|_, world, now| log_call(world, parts, Endpoint::Unknown, now, Subject::default()));
    let mut ask = Ask::nothing(english(&parts.headers));
    ask.trace = trace_id(psp.entropy(), call);
    let job = Job { ask, call, echo: None };
    job.refuse(psp, &Refusal::new(code))
}

/// Everything that is done at once when a request has come in, before the wire may play tricks.
enum Intake {
    Refused(Job, Refusal),
    Judged(Job, Verdict),
}

async fn answer(psp: FakePsp, verb: Verb, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // A body that breaks off or is too long is as good as none: the verb refuses it.
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    match psp.with(|core, world, now| take_in(core, world, now, verb, &parts, &body)) {
        Intake::Refused(job, refusal) => job.refuse(&psp, &refusal),
        Intake::Judged(job, verdict) => run::run(&psp, job, verdict).await,
    }
}

fn take_in(
    core: &Core,
    world: &mut World,
    now: Timestamp,
    verb: Verb,
    parts: &Parts,
    body: &Bytes,
) -> Intake {
    let echo = (parts.method == "POST")
        .then(|| header(&parts.headers, "idempotency-key").map(str::to_owned))
        .flatten();
    let mut ask = Ask::new(verb, english(&parts.headers), body);
    let endpoint = ask.endpoint();
    let about = ask.about(world);
    let call = log_call(world, parts, endpoint, now, about.subject());
    ask.trace = trace_id(&*core.entropy, call);
    let key = auth::secret_key(&core.config, &parts.headers);
    ask.scope = echo.as_ref().zip(key.as_ref().ok()).map(|(echo, key)| Scope {
        key: echo.clone(),
        api_key: (*key).to_owned(),
        path: parts.uri.path().trim_end_matches('/').to_owned(),
        method: "POST",
    });
    let too_long = echo.as_ref().is_some_and(|key| key.chars().count() > LONGEST);
    let job = Job { ask, call, echo };
    let key = match key {
        Ok(key) => key,
        Err(refusal) => return Intake::Refused(job, refusal),
    };
    if too_long {
        return Intake::Refused(job, Refusal::new("INVALID_IDEMPOTENCY_KEY"));
    }
    if let Some(refusal) = test_code(key, &parts.headers) {
        return Intake::Refused(job, refusal);
    }
    let verdict = world.faults.judge(&*core.entropy, now, endpoint, about.subject());
    if verdict != Verdict::Pass {
        world.calls[call].fault = Some(verdict.name());
    }
    Intake::Judged(job, verdict)
}

/// `TossPayments-Test-Code`: with a test key, the error it names; with a live key, ignored.
fn test_code(key: &str, headers: &HeaderMap) -> Option<Refusal> {
    let code = header(headers, "tosspayments-test-code")?;
    if !key.starts_with("test_") {
        return None;
    }
    Some(Refusal::new(match error::error_code(code) {
        Some(row) => row.code,
        None => "INVALID_TEST_CODE",
    }))
}

pub(crate) fn log_call(
    world: &mut World,
    parts: &Parts,
    endpoint: Endpoint,
    at: Timestamp,
    subject: Subject<'_>,
) -> usize {
    let position = world.calls.len();
    world.calls.push(Call {
        seq: position as u64,
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        endpoint,
        order_id: subject.order_id.map(str::to_owned),
        payment_key: subject.payment_key.map(str::to_owned),
        idempotency_key: header(&parts.headers, "idempotency-key").map(str::to_owned),
        status: None,
        fault: None,
        replayed: false,
    });
    position
}

fn trace_id(entropy: &dyn Entropy, call: usize) -> String {
    format!("{:016x}", entropy.draw(&format!("psp/trace/{call}")))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

/// Is the first language asked for English?
pub(crate) fn english(headers: &HeaderMap) -> bool {
    header(headers, "accept-language")
        .is_some_and(|languages| languages.trim_start().to_ascii_lowercase().starts_with("en"))
}
