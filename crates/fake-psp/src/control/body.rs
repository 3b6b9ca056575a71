//! What comes to the control API, and how it is refused.

use axum::{
    Json,
    extract::rejection::QueryRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::hint::hint;

/// What is wrong with a body.
pub(super) struct Misread(String);

impl IntoResponse for Misread {
    fn into_response(self) -> Response {
        refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &self.0)
    }
}

/// Reads a body; none, or null, is an empty object.
///
/// # Errors
/// When it is no JSON, or has a field that nobody knows.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Misread> {
    let body = if matches!(body.trim_ascii(), b"" | b"null") { b"{}" } else { body };
    // It would be read as the fields in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Misread("the body is an array; write an object, {\"name\": value}".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        Misread(format!("{message}{}", hint(&message)))
    })
}

/// Refuses a query.
pub(super) fn bad_query(error: &QueryRejection) -> Response {
    let message = error.body_text();
    refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &format!("{message}{}", hint(&message)))
}

pub(super) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        code: &'a str,
        message: &'a str,
    }
    (status, Json(Body { code, message })).into_response()
}
