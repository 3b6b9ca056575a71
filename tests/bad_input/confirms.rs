//! Confirmations that must not take any money.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::shop::Shop;

pub(crate) async fn wrong_confirms(shop: &Shop) {
    let order = shop.order("to-confirm").await;
    let confirm = |body: &Value| shop.post("/v1/payments/confirm").json(body);
    let body = |key: &str, order: &str, amount: Value| json!({"paymentKey": key, "orderId": order, "amount": amount});
    for amount in ["14999", "15000.5", "-15000", "0", "", "1e9", "150000"] {
        let ask = confirm(&body("key-1", &order, json!(amount)));
        shop.refuses(amount, ask, 422, Some("amount"), &["nothing was charged"]).await;
    }
    let ask = confirm(&body("key-1", &order, json!(15_000)));
    shop.refuses("a number", ask, 422, Some("amount"), &["string"]).await;
    for unknown in ["ord-unknown", "", "ord-\u{0}", "' OR 1=1 --"] {
        let ask = confirm(&body("key-1", unknown, json!("15000")));
        shop.refuses(unknown, ask, 404, None, &["no such order"]).await;
    }
    for key in ["", "a b", "../cancel", "k\u{0}", &"k".repeat(201)] {
        let ask = confirm(&body(key, &order, json!("15000")));
        shop.refuses(key, ask, 422, Some("paymentKey"), &["1 to 200"]).await;
    }
    let ask = confirm(&json!({"payment_key": "k", "orderId": order, "amount": "15000"}));
    let hint = ["did you mean `paymentKey`?"];
    shop.refuses("another spelling", ask, 422, Some("payment_key"), &hint).await;
    assert_eq!(shop.asked.load(Ordering::Relaxed), 0, "the executor was asked for money");

    // Now a good one. The executor knows nothing, so neither do we.
    let told = shop.send(confirm(&body("key-1", &order, json!("15000")))).await;
    assert_eq!((told.status, &told.json()["status"]), (202, &json!("EXECUTING")), "{}", told.body);
    let ask = confirm(&body("key-2", &order, json!("15000")));
    shop.refuses("a second payment", ask, 409, None, &["another payment"]).await;
    let other = shop.order("another").await;
    let ask = confirm(&body("key-1", &other, json!("15000")));
    shop.refuses("another order's payment", ask, 409, None, &["another order"]).await;
    let again = shop.send(confirm(&body("key-1", &order, json!("15000")))).await;
    assert_eq!(again.status, 202, "{}", again.body);
}
