//! The payments: a list to look for one, and one with what can be done to it.

use std::cmp::Reverse;

use axum::{
    Json, Router,
    extract::{Path, Query, State as Handle, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::body::{bad_query, refuse};
use crate::{
    Currency, FakePsp, State,
    clock::iso,
    model::{Money, Payment},
    view::PaymentView,
};

/// So many are listed if nobody says how many.
const USUAL: usize = 100;

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/_fake/payments", get(list).post(super::buyer::create))
        .route("/_fake/payments/{key}", get(one))
        .route("/_fake/payments/{key}/timeline", get(timeline))
}

/// Which payments.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    status: Option<State>,
    /// A part of the key, the order id or the order name, in any case.
    q: Option<String>,
    limit: Option<usize>,
}

impl Which {
    fn wants(&self, payment: &Payment) -> bool {
        self.status.is_none_or(|status| status == payment.state)
            && self.q.as_deref().is_none_or(|part| {
                let part = part.trim().to_lowercase();
                [&payment.key, &payment.order_id, &payment.order_name]
                    .into_iter()
                    .any(|text| text.to_lowercase().contains(&part))
            })
    }
}

/// A payment in a list.
#[derive(Serialize)]
struct Line {
    payment_key: String,
    order_id: String,
    order_name: String,
    status: State,
    /// In Korean; none before it is known.
    method: Option<&'static str>,
    amount: Money,
    balance_amount: Money,
    currency: Currency,
    requested_at: String,
    approved_at: Option<String>,
}

impl Line {
    fn of(payment: &Payment) -> Self {
        let known = payment.authenticated_at.is_some();
        Self {
            payment_key: payment.key.clone(),
            order_id: payment.order_id.clone(),
            order_name: payment.order_name.clone(),
            status: payment.state,
            method: known.then(|| payment.method().name(false)),
            amount: Money(payment.amount, payment.currency),
            balance_amount: Money(payment.balance, payment.currency),
            currency: payment.currency,
            requested_at: iso(payment.requested_at),
            approved_at: payment.approved_at.map(iso),
        }
    }
}

/// The newest first.
async fn list(
    Handle(psp): Handle<FakePsp>,
    which: Result<Query<Which>, QueryRejection>,
) -> Response {
    let which = match which {
        Ok(Query(which)) => which,
        Err(error) => {
            return bad_query(&error);
        }
    };
    let lines = psp.with(|_, world, _| {
        let mut found: Vec<&Payment> = world.store.iter().filter(|one| which.wants(one)).collect();
        found.sort_by_key(|payment| Reverse(payment.requested_at));
        let found = found.into_iter().take(which.limit.unwrap_or(USUAL));
        found.map(Line::of).collect::<Vec<_>>()
    });
    Json(lines).into_response()
}

/// Toss's object, and what only the fake knows.
async fn one(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    let found = psp.with(|core, world, _| {
        let payment = world.store.get(&key)?;
        Some(json!({
            "payment": PaymentView::of(payment, &world.cash_receipts, &core.config, false),
            "acts": acts(payment),
            "expires_at": payment.deadline.map(iso),
            "under_review": payment.held,
            "unbooked": payment.unbooked,
            "success_url": payment.success_url,
            "fail_url": payment.fail_url,
        }))
    });
    found.map_or_else(|| no_payment(&key), |found| Json(found).into_response())
}

/// What `POST /_fake/payments/{key}/…` can do to it now.
fn acts(payment: &Payment) -> Vec<&'static str> {
    let is_account = payment.account().is_some();
    let refundable = payment.was_charged() && payment.cancelable() > 0;
    let acts = [
        ("approve", payment.state == State::Ready),
        ("decline", payment.state == State::Ready),
        ("close", payment.state == State::Ready),
        ("review", payment.held),
        (
            "deposit",
            payment.account().is_some_and(|account| !account.expired)
                && payment.state == State::WaitingForDeposit,
        ),
        ("reverse-deposit", is_account && payment.state == State::Done),
        ("cancel", refundable),
        ("abort-cancel", payment.cancel_in_progress(None).is_some()),
        ("expire", payment.deadline.is_some()),
    ];
    acts.into_iter().filter(|(_, possible)| *possible).map(|(act, _)| act).collect()
}

async fn timeline(Handle(psp): Handle<FakePsp>, Path(key): Path<String>) -> Response {
    match psp.timeline(&key) {
        Ok(moments) => Json(moments).into_response(),
        Err(_) => no_payment(&key),
    }
}

fn no_payment(key: &str) -> Response {
    let message = format!("there is no payment `{key}`; `GET /_fake/payments` lists them");
    refuse(StatusCode::NOT_FOUND, "NOT_FOUND", &message)
}
