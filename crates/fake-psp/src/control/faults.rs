//! The fault programme: replaced, changed rule by rule, taken from a preset; what struck; and what
//! a programme can say.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State as Handle, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::Deserialize;

use super::body::{bad_query, refuse};
use crate::{FakePsp, Programme, ProgrammeError, Rule, Vocabulary};

pub(super) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/_fake/faults", get(programme).post(install).delete(heal))
        .route("/_fake/faults/applied", get(applied))
        .route("/_fake/faults/rules", post(add))
        .route("/_fake/faults/rules/{name}", delete(remove))
        .route("/_fake/faults/presets", get(presets))
        .route("/_fake/faults/presets/{name}", post(preset))
        .route("/_fake/faults/vocabulary", get(async || Json(Vocabulary::default())))
}

async fn programme(Handle(psp): Handle<FakePsp>) -> Response {
    Json(psp.programme()).into_response()
}

/// JSON, or TOML if the request says so.
async fn install(Handle(psp): Handle<FakePsp>, headers: HeaderMap, body: Bytes) -> Response {
    let json = serde_json::from_slice::<serde_json::Value>(&body);
    if json.is_ok_and(|json| json.is_object() && json.get("rules").is_none()) {
        let message = "there are no `rules` in it; DELETE removes all that are installed";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message);
    }
    let read = if is_toml(&headers) {
        Programme::from_toml(&String::from_utf8_lossy(&body))
    } else {
        Programme::from_json(&body)
    };
    match read {
        Ok(programme) => {
            psp.install(programme);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => invalid(&error),
    }
}

fn is_toml(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/toml"))
}

async fn heal(Handle(psp): Handle<FakePsp>) -> StatusCode {
    psp.heal();
    StatusCode::NO_CONTENT
}

async fn applied(Handle(psp): Handle<FakePsp>) -> Response {
    Json(psp.applied()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// The name (or position) of the rule that comes after it; last without one.
    before: Option<String>,
}

/// The rule as it was added, with its name.
async fn add(
    Handle(psp): Handle<FakePsp>,
    place: Result<Query<Place>, QueryRejection>,
    body: Bytes,
) -> Response {
    let next = match place {
        Ok(Query(place)) => place.before,
        Err(error) => return bad_query(&error),
    };
    let added = Rule::from_json(&body).and_then(|rule| match &next {
        Some(next) => psp.add_rule_before(rule, next),
        None => psp.add_rule(rule),
    });
    match added {
        Ok(rule) => (StatusCode::CREATED, Json(rule)).into_response(),
        Err(error) => invalid(&error),
    }
}

async fn remove(Handle(psp): Handle<FakePsp>, Path(name): Path<String>) -> Response {
    if psp.remove_rule(&name) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let message = format!("there is no rule `{name}`; `GET /_fake/faults` lists them");
    refuse(StatusCode::NOT_FOUND, "NOT_FOUND", &message)
}

async fn presets() -> Response {
    Json(Programme::presets().collect::<Vec<_>>()).into_response()
}

async fn preset(Handle(psp): Handle<FakePsp>, Path(name): Path<String>) -> Response {
    match Programme::preset(&name) {
        Ok(programme) => {
            psp.install(programme);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => refuse(StatusCode::NOT_FOUND, "NOT_FOUND", &error.to_string()),
    }
}

fn invalid(error: &ProgrammeError) -> Response {
    refuse(StatusCode::BAD_REQUEST, "INVALID_PROGRAMME", &error.to_string())
}
