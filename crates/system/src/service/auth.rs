//! Who may call: internal endpoints want the shared bearer token.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use hyper::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use crate::transport::Problem;

/// Puts the token in front of every route of `router`.
pub fn require_token(router: Router, token: &str) -> Router {
    let wanted = format!("Bearer {token}");
    router.route_layer(middleware::from_fn(move |request: Request, next: Next| {
        let given = request.headers().get(AUTHORIZATION).map(|v| v.as_bytes()).unwrap_or(b"");
        // Compared in constant time: how long a refusal takes must not tell how much was right.
        let allowed: bool = given.ct_eq(wanted.as_bytes()).into();
        async move { answer(allowed, request, next).await }
    }))
}

async fn answer(allowed: bool, request: Request, next: Next) -> Response {
    if allowed { next.run(request).await } else { Problem::unauthorized().into_response() }
}
