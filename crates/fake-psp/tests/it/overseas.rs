//! Cancels of overseas payments: IN_PROGRESS, then DONE or ABORTED, told by webhook.

use std::time::Duration;

use fake_psp::{Config, Endpoint, Match, Verdict};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    golden::lines,
    shop::{Reply, Shop, minutes},
    webhooks::{Merchant, serve},
};

const HOOK: &str = "http://shop.test/hook";

fn shop(config: Config) -> Shop {
    Shop::with(Config { webhook_urls: vec![HOOK.to_owned()], ..config })
}

/// Paid by PayPal: the payment key.
async fn paid(shop: &Shop) -> String {
    let body = json!({"orderId": "order-0001", "orderName": "x", "amount": 10_000,
        "method": "FOREIGN_EASY_PAY",
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    let reply = shop.post("/window/payments", None, body).await;
    let key = reply.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    shop.press(&key, "approve").await;
    assert_eq!(shop.confirm(&key, "order-0001", 10_000, None).await.word(), "DONE");
    key
}

async fn cancel(shop: &Shop, key: &str, amount: Option<i64>, id: &str) -> Reply {
    let body = json!({"cancelReason": "변심", "cancelAmount": amount, "cancelRequestId": id});
    shop.post(&format!("/v1/payments/{key}/cancel"), None, body).await
}

async fn payment(shop: &Shop, key: &str) -> Value {
    shop.get(&format!("/v1/payments/{key}")).await.json()
}

/// Statuses of the cancels.
fn cancels(payment: &Value) -> Vec<&str> {
    let cancels = payment["cancels"].as_array().unwrap().iter();
    cancels.map(|cancel| cancel["cancelStatus"].as_str().unwrap()).collect()
}

fn told(merchant: &Merchant) -> Vec<Value> {
    let bodies = merchant.received().into_iter().map(|received| received.body);
    bodies.filter(|body| body["eventType"] == "CANCEL_STATUS_CHANGED").collect()
}

#[tokio::test(start_paused = true)]
async fn golden_cancel_overseas() {
    let (shop, merchant) = (shop(Config::default()), Merchant::new(200));
    let _served = serve(&shop.psp, &merchant);
    let key = paid(&shop).await;
    let asked = cancel(&shop, &key, None, "refund-0001").await;
    insta::assert_snapshot!("cancel_in_progress", lines(&asked));
    assert_eq!(shop.balance(), 10_000, "no money has moved");
    sleep(Duration::from_secs(61)).await;
    let done = payment(&shop, &key).await;
    assert_eq!((done["status"].as_str(), cancels(&done)), (Some("CANCELED"), vec!["DONE"]));
    assert_eq!((done["balanceAmount"].as_i64(), shop.balance()), (Some(0), 0));
    assert_eq!(done["lastTransactionKey"], done["cancels"][0]["transactionKey"]);
    insta::assert_snapshot!(
        "cancel_status_changed",
        serde_json::to_string_pretty(&told(&merchant)).unwrap()
    );
    let events: Vec<_> = merchant.received().iter().map(|r| r.body["eventType"].clone()).collect();
    assert_eq!(
        events,
        ["PAYMENT_STATUS_CHANGED", "PAYMENT_STATUS_CHANGED", "CANCEL_STATUS_CHANGED"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_being_cancelled_cannot_be_cancelled_again() {
    let shop = shop(Config::default());
    let key = paid(&shop).await;
    for (amount, id, word) in [
        (Some(6_000), "short", "INVALID_REQUEST"),
        (Some(6_000), "refund-0001", "DONE"),
        (Some(4_001), "refund-0002", "NOT_CANCELABLE_AMOUNT"),
        (None, "refund-0003", "DONE"),
        (None, "refund-0004", "NOT_CANCELABLE_AMOUNT"),
    ] {
        assert_eq!(cancel(&shop, &key, amount, id).await.word(), word, "{id}");
    }
    assert!(shop.psp.cancel_from_console(&key, None, "by hand").is_err());
    shop.pass(minutes(1));
    let done = payment(&shop, &key).await;
    assert_eq!((done["status"].as_str(), shop.balance()), (Some("PARTIAL_CANCELED"), 0));
    let left: Vec<_> =
        done["cancels"].as_array().unwrap().iter().map(|one| &one["refundableAmount"]).collect();
    assert_eq!(left, [&json!(4_000), &json!(0)]);
    shop.pass(minutes(24 * 60));
    let rows = shop.get("/v1/settlements?startDate=2026-01-02&endDate=2026-01-02").await.json();
    let amounts: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["amount"]).collect();
    assert_eq!(amounts, [&json!(10_000), &json!(-6_000), &json!(-4_000)]);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_cancel_moves_nothing() {
    let (shop, merchant) = (shop(Config::default()), Merchant::new(200));
    let _served = serve(&shop.psp, &merchant);
    let key = paid(&shop).await;
    let before = payment(&shop, &key).await;
    assert!(shop.psp.abort_cancel(&key).is_err(), "nothing is in progress");
    cancel(&shop, &key, None, "refund-0001").await;
    shop.psp.abort_cancel(&key).unwrap();
    sleep(Duration::from_secs(61)).await;
    let after = payment(&shop, &key).await;
    assert_eq!(cancels(&after), ["ABORTED"]);
    for field in ["status", "balanceAmount", "lastTransactionKey", "suppliedAmount"] {
        assert_eq!(after[field], before[field]);
    }
    assert_eq!(shop.balance(), 10_000);
    let told: Vec<_> =
        told(&merchant).iter().map(|body| body["data"]["cancelStatus"].clone()).collect();
    assert_eq!(told, ["ABORTED"]);
    assert_eq!(cancel(&shop, &key, None, "refund-0002").await.status, 200, "it can be tried again");
    shop.pass(minutes(1));
    assert_eq!(
        (payment(&shop, &key).await["status"].as_str(), shop.balance()),
        (Some("CANCELED"), 0)
    );
}

#[tokio::test(start_paused = true)]
async fn overseas_cancels_can_be_done_at_once() {
    let merchant = Merchant::new(200);
    let shop = shop(Config { overseas_cancel_minutes: None, ..Config::default() });
    let _served = serve(&shop.psp, &merchant);
    let key = paid(&shop).await;
    let done = cancel(&shop, &key, None, "refund-0001").await.json();
    assert_eq!((done["status"].as_str(), cancels(&done)), (Some("CANCELED"), vec!["DONE"]));
    sleep(Duration::from_secs(61)).await;
    assert!(told(&merchant).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_webhook_need_not_name_the_payment() {
    let merchant = Merchant::new(200);
    let shop = shop(Config { cancel_webhook_names_payment: false, ..Config::default() });
    let _served = serve(&shop.psp, &merchant);
    let key = paid(&shop).await;
    cancel(&shop, &key, None, "refund-0001").await;
    sleep(Duration::from_secs(61)).await;
    let data = told(&merchant).remove(0)["data"].clone();
    assert_eq!(data["cancelRequestId"], "refund-0001");
    assert!(data.get("paymentKey").is_none() && data.get("orderId").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_nth_row_is_the_nth_transaction_that_moved_money() {
    let shop = shop(Config::default());
    let key = paid(&shop).await;
    cancel(&shop, &key, Some(1_000), "refund-0001").await;
    shop.psp.abort_cancel(&key).unwrap();
    cancel(&shop, &key, Some(2_000), "refund-0002").await;
    cancel(&shop, &key, Some(3_000), "refund-0003").await;
    shop.pass(minutes(24 * 60));
    for (nth, left) in [(2, [10_000, -3_000]), (3, [10_000, -2_000])] {
        let on = Match { endpoint: Endpoint::SettlementFile, nth: Some(nth), ..Match::default() };
        shop.break_with([(on, Verdict::Missing)]);
        let rows = shop.get("/v1/settlements?startDate=2026-01-02&endDate=2026-01-02").await.json();
        let amounts: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["amount"]).collect();
        assert_eq!(amounts, left.map(|amount| json!(amount)).iter().collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_aborted_by_the_control_api() {
    let shop = shop(Config::default());
    let key = paid(&shop).await;
    let path = format!("/_fake/payments/{key}");
    let abort = format!("{path}/abort-cancel");
    let refused = shop.post(&abort, None, Value::Null).await;
    assert_eq!((refused.status, &*refused.word()), (409, "NO_CANCEL_IN_PROGRESS"));
    cancel(&shop, &key, None, "refund-0001").await;
    let acts = shop.get(&path).await.json()["acts"].clone();
    assert!(acts.as_array().unwrap().contains(&json!("abort-cancel")), "{acts}");
    assert_eq!(shop.post(&abort, None, Value::Null).await.status, 204);
    assert_eq!(cancels(&payment(&shop, &key).await), ["ABORTED"]);
}
