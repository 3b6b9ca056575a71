//! A small HTTP client of the tests' own: one connection per request, nothing shared with what is
//! under test.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

/// How long the tests wait for an answer, if they do not say otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    patience: Duration,
}

impl Ask {
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let (url, headers, body) = (url.into(), Vec::new(), Bytes::new());
        Self { method, url, headers, body, patience: PATIENCE }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").raw(body.to_string())
    }

    pub fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").raw(body.to_owned())
    }

    pub fn raw(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// If there is no complete answer in time; the text says what went wrong.
    pub async fn send(self) -> Result<Answer, String> {
        let (patience, what) = (self.patience, format!("{} {}", self.method, self.url));
        match timeout(patience, self.exchange()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(format!("{what}: {error}")),
            Err(_) => Err(format!("{what}: no answer within {patience:?}")),
        }
    }

    async fn exchange(self) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let url = Url::parse(&self.url)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(80));
        let stream = TcpStream::connect((host, port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let target = match url.query() {
            // The path as given: `Url` would tidy it up.
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::builder()
            .method(self.method)
            .uri(target)
            .header("host", format!("{host}:{port}"));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body))?;
        let answer = async {
            let answer = sender.send_request(request).await?;
            let (parts, body) = answer.into_parts();
            Ok::<_, hyper::Error>((parts, body.collect().await?.to_bytes()))
        };
        // The connection is driven only while we wait for the answer.
        let (parts, body) = tokio::select! {
            answered = answer => answered?,
            Err(error) = connection => return Err(error.into()),
        };
        let body = String::from_utf8(body.to_vec())?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}
