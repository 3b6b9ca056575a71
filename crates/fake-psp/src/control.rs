//! `/_fake`: what a test does to the standalone fake over HTTP. No authentication: this is no
//! place for anything secret, and the binary listens on the loopback unless told otherwise.

mod calls;
mod events;
mod payments;
mod summary;
mod timeline;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use crate::{ConsoleError, FakePsp, Programme};
pub use timeline::{Moment, MomentKind};

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new()
        .merge(calls::routes())
        .merge(events::routes())
        .merge(payments::routes())
        .merge(summary::routes())
        .route("/healthz", get(async || "ok"))
        .route("/_fake/book", get(book))
        .route("/_fake/faults", get(faults).post(install).delete(heal))
        .route("/_fake/faults/applied", get(async |State(psp): State<FakePsp>| Json(psp.applied())))
        .route("/_fake/webhooks", get(async |State(psp): State<FakePsp>| Json(psp.transmissions())))
        .route("/_fake/payments/{key}/cancel", post(cancel))
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
        Err(error) => refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &error.body_text()),
    }
}

async fn faults(State(psp): State<FakePsp>) -> Json<Programme> {
    Json(psp.programme())
}

async fn install(State(psp): State<FakePsp>, body: Bytes) -> Response {
    match Programme::from_json(&body) {
        Ok(programme) => {
            psp.install(programme);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, "INVALID_PROGRAMME", &error.to_string()),
    }
}

async fn heal(State(psp): State<FakePsp>) -> StatusCode {
    psp.heal();
    StatusCode::NO_CONTENT
}

/// A cancel by hand in the console. All fields may be left out, and so may the body.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConsoleCancel {
    cancel_amount: Option<i64>,
    cancel_reason: Option<String>,
}

async fn cancel(State(psp): State<FakePsp>, Path(key): Path<String>, body: Bytes) -> Response {
    let form =
        if body.is_empty() { Ok(ConsoleCancel::default()) } else { serde_json::from_slice(&body) };
    let form = match form {
        Ok(form) => form,
        Err(error) => {
            return refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &error.to_string());
        }
    };
    let reason = form.cancel_reason.as_deref().unwrap_or("관리자 취소");
    match psp.cancel_from_console(&key, form.cancel_amount, reason) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let status = match error {
                ConsoleError::NotFound(_) | ConsoleError::NoSuchOrder(_) => StatusCode::NOT_FOUND,
                ConsoleError::NotCancelable { .. }
                | ConsoleError::DepositRefused { .. }
                | ConsoleError::NotReversible { .. } => StatusCode::CONFLICT,
            };
            refuse(status, "NOT_CANCELABLE", &error.to_string())
        }
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        code: &'a str,
        message: &'a str,
    }
    (status, Json(Body { code, message })).into_response()
}
