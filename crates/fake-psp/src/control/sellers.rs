//! `/_fake/sellers`, `/_fake/payouts` and `/_fake/billing-keys`.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Handle},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{read, refuse};
use crate::{
    FakePsp, Payout, PayoutError, SellerStatus, SellerStatusError, clock::iso, model::BillingMeans,
};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/_fake/sellers", get(sellers))
        .route("/_fake/sellers/{id}/status", post(set_status))
        .route("/_fake/payouts", get(payouts))
        .route("/_fake/payouts/{id}/fail", post(fail_payout))
        .route("/_fake/billing-keys", get(billing_keys))
}

async fn sellers(Handle(psp): Handle<FakePsp>) -> Json<Vec<Value>> {
    Json(psp.with(|_, world, _| {
        let seller = |(id, seller): (&String, &crate::payout::Seller)| {
            json!({"id": id, "ref_seller_id": seller.ref_seller_id, "status": seller.status})
        };
        world.sellers.iter().map(seller).collect()
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    status: SellerStatus,
}

async fn set_status(Handle(psp): Handle<FakePsp>, Path(id): Path<String>, body: Bytes) -> Response {
    let Status { status } = match read(&body) {
        Ok(status) => status,
        Err(refused) => return refused.into_response(),
    };
    match psp.set_seller_status(&id, status) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let (status, code) = match error {
                SellerStatusError::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
                SellerStatusError::NoSuchStep { .. } => (StatusCode::CONFLICT, "WRONG_STATE"),
            };
            refuse(status, code, &error.to_string())
        }
    }
}

async fn payouts(Handle(psp): Handle<FakePsp>) -> Json<Vec<Payout>> {
    Json(psp.payouts())
}

/// Why the bank does not take a payout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    code: Option<String>,
}

async fn fail_payout(
    Handle(psp): Handle<FakePsp>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Failure { code } = match read(&body) {
        Ok(failure) => failure,
        Err(refused) => return refused.into_response(),
    };
    let code = code.as_deref().unwrap_or("INVALID_ACCOUNT_NUMBER_OR_UNAVAILABLE");
    let Err(error) = psp.fail_payout(&id, code) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let (status, code) = match error {
        PayoutError::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        PayoutError::Over { .. } => (StatusCode::CONFLICT, "WRONG_STATE"),
        PayoutError::NoSuchCode(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST"),
    };
    refuse(status, code, &error.to_string())
}

async fn billing_keys(Handle(psp): Handle<FakePsp>) -> Json<Vec<Value>> {
    Json(psp.with(|_, world, _| {
        let key = |(key, billing): (&String, &crate::model::BillingKey)| {
            let means = match &billing.means {
                BillingMeans::Card(card) => &card.number,
                BillingMeans::Account { account_number, .. } => account_number,
            };
            json!({
                "billing_key": key,
                "customer_key": billing.customer_key,
                "means": means,
                "authenticated_at": iso(billing.authenticated_at),
                "deleted_at": billing.deleted_at.map(iso),
            })
        };
        world.billing_keys.iter().map(key).collect()
    }))
}
