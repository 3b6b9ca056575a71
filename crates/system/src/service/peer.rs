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

/// Another service, reached at one of several addresses.
#[derive(Clone)]
pub struct Peer {
    urls: Arc<[String]>,
    current: Arc<AtomicUsize>,
    http: HttpClient,
    authorization: String,
}

impl Peer {
    /// A peer at `urls` (`http://host:port` each).
    pub fn new(urls: &[String], http: HttpClient, token: &str) -> Self {
        assert!(!urls.is_empty(), "a peer needs at least one address");
        let urls = urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        Self { urls, current: Arc::default(), http, authorization: format!("Bearer {token}") }
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
        let current = self.current.load(Ordering::Relaxed);
        let url = format!("{}{path}", self.urls[current % self.urls.len()]);
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
            self.current.store(current.wrapping_add(1), Ordering::Relaxed);
            PeerError::Call { url: url.clone(), error }
        })?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            self.current.store(current.wrapping_add(1), Ordering::Relaxed);
        }
        if !answer.status.is_success() {
            let detail = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
            return Err(PeerError::Refused { url, status: answer.status, detail });
        }
        serde_json::from_slice(&answer.body)
            .map_err(|e| PeerError::Unreadable { url, detail: e.to_string() })
    }
}
