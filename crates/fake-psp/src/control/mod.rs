//! `/_fake`: what a test does to the standalone fake over HTTP. No authentication: this is no
//! place for anything secret, and the binary listens on the loopback unless told otherwise.

mod bank;
mod body;
mod buyer;
mod calls;
mod events;
mod faults;
mod hooks;
mod payments;
mod sellers;
mod settlements;
mod summary;
mod switches;
mod time;
mod timeline;

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

use crate::FakePsp;
use body::bad_query;
pub use timeline::{Moment, MomentKind};

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new()
        .merge(bank::routes())
        .merge(buyer::routes())
        .merge(calls::routes())
        .merge(events::routes())
        .merge(faults::routes())
        .merge(hooks::routes())
        .merge(payments::routes())
        .merge(sellers::routes())
        .merge(settlements::routes())
        .merge(summary::routes())
        .merge(switches::routes())
        .merge(time::routes())
        .route("/healthz", get(async || "ok"))
        .route("/_fake/book", get(book))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    since: u64,
}

/// The book, all of it or from a line on (`?since=SEQ`).
async fn book(State(psp): State<FakePsp>, query: Result<Query<Since>, QueryRejection>) -> Response {
    match query {
        Ok(Query(Since { since })) => Json(psp.book_since(since)).into_response(),
        Err(error) => bad_query(&error),
    }
}
