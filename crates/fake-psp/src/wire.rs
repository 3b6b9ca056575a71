//! What may happen to an answer below HTTP.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode},
    response::Response,
};
use futures::{StreamExt, stream};
use tokio::time;

/// How a connection ends instead of, or after, an answer. Found in the extensions of a response;
/// [`FakePsp::serve`](crate::FakePsp::serve) obeys it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Closed without an answer.
    Close,
    /// Reset without an answer, where the transport can; else closed.
    Reset,
    /// The answer is sent twice.
    Twice,
}

/// The answer's `date` header is so many milliseconds ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockOff(pub(crate) i64);

impl Fate {
    pub(crate) fn response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.extensions_mut().insert(self);
        response
    }
}

/// Sends the head and half of the body, then breaks the connection off.
pub(crate) async fn cut(response: Response) -> Response {
    // A moment for what was written to leave: an error at once would take it back.
    let moment = Duration::from_millis(1);
    in_halves(response, moment, |_| Err(io::Error::other("cut by the fault programme"))).await
}

/// Sends the head and half of the body, waits, and sends the rest.
pub(crate) async fn slow(response: Response, ms: u64) -> Response {
    in_halves(response, Duration::from_millis(ms), Ok).await
}

async fn in_halves(
    response: Response,
    pause: Duration,
    second: impl FnOnce(Bytes) -> Result<Bytes, io::Error> + Send + 'static,
) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    // With the whole length announced, the reader can tell that something is missing.
    parts.headers.insert("content-length", HeaderValue::from(body.len()));
    let middle = body.len() / 2;
    let first = Ok(body.slice(..middle));
    let rest = body.slice(middle..);
    let halves = stream::once(async { first }).chain(stream::once(async move {
        time::sleep(pause).await;
        second(rest)
    }));
    Response::from_parts(parts, Body::from_stream(halves))
}
