//! A client with a connection per request, for fakes that listen on a real port.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let line = self.head.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

/// One request; what came back, or nothing if the connection broke before an answer.
pub(crate) async fn try_http(
    url: &str,
    key: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Option<Answer> {
    try_http_keyed(url, key, method, path, body, None).await
}

/// The same with an idempotency key.
pub(crate) async fn try_http_keyed(
    url: &str,
    key: &str,
    method: &str,
    path: &str,
    body: &Value,
    idempotency_key: Option<&str>,
) -> Option<Answer> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let auth = BASE64_STANDARD.encode(format!("{key}:"));
    let bound = idempotency_key.map_or_else(String::new, |k| format!("idempotency-key: {k}\r\n"));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: toss\r\nconnection: close\r\n{bound}\
         authorization: Basic {auth}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(url.strip_prefix("http://")?).await.ok()?;
    socket.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// One request that has to be answered.
pub(crate) async fn http(url: &str, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let answer = try_http(url, key, method, path, body).await;
    answer.unwrap_or_else(|| panic!("no answer to {method} {path}"))
}

/// Opens the window and approves, as a buyer would: the payment key.
pub(crate) async fn authenticated(url: &str, key: &str, order_id: &str, amount: i64) -> String {
    let order = json!({"orderId": order_id, "orderName": "x", "amount": amount,
        "successUrl": "http://s.test", "failUrl": "http://f.test"});
    let opened = http(url, key, "POST", "/window/payments", &order).await;
    let window = opened.header("location").to_owned();
    http(url, key, "POST", &format!("{window}/approve"), &Value::Null).await;
    window.strip_prefix("/window/").unwrap().to_owned()
}
