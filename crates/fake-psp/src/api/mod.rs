//! The API of Toss Payments: from a request to an answer, through the fault programme.

pub(crate) mod act;
pub(crate) mod answer;
pub(crate) mod ask;
mod auth;
mod billing;
mod cancel;
pub(crate) mod card;
mod cash_receipts;
mod confirm;
mod create;
mod envelope;
pub(crate) mod error;
pub(crate) mod fields;
mod key_in;
mod language;
pub(crate) mod late;
mod lie;
pub(crate) mod openapi;
pub(crate) mod order;
mod payouts;
mod promotions;
pub(crate) mod quota;
mod read;
pub(crate) mod route;
mod run;
mod sealed;
mod sellers;
mod settlements;
pub(crate) mod transactions;
mod virtual_account;

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, request::Parts},
    response::Response,
    routing::{MethodFilter, on},
};
use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    Call, Endpoint, Entropy, FakePsp, Verdict,
    data::List,
    fault::Subject,
    idempotency::{LONGEST, Scope},
    model::{self, Planned},
    recorder,
    test_means::{Does, TestMeans},
    world::{Core, World},
};
use act::Acted;
use ask::Ask;
use error::Refusal;
pub(crate) use language::english;
use route::{Method, Route};
use run::Job;

/// No request of this API comes near to this.
const LARGEST_BODY: usize = 1 << 20;

/// The routes; each also with a trailing slash, which some clients send.
pub(crate) fn routes() -> Router<FakePsp> {
    route::all().fold(Router::new(), |router, route| {
        let method = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Delete => MethodFilter::DELETE,
        };
        let handle = move |State(psp), params: Params, request| answer(psp, route, params, request);
        let answered = on(method, handle);
        let slashed = format!("{}/", route.path);
        router.route(route.path, answered.clone()).route(&slashed, answered)
    })
}

/// The named segments of a path. What cannot be decoded names nothing, and is answered as such, in
/// JSON.
type Params = Result<Path<Vec<(String, String)>>, PathRejection>;

fn named(params: Params) -> BTreeMap<String, String> {
    params.map_or_else(|_| BTreeMap::new(), |Path(pairs)| pairs.into_iter().collect())
}

/// No such path: JSON, as every error.
pub(crate) async fn no_route(State(psp): State<FakePsp>, request: Request) -> Response {
    let code = &psp.config().unknown_path_code;
    unroutable(&psp, &request.into_parts().0, code)
}

/// A known path, but not with this method.
pub(crate) async fn no_method(State(psp): State<FakePsp>, request: Request) -> Response {
    unroutable(&psp, &request.into_parts().0, "NOT_FOUND_HTTP_METHOD")
}

fn unroutable(psp: &FakePsp, parts: &Parts, code: &str) -> Response {
    let call = psp.with(|_, world, now| {
        log_call(&mut world.calls, parts, Endpoint::Unknown, now, Subject::default())
    });
    let language = english(&parts.headers);
    let mut ask = Ask::new(None, BTreeMap::new(), "", language, &Bytes::new());
    ask.trace = trace_id(&*psp.entropy(), call);
    let refusal = Refusal::new(code);
    let answer = if parts.uri.path().starts_with("/v2/") {
        refusal.answer_v2(language, &ask.trace)
    } else {
        refusal.answer(language)
    };
    Job { ask, call, echo: None }.respond(psp, Acted::fresh(answer))
}

/// Everything that is done at once when a request has come in, before the wire may play tricks.
enum Intake {
    Refused(Job, Refusal),
    Judged(Job, Verdict),
}

async fn answer(psp: FakePsp, route: &'static Route, params: Params, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // A body that breaks off or is too long is as good as none: the deed refuses it.
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let ask = Ask::new(Some(route), named(params), query, english(&parts.headers), &body);
    match psp.with(|core, world, now| take_in(core, world, now, ask, &parts)) {
        Intake::Refused(job, refusal) => job.refuse(&psp, &refusal),
        Intake::Judged(job, verdict) => run::run(&psp, job, verdict).await,
    }
}

fn take_in(core: &Core, world: &mut World, now: Timestamp, mut ask: Ask, parts: &Parts) -> Intake {
    let echo = (parts.method == "POST")
        .then(|| header(&parts.headers, "idempotency-key").map(str::to_owned))
        .flatten();
    let endpoint = ask.endpoint();
    let about = ask.about(&world.store);
    let call = log_call(&mut world.calls, parts, endpoint, now, about.subject());
    ask.trace = trace_id(&*core.entropy, call);
    let key = auth::secret_key(&core.config, &parts.headers);
    ask.scope = echo.as_ref().zip(key.as_ref().ok()).map(|(echo, key)| Scope {
        key: echo.clone(),
        api_key: (*key).to_owned(),
        path: url_of(parts),
        method: Method::Post,
    });
    ask.api_key = key.as_ref().map(|key| (*key).to_owned()).unwrap_or_default();
    let too_long = echo.as_ref().is_some_and(|key| key.chars().count() > LONGEST);
    let mut job = Job { ask, call, echo };
    let key = match key {
        Ok(key) => key,
        Err(refusal) => return Intake::Refused(job, refusal),
    };
    if wants_secrecy(&job.ask, &parts.headers) {
        sealed::unseal(core, &mut job.ask);
    }
    if too_long {
        return Intake::Refused(job, Refusal::new("INVALID_IDEMPOTENCY_KEY"));
    }
    if let Some(retry_after_s) = world.quota.exceeded(&core.config, key, job.ask.route, now) {
        return Intake::Judged(job, Verdict::TooMany { retry_after_s });
    }
    if let Some(refusal) = test_code(key, &parts.headers) {
        return Intake::Refused(job, refusal);
    }
    let subject = Subject { api_key: Some(key), ..about.subject() };
    let verdict = world.faults.judge(&*core.entropy, now, endpoint, subject);
    if verdict != Verdict::Pass {
        world.calls[call].fault = Some(verdict.name().into());
        return Intake::Judged(job, verdict);
    }
    let of_payment = about.planned.clone();
    let planned = planned(core, world, &job.ask, of_payment);
    Intake::Judged(job, planned)
}

/// What of a URL tells it from others: the query too, but no trailing slash.
fn url_of(parts: &Parts) -> String {
    let path = parts.uri.path().trim_end_matches('/');
    parts.uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

fn wants_secrecy(ask: &Ask, headers: &HeaderMap) -> bool {
    ask.route.is_some_and(Route::is_v2)
        && header(headers, "tosspayments-api-security-mode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("ENCRYPTION"))
}

/// What the buyer's test card does when it is charged, as if a rule said so.
fn planned(core: &Core, world: &mut World, ask: &Ask, of_payment: Option<Planned>) -> Verdict {
    let plan = match ask.endpoint() {
        Endpoint::Confirm => of_payment,
        Endpoint::BillingCharge => {
            let billing = world.billing_keys.get(ask.param("billingKey"));
            billing.and_then(|billing| billing.planned.clone())
        }
        _ => None,
    };
    match plan {
        None => typed_in(ask),
        Some(Planned::Decline(code)) => Verdict::Decline { code },
        Some(Planned::DeclineFirst(code, 1..)) if goes_through(core, world, ask) => {
            count_down(world, ask);
            Verdict::Refuse { code, status: None }
        }
        Some(Planned::DeclineFirst(..)) => Verdict::Pass,
        Some(Planned::Hang) => Verdict::ActThenHang,
        Some(Planned::Review) => Verdict::Review,
    }
}

/// A request that is refused anyway does not use up a refusal of the card's.
fn goes_through(core: &Core, world: &World, ask: &Ask) -> bool {
    match ask.endpoint() {
        Endpoint::Confirm => confirm::check(core, world, ask).is_ok(),
        _ => billing::check(core, world, ask).is_ok(),
    }
}

/// The card refuses once less.
fn count_down(world: &mut World, ask: &Ask) {
    let planned = match ask.payment(&world.store).map(|payment| payment.key.clone()) {
        Some(key) if ask.endpoint() == Endpoint::Confirm => {
            world.store.get_mut(&key).and_then(|payment| payment.planned.as_mut())
        }
        _ => {
            let billing = world.billing_keys.get_mut(ask.param("billingKey"));
            billing.and_then(|billing| billing.planned.as_mut())
        }
    };
    if let Some(Planned::DeclineFirst(_, times)) = planned {
        *times -= 1;
    }
}

/// A test card by its number. Nothing is known of it before, so it cannot have changed its mind.
fn typed_in(ask: &Ask) -> Verdict {
    let number = (ask.endpoint() == Endpoint::KeyIn).then(|| fields::text(&ask.body, "cardNumber"));
    let card = number.flatten().and_then(|number| TestMeans::find(model::Method::Card, &number));
    match card.map(|card| card.does) {
        Some(Does::Decline(code) | Does::DeclineOnce(code) | Does::DeclineInWindow(code)) => {
            Verdict::Decline { code: code.to_owned() }
        }
        Some(Does::Hang) => Verdict::ActThenHang,
        Some(Does::Approve | Does::Review) | None => Verdict::Pass,
    }
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
    calls: &mut List<Call>,
    parts: &Parts,
    endpoint: Endpoint,
    at: Timestamp,
    subject: Subject<'_>,
) -> usize {
    let position = calls.len();
    recorder::file(position as u64);
    calls.push(Call {
        seq: position as u64,
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        endpoint,
        order_id: subject.order_id.map(str::to_owned),
        payment_key: subject.payment_key.map(str::to_owned),
        idempotency_key: header(&parts.headers, "idempotency-key").map(str::to_owned),
        status: None,
        code: None,
        answered_at: None,
        fault: None,
        replayed: false,
    });
    position
}

fn trace_id(entropy: &dyn Entropy, call: usize) -> String {
    format!("{:016x}", entropy.draw(&format!("psp/trace/{call}")))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?;
    std::str::from_utf8(value.as_bytes()).ok().filter(|value| !value.is_empty())
}
