//! `/_fake/config`: the switches.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State as Handle,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};

use super::body::{read, refuse};
use crate::{Config, FakePsp};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new().route("/_fake/config", get(show).patch(change))
}

async fn show(Handle(psp): Handle<FakePsp>) -> Json<Config> {
    Json((*psp.config()).clone())
}

/// Only what is named changes; the answer has all of them.
async fn change(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    let changes = match read(&body) {
        Ok(changes) => changes,
        Err(refused) => return refused.into_response(),
    };
    match psp.set(&changes) {
        Ok(()) => Json((*psp.config()).clone()).into_response(),
        Err(error) => refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &error.to_string()),
    }
}
