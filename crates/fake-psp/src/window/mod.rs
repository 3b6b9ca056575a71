//! The hosted window: where the buyer pays, or registers a card. A person uses it in a browser, by
//! itself or as a frame in the shop's page; a simulated shopper with plain form posts.

mod billing;
mod checkout;
pub(crate) mod cors;
mod ending;
mod open;
mod page;
mod pages;
mod pay;
mod receipt;
mod visit;

use axum::{
    Router,
    extract::{Path, Request, State as Handle},
    response::Response,
    routing::{get, post},
};

use crate::{
    FakePsp,
    api::error::Refusal,
    model::{Means, Method},
};
pub(crate) use billing::{RegisterError, register};
pub(crate) use checkout::Checkout;
pub(crate) use ending::Ending;
use ending::refuse;
pub(crate) use open::check;
pub(crate) use page::spoken;
pub(crate) use pay::{Choice, Complaint, decline, pay};
use visit::Visit;

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new()
        .merge(billing::routes())
        .route("/window/payments", post(open::open).options(cors::preflight))
        .route("/receipt/{key}", get(receipt::show))
        .route("/receipt/cash/{key}", get(receipt::show_cash))
        .route("/window/{key}", get(page::show))
        .route("/window/{key}/pay", post(send))
        .route("/window/{key}/approve", post(approve))
        .route("/window/{key}/decline", post(declined))
        .route("/window/{key}/close", post(close))
}

/// The form of the page.
async fn send(Handle(psp): Handle<FakePsp>, Path(key): Path<String>, request: Request) -> Response {
    let visit = Visit::read(request).await;
    let choice = Choice::read(&visit.form);
    let ending = visit.of_payment(&psp, &key, |core, world, now| {
        pay(core, world, &key, &choice, visit.english, now)
    });
    match ending {
        Some(Err(complaint)) => page::render(&psp, &key, &visit, Some(complaint)),
        Some(Ok(ending)) => ending.lead(&visit),
        None => lead(&visit, None),
    }
}

/// The buyer authenticates: IN_PROGRESS, and back to the shop. A double click goes back twice.
/// With the method and nothing more: for those who have no eyes to choose with.
async fn approve(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let visit = Visit::read(request).await;
    let named = visit.field("method");
    let Some(method) = Method::read(named.as_deref()) else {
        return refuse(&visit, &Refusal::new("NOT_SUPPORTED_METHOD"));
    };
    let chosen = named.is_some().then(|| Means::usual(method));
    let ending = visit.of_payment(&psp, &key, |core, world, now| {
        world.authenticate(core, &key, chosen, None, now);
        pay::onward(world.store.get(&key).expect("visited just now"), visit.english)
    });
    lead(&visit, ending)
}

/// The card company says no.
async fn declined(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let visit = Visit::read(request).await;
    let ending = visit.of_payment(&psp, &key, |core, world, now| {
        decline(core, world, &key, "REJECT_CARD_COMPANY", now);
        let payment = world.store.get(&key).expect("visited just now");
        Ending::failure(payment, "REJECT_CARD_COMPANY", visit.english)
    });
    lead(&visit, ending)
}

/// The buyer walks away. Nothing changes.
async fn close(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let visit = Visit::read(request).await;
    let ending = visit.of_payment(&psp, &key, |_, world, _| {
        let payment = world.store.get(&key).expect("visited just now");
        Ending::closed(payment.fail_url.as_deref(), visit.english)
    });
    lead(&visit, ending)
}

fn lead(visit: &Visit, ending: Option<Ending>) -> Response {
    match ending {
        Some(ending) => ending.lead(visit),
        None => refuse(visit, &Refusal::new("NOT_FOUND_PAYMENT_SESSION")),
    }
}
