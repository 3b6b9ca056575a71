//! Whoever asks is answered in time, also while the database is so slow that they cannot be told
//! more than to ask again.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::IntoResponse,
};
use tokio::time::timeout;

use crate::transport::Problem;

/// Puts a limit on every answer of `router`. What is under way when it is over is broken off, as
/// when the caller hangs up: all that was committed counts, and asking again goes on from there.
pub fn answer_within(router: Router, limit: Duration) -> Router {
    router.route_layer(middleware::from_fn(move |request: Request, next: Next| async move {
        match timeout(limit, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::unavailable("this takes too long now; ask again").into_response(),
        }
    }))
}
