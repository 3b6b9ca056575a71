//! Faults below HTTP, over a real loopback.

use std::{io, sync::Arc, time::Duration};

use axum::body::Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use fake_psp::{Deliver, DeliverError, Endpoint, Match, Verdict};
use futures::future::BoxFuture;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

use crate::shop::{Shop, at};

struct NoMerchant;

impl Deliver for NoMerchant {
    fn deliver(
        &self,
        _: String,
        _: Vec<(String, String)>,
        _: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>> {
        Box::pin(async { Err(DeliverError("nobody listens".to_owned())) })
    }
}

struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    tasks: JoinSet<()>,
}

async fn serve(shop: &Shop) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    let psp = shop.psp.clone();
    tasks.spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        psp.serve_tcp(listener, Arc::new(NoMerchant), stopped).await;
    });
    Served { address, stop, tasks }
}

/// Confirms over a connection of its own; what came back until it was closed.
async fn confirm(served: &Served, key: &str) -> io::Result<String> {
    let body = json!({"paymentKey": key, "orderId": "order-0001", "amount": 1_000}).to_string();
    let auth = BASE64_STANDARD.encode("test_sk_hanbeon:");
    let request = format!(
        "POST /v1/payments/confirm HTTP/1.1\r\nhost: toss\r\nauthorization: Basic {auth}\r\n\
         idempotency-key: k\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(served.address).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

async fn confirm_under(verdict: Verdict) -> (Shop, Served, String, io::Result<String>) {
    let shop = Shop::new();
    let served = serve(&shop).await;
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Confirm) }, verdict)]);
    let answer = confirm(&served, &key).await;
    (shop, served, key, answer)
}

#[tokio::test]
async fn an_honest_answer_carries_the_date_of_the_handed_clock() {
    let (_, _, _, answer) = confirm_under(Verdict::Pass).await;
    let answer = answer.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("date: Fri, 02 Jan 2026 01:30:0"), "{answer}");
}

#[tokio::test]
async fn closed_without_a_byte() {
    for (verdict, taken) in [(Verdict::DropRequest, 0), (Verdict::ActThenClose, 1_000)] {
        let (shop, served, key, answer) = confirm_under(verdict).await;
        assert_eq!(answer.unwrap(), "");
        assert_eq!(shop.balance(), taken);
        assert!(confirm(&served, &key).await.unwrap().contains("\"DONE\""));
        assert_eq!(shop.balance(), 1_000);
    }
}

#[tokio::test]
async fn reset_is_a_reset() {
    for (verdict, taken) in [(Verdict::Reset, 0), (Verdict::ActThenReset, 1_000)] {
        let (shop, _, _, answer) = confirm_under(verdict).await;
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(shop.balance(), taken);
    }
}

#[tokio::test]
async fn cut_in_the_middle_of_the_body() {
    let (shop, _, _, answer) = confirm_under(Verdict::ActThenCut).await;
    let answer = answer.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let length: usize = length.parse().unwrap();
    assert!(!body.is_empty() && body.len() < length, "{} of {length}", body.len());
    assert_eq!(shop.balance(), 1_000);
}

#[tokio::test]
async fn the_same_answer_twice() {
    let (shop, _, _, answer) = confirm_under(Verdict::AnswerTwice).await;
    let answer = answer.unwrap();
    let half = answer.len() / 2;
    assert_eq!(answer[..half], answer[half..]);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(shop.balance(), 1_000);
}

#[tokio::test]
async fn stopping_does_not_wait_for_the_hanging() {
    let shop = Shop::new();
    let mut served = serve(&shop).await;
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(at(Endpoint::Confirm), Verdict::ActThenHang)]);
    assert!(timeout(Duration::from_millis(200), confirm(&served, &key)).await.is_err());
    assert_eq!(shop.balance(), 1_000);
    let (stop, _) = oneshot::channel();
    std::mem::replace(&mut served.stop, stop).send(()).unwrap();
    let ended = timeout(Duration::from_secs(5), served.tasks.join_next()).await;
    ended.expect("it stops").unwrap().unwrap();
}
