//! The log of requests, and one of them with what went over the wire.

use axum::{
    Json, Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::body::{bad_query, refuse};
use crate::{Call, FakePsp, recorder::Sight};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new().route("/_fake/calls", get(list)).route("/_fake/calls/{seq}", get(one))
}

/// Which calls.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// From this position on.
    #[serde(default)]
    since: u64,
    /// About this payment.
    payment: Option<String>,
    /// The newest so many.
    limit: Option<usize>,
}

async fn list(State(psp): State<FakePsp>, which: Result<Query<Which>, QueryRejection>) -> Response {
    match which {
        Ok(Query(which)) => {
            Json(psp.calls_about(which.payment.as_deref(), which.since, which.limit))
                .into_response()
        }
        Err(error) => bad_query(&error),
    }
}

/// A call with its bodies; `exchange` is null when they are not kept (any more).
#[derive(Serialize)]
struct CallView {
    #[serde(flatten)]
    call: Call,
    exchange: Option<Sight>,
}

async fn one(State(psp): State<FakePsp>, Path(seq): Path<String>) -> Response {
    let call = seq
        .parse()
        .ok()
        .and_then(|seq: usize| psp.with(|_, world, _| world.calls.get(seq).cloned()));
    match call {
        Some(call) => {
            let exchange = psp.recorder().and_then(|recorder| recorder.look(call.seq));
            Json(CallView { call, exchange }).into_response()
        }
        None => {
            let message = format!("there is no call `{seq}`; `GET /_fake/calls` lists them");
            refuse(StatusCode::NOT_FOUND, "NOT_FOUND", &message)
        }
    }
}

impl FakePsp {
    /// The requests from `since` on, in their order: all, or those about one payment (or its
    /// order); of these the newest `limit`.
    pub fn calls_about(
        &self,
        payment_key: Option<&str>,
        since: u64,
        limit: Option<usize>,
    ) -> Vec<Call> {
        self.with(|_, world, _| {
            let payment = payment_key.and_then(|key| world.store.get(key));
            let order = payment.map(|payment| payment.order_id.as_str());
            let is_about = |call: &&Call| {
                payment_key.is_none()
                    || call.payment_key.as_deref() == payment_key
                    || (call.payment_key.is_none()
                        && order.is_some()
                        && call.order_id.as_deref() == order)
            };
            let from = usize::try_from(since).unwrap_or(usize::MAX);
            let calls = world.calls.get(from..).unwrap_or_default();
            let newest = calls.iter().rev().filter(is_about).take(limit.unwrap_or(usize::MAX));
            let mut found: Vec<Call> = newest.cloned().collect();
            found.reverse();
            found
        })
    }
}
