//! What rules match, and what the longer verdicts do in the end.

use fake_psp::{Between, Cause, Config, Endpoint, EventType, Match, Review, State, Verdict};
use jiff::SignedDuration;
use serde_json::json;

use crate::shop::{Shop, at, minutes, refuse};

/// The orders whose reads were refused by a rule.
async fn struck(shop: &Shop, on: Match, keys: &[String]) -> Vec<usize> {
    shop.break_with([(Match { endpoint: Endpoint::Read, ..on }, refuse("NOT_FOUND"))]);
    let mut struck = Vec::new();
    for (position, key) in keys.iter().enumerate() {
        if shop.get(&format!("/v1/payments/{key}")).await.status == 404 {
            struck.push(position);
        }
    }
    struck
}

async fn three(shop: &Shop) -> Vec<String> {
    let mut keys = vec![shop.paid("order-0001", 1_000).await];
    keys.push(shop.authenticated("order-0002", 2_000).await);
    let body = json!({"amount": 3_000, "orderId": "order-0003", "orderName": "x", "bank": "20",
        "customerName": "박토스"});
    let account = shop.post("/v1/virtual-accounts", None, body).await.json();
    keys.push(account["paymentKey"].as_str().unwrap().to_owned());
    keys
}

#[tokio::test(start_paused = true)]
async fn amounts_methods_states_and_keys() {
    let shop = Shop::new();
    let keys = three(&shop).await;
    let method = |name: &str| Match { method: Some(name.to_owned()), ..Match::default() };
    let api_key = |glob: &str| Match { api_key: Some(glob.to_owned()), ..Match::default() };
    let amounts = |min_amount, max_amount| Match { min_amount, max_amount, ..Match::default() };
    for (on, expected) in [
        (amounts(Some(2_000), None), vec![1, 2]),
        (amounts(None, Some(1_999)), vec![0]),
        (amounts(Some(2_000), Some(2_000)), vec![1]),
        (method("CARD"), vec![0, 1]),
        (method("가상계좌"), vec![2]),
        (Match { status: Some(State::InProgress), ..Match::default() }, vec![1]),
        (api_key("test_sk_*"), vec![0, 1, 2]),
        (api_key("live_*"), vec![]),
        (Match { every: Some(2), ..Match::default() }, vec![1]),
        (Match { times: Some(2), ..Match::default() }, vec![0, 1]),
        (Match { times: Some(1), every: Some(2), ..Match::default() }, vec![1]),
    ] {
        assert_eq!(struck(&shop, on.clone(), &keys).await, expected, "{on:?}");
    }
    let again: Vec<_> = [0, 0, 0, 0].map(|_| keys[0].clone()).into();
    let from = Match { from_nth: Some(3), ..Match::default() };
    assert_eq!(struck(&shop, from, &again).await, [2, 3]);
    let sixth = Match { every: Some(3), times: Some(1), ..Match::default() };
    assert_eq!(struck(&shop, sixth, &[keys.clone(), keys.clone()].concat()).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn hours_of_the_day() {
    let shop = Shop::new();
    let keys = three(&shop).await;
    let night: Between = serde_json::from_value(json!(["23:30", "00:30"])).unwrap();
    let night = Match { between: Some(night), ..Match::default() };
    assert!(struck(&shop, night.clone(), &keys).await.is_empty(), "it is half past ten");
    shop.pass(minutes(13 * 60));
    assert_eq!(struck(&shop, night.clone(), &keys).await, [0, 1, 2]);
    shop.pass(minutes(60));
    assert!(struck(&shop, night, &keys).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn cancel_amounts_and_events() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let on = Match { cancel_amount: Some(700), ..at(Endpoint::Cancel) };
    shop.break_with([(on, refuse("PROVIDER_ERROR"))]);
    assert_eq!(shop.cancel(&key, Some(300), None).await.status, 200);
    assert_eq!(shop.cancel(&key, None, None).await.word(), "PROVIDER_ERROR", "the rest is 700");

    let webhook_urls = vec!["http://shop.test/hook".to_owned()];
    let shop = Shop::with(Config { webhook_urls, ..Config::default() });
    let event = Some(EventType::DepositCallback);
    shop.break_with([(Match { event, ..at(Endpoint::Webhook) }, Verdict::Drop)]);
    let keys = three(&shop).await;
    shop.psp.deposit(&keys[2], 3_000, None).unwrap();
    assert_eq!(shop.psp.applied().len(), 1);
    let canceled = Match { status: Some(State::Canceled), ..at(Endpoint::Webhook) };
    shop.break_with([(canceled, Verdict::Drop)]);
    shop.cancel(&keys[0], None, None).await;
    assert_eq!(shop.psp.applied().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn somebody_cancels_in_the_console() {
    let shop = Shop::new();
    let half = Verdict::ConsoleCancel { ms: 60_000, amount: Some(400) };
    shop.break_with([(at(Endpoint::Confirm), half)]);
    let key = shop.paid("order-0001", 1_000).await;
    assert_eq!(shop.status_of(&key).await, "DONE");
    shop.pass(minutes(1));
    let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
    assert_eq!(
        (&payment["status"], &payment["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(600))
    );
    assert_eq!(shop.psp.book().last().unwrap().cause, Cause::Console);

    let late = Verdict::ConsoleCancel { ms: 60_000, amount: None };
    shop.break_with([(at(Endpoint::Confirm), late)]);
    let key = shop.paid("order-0002", 1_000).await;
    shop.cancel(&key, None, None).await;
    shop.pass(minutes(1));
    assert_eq!(shop.balance(), 600, "there was nothing left to cancel");
}

#[tokio::test(start_paused = true)]
async fn reviews_end_as_they_are_decided() {
    let shop = Shop::new();
    let code = "REJECT_CARD_COMPANY".to_owned();
    shop.break_with([(at(Endpoint::Confirm), Verdict::HoldThenDecline { ms: 60_000, code })]);
    let key = shop.authenticated("order-0001", 1_000).await;
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "IN_PROGRESS");
    shop.pass(minutes(1));
    assert_eq!(shop.status_of(&key).await, "ABORTED");
    let answer = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!(answer.word(), "REJECT_CARD_COMPANY", "the key's answer in the end");

    shop.break_with([(at(Endpoint::Confirm), Verdict::Review)]);
    let key = shop.authenticated("order-0002", 1_000).await;
    assert_eq!(shop.confirm(&key, "order-0002", 1_000, None).await.word(), "IN_PROGRESS");
    shop.pass(SignedDuration::from_hours(24 * 365));
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
    shop.psp.decide_review(&key, &Review::Approve {}).unwrap();
    assert_eq!((shop.status_of(&key).await.as_str(), shop.balance()), ("DONE", 1_000));
}

#[tokio::test(start_paused = true)]
async fn maintenance_ends_and_binds_nothing() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    let verdict = Verdict::Maintenance { code: None, status: Some(503) };
    shop.break_with([(Match { times: Some(1), ..at(Endpoint::Confirm) }, verdict)]);
    let reply = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!((reply.status, &*reply.word()), (503, "MAINTAINED_METHOD"));
    assert_eq!(reply.json()["message"], "현재 점검 중 입니다.");
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "DONE");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_shows_in_the_answer_only() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(at(Endpoint::Confirm), Verdict::ClockOff { ms: -540_000 })]);
    let off = shop.confirm(&key, "order-0001", 1_000, None).await.json();
    assert_eq!(off["approvedAt"], "2026-01-02T10:21:00+09:00");
    let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
    assert_eq!(payment["approvedAt"], "2026-01-02T10:30:00+09:00");
}
