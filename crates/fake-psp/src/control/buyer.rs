//! `/_fake/payments/…`: what a test does on the buyer's behalf, so that it needs no browser.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Handle},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::json;

use super::body::{read, refuse};
use crate::{Approval, BuyerError, FakePsp, NewPayment, Review};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/_fake/payments/{key}/approve", post(approve))
        .route("/_fake/payments/{key}/decline", post(decline))
        .route("/_fake/payments/{key}/close", post(close))
        .route("/_fake/payments/{key}/review", post(review))
        .route("/_fake/payments/{key}/expire", post(expire))
        .route("/_fake/billing-auths", post(register))
}

/// Opens a payment as a shop's page would.
pub(super) async fn create(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    let payment: NewPayment = match read(&body) {
        Ok(payment) => payment,
        Err(refused) => return refused.into_response(),
    };
    match psp.open_payment(&payment) {
        Ok(key) => {
            let opened = json!({"payment_key": key, "checkout_url": psp.checkout_url(&key)});
            (StatusCode::CREATED, Json(opened)).into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn approve(Handle(psp): Handle<FakePsp>, Path(key): Path<String>, body: Bytes) -> Response {
    read::<Approval>(&body).map_or_else(IntoResponse::into_response, |how| {
        match psp.approve_payment(&key, &how) {
            Ok(approved) => Json(approved).into_response(),
            Err(error) => refused(&error),
        }
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    code: Option<String>,
}

async fn decline(Handle(psp): Handle<FakePsp>, Path(key): Path<String>, body: Bytes) -> Response {
    read::<Reason>(&body).map_or_else(IntoResponse::into_response, |Reason { code }| {
        let code = code.as_deref().unwrap_or("REJECT_CARD_COMPANY");
        match psp.decline_payment(&key, code) {
            Ok(declined) => Json(declined).into_response(),
            Err(error) => refused(&error),
        }
    })
}

async fn close(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    match psp.close_window(&key) {
        Ok(closed) => Json(closed).into_response(),
        Err(error) => refused(&error),
    }
}

async fn review(Handle(psp): Handle<FakePsp>, Path(key): Path<String>, body: Bytes) -> Response {
    read::<Review>(&body).map_or_else(IntoResponse::into_response, |decision| {
        done(psp.decide_review(&key, &decision))
    })
}

async fn expire(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    done(psp.expire_payment(&key))
}

/// A card or an account that a buyer registers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    customer_key: String,
    /// `CARD` by default, or `TRANSFER`.
    method: Option<String>,
    /// The number of a test card or account.
    means: Option<String>,
}

async fn register(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    let Registration { customer_key, method, means } = match read(&body) {
        Ok(registration) => registration,
        Err(refused) => return refused.into_response(),
    };
    match psp.register_billing(&customer_key, method.as_deref(), means.as_deref()) {
        Ok(auth_key) => {
            let registered = json!({"auth_key": auth_key, "customer_key": customer_key});
            (StatusCode::CREATED, Json(registered)).into_response()
        }
        Err(error) => refused(&error),
    }
}

fn done(outcome: Result<(), BuyerError>) -> Response {
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

fn refused(error: &BuyerError) -> Response {
    let (status, code) = match error {
        BuyerError::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        BuyerError::Refused { code, .. } => (StatusCode::BAD_REQUEST, code.as_str()),
        BuyerError::WrongState { .. } => (StatusCode::CONFLICT, "WRONG_STATE"),
        BuyerError::NoSuchCode(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST"),
    };
    refuse(status, code, &error.to_string())
}
