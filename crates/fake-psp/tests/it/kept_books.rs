//! Cash receipts, cancels in progress, promotions and settlement go on where they were.

use std::time::Duration;

use fake_psp::{FakePsp, Running};
use serde_json::{Value, json};

use crate::wire::http;

const KEY: &str = "test_sk_hanbeon";
const DAY: Duration = Duration::from_secs(86_400);

async fn post(toss: &Running, path: &str, body: Value) -> Value {
    http(toss.url(), KEY, "POST", path, &body).await.json()
}

async fn get(toss: &Running, path: &str) -> Value {
    http(toss.url(), KEY, "GET", path, &Value::Null).await.json()
}

fn payment_path(payment: &Value) -> String {
    format!("/v1/payments/{}", payment["paymentKey"].as_str().unwrap())
}

/// Opened, paid in the window and confirmed: the payment.
async fn paid(toss: &Running, order_id: &str, change: &Value) -> Value {
    let mut body = json!({"orderId": order_id, "orderName": "x", "amount": 15_000,
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let opened = http(toss.url(), KEY, "POST", "/window/payments", &body).await;
    let key = opened.header("location").rsplit('/').next().unwrap().to_owned();
    http(toss.url(), KEY, "POST", &format!("/window/{key}/pay"), &json!({})).await;
    let body = json!({"paymentKey": key, "orderId": order_id, "amount": 15_000});
    post(toss, "/v1/payments/confirm", body).await
}

#[tokio::test]
async fn everything_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("toss.db");
    let start = async || FakePsp::builder().data(&file).start().await.unwrap();
    let toss = start().await;
    let wish = json!({"method": "TRANSFER", "transfer": {"cashReceipt": {"type": "소득공제"}}});
    let transfer = paid(&toss, "order-0001", &wish).await;
    let abroad = paid(&toss, "order-0002", &json!({"method": "FOREIGN_EASY_PAY"})).await;
    let reason = json!({"cancelReason": "변심"});
    let asked = post(&toss, &format!("{}/cancel", payment_path(&abroad)), reason).await;
    assert_eq!(asked["cancels"][0]["cancelStatus"], "IN_PROGRESS");
    let offer = json!({"method": "CARD", "card": {"discountCode": "FAKE-1000"}});
    let card = paid(&toss, "order-0003", &offer).await;
    assert_eq!(card["discount"]["amount"], 1_000);
    let day = transfer["cashReceipts"][0]["requestedAt"].as_str().unwrap().split('T').next();
    let receipts = format!("/v1/cash-receipts?requestDate={}", day.unwrap());
    let before = [get(&toss, &receipts).await, get(&toss, "/v1/promotions/card").await];
    drop(toss);

    let toss = start().await;
    let after = [get(&toss, &receipts).await, get(&toss, "/v1/promotions/card").await];
    // The address of the fake is another one.
    let plain = |mut values: [Value; 2]| {
        values[0]["data"][0]["receiptUrl"] = Value::Null;
        values
    };
    assert_eq!(plain(after), plain(before));
    // Longer than any holidays.
    toss.advance(DAY * 20);
    assert_eq!(get(&toss, &payment_path(&abroad)).await["status"], "CANCELED");
    let done = get(&toss, &payment_path(&card)).await;
    assert_eq!(done["card"]["acquireStatus"], "COMPLETED");
    let transfer = get(&toss, &payment_path(&transfer)).await;
    assert_eq!(transfer["cashReceipts"][0]["issueStatus"], "COMPLETED");
    assert_eq!(transfer["transfer"]["settlementStatus"], "COMPLETED");
    let again = json!({"amount": 1_000, "orderId": "order-0001", "orderName": "x", "type": "소득공제",
        "customerIdentityNumber": "01012345678"});
    let refused = post(&toss, "/v1/cash-receipts", again).await;
    assert_eq!(refused["code"], "DUPLICATED_CASH_RECEIPT", "the indexes are there");
}
