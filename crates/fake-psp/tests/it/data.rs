//! A fake with a file goes on where it was, however it ended.

use std::{path::Path, sync::Arc, time::Duration};

use fake_psp::{Endpoint, FakePsp, Rule, Running, Verdict};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::Child,
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

use crate::{
    binary,
    shop::at,
    wire::{authenticated, http, try_http_keyed},
};

const LIMIT: Duration = Duration::from_secs(20);
const KEY: &str = "test_sk_hanbeon";

/// The binary with a file: the process and its URL.
async fn process(file: &Path, more: &[&str]) -> (Child, String) {
    let mut args = vec!["--data", file.to_str().unwrap()];
    args.extend(more);
    let (child, address) = binary::start(&args).await;
    (child, format!("http://{address}"))
}

async fn kill(mut child: Child) {
    child.start_kill().unwrap();
    timeout(LIMIT, child.wait()).await.unwrap().unwrap();
}

/// The library's fake on the same file.
async fn go_on(file: &Path) -> Running {
    FakePsp::builder().data(file).start().await.unwrap()
}

fn confirmation(key: &str, nth: usize) -> Value {
    json!({"paymentKey": key, "orderId": format!("order-{nth:04}"), "amount": 1_000 + nth})
}

/// Confirms under an idempotency key: the answer, if there was one.
async fn confirm(url: &str, key: &str, nth: usize) -> Option<String> {
    let (body, bound) = (confirmation(key, nth), format!("confirm-{nth}"));
    let path = "/v1/payments/confirm";
    let answer = try_http_keyed(url, KEY, "POST", path, &body, Some(&bound)).await?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    Some(answer.body)
}

async fn read(url: &str, key: &str) -> Value {
    http(url, KEY, "GET", &format!("/v1/payments/{key}"), &Value::Null).await.json()
}

#[tokio::test]
async fn killed_in_the_middle_of_confirms_it_has_lost_none_that_was_acknowledged() {
    const PAYMENTS: usize = 40;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let (child, url) = process(&file, &[]).await;
    let mut keys = Vec::new();
    for nth in 0..PAYMENTS {
        let order = format!("order-{nth:04}");
        keys.push(authenticated(&url, KEY, &order, 1_000 + i64::try_from(nth).unwrap()).await);
    }
    let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
    let (keys, shared_url) = (Arc::new(keys), Arc::new(url));
    let mut buyers = JoinSet::new();
    for nth in 0..PAYMENTS {
        let (keys, url, tell) = (keys.clone(), shared_url.clone(), acknowledged.clone());
        buyers.spawn(async move {
            if let Some(body) = confirm(&url, &keys[nth], nth).await {
                tell.send((nth, body)).unwrap();
            }
        });
    }
    drop(acknowledged);
    let mut answers = Vec::new();
    while answers.len() < PAYMENTS / 4 {
        answers.push(timeout(LIMIT, acknowledgements.recv()).await.unwrap().unwrap());
    }
    kill(child).await;
    // Some more answers may have left before it died.
    while let Some(answer) = acknowledgements.recv().await {
        answers.push(answer);
    }

    let (child, url) = process(&file, &[]).await;
    let book = http(&url, KEY, "GET", "/_fake/book", &Value::Null).await.json();
    let booked = |key: &str| {
        book.as_array().unwrap().iter().filter(|line| line["payment_key"] == key).count()
    };
    for (nth, body) in &answers {
        assert_eq!(booked(&keys[*nth]), 1, "an acknowledged confirm is in the book");
        assert_eq!(confirm(&url, &keys[*nth], *nth).await.as_ref(), Some(body));
    }
    for nth in 0..PAYMENTS {
        assert!(confirm(&url, &keys[nth], nth).await.is_some());
        assert_eq!(read(&url, &keys[nth]).await["status"], "DONE");
    }
    let book = http(&url, KEY, "GET", "/_fake/book", &Value::Null).await.json();
    assert_eq!(book.as_array().unwrap().len(), PAYMENTS, "each was charged once");
    kill(child).await;
}

#[tokio::test]
async fn what_can_be_read_is_the_same_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let (child, url) = process(&file, &["--webhook-url", "http://127.0.0.1:9/hook"]).await;
    let key = authenticated(&url, KEY, "order-0000", 1_000).await;
    let faults = json!({"rules": [
        {"name": "late", "on": {"endpoint": "confirm", "probability": 1.0}, "then": {"delay": {"ms": 1}}},
        {"on": {"endpoint": "settlement_file"}, "then": {"duplicate": {"times": 1}}},
    ]});
    http(&url, KEY, "POST", "/_fake/faults", &faults).await;
    confirm(&url, &key, 0).await.unwrap();
    let cancel = json!({"cancelReason": "변심", "cancelAmount": 300});
    http(&url, KEY, "POST", &format!("/v1/payments/{key}/cancel"), &cancel).await;
    let wanted = json!({
        "orderId": "order-0001", "orderName": "x", "amount": 50_000, "customerKey": "customer-1",
        "method": "CARD", "card": {"cardCompany": "HYUNDAI", "maxCardInstallmentPlan": 3},
        "successUrl": "http://s.test", "failUrl": "http://f.test",
    });
    let window = http(&url, KEY, "POST", "/window/payments", &wanted).await;
    let billing = http(&url, KEY, "POST", "/window/billing-auths", &wanted).await;
    let paths = [
        window.header("location").to_owned(),
        billing.header("location").to_owned(),
        "/_fake/book".to_owned(),
        "/_fake/faults".to_owned(),
        "/_fake/faults/applied".to_owned(),
        format!("/v1/payments/{key}"),
        "/v1/payments/orders/order-0000".to_owned(),
        "/v1/transactions?startDate=2026-01-01T00:00:00&endDate=2099-01-01T00:00:00".to_owned(),
    ];
    let mut before = Vec::new();
    for path in &paths {
        let body = http(&url, KEY, "GET", path, &Value::Null).await.body;
        before.push(body.replace(&url, "HERE"));
    }
    let calls = http(&url, KEY, "GET", "/_fake/calls", &Value::Null).await.json();
    let trace = http(&url, KEY, "GET", "/v1/payments/x", &Value::Null).await;
    kill(child).await;

    let (child, url) = process(&file, &["--seed", "1"]).await;
    let kept = http(&url, KEY, "GET", "/_fake/calls", &Value::Null).await.json();
    let (kept, calls) = (kept.as_array().unwrap(), calls.as_array().unwrap());
    assert_eq!(kept[..calls.len()], calls[..]);
    for (path, before) in paths.iter().zip(before) {
        let after = http(&url, KEY, "GET", path, &Value::Null).await.body;
        assert_eq!(after.replace(&url, "HERE"), before, "{path}");
    }
    let again = http(&url, KEY, "GET", "/v1/payments/x", &Value::Null).await;
    let id = "x-tosspayments-trace-id";
    assert_ne!(again.header(id), trace.header(id), "a trace id names one call");
    kill(child).await;
}

#[tokio::test]
async fn reviews_deadlines_and_late_acts_go_on_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let (child, url) = process(&file, &[]).await;
    let held = authenticated(&url, KEY, "order-0000", 1_000).await;
    let late = authenticated(&url, KEY, "order-0001", 1_001).await;
    let idle = authenticated(&url, KEY, "order-0002", 1_002).await;
    let faults = json!({"rules": [
        {"on": {"endpoint": "confirm", "order": "order-0000"}, "then": {"hold": {"ms": 3_600_000}}},
        {"on": {"endpoint": "confirm", "order": "order-0001"}, "then": {"delay": {"ms": 300_000}}},
    ]});
    http(&url, KEY, "POST", "/_fake/faults", &faults).await;
    let told = confirm(&url, &held, 0).await.unwrap();
    assert!(told.contains("IN_PROGRESS"), "{told}");
    let given_up = timeout(Duration::from_millis(300), confirm(&url, &late, 1)).await;
    assert!(given_up.is_err(), "the client lost its patience");
    kill(child).await;

    let toss = go_on(&file).await;
    assert_eq!(toss.book(), [], "nothing was charged so far");
    toss.advance(Duration::from_mins(5));
    assert_eq!(read(toss.url(), &late).await["status"], "DONE");
    toss.advance(Duration::from_mins(6));
    assert_eq!(read(toss.url(), &idle).await["status"], "EXPIRED");
    assert_eq!(read(toss.url(), &held).await["status"], "IN_PROGRESS");
    toss.advance(Duration::from_mins(50));
    assert_eq!(read(toss.url(), &held).await["status"], "DONE");
    assert_eq!(toss.book().len(), 2);
    let ahead = toss.now();
    drop(toss);
    let toss = go_on(&file).await;
    assert!(toss.now() >= ahead, "the clock stays as far ahead");
    assert_eq!(toss.book().len(), 2);
}

#[tokio::test]
async fn webhooks_that_nobody_took_are_sent_again_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let merchant = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/hook", merchant.local_addr().unwrap());
    let (child, url) = process(&file, &["--webhook-url", &hook]).await;
    let key = authenticated(&url, KEY, "order-0000", 1_000).await;
    confirm(&url, &key, 0).await.unwrap();
    let (mut first, _) = timeout(LIMIT, merchant.accept()).await.unwrap().unwrap();
    let mut head = [0; 4];
    timeout(LIMIT, first.read_exact(&mut head)).await.unwrap().unwrap();
    // Killed while it waits for an answer.
    kill(child).await;

    let toss = FakePsp::builder().data(&file).webhook_url(&hook).start().await.unwrap();
    wait_for_attempts(&toss, 1).await;
    toss.advance(Duration::from_mins(1));
    let (mut second, _) = timeout(LIMIT, merchant.accept()).await.unwrap().unwrap();
    let mut request = vec![0; 4096];
    let read = timeout(LIMIT, second.read(&mut request)).await.unwrap().unwrap();
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    assert!(request.contains("retried-count: 1\r\n"), "{request}");
    second.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    wait_for_attempts(&toss, 2).await;
    let outcomes: Vec<_> = toss.transmissions().into_iter().map(|one| one.outcome).collect();
    assert!(outcomes[0].is_err(), "the first attempt counts as not acknowledged: {outcomes:?}");
    assert_eq!(outcomes[1], Ok(200));
}

async fn wait_for_attempts(toss: &Running, attempts: usize) {
    let wait = async {
        while toss.transmissions().len() < attempts {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, wait).await.unwrap();
}

/// Neither half a Korean letter in a cut webhook nor a client's garbage is text: both are kept.
#[tokio::test]
async fn what_is_no_text_is_kept_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let toss = FakePsp::builder()
        .data(&file)
        .webhook_url("http://127.0.0.1:1/hook")
        .config(|config| config.secret_keys = vec![KEY.to_owned()])
        .start()
        .await
        .unwrap();
    toss.add_rule(Rule { name: None, on: at(Endpoint::Webhook), then: Verdict::CutBody }).unwrap();
    for nth in 0..12 {
        let order = format!("order-{}{nth:04}", "x".repeat(nth));
        let key = authenticated(toss.url(), KEY, &order, 1_000).await;
        let body = json!({"paymentKey": key, "orderId": order, "amount": 1_000});
        let answer = http(toss.url(), KEY, "POST", "/v1/payments/confirm", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let late = Verdict::Delay { ms: 60_000 };
    toss.add_rule(Rule { name: None, on: at(Endpoint::Confirm), then: late }).unwrap();
    let (url, late) = (toss.url().to_owned(), tokio::time::Duration::from_millis(300));
    let mut client =
        tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = "POST /v1/payments/confirm HTTP/1.1\r\nhost: x\r\n\
                authorization: Basic dGVzdF9za19oYW5iZW9uOg==\r\ncontent-length: 2\r\n\r\n";
    client.write_all(&[head.as_bytes(), &[0xFF, 0xFE]].concat()).await.unwrap();
    assert!(timeout(late, client.read_u8()).await.is_err(), "it waits");
    assert_eq!(toss.book().len(), 12);
    drop(toss);
    let toss = go_on(&file).await;
    assert_eq!(toss.book().len(), 12);
}

#[tokio::test]
async fn what_is_given_at_the_start_replaces_what_the_file_says() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let rule = |then| Rule { name: None, on: at(Endpoint::Read), then };
    let programme = |then| fake_psp::Programme { rules: vec![rule(then)] };
    let builder = || FakePsp::builder().data(&file);
    let refusing = programme(Verdict::DropRequest);
    drop(builder().faults(refusing.clone()).start().await.unwrap());
    assert_eq!(go_on(&file).await.programme(), refusing);
    let resetting = programme(Verdict::Reset);
    drop(builder().faults(resetting.clone()).start().await.unwrap());
    assert_eq!(go_on(&file).await.programme(), resetting);
}

#[tokio::test]
async fn a_file_that_it_cannot_use_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let refused =
        async |file: &Path| FakePsp::builder().data(file).start().await.unwrap_err().to_string();
    let file = directory.path().join("toss.db");
    let toss = go_on(&file).await;
    let key = authenticated(toss.url(), KEY, "order-0000", 1_000).await;
    let said = refused(&file).await;
    assert!(said.contains("is in use by another process"), "{said}");
    drop(toss);

    let sql = async |statement: &'static str| {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    };
    sql("PRAGMA user_version = 99").await;
    let said = refused(&file).await;
    assert!(said.contains("is of format 99"), "{said}");
    sql("PRAGMA user_version = 1; UPDATE kept SET json = '{}' WHERE kind = 'payment'").await;
    let said = refused(&file).await;
    assert!(said.contains("is damaged: row `payment`") && said.contains(&key), "{said}");
    sql("UPDATE kept SET kind = 'paymint' WHERE kind = 'payment'").await;
    let said = refused(&file).await;
    assert!(said.contains("rows of kind `paymint` are unknown"), "{said}");

    let text = directory.path().join("notes.txt");
    std::fs::write(&text, "nothing that SQLite has ever written, but long enough for a header")
        .unwrap();
    let said = refused(&text).await;
    assert!(said.contains("is not a data file of fake-psp"), "{said}");
    let said = refused(&directory.path().join("nowhere/toss.db")).await;
    assert!(said.contains("has to exist and be writable"), "{said}");
}
