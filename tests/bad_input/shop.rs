//! A payment service on a real socket, and what must hold of every refusal.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, extract::Request, http::StatusCode};
use hanbeon::{
    TOKEN,
    http::{Answer, Ask},
};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use system::{
    kernel::{Entropy, SystemClock},
    payment,
    service::{Common, Env},
    transport::{TokioDial, serve_http},
};
use tokio::{net::TcpListener, task::JoinSet};

/// A payment service with an executor that knows nothing and counts what it is asked.
pub(crate) struct Shop {
    pub(crate) url: String,
    database_url: String,
    pub(crate) asked: Arc<AtomicUsize>,
    // Dropping it ends the service.
    _tasks: JoinSet<()>,
}

impl Shop {
    pub(crate) async fn open(database_url: String) -> Self {
        let mut tasks = JoinSet::new();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let peer = Router::new().fallback(move |request: Request| {
            let execution = request.uri().path().starts_with("/v1/executions");
            counter.fetch_add(usize::from(execution), Ordering::Relaxed);
            async { StatusCode::SERVICE_UNAVAILABLE }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let peers = [format!("http://{}", listener.local_addr().expect("it is bound"))];
        let clock = Arc::new(SystemClock);
        tasks.spawn(serve_http(listener, peer, clock.clone(), std::future::pending()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let config = payment::Config::new(Common::with_token(TOKEN), &peers, &peers, &peers);
        let env = Env {
            clock,
            entropy: Entropy::from_os(),
            dial: Arc::new(TokioDial::new()),
            database_url: database_url.clone(),
        };
        tasks.spawn(async move {
            let served = payment::serve(listener, config, env, std::future::pending()).await;
            served.expect("it starts");
        });
        let shop = Self { url, database_url, asked, _tasks: tasks };
        let ready = shop.send(Ask::get(format!("{}/readyz", shop.url))).await;
        assert_eq!(ready.status, 200, "{}", ready.body);
        shop
    }

    pub(crate) fn post(&self, path: &str) -> Ask {
        Ask::post(format!("{}{path}", self.url))
    }

    pub(crate) fn checkout(&self, key: &str, body: &Value) -> Ask {
        self.post("/v1/checkouts").json(body).header("idempotency-key", key)
    }

    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        ask.send().await.expect("the service answers")
    }

    pub(crate) async fn sql(&self, statement: String) {
        let mut connection = AnyConnection::connect(&self.database_url).await.expect("it is up");
        connection.execute(AssertSqlSafe(statement)).await.expect("a statement of the test's own");
    }

    /// Rows per table.
    pub(crate) async fn rows(&self) -> Vec<(&'static str, i64)> {
        let mut connection = AnyConnection::connect(&self.database_url).await.expect("it is up");
        let tables = ["payment_event", "payment_order", "payment_order_history", "idempotency_key"];
        let mut rows = Vec::new();
        for table in tables.into_iter().chain(["event", "webhook"]) {
            let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let (count,) = sqlx::query_as(sql).fetch_one(&mut connection).await.expect("a table");
            rows.push((table, count));
        }
        rows
    }

    /// The request is refused with this status, kind and field; every word of `says` is in the
    /// detail, and nothing is written.
    pub(crate) async fn refuses(
        &self,
        what: &str,
        ask: Ask,
        status: u16,
        field: Option<&str>,
        says: &[&str],
    ) {
        let before = self.rows().await;
        let answer = self.send(ask).await;
        let said = format!("{what}: {} {}", answer.status, answer.body);
        assert_eq!(answer.status, status, "{said}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{said}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{said}");
        assert!(["type", "title", "detail"].iter().all(|key| problem[key].is_string()), "{said}");
        assert_eq!(problem["field"].as_str(), field, "{said}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(says.iter().all(|word| detail.contains(word)), "{said}");
        assert_eq!(self.rows().await, before, "{said}: and yet something was written");
    }

    /// A form is refused with this status on a page that says these words, and nothing is written.
    pub(crate) async fn refuses_on_a_page(&self, what: &str, form: Ask, status: u16, says: &str) {
        let before = self.rows().await;
        let answer = self.send(form).await;
        let said = format!("{what}: {} {}", answer.status, answer.body);
        assert_eq!(answer.status, status, "{said}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{said}");
        assert!(answer.body.contains(says), "{said}");
        assert_eq!(self.rows().await, before, "{said}: and yet something was written");
    }

    /// Opens a checkout over 15,000 won; returns the order's id.
    pub(crate) async fn order(&self, key: &str) -> String {
        let answer = self.send(self.checkout(key, &good())).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["order_id"].as_str().expect("an id").to_owned()
    }
}

/// A checkout that is as it must be.
pub(crate) fn good() -> Value {
    json!({"buyer_id": "b", "order_name": "coffee", "currency": "KRW",
        "items": [{"seller_id": "s", "amount": "15000"}]})
}

/// A good checkout with something else at a JSON pointer.
pub(crate) fn with(pointer: &str, value: Value) -> Value {
    let mut body = good();
    *body.pointer_mut(pointer).expect("it is there") = value;
    body
}
