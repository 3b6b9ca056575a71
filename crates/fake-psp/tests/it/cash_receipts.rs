//! Cash receipts: on request and with payments, given back, listed, refused.

use fake_psp::Config;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    golden::lines,
    shop::{Reply, Shop, minutes, with},
    webhooks::{Merchant, serve},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn wish() -> Value {
    json!({"amount": 10_000, "orderId": "order-0001", "orderName": "생수 외 1건",
        "customerIdentityNumber": "010-1234-5678", "type": "소득공제", "taxFreeAmount": 1_000})
}

async fn issue(shop: &Shop, body: Value) -> Reply {
    shop.post("/v1/cash-receipts", None, body).await
}

async fn give_back(shop: &Shop, key: &str, body: Value) -> Reply {
    shop.post(&format!("/v1/cash-receipts/{key}/cancel"), None, body).await
}

async fn list(shop: &Shop, query: &str) -> Reply {
    shop.get(&format!("/v1/cash-receipts?{query}")).await
}

fn key_of(receipt: &Value) -> String {
    receipt["receiptKey"].as_str().unwrap().to_owned()
}

/// A virtual account whose buyer wants a receipt, paid: the payment.
async fn deposited(shop: &Shop, order_id: &str) -> Value {
    let body = json!({"amount": 11_000, "orderId": order_id, "orderName": "x", "bank": "20",
        "customerName": "박토스", "taxFreeAmount": 500,
        "cashReceipt": {"type": "소득공제", "registrationNumber": "01012345678"}});
    let account = shop.post("/v1/virtual-accounts", None, body).await.json();
    assert_eq!(account["cashReceipt"], Value::Null, "nobody has paid yet");
    let key = account["paymentKey"].as_str().unwrap();
    shop.psp.deposit(key, 11_000, None).unwrap();
    shop.get(&format!("/v1/payments/{key}")).await.json()
}

async fn refund(shop: &Shop, payment: &Value, amount: Option<i64>) -> Value {
    let body = json!({"cancelReason": "변심", "cancelAmount": amount, "refundReceiveAccount":
        {"bank": "20", "accountNumber": "1000123456789", "holderName": "박토스"}});
    let path = format!("/v1/payments/{}/cancel", payment["paymentKey"].as_str().unwrap());
    shop.post(&path, None, body).await.json()
}

#[tokio::test(start_paused = true)]
async fn golden_receipts() {
    let shop = Shop::new();
    let issued = issue(&shop, wish()).await;
    insta::assert_snapshot!("cash_receipt", lines(&issued));
    let key = key_of(&issued.json());
    shop.pass(minutes(1));
    let part = give_back(&shop, &key, json!({"amount": 4_000})).await;
    insta::assert_snapshot!("cash_receipt_part", lines(&part));
    shop.pass(DAY);
    insta::assert_snapshot!("cash_receipts", lines(&list(&shop, "requestDate=2026-01-02").await));
    let missing = give_back(&shop, "nothing", Value::Null).await;
    insta::assert_snapshot!("cash_receipt_not_found", lines(&missing));
    let payment = deposited(&shop, "order-0002").await;
    let refunded = refund(&shop, &payment, Some(1_000)).await;
    let fields = ["cashReceipt", "cashReceipts", "cancels"];
    let told: Value = fields.map(|field| (field, refunded[field].clone())).into_iter().collect();
    insta::assert_snapshot!(
        "cash_receipt_of_payment",
        serde_json::to_string_pretty(&told).unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn every_refusal_of_an_issue() {
    let shop = Shop::new();
    for (change, code) in [
        (json!({"orderId": "short"}), "INVALID_ORDER_ID"),
        (json!({"orderId": "order 0001"}), "INVALID_ORDER_ID"),
        (json!({"orderName": ""}), "INVALID_ORDER_NAME"),
        (json!({"orderName": "x".repeat(101)}), "INVALID_ORDER_NAME"),
        (json!({"amount": null}), "INVALID_REQUEST"),
        (json!({"amount": 0}), "INVALID_REQUEST"),
        (json!({"amount": -1}), "INVALID_REQUEST"),
        (json!({"taxFreeAmount": 10_001}), "INVALID_REQUEST"),
        (json!({"customerIdentityNumber": null}), "INVALID_REQUEST"),
        (json!({"customerIdentityNumber": "12345"}), "INVALID_CASH_RECEIPT_INFO"),
        (json!({"type": "지출증빙"}), "INVALID_CASH_RECEIPT_INFO"),
        (json!({"type": "미발행"}), "INVALID_CASH_RECEIPT_INFO"),
        (json!({"businessNumber": "12345"}), "INVALID_BUSINESS_NUMBER"),
    ] {
        let reply = issue(&shop, with(wish(), &change)).await;
        assert_eq!((reply.status, reply.word().as_str()), (400, code), "{change}");
    }
    assert_eq!(list(&shop, "requestDate=2026-01-02").await.json()["data"], json!([]));
    let lenient = json!({"amount": "10000", "customerIdentityNumber": null,
        "registrationNumber": 1_234_567_890, "type": "지출증빙", "businessNumber": "987-65-43210"});
    let receipt = issue(&shop, with(wish(), &lenient)).await.json();
    assert_eq!(receipt["businessNumber"], "9876543210");
    assert_eq!(receipt["customerIdentityNumber"], "1234567890");
    assert_eq!(issue(&shop, wish()).await.word(), "DUPLICATED_CASH_RECEIPT");
    give_back(&shop, &key_of(&receipt), json!({})).await;
    assert_eq!(issue(&shop, wish()).await.status, 200, "given back: another one may be issued");
}

#[tokio::test(start_paused = true)]
async fn no_more_is_given_back_than_was_issued() {
    let shop = Shop::new();
    let key = key_of(&issue(&shop, wish()).await.json());
    assert_eq!(give_back(&shop, &key, json!({"amount": -1})).await.word(), "INVALID_REQUEST");
    let refused =
        |reply: Reply| assert_eq!((reply.status, &*reply.word()), (403, "FORBIDDEN_REQUEST"));
    for amount in [0, 10_001] {
        refused(give_back(&shop, &key, json!({"amount": amount})).await);
    }
    let mut given = Vec::new();
    for body in [json!({"amount": 8_500}), json!({"amount": 1_000}), Value::Null] {
        let receipt = give_back(&shop, &key, body).await.json();
        assert_eq!(receipt["transactionType"], "CANCEL");
        given.push((receipt["amount"].clone(), receipt["taxFreeAmount"].clone()));
        assert!(key_of(&receipt).starts_with(&format!("c_{key}")));
        refused(give_back(&shop, &key_of(&receipt), Value::Null).await);
    }
    let expected = [(8_500, 0), (1_000, 500), (500, 500)];
    assert_eq!(given, expected.map(|(amount, free)| (json!(amount), json!(free))));
    refused(give_back(&shop, &key, Value::Null).await);
    let all = list(&shop, "requestDate=2026-01-02").await.json()["data"].clone();
    let keys: std::collections::BTreeSet<_> = all.as_array().unwrap().iter().map(key_of).collect();
    assert_eq!(keys.len(), 4, "every one has a key of its own");
}

#[tokio::test(start_paused = true)]
async fn the_tax_office_answers_the_day_after() {
    let shop = Shop::new();
    issue(&shop, wish()).await;
    let bad = json!({"orderId": "order-0002", "customerIdentityNumber": "000-0000-0000"});
    let bad = key_of(&issue(&shop, with(wish(), &bad)).await.json());
    let statuses = async |shop: &Shop| {
        let page = list(shop, "requestDate=2026-01-02").await.json();
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["issueStatus"].clone())
            .collect::<Vec<_>>()
    };
    shop.pass(DAY - minutes(1));
    assert_eq!(statuses(&shop).await, ["IN_PROGRESS", "IN_PROGRESS"]);
    shop.pass(minutes(1));
    assert_eq!(statuses(&shop).await, ["COMPLETED", "FAILED"]);
    let page = list(&shop, "requestDate=2026-01-02").await.json();
    assert_eq!(page["data"][1]["failure"]["code"], "NTS_ERROR");
    assert_eq!(give_back(&shop, &bad, Value::Null).await.word(), "FORBIDDEN_REQUEST");
    let again = with(wish(), &json!({"orderId": "order-0002"}));
    assert_eq!(issue(&shop, again).await.status, 200, "a failed one does not count");
}

#[tokio::test(start_paused = true)]
async fn the_list_goes_by_days_and_pages() {
    let shop = Shop::new();
    for n in 0..5 {
        issue(&shop, with(wish(), &json!({"orderId": format!("order-{n}")}))).await;
    }
    shop.pass(minutes(14 * 60)); // Saturday, half past midnight
    issue(&shop, with(wish(), &json!({"orderId": "order-5"}))).await;
    let orders = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["orderId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(orders(&list(&shop, "requestDate=2026-01-03").await.json()), ["order-5"]);
    let (mut cursor, mut found) = (0, Vec::new());
    loop {
        let page =
            list(&shop, &format!("requestDate=2026-01-02&limit=2&cursor={cursor}")).await.json();
        found.extend(orders(&page));
        cursor = page["lastCursor"].as_u64().unwrap();
        if page["hasNext"] == false {
            break;
        }
    }
    assert_eq!(found, ["order-0", "order-1", "order-2", "order-3", "order-4"]);
    for (query, code) in [
        ("", "INVALID_REQUIRED_PARAM"),
        ("requestDate=", "INVALID_REQUIRED_PARAM"),
        ("requestDate=yesterday", "INVALID_DATE"),
        ("requestDate=2026-02-30", "INVALID_DATE"),
        ("requestDate=2026-01-02&cursor=first", "INVALID_PAGING_KEY"),
        ("requestDate=2026-01-02&limit=0", "INVALID_REQUEST"),
        ("requestDate=2026-01-02&limit=10001", "EXCEED_MAX_QUERY_LIMIT"),
    ] {
        assert_eq!(list(&shop, query).await.word(), code, "{query}");
    }
    let old = Shop::with(Config { api_version: "1.4".to_owned(), ..Config::default() });
    let refused = list(&old, "requestDate=2026-01-02").await;
    assert_eq!(refused.word(), "API_VERSION_UPDATE_NEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_deposit_brings_its_receipt_and_a_cancel_takes_it_back() {
    let shop = Shop::new();
    let payment = deposited(&shop, "order-0001").await;
    let receipt = &payment["cashReceipt"];
    assert_eq!((&receipt["amount"], &receipt["taxFreeAmount"]), (&json!(11_000), &json!(500)));
    assert_eq!(issue(&shop, wish()).await.word(), "DUPLICATED_CASH_RECEIPT");

    let part = refund(&shop, &payment, Some(1_000)).await;
    assert_eq!(part["cancels"][0]["receiptKey"], part["cashReceipts"][1]["receiptKey"]);
    let rest = refund(&shop, &payment, None).await;
    let sum: i64 = rest["cashReceipts"].as_array().unwrap().iter().map(signed).sum();
    assert_eq!((rest["balanceAmount"].clone(), sum), (json!(0), 0));
    shop.pass(DAY);
    let rows = shop.get("/v1/settlements?startDate=2026-01-02&endDate=2026-01-02").await.json();
    assert_eq!(rows[1]["cancel"]["receiptKey"], part["cashReceipts"][1]["receiptKey"]);
}

/// Negative for what was given back.
fn signed(receipt: &Value) -> i64 {
    let amount = receipt["amount"].as_i64().unwrap();
    if receipt["transactionType"] == "CANCEL" { -amount } else { amount }
}

#[tokio::test(start_paused = true)]
async fn a_reversed_deposit_gives_its_receipt_back() {
    let shop = Shop::new();
    let payment = deposited(&shop, "order-0001").await;
    let key = payment["paymentKey"].as_str().unwrap();
    shop.psp.reverse_deposit(key).unwrap();
    shop.psp.deposit(key, 11_000, None).unwrap();
    let again = shop.get(&format!("/v1/payments/{key}")).await.json();
    let receipts: Vec<_> = again["cashReceipts"].as_array().unwrap().iter().map(signed).collect();
    assert_eq!(receipts, [11_000, -11_000, 11_000]);
    assert_eq!(again["cashReceipt"]["receiptKey"], again["cashReceipts"][2]["receiptKey"]);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_the_merchant_gave_back_is_not_given_back_twice() {
    let shop = Shop::new();
    let payment = deposited(&shop, "order-0001").await;
    let key = payment["cashReceipt"]["receiptKey"].as_str().unwrap();
    assert_eq!(give_back(&shop, key, json!({"amount": 10_500})).await.status, 200);
    let refunded = refund(&shop, &payment, None).await;
    let receipts: Vec<_> =
        refunded["cashReceipts"].as_array().unwrap().iter().map(signed).collect();
    assert_eq!(receipts, [11_000, -10_500, -500]);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_request_issues_once() {
    let shop = Shop::new();
    let first = shop.post("/v1/cash-receipts", Some("key-1"), wish()).await;
    let other = with(wish(), &json!({"orderId": "order-0002"}));
    let again = shop.post("/v1/cash-receipts", Some("key-1"), other).await;
    assert_eq!(first.raw, again.raw);
    let page = list(&shop, "requestDate=2026-01-02").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_webhook_of_a_deposit_has_its_receipt() {
    let merchant = Merchant::new(200);
    let webhook_urls = vec!["http://shop.test/hook".to_owned()];
    let shop = Shop::with(Config { webhook_urls, ..Config::default() });
    let _served = serve(&shop.psp, &merchant);
    let payment = deposited(&shop, "order-0001").await;
    refund(&shop, &payment, Some(1_000)).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let told: Vec<_> = merchant
        .received()
        .into_iter()
        .filter(|received| received.body["eventType"] == "PAYMENT_STATUS_CHANGED")
        .map(|received| received.body["data"]["cashReceipts"].as_array().map(Vec::len))
        .collect();
    assert_eq!(told, [Some(1), Some(2)]);
}
