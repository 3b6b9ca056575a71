//! The library's way to a running fake: what a Rust test of a shop would write.

use std::time::Duration;

use fake_psp::{Endpoint, FakePsp, Programme, Rule, Verdict};
use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpListener, time::timeout};

use crate::shop::at;
use crate::wire::{authenticated, http, try_http};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_test_starts_it_takes_a_payment_and_reads_the_book() {
    let merchant = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/hook", merchant.local_addr().unwrap());
    let toss = FakePsp::builder()
        .secret_key("test_sk_mine")
        .webhook_url(hook)
        .seed(1)
        .config(|config| config.merchant_id = "myshop".to_owned())
        .start()
        .await
        .unwrap();
    assert_eq!(toss.secret_key(), "test_sk_mine");
    assert_eq!(toss.config().public_url, toss.url());
    let key = authenticated(toss.url(), "test_sk_mine", "order-0001", 1_000).await;
    let confirm = json!({"paymentKey": key, "orderId": "order-0001", "amount": 1_000});
    let path = "/v1/payments/confirm";
    let reply = http(toss.url(), "test_sk_hanbeon", "POST", path, &confirm).await;
    assert_eq!(reply.status, 401, "the default key is not known any more");
    let reply = http(toss.url(), "test_sk_mine", "POST", path, &confirm).await;
    assert_eq!((reply.status, &reply.json()["mId"]), (200, &json!("myshop")));
    assert_eq!(toss.book().len(), 1);
    let (mut socket, _) = timeout(LIMIT, merchant.accept()).await.unwrap().unwrap();
    let mut webhook = [0; 10];
    timeout(LIMIT, socket.read_exact(&mut webhook)).await.unwrap().unwrap();
    assert_eq!(&webhook, b"POST /hook");
}

#[tokio::test]
async fn its_faults_are_installed_from_the_start_and_from_the_handle() {
    let rule = |then| Rule { name: None, on: at(Endpoint::Confirm), then };
    let programme = Programme { rules: vec![rule(Verdict::ActThenClose)] };
    let toss = FakePsp::builder().faults(programme).start().await.unwrap();
    let key = authenticated(toss.url(), toss.secret_key(), "order-0001", 1_000).await;
    let confirm = json!({"paymentKey": key, "orderId": "order-0001", "amount": 1_000});
    let path = "/v1/payments/confirm";
    let lost = try_http(toss.url(), toss.secret_key(), "POST", path, &confirm).await;
    assert!(lost.is_none(), "{lost:?}");
    assert_eq!((toss.book().len(), toss.applied().len()), (1, 1));
    toss.heal();
    let reply = http(toss.url(), toss.secret_key(), "POST", path, &confirm).await;
    assert_eq!(reply.json()["code"], "ALREADY_PROCESSED_PAYMENT");
}

#[tokio::test]
async fn dropped_it_stops_at_once_and_its_port_is_free() {
    let rule = Rule { name: None, on: at(Endpoint::Any), then: Verdict::HangBefore };
    let programme = Programme { rules: vec![rule] };
    let toss = FakePsp::builder().faults(programme).start().await.unwrap();
    let address = toss.url().strip_prefix("http://").unwrap().to_owned();
    let (url, key) = (toss.url().to_owned(), toss.secret_key().to_owned());
    let null = json!(null);
    let hanging = try_http(&url, &key, "GET", "/v1/payments/x", &null);
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(toss);
        TcpListener::bind(address).await.unwrap();
    };
    let (answer, ()) = timeout(LIMIT, async { tokio::join!(hanging, stopping) }).await.unwrap();
    assert!(answer.is_none(), "{answer:?}");
}

#[tokio::test]
async fn it_says_why_it_cannot_start() {
    let taken = FakePsp::start().await;
    let address = taken.url().strip_prefix("http://").unwrap().parse().unwrap();
    let error = FakePsp::builder().listen(address).start().await.unwrap_err();
    assert!(error.to_string().contains("choose another address"), "{error}");
}
