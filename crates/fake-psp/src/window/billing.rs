//! The billing window: the buyer registers a card or an account, and the merchant gets a one-time
//! key for it.

use axum::{
    Router,
    extract::{Path, Request, State as Handle},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    Complaint, Ending, cors,
    ending::refuse,
    lead,
    open::{Opened, check_client_key, urls},
    page::{MeansView, means_views},
    pages,
    pay::test_means,
    visit::Visit,
};
use crate::{
    Config, Endpoint, FakePsp,
    api::{self, error::Refusal, fields::text},
    fault::Subject,
    model::{BillingAuth, BillingMeans, Method},
    test_means::{Does, TestMeans},
    world::{BillingOpening, Core, World},
};

/// What the template shows.
#[derive(Serialize)]
struct Page<'a> {
    id: &'a str,
    merchant: &'a str,
    customer_key: &'a str,
    customer_name: Option<&'a str>,
    method: &'static str,
    is_open: bool,
    is_expired: bool,
    means: Vec<MeansView>,
    error: Option<&'a str>,
}

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/window/billing-auths", post(open).options(cors::preflight))
        .route("/window/billing-auths/{id}", get(show))
        .route("/window/billing-auths/{id}/register", post(send))
        .route("/window/billing-auths/{id}/close", post(close))
}

/// Opens a billing window and sends the browser to its page.
async fn open(Handle(psp): Handle<FakePsp>, request: Request) -> Response {
    let visit = Visit::read(request).await;
    let opened = psp.with(|core, world, now| {
        let checked = check(&core.config, &visit.form);
        let call = api::log_call(
            &mut world.calls,
            &visit.parts,
            Endpoint::Window,
            now,
            Subject::default(),
        );
        let led = if visit.is_script() { 200 } else { 303 };
        let status = checked.as_ref().map_or_else(Refusal::status, |_| led);
        let code = checked.as_ref().err().map(Refusal::logged_code);
        world.calls[call].answered(status, code, now);
        checked.map(|opening| world.open_billing_auth(core, opening, now))
    });
    match opened {
        Ok(id) => Opened { path: home(&id), id }.lead(&visit),
        Err(refusal) => refuse(&visit, &refusal),
    }
}

fn home(id: &str) -> String {
    format!("/window/billing-auths/{id}")
}

fn check(config: &Config, form: &Value) -> Result<BillingOpening, Refusal> {
    check_client_key(form)?;
    let customer_key = text(form, "customerKey").ok_or("INVALID_REQUIRED_PARAM")?;
    if !(2..=config.customer_key_length).contains(&customer_key.chars().count()) {
        return Err("INVALID_CUSTOMER_KEY".into());
    }
    let method = Method::read(text(form, "method").as_deref());
    let method = method.filter(|method| matches!(method, Method::Card | Method::Transfer));
    let method = method.ok_or("NOT_SUPPORTED_METHOD")?;
    let (success_url, fail_url) = urls(form)?;
    Ok(BillingOpening {
        customer_key,
        customer_name: text(form, "customerName"),
        customer_email: text(form, "customerEmail"),
        method,
        success_url,
        fail_url,
    })
}

async fn show(Handle(psp): Handle<FakePsp>, Path(id): Path<String>, request: Request) -> Response {
    render(&psp, &id, &Visit::read(request).await, None)
}

/// The page, perhaps with a complaint about the form that was sent.
fn render(psp: &FakePsp, id: &str, visit: &Visit, complaint: Option<Complaint>) -> Response {
    psp.with(|core, world, now| {
        let Some(auth) = world.billing_auth(id) else {
            return refuse(visit, &Refusal::new("NOT_FOUND_PAYMENT_SESSION"));
        };
        let english = visit.english;
        let page = Page {
            id,
            merchant: &core.config.merchant_id,
            customer_key: &auth.customer_key,
            customer_name: auth.customer_name.as_deref(),
            method: auth.method.name(true),
            is_open: auth.auth_key.is_none() && now < auth.deadline,
            is_expired: auth.auth_key.is_none() && now >= auth.deadline,
            means: means_views(TestMeans::for_billing(auth.method), None, english),
            error: complaint.map(|(korean, told)| if english { told } else { korean }),
        };
        let status = if complaint.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        pages::render("billing.html", visit, &home(id), status, &page)
    })
}

/// Why a card or an account cannot be registered.
pub(crate) enum RegisterError {
    /// The window does not open.
    Refused(Refusal),
    /// The buyer has to choose otherwise.
    Complaint(Complaint),
}

/// Opens a window and registers test means in it, all at once: the one-time key.
///
/// # Errors
/// As the window and its page would refuse it.
pub(crate) fn register(
    core: &Core,
    world: &mut World,
    form: &Value,
    number: Option<&str>,
    now: Timestamp,
) -> Result<String, RegisterError> {
    let opening = check(&core.config, form).map_err(RegisterError::Refused)?;
    let test = test_means(TestMeans::for_billing(opening.method), number)
        .map_err(RegisterError::Complaint)?;
    if let Does::DeclineInWindow(code) = test.does {
        return Err(RegisterError::Refused(Refusal::new(code)));
    }
    let id = world.open_billing_auth(core, opening, now);
    let registered = world.register(core, &id, registered(test), test.planned(), now);
    registered.map_err(RegisterError::Refused)
}

/// The form of the page.
async fn send(Handle(psp): Handle<FakePsp>, Path(id): Path<String>, request: Request) -> Response {
    let visit = Visit::read(request).await;
    let number = visit.field("means");
    let ending = visit.of_billing(&psp, &id, |core, world, auth, now| {
        let test = test_means(TestMeans::for_billing(auth.method), number.as_deref())?;
        // What was registered already stays so.
        if let (Does::DeclineInWindow(code), None) = (test.does, &auth.auth_key) {
            return Ok(Ending::not_registered(auth, code, visit.english));
        }
        let means = registered(test);
        Ok(match world.register(core, &auth.id, means, test.planned(), now) {
            Ok(auth_key) => Ending::registered(auth, auth_key),
            Err(_) => Ending::not_registered(auth, "PAY_PROCESS_ABORTED", visit.english),
        })
    });
    match ending {
        Some(Err(complaint)) => render(&psp, &id, &visit, Some(complaint)),
        Some(Ok(ending)) => ending.lead(&visit),
        None => lead(&visit, None),
    }
}

fn registered(test: &TestMeans) -> BillingMeans {
    match test.method {
        Method::Card => BillingMeans::Card(test.card()),
        _ => BillingMeans::Account {
            bank_code: test.issuer.to_owned(),
            account_number: test.masked(),
        },
    }
}

/// The buyer walks away. Nothing changes.
async fn close(Handle(psp): Handle<FakePsp>, Path(id): Path<String>, request: Request) -> Response {
    let visit = Visit::read(request).await;
    let ending = visit.of_billing(&psp, &id, |_, _, auth: &BillingAuth, _| {
        Ending::closed(auth.fail_url.as_deref(), visit.english)
    });
    lead(&visit, ending)
}
