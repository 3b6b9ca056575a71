//! `/_fake/webhooks`: where they go, what was sent, and once more by hand.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Handle},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::body::{read, refuse};
use crate::{FakePsp, Hook, HookError};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route(
            "/_fake/webhooks",
            get(async |Handle(psp): Handle<FakePsp>| Json(psp.transmissions())),
        )
        .route("/_fake/webhooks/urls", get(list).post(add).delete(remove))
        .route("/_fake/webhooks/{id}/resend", post(resend))
}

async fn list(Handle(psp): Handle<FakePsp>) -> Json<Vec<Hook>> {
    Json(psp.hooks())
}

async fn add(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    read::<Hook>(&body).map_or_else(IntoResponse::into_response, |hook| done(psp.add_hook(hook)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    url: String,
}

async fn remove(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    read(&body)
        .map_or_else(IntoResponse::into_response, |Remove { url }| done(psp.remove_hook(&url)))
}

async fn resend(Handle(psp): Handle<FakePsp>, Path(id): Path<String>) -> Response {
    done(psp.resend(&id))
}

fn done(outcome: Result<(), HookError>) -> Response {
    let Err(error) = outcome else { return StatusCode::NO_CONTENT.into_response() };
    let (status, code) = match error {
        HookError::Url(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST"),
        HookError::Unknown(_) | HookError::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
    };
    refuse(status, code, &error.to_string())
}
