//! JSON bodies, query strings and paths in, with errors that name the field and the nearest valid
//! key.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use hyper::{HeaderMap, header::CONTENT_TYPE, http::request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use super::Problem;

/// The largest body that any of our endpoints takes.
pub(super) const BODY_LIMIT: usize = 64 * 1024;

/// A JSON body, in or out.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::not_json());
        }
        let Raw(body) = Raw::from_request(request, state).await?;
        parse(&body).map(Json)
    }
}

/// A body as it came.
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|rejection| match rejection.into_response().status() {
            hyper::StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(BODY_LIMIT),
            _ => Problem::unreadable("the body ended before it was complete; send it again"),
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|k| k.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let detail = did_you_mean(&inner.to_string());
            Problem::invalid(if path == "." { "body".into() } else { path }, detail)
        } else {
            Problem::unreadable(format!("the body is not JSON: {inner}"))
        }
    })?;
    json.end().map_err(|e| Problem::unreadable(format!("the body goes on after its end: {e}")))?;
    Ok(value)
}

/// Query parameters.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|q| Self(q.0)).map_err(|rejection| {
            Problem::unreadable(format!("query: {}", did_you_mean(&rejection.body_text())))
        })
    }
}

/// Parts of the path.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Nothing of ours has one in its name, and PostgreSQL could not even be asked for it.
        if parts.uri.path().contains("%00") {
            return Err(Problem::not_found("there is nothing with a NUL in its name"));
        }
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|p| Self(p.0)).map_err(|rejection| Problem::unreadable(rejection.body_text()))
    }
}

/// Adds the nearest valid key to serde's "unknown field `x`, expected one of `a`, `b`".
pub fn did_you_mean(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (Some(unknown), true) = (quoted.next(), message.contains("unknown field")) else {
        return message.to_owned();
    };
    let distance = |key: &&str| strsim::damerau_levenshtein(unknown, key);
    match quoted.min_by_key(distance) {
        Some(nearest) if distance(&nearest) <= unknown.len().max(3) / 2 => {
            format!("{message}; did you mean `{nearest}`?")
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its shape matters")]
        seller_id: String,
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_valid_one() {
        let problem = parse::<Sample>(br#"{"seler_id":"s"}"#).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("seler_id"));
        assert!(problem.detail.contains("did you mean `seller_id`?"), "{}", problem.detail);
    }

    #[test]
    fn broken_json_and_trailing_text_are_unreadable() {
        for body in ["{", "", "{\"seller_id\":\"s\"} x", "{\"seller_id\":\"s\",}"] {
            assert_eq!(parse::<Sample>(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }

    #[test]
    fn a_wrong_type_names_the_field() {
        let problem = parse::<Sample>(br#"{"seller_id":5}"#).unwrap_err();
        assert_eq!((problem.status, problem.field.as_deref()), (422, Some("seller_id")));
    }
}
