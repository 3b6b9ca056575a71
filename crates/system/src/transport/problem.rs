//! The one error body: RFC 9457 problem documents.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde::Serialize;

use crate::store::StoreError;

/// What a caller is told when its request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem it is: a stable word for machines.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request and what to do next.
    pub detail: String,
    /// The field of the request that is wrong, e.g. `items[0].amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When asking again makes sense.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

impl Problem {
    fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self { kind, title, status: status.as_u16(), detail, field: None, retry_after: None }
    }

    /// 400: the request cannot be read.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable", "The request cannot be read", detail)
    }

    /// 422: the request can be read, but not done.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "invalid", "A field is not valid", detail).field(field)
    }

    /// 422 with a kind of its own.
    pub fn refused(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail)
    }

    /// 401: no or wrong credentials.
    pub fn unauthorized() -> Self {
        let detail = "send `Authorization: Bearer TOKEN` with the service's internal token";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Not for you", detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail)
    }

    /// 405: the path exists, the method does not.
    pub fn wrong_method() -> Self {
        let detail = "this path exists, but not with this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "Wrong method", detail)
    }

    /// 409: the thing is in a state that forbids it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Not in this state", detail)
    }

    /// 409 with a kind of its own: the thing is over.
    pub fn closed(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, title, detail)
    }

    /// 413: the body is too large.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("a body may have at most {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large", detail)
    }

    /// 415: the body is not JSON.
    pub fn not_json() -> Self {
        let detail = "send `Content-Type: application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "not_json", "The body must be JSON", detail)
    }

    /// 429: the same request is being worked on.
    pub fn in_flight(retry_after: Duration) -> Self {
        let detail = "a request with this Idempotency-Key is being worked on; ask again later";
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "in_flight", "Still being worked on", detail).retry_after(retry_after)
    }

    /// 503: something that we need does not answer.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "unavailable", "Not available now", detail)
            .retry_after(Duration::from_secs(1))
    }

    /// The field that is wrong.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("made from a status");
        let body = serde_json::to_vec(&self).expect("plain data");
        let mut response =
            (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs().max(1).into();
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        // For whoever says it otherwise: to a person on a page, for one.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "request refused: the database did not answer");
        Self::unavailable("the database did not answer; ask again with the same Idempotency-Key")
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}
