//! A shop that talks to a fake in the same process.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, header::LOCATION},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use fake_psp::{
    BookEntry, Clock, Config, FakePsp, Fate, Match, Programme, Rule, SeededEntropy, Verdict,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::openapi;

/// Friday, 2 January 2026, 10:30 in Korea.
pub(crate) const START: &str = "2026-01-02T01:30:00Z";

/// A clock that goes with tokio's paused one, or that a test moves by hand.
pub(crate) struct TestClock {
    start: tokio::time::Instant,
    moved: Mutex<SignedDuration>,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = START.parse().unwrap();
        let passed = SignedDuration::try_from(self.start.elapsed()).unwrap();
        start + passed + *self.moved.lock().unwrap()
    }
}

pub(crate) struct Shop {
    pub(crate) psp: FakePsp,
    router: Router,
    clock: Arc<TestClock>,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Result<Bytes, String>,
    pub(crate) fate: Option<Fate>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.raw.as_ref().unwrap()).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.raw.clone().unwrap().to_vec()).unwrap()
    }

    /// The `code` of an error, or the `status` of a payment.
    pub(crate) fn word(&self) -> String {
        let json = self.json();
        let word = json.get("code").or(json.get("status"));
        word.and_then(Value::as_str).unwrap_or_else(|| panic!("{json}")).to_owned()
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let clock = Arc::new(TestClock {
            start: tokio::time::Instant::now(),
            moved: Mutex::new(SignedDuration::ZERO),
        });
        let psp = FakePsp::new(config, clock.clone(), Arc::new(SeededEntropy::new(7)));
        Self { router: psp.router(), psp, clock }
    }

    /// Moves the clock without waiting.
    pub(crate) fn pass(&self, time: SignedDuration) {
        *self.clock.moved.lock().unwrap() += time;
    }

    /// Installs rules, each with where it strikes.
    pub(crate) fn break_with(&self, rules: impl IntoIterator<Item = (Match, Verdict)>) {
        let rules = rules.into_iter().map(|(on, then)| Rule { name: None, on, then }).collect();
        let programme = Programme { rules };
        programme.check().unwrap();
        self.psp.install(programme);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let reply = Reply {
            status: parts.status.as_u16(),
            fate: parts.extensions.get().copied(),
            headers: parts.headers,
            raw: axum::body::to_bytes(body, usize::MAX).await.map_err(|e| e.to_string()),
        };
        // What the fault programme makes of an answer is described nowhere.
        let honest = path.starts_with("/v") && self.psp.programme().rules.is_empty();
        if let (Ok(body), true) = (&reply.raw, honest) {
            openapi::check(&method, &path, reply.status, body);
        }
        reply
    }

    pub(crate) fn request(method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(
                "authorization",
                format!("Basic {}", BASE64_STANDARD.encode("test_sk_hanbeon:")),
            )
            .header("content-type", "application/json")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Self::request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: Value) -> Reply {
        let mut request = Self::request("POST", path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Opens the window: the payment key.
    pub(crate) async fn open(&self, order_id: &str, amount: i64) -> String {
        let body = json!({
            "orderId": order_id, "orderName": format!("name of {order_id}"), "amount": amount,
            "successUrl": "http://shop.test/success", "failUrl": "http://shop.test/fail?from=toss",
        });
        let reply = self.post("/window/payments", None, body).await;
        assert_eq!(reply.status, 303, "{:?}", reply.raw);
        let location = reply.headers[LOCATION].to_str().unwrap();
        location.strip_prefix("/window/").unwrap().to_owned()
    }

    /// The buyer presses a button: where the browser is sent.
    pub(crate) async fn press(&self, key: &str, button: &str) -> String {
        let reply = self.post(&format!("/window/{key}/{button}"), None, Value::Null).await;
        assert_eq!(reply.status, 303);
        reply.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// Opened and authenticated: ready to be confirmed.
    pub(crate) async fn authenticated(&self, order_id: &str, amount: i64) -> String {
        let key = self.open(order_id, amount).await;
        self.press(&key, "approve").await;
        key
    }

    pub(crate) async fn confirm(
        &self,
        payment_key: &str,
        order_id: &str,
        amount: i64,
        key: Option<&str>,
    ) -> Reply {
        let body = json!({"paymentKey": payment_key, "orderId": order_id, "amount": amount});
        self.post("/v1/payments/confirm", key, body).await
    }

    /// Paid: the payment key.
    pub(crate) async fn paid(&self, order_id: &str, amount: i64) -> String {
        let key = self.authenticated(order_id, amount).await;
        assert_eq!(self.confirm(&key, order_id, amount, None).await.status, 200);
        key
    }

    pub(crate) async fn cancel(
        &self,
        payment_key: &str,
        amount: Option<i64>,
        key: Option<&str>,
    ) -> Reply {
        let body = json!({"cancelReason": "변심", "cancelAmount": amount});
        self.post(&format!("/v1/payments/{payment_key}/cancel"), key, body).await
    }

    pub(crate) async fn status_of(&self, payment_key: &str) -> String {
        self.get(&format!("/v1/payments/{payment_key}")).await.word()
    }

    /// What was taken less what was given back.
    pub(crate) fn balance(&self) -> i64 {
        self.psp.book().iter().map(BookEntry::signed_amount).sum()
    }
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Matches an endpoint.
pub(crate) fn at(endpoint: fake_psp::Endpoint) -> Match {
    Match { endpoint, ..Match::default() }
}

/// Refuses with a code of Toss's table.
pub(crate) fn refuse(code: &str) -> Verdict {
    Verdict::Refuse { code: code.to_owned(), status: None }
}

/// A body with some fields changed.
pub(crate) fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}
