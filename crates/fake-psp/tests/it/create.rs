//! Payments that the merchant's server opens, and money of other countries.

use fake_psp::Config;
use serde_json::{Value, json};

use crate::{
    golden::lines,
    shop::{Shop, minutes, with},
};

fn order() -> Value {
    json!({"method": "CARD", "amount": 15_000, "orderId": "order-0001", "orderName": "생수 외 1건",
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"})
}

async fn created(shop: &Shop, changes: &Value) -> String {
    let reply = shop.post("/v1/payments", None, with(order(), changes)).await;
    assert_eq!(reply.word(), "READY");
    reply.json()["paymentKey"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_buyer_pays_at_the_checkout_url() {
    let shop = Shop::new();
    let body = with(
        order(),
        &json!({"taxFreeAmount": 5_000, "metadata": {"seat": "A-1", "count": 2},
            "customerName": "김토스", "customerEmail": "a@b.kr", "unknown": [1]}),
    );
    let reply = shop.post("/v1/payments", None, body).await;
    insta::assert_snapshot!("create", lines(&reply));
    let created = reply.json();
    let key = created["paymentKey"].as_str().unwrap();
    let url = created["checkout"]["url"].as_str().unwrap();
    let page = url.strip_prefix(&shop.psp.config().public_url).unwrap();
    assert_eq!(shop.get(page).await.status, 200);
    shop.press(key, "approve").await;
    assert_eq!(shop.confirm(key, "order-0001", 15_000, None).await.word(), "DONE");
    let again = shop.post("/v1/payments", None, order()).await;
    assert_eq!((again.status, &*again.word()), (400, "DUPLICATED_ORDER_ID"));
    shop.pass(minutes(1));
    let idle = shop.post("/v1/payments", None, with(order(), &json!({"orderId": "order-2"})));
    let idle = idle.await.json()["paymentKey"].as_str().unwrap().to_owned();
    shop.pass(minutes(30));
    assert_eq!(shop.status_of(&idle).await, "EXPIRED");
}

#[tokio::test(start_paused = true)]
async fn orders_are_checked() {
    let shop = Shop::new();
    let too_many: serde_json::Map<_, _> = (0..6).map(|n| (n.to_string(), json!("x"))).collect();
    for (changes, code) in [
        (json!({"method": "BARTER"}), "NOT_SUPPORTED_METHOD"),
        (json!({"orderId": "short"}), "INVALID_ORDER_ID"),
        (json!({"orderId": null}), "INVALID_REQUIRED_PARAM"),
        (json!({"orderName": "x".repeat(101)}), "INVALID_ORDER_NAME"),
        (json!({"amount": null}), "REQUIRED_AMOUNT"),
        (json!({"amount": 0}), "BELOW_ZERO_AMOUNT"),
        (json!({"amount": 99}), "BELOW_MINIMUM_AMOUNT"),
        (json!({"amount": 100.5}), "INVALID_REQUEST"),
        (json!({"method": "계좌이체", "amount": 199}), "BELOW_MINIMUM_AMOUNT"),
        (json!({"method": "TRANSFER", "amount": 10_000_001}), "EXCEEDS_TRANSFER_AMOUNT_MAXIMUM"),
        (json!({"taxFreeAmount": 15_001}), "INVALID_REQUEST"),
        (json!({"currency": "EUR"}), "INVALID_CURRENCY"),
        (json!({"currency": "USD", "method": "TRANSFER"}), "NOT_SUPPORTED_USD"),
        (json!({"currency": "JPY", "method": "MOBILE_PHONE"}), "INVALID_CURRENCY"),
        (json!({"customerEmail": "nobody"}), "INVALID_EMAIL"),
        (json!({"metadata": too_many}), "INVALID_REQUEST"),
        (json!({"metadata": {"k".repeat(41): "x"}}), "INVALID_REQUEST"),
        (json!({"metadata": {"k": "v".repeat(2001)}}), "INVALID_REQUEST"),
        (json!({"successUrl": null}), "INCORRECT_SUCCESS_URL_FORMAT"),
        (json!({"failUrl": "javascript:alert(1)"}), "INCORRECT_FAIL_URL_FORMAT"),
    ] {
        let reply = shop.post("/v1/payments", None, with(order(), &changes)).await;
        assert_eq!((reply.status, &*reply.word()), (400, code), "{changes}");
    }
    assert!(shop.psp.calls().iter().all(|call| call.payment_key.is_none()));
}

#[tokio::test(start_paused = true)]
async fn what_the_buyer_chose_has_limits_too() {
    let shop = Shop::new();
    for (order_id, amount, code) in [
        ("order-0001", 150, "BELOW_MINIMUM_AMOUNT"),
        ("order-0002", 10_000_001, "EXCEEDS_TRANSFER_AMOUNT_MAXIMUM"),
    ] {
        let key = created(&shop, &json!({"orderId": order_id, "amount": amount})).await;
        let chosen = json!({"method": "TRANSFER"});
        shop.post(&format!("/window/{key}/approve"), None, chosen).await;
        let reply = shop.confirm(&key, order_id, amount, None).await;
        assert_eq!((reply.status, &*reply.word()), (400, code));
        assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
    }
    assert!(shop.psp.book().is_empty());
}

#[tokio::test(start_paused = true)]
async fn dollars_are_counted_in_cents() {
    let shop = Shop::with(Config {
        cancel_transactions_negative: true,
        overseas_cancel_minutes: None,
        ..Config::default()
    });
    let changes = json!({"method": "FOREIGN_EASY_PAY", "currency": "USD", "amount": 726.24});
    let key = created(&shop, &changes).await;
    shop.press(&key, "approve").await;
    let confirm = json!({"paymentKey": key, "orderId": "order-0001", "amount": 726.25});
    let wrong = shop.post("/v1/payments/confirm", None, confirm.clone()).await;
    assert_eq!(wrong.word(), "INVALID_REQUEST");
    let exact = with(confirm, &json!({"amount": "726.240"}));
    let done = shop.post("/v1/payments/confirm", None, exact).await;
    insta::assert_snapshot!("confirm_usd", lines(&done));
    let path = format!("/v1/payments/{key}/cancel");
    let part = json!({"cancelReason": "환불", "cancelAmount": 181.56, "currency": "USD"});
    for (changes, code) in [
        (json!({"currency": "KRW"}), "INVALID_REQUEST"),
        (json!({"cancelAmount": 181.565}), "INVALID_REQUEST"),
        (json!({"cancelAmount": 726.25}), "NOT_CANCELABLE_AMOUNT"),
        (json!({"refundableAmount": 726}), "NOT_MATCHES_REFUNDABLE_AMOUNT"),
    ] {
        let reply = shop.post(&path, None, with(part.clone(), &changes)).await;
        assert_eq!(reply.word(), code, "{changes}");
    }
    let left = shop.post(&path, None, part).await.json();
    // The one real record: 544.68 left, of which 49.52 is VAT.
    assert_eq!(
        [&left["balanceAmount"], &left["vat"], &left["suppliedAmount"]],
        [&json!(544.68), &json!(49.52), &json!(495.16)]
    );
    assert_eq!(left["totalAmount"], json!(726.24));
    assert_eq!(left["cancels"][0]["refundableAmount"], json!(544.68));
    let rows = shop.get("/v1/transactions?startDate=2026-01-01&endDate=2026-01-09").await.json();
    let told: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["amount"]).collect();
    assert_eq!(told, [&json!(726.24), &json!(-181.56)]);
    assert_eq!(rows[1]["currency"], "USD");
    assert_eq!(shop.balance(), 54_468, "in cents");
}

#[tokio::test(start_paused = true)]
async fn the_settings_of_the_window_are_taken_too() {
    let shop = Shop::new();
    let changes = json!({"orderId": 1_234_567, "amount": "50000", "cardCompany": "현대",
        "cardInstallmentPlan": "3", "useCardPoint": "true", "useEscrow": "true", "metadata": null,
        "cultureExpense": true});
    let reply = shop.post("/v1/payments", None, with(order(), &changes)).await.json();
    let key = reply["paymentKey"].as_str().unwrap();
    shop.press(key, "approve").await;
    let done = shop.confirm(key, "1234567", 50_000, None).await.json();
    assert_eq!(done["card"]["issuerCode"], "61");
    assert_eq!(done["card"]["installmentPlanMonths"], 3);
    assert_eq!((&done["useEscrow"], &done["cultureExpense"]), (&json!(true), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn yen_have_no_smaller_unit() {
    let shop = Shop::new();
    let yen = json!({"currency": "JPY", "amount": 1});
    let fraction = with(order(), &json!({"currency": "JPY", "amount": 1.5}));
    assert_eq!(shop.post("/v1/payments", None, fraction).await.word(), "INVALID_REQUEST");
    let key = created(&shop, &yen).await;
    shop.press(&key, "approve").await;
    let done = shop.confirm(&key, "order-0001", 1, None).await.json();
    assert_eq!((&done["currency"], &done["totalAmount"]), (&json!("JPY"), &json!(1)));
    assert_eq!(shop.cancel(&key, None, None).await.word(), "CANCELED");
}
