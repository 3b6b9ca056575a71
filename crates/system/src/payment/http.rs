//! The payment service's endpoints for buyers, the PSP and our other services.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hyper::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;

use super::{
    PaymentService, attempt, checkout, records,
    wire::{Attempts, Checkout, Confirm, Payment, Payments, Void},
};
use crate::{
    kernel::KoreanDay,
    service::{answer_within, require_token},
    transport::{Json, Path, Problem, Query, Raw},
};

/// Time for everything around a buyer's patience. Together they are less than what browsers and
/// proxies wait.
pub(super) const AROUND: Duration = Duration::from_secs(8);

/// The most payments in one page.
const PAGE: i64 = 200;

/// What anyone may call.
pub(super) fn public(service: PaymentService) -> Router {
    let limit = service.patience + AROUND;
    let router = Router::new()
        .route("/v1/checkouts", post(open))
        .route("/v1/payments/confirm", post(confirm))
        .route("/v1/payments/{order_id}", get(show))
        .route("/v1/webhooks/toss", post(webhook))
        .with_state(service);
    answer_within(router, limit)
}

/// What only our own services may call.
pub(super) fn internal(service: PaymentService, token: &str) -> Router {
    let router = Router::new()
        .route("/v1/payments", get(of_day))
        .route("/v1/payments/{order_id}/attempts", get(attempts))
        .route("/v1/payments/{order_id}/void", post(void))
        .with_state(service);
    require_token(router, token)
}

async fn open(
    State(service): State<PaymentService>,
    headers: HeaderMap,
    Json(asked): Json<Checkout>,
) -> Result<Response, Problem> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or("");
    if !(1..=300).contains(&key.len()) {
        let detail = "send an Idempotency-Key header of 1 to 300 characters, fresh for each order";
        return Err(Problem::invalid("Idempotency-Key", detail));
    }
    let answered = service.checkout(key, &asked).await?;
    let status = StatusCode::from_u16(answered.status).expect("we wrote an HTTP status");
    Ok((status, [(CONTENT_TYPE, "application/json")], answered.body).into_response())
}

async fn confirm(
    State(service): State<PaymentService>,
    Json(asked): Json<Confirm>,
) -> Result<Response, Problem> {
    let payment = service.confirm(&asked, service.patience).await?;
    let done = payment.status.is_final();
    let status = if done { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(payment)).into_response())
}

async fn show(
    State(service): State<PaymentService>,
    Path(order_id): Path<String>,
) -> Result<Json<Payment>, Problem> {
    let record = records::find(&service.store, &order_id).await?;
    record.map(|r| Json(r.payment)).ok_or_else(|| Problem::not_found("there is no such order"))
}

async fn void(
    State(service): State<PaymentService>,
    Path(order_id): Path<String>,
    Json(asked): Json<Void>,
) -> Result<Json<Payment>, Problem> {
    checkout::text("reason", &asked.reason, 200)?;
    Ok(Json(service.void(&order_id, &asked.reason).await?))
}

/// Every try to pay for an order: for whoever has to explain it to a buyer.
async fn attempts(
    State(service): State<PaymentService>,
    Path(order_id): Path<String>,
) -> Result<Json<Attempts>, Problem> {
    let record = records::find(&service.store, &order_id).await?;
    let record = record.ok_or_else(|| Problem::not_found("there is no such order"))?;
    let attempts = attempt::of_order(&service.store, &record.payment.order_id).await?;
    Ok(Json(Attempts { attempts }))
}

/// Answered at once, whatever it says: Toss repeats what is not answered within 10 seconds.
async fn webhook(
    State(service): State<PaymentService>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<StatusCode, Problem> {
    let transmission = headers.get("tosspayments-webhook-transmission-id");
    let transmission = transmission.and_then(|id| id.to_str().ok()).filter(|id| id.len() <= 200);
    service.record_webhook(transmission, &body).await?;
    Ok(StatusCode::OK)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DayPage {
    day: KoreanDay,
    #[serde(default)]
    after: String,
    limit: Option<i64>,
}

async fn of_day(
    State(service): State<PaymentService>,
    Query(page): Query<DayPage>,
) -> Result<Json<Payments>, Problem> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let records = records::of_day(&service.store, page.day, &page.after, limit).await?;
    let payments: Vec<_> = records.into_iter().map(|record| record.payment).collect();
    let full = payments.len() as i64 == limit;
    let next = payments.last().filter(|_| full).map(|last| last.order_id.clone());
    Ok(Json(Payments { payments, next }))
}
