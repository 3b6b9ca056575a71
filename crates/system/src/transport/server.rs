//! HTTP in: the accept loop. Every connection is a task that this future owns, so dropping the
//! future ends them all, and stopping it lets requests that have begun finish.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::Response,
    serve::Listener,
};
use hyper::{
    header::{DATE, HeaderValue},
    server::conn::http1,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{task::JoinSet, time::timeout};

use super::{Problem, json::BODY_LIMIT};
use crate::kernel::Clock;

/// How long a stop waits for requests that have begun.
const GRACE: Duration = Duration::from_secs(20);

/// How long a connection may take to send the head of its next request.
const IDLE: Duration = Duration::from_secs(90);

/// Serves `router` on `listener` until `stop`.
pub async fn serve_http<L: Listener>(
    mut listener: L,
    router: Router,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) {
    let router = finish(router, clock);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            (stream, _) = listener.accept() => {
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(IDLE)
                    // hyper would stamp the machine's clock; `date` below stamps ours.
                    .auto_date_header(false)
                    .serve_connection(
                        TokioIo::new(stream),
                        TowerToHyperService::new(router.clone()),
                    );
                let connection = graceful.watch(connection);
                connections.spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "connection ended");
                    }
                });
            }
            Some(ended) = connections.join_next() => propagate(ended),
        }
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!(left = connections.len(), "stopping although requests are still open");
    }
}

/// A panic in a handler is a bug: the process must not go on as if nothing happened.
fn propagate(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

fn finish(router: Router, clock: Arc<dyn Clock>) -> Router {
    router
        .fallback(|| async { Problem::not_found("no such path") })
        .method_not_allowed_fallback(|| async { Problem::wrong_method() })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            let clock = clock.clone();
            async move { date(next.run(request).await, &*clock) }
        }))
}

fn date(mut response: Response, clock: &dyn Clock) -> Response {
    let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.now());
    if let Some(value) = text.ok().and_then(|t| HeaderValue::try_from(t).ok()) {
        response.headers_mut().insert(DATE, value);
    }
    response
}
