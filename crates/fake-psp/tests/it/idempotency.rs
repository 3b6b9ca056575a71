//! The laws of idempotency keys.

use fake_psp::{Config, Endpoint, Fate, Match, Verdict};
use jiff::SignedDuration;

use crate::shop::{Shop, at, refuse};

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
