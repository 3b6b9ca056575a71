//! Calling another service of ours: JSON both ways, any of its replicas.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::transport::{CallError, HttpClient};

/// Why a peer did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PeerError {
    /// There is no answer.
    #[error("{url}: {error}")]
    Call { url: String, error: CallError },
    /// The peer answered that it would not, or could not.
    #[error("{url}: status {status}: {detail}")]
    Refused { url: String, status: StatusCode, detail: String },
    /// The answer is not what was agreed.
    #[error("{url}: unreadable answer: {detail}")]
    Unreadable { url: String, detail: String },
}

impl PeerError {
    /// Whether the peer said that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, PeerError::Refused { status: StatusCode::NOT_FOUND, .. })
    }
}

/// Whose turn it is among replicas: each keeps it until it fails.
#[derive(Debug, Default)]
struct Turn(AtomicUsize);

impl Turn {
    fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// The call that was made in this turn failed. Calls fail in crowds, and some of them late:
    /// only the first one moves on, or they would lead away from a replica that lives.
    fn failed(&self, turn: usize) {
        let next = turn.wrapping_add(1);
        // Somebody else moved on already, if it is another one's turn.
        let _ = self.0.compare_exchange(turn, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Another service, reached at one of several addresses.
#[derive(Clone)]
pub struct Peer {
    urls: Arc<[String]>,
    turn: Arc<Turn>,
    http: HttpClient,
    authorization: String,
}

impl Peer {
    /// A peer at `urls` (`http://host:port` each).
    pub fn new(urls: &[String], http: HttpClient, token: &str) -> Self {
        assert!(!urls.is_empty(), "a peer needs at least one address");
        let urls = urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        Self { urls, turn: Arc::default(), http, authorization: format!("Bearer {token}") }
    }

    /// `GET path`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        deadline: Duration,
    ) -> Result<T, PeerError> {
        self.call(Method::GET, path, Bytes::new(), deadline).await
    }

    /// `POST path` with a JSON body.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        deadline: Duration,
    ) -> Result<T, PeerError> {
        let body = serde_json::to_vec(body).expect("our own wire types are JSON");
        self.call(Method::POST, path, body.into(), deadline).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        deadline: Duration,
    ) -> Result<T, PeerError> {
        let turn = self.turn.now();
        let url = format!("{}{path}", self.urls[turn % self.urls.len()]);
        let request = Request::builder()
            .method(method)
            .uri(&url)
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|e| PeerError::Unreadable { url: url.clone(), detail: e.to_string() })?;
        let answer = self.http.send(request, deadline).await.map_err(|error| {
            // The next call tries the next replica; this one is not repeated here, because only
            // the caller knows whether it may be.
            self.turn.failed(turn);
            PeerError::Call { url: url.clone(), error }
        })?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            self.turn.failed(turn);
        }
        if !answer.status.is_success() {
            let detail = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
            return Err(PeerError::Refused { url, status: answer.status, detail });
        }
        serde_json::from_slice(&answer.body)
            .map_err(|e| PeerError::Unreadable { url, detail: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_fail_together_move_on_once() {
        let turn = Turn::default();
        let (first, second) = (turn.now(), turn.now());
        turn.failed(first);
        turn.failed(second);
        assert_eq!(turn.now(), first.wrapping_add(1));
    }

    #[test]
    fn a_late_failure_takes_nobody_off_a_living_replica() {
        let turn = Turn::default();
        let late = turn.now();
        turn.failed(turn.now());
        turn.failed(turn.now());
        turn.failed(late);
        assert_eq!(turn.now(), late.wrapping_add(2));
    }
}
