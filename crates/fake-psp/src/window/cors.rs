//! Requests of a script in a page of another origin, which a browser lets through only if the
//! answer says so. Nothing here is secret, so any origin may ask.

use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
        },
    },
    response::Response,
};

/// What any origin's script may read, with each header's value.
const OPEN: [(HeaderName, HeaderValue); 1] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))];

const ASKED_BEFORE: [(HeaderName, HeaderValue); 3] = [
    (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS")),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("accept, accept-language, content-type"),
    ),
    // A day: as long as a browser remembers.
    (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
];

/// Lets a script of any origin read the answer.
pub(crate) fn across(mut response: Response) -> Response {
    response.headers_mut().extend(OPEN);
    response
}

/// The answer to the OPTIONS request that a browser sends before a script's POST.
pub(crate) async fn preflight() -> Response {
    let mut response = across(Response::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(ASKED_BEFORE);
    response
}
