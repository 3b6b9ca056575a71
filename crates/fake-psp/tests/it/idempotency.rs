//! The laws of idempotency keys.

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use fake_psp::{Config, Endpoint, Fate, Match, Verdict};
use jiff::SignedDuration;
use serde_json::json;

use crate::shop::{Reply, Shop, at, refuse};

#[tokio::test(start_paused = true)]
async fn replay_is_byte_identical() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let first = shop.cancel(&key, Some(300), Some("c")).await;
    // The body is not part of the key: another amount gets the first answer.
    let replay = shop.cancel(&key, Some(700), Some("c")).await;
    assert_eq!((first.status, &first.raw), (replay.status, &replay.raw));
    assert_eq!(shop.balance(), 700);
    assert_eq!(replay.headers["idempotency-key"], "c");
    let traces: Vec<_> = replay.headers.get_all("x-tosspayments-trace-id").iter().collect();
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[1], first.headers["x-tosspayments-trace-id"]);
    assert!(shop.psp.calls().last().unwrap().replayed);
    let other = shop.cancel(&key, Some(700), Some("c2")).await;
    assert_eq!(other.json()["balanceAmount"], 0);
    shop.pass(SignedDuration::from_hours(15 * 24));
    let forgotten = shop.cancel(&key, Some(1), Some("c")).await;
    assert_eq!(forgotten.word(), "NOT_CANCELABLE_AMOUNT");
}

#[tokio::test(start_paused = true)]
async fn four_xx_is_bound_to_the_key() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let first = shop.cancel(&key, Some(1_001), Some("c")).await;
    let corrected = shop.cancel(&key, Some(300), Some("c")).await;
    assert_eq!((first.status, &first.raw), (corrected.status, &corrected.raw));
    assert_eq!(shop.balance(), 1_000);
    let long = "k".repeat(301);
    assert_eq!(shop.cancel(&key, None, Some(&long)).await.word(), "INVALID_IDEMPOTENCY_KEY");
    let whole = "k".repeat(300);
    assert_eq!(shop.cancel(&key, None, Some(&whole)).await.word(), "CANCELED");
}

#[tokio::test(start_paused = true)]
async fn the_same_key_at_another_url_is_another_key() {
    let shop = Shop::new();
    let one = shop.paid("order-0001", 1_000).await;
    let two = shop.paid("order-0002", 2_000).await;
    assert_eq!(shop.cancel(&one, None, Some("c")).await.json()["orderId"], "order-0001");
    assert_eq!(shop.cancel(&two, None, Some("c")).await.json()["orderId"], "order-0002");
    // Confirm has one URL for all payments: here a reused key is a trap.
    let three = shop.authenticated("order-0003", 1_000).await;
    let four = shop.authenticated("order-0004", 1_000).await;
    shop.confirm(&three, "order-0003", 1_000, Some("k")).await;
    let trapped = shop.confirm(&four, "order-0004", 1_000, Some("k")).await;
    assert_eq!(trapped.json()["orderId"], "order-0003");
    assert_eq!(shop.status_of(&four).await, "IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn a_replay_passes_through_the_faults_of_the_wire() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let first = shop.cancel(&key, Some(300), Some("c")).await;
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Cancel) }, Verdict::ActThenClose)]);
    assert_eq!(shop.cancel(&key, Some(300), Some("c")).await.fate, Some(Fate::Close));
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Cancel) }, refuse("PROVIDER_ERROR"))]);
    let replay = shop.cancel(&key, Some(300), Some("c")).await;
    assert_eq!(replay.raw, first.raw, "a refusal is Toss's own, and Toss remembers the key");
    shop.break_with([(at(Endpoint::Cancel), refuse("COMMON_ERROR"))]);
    assert_eq!(shop.cancel(&key, Some(300), Some("c")).await.status, 500);
    assert_eq!(shop.balance(), 700);
}

#[tokio::test(start_paused = true)]
async fn five_xx_is_bound_only_by_the_switch() {
    let shop = Shop::with(Config { bind_5xx: true, ..Config::default() });
    let key = shop.authenticated("order-0001", 1_000).await;
    let code = "UNKNOWN_PAYMENT_ERROR".to_owned();
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Confirm) }, Verdict::Decline { code })]);
    let first = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!(first.status, 500);
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.raw, first.raw);
}

/// A cancel of the payment, with the whole of its request in the caller's hands.
async fn cancel_as(shop: &Shop, secret: &str, path: &str, key: &[u8], amount: i64) -> Reply {
    let credentials = BASE64_STANDARD.encode(format!("{secret}:"));
    let request = Request::post(path)
        .header("authorization", format!("Basic {credentials}"))
        .header("idempotency-key", HeaderValue::from_bytes(key).unwrap())
        .body(Body::from(json!({"cancelReason": "x", "cancelAmount": amount}).to_string()));
    shop.send(request.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_key_is_bound_to_api_key_and_url() {
    let secret_keys = vec!["test_sk_hanbeon".to_owned(), "test_sk_other".to_owned()];
    let shop = Shop::with(Config { secret_keys, ..Config::default() });
    let payment = shop.paid("order-0001", 1_000).await;
    let path = format!("/v1/payments/{payment}/cancel");
    let with_query = format!("{path}?from=batch");
    let slashed = format!("{path}/");
    for (secret, path, left) in [
        ("test_sk_hanbeon", &path, 900),
        ("test_sk_other", &path, 800),
        ("test_sk_hanbeon", &with_query, 700),
        ("test_sk_other", &with_query, 600),
        // Seen before, but for a slash.
        ("test_sk_hanbeon", &slashed, 900),
    ] {
        let reply = cancel_as(&shop, secret, path, b"k", 100).await;
        assert_eq!(reply.json()["balanceAmount"], left, "{secret} {path}");
    }
    assert_eq!(shop.balance(), 600);
}

#[tokio::test(start_paused = true)]
async fn three_hundred_characters_of_any_script() {
    let shop = Shop::new();
    let payment = shop.paid("order-0001", 1_000).await;
    let path = format!("/v1/payments/{payment}/cancel");
    let korean = "열".repeat(300);
    let first = cancel_as(&shop, "test_sk_hanbeon", &path, korean.as_bytes(), 100).await;
    let replay = cancel_as(&shop, "test_sk_hanbeon", &path, korean.as_bytes(), 100).await;
    assert_eq!((first.status, &first.raw), (200, &replay.raw));
    assert_eq!(replay.headers["idempotency-key"].as_bytes(), korean.as_bytes());
    assert_eq!(shop.balance(), 900);
    let longer = format!("{korean}쇠");
    let refused = cancel_as(&shop, "test_sk_hanbeon", &path, longer.as_bytes(), 100).await;
    assert_eq!((refused.status, &*refused.word()), (400, "INVALID_IDEMPOTENCY_KEY"));
    let again = cancel_as(&shop, "test_sk_hanbeon", &path, longer.as_bytes(), 100).await;
    assert_eq!(again.headers.get_all("x-tosspayments-trace-id").iter().count(), 1, "not bound");
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_is_answered_409() {
    let shop = Shop::new();
    let payment = shop.paid("order-0001", 1_000).await;
    shop.break_with([(
        Match { nth: Some(1), ..at(Endpoint::Cancel) },
        Verdict::Delay { ms: 5_000 },
    )]);
    let meanwhile = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        shop.cancel(&payment, Some(300), Some("c")).await
    };
    let slow = shop.cancel(&payment, Some(300), Some("c"));
    let (answered, meanwhile) = tokio::join!(slow, meanwhile);
    assert_eq!((meanwhile.status, &*meanwhile.word()), (409, "IDEMPOTENT_REQUEST_PROCESSING"));
    assert_eq!(meanwhile.headers["idempotency-key"], "c");
    assert_eq!(answered.word(), "PARTIAL_CANCELED");
    assert_eq!(shop.cancel(&payment, Some(300), Some("c")).await.raw, answered.raw);
    assert_eq!(shop.balance(), 700);
}

#[tokio::test(start_paused = true)]
async fn only_posts_have_keys() {
    let shop = Shop::new();
    let card = json!({"customerKey": "buyer", "cardNumber": "9410001234567890",
        "cardExpirationYear": "30", "cardExpirationMonth": "12", "customerIdentityNumber": "900101"});
    let issued = shop.post("/v1/billing/authorizations/card", Some("k"), card).await.json();
    let path = format!("/v1/billing/{}", issued["billingKey"].as_str().unwrap());
    let payment = shop.paid("order-0001", 1_000).await;
    let read = format!("/v1/payments/{payment}");
    let ask = async |method: &str, path: &str| {
        let request = Shop::request(method, path).header("idempotency-key", "k");
        shop.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask("GET", &read).await.word(), "DONE");
    shop.cancel(&payment, None, None).await;
    let reply = ask("GET", &read).await;
    assert_eq!(reply.word(), "CANCELED", "a read is never a replay");
    assert!(reply.headers.get("idempotency-key").is_none());
    assert_eq!(ask("DELETE", &path).await.status, 200);
    assert_eq!(ask("DELETE", &path).await.word(), "ALREADY_REMOVED_BILLING_KEY");
    let long = Shop::request("GET", &read).header("idempotency-key", "k".repeat(301));
    assert_eq!(shop.send(long.body(Body::empty()).unwrap()).await.status, 200);
}
