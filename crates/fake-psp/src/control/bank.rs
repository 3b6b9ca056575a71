//! `/_fake/payments/…`: what banks, partners overseas and Toss's console do.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State as Handle},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;

use super::body::{read, refuse};
use crate::{ConsoleError, FakePsp};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/_fake/payments/{key}/deposit", post(deposit))
        .route("/_fake/payments/{key}/reverse-deposit", post(reverse_deposit))
        .route("/_fake/payments/{key}/cancel", post(cancel))
        .route("/_fake/payments/{key}/abort-cancel", post(abort_cancel))
}

/// A deposit into a virtual account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deposit {
    /// By default what the account waits for.
    amount: Option<i64>,
    /// The name on the transfer; by default the customer's.
    depositor: Option<String>,
}

async fn deposit(Handle(psp): Handle<FakePsp>, Path(key): Path<String>, body: Bytes) -> Response {
    let Deposit { amount, depositor } = match read(&body) {
        Ok(deposit) => deposit,
        Err(refused) => return refused.into_response(),
    };
    let due = || psp.with(|_, world, _| world.store.get(&key).map(|payment| payment.amount));
    let amount = amount.or_else(due).unwrap_or_default();
    done(psp.deposit(&key, amount, depositor.as_deref()))
}

async fn reverse_deposit(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    done(psp.reverse_deposit(&key))
}

/// A cancel by hand in the console. All fields may be left out, and so may the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsoleCancel {
    /// By default all that is left.
    #[serde(alias = "cancelAmount")]
    amount: Option<i64>,
    #[serde(alias = "cancelReason")]
    reason: Option<String>,
}

async fn cancel(Handle(psp): Handle<FakePsp>, Path(key): Path<String>, body: Bytes) -> Response {
    let ConsoleCancel { amount, reason } = match read(&body) {
        Ok(cancel) => cancel,
        Err(refused) => return refused.into_response(),
    };
    let reason = reason.as_deref().unwrap_or("관리자 취소");
    done(psp.cancel_from_console(&key, amount, reason))
}

async fn abort_cancel(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    match psp.abort_cancel(&key) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refuse(StatusCode::CONFLICT, "NO_CANCEL_IN_PROGRESS", &error.to_string()),
    }
}

fn done(outcome: Result<(), ConsoleError>) -> Response {
    let Err(error) = outcome else { return StatusCode::NO_CONTENT.into_response() };
    let (status, code) = match error {
        ConsoleError::NotFound(_) | ConsoleError::NoSuchOrder(_) => {
            (StatusCode::NOT_FOUND, "NOT_FOUND")
        }
        ConsoleError::NotCancelable { .. } => (StatusCode::CONFLICT, "NOT_CANCELABLE"),
        ConsoleError::DepositRefused { .. } => (StatusCode::CONFLICT, "DEPOSIT_REFUSED"),
        ConsoleError::NotReversible { .. } => (StatusCode::CONFLICT, "NOT_REVERSIBLE"),
    };
    refuse(status, code, &error.to_string())
}
