//! Promotions: listed, and what they do to a payment.

use fake_psp::{CardDiscount, Config, Promotions};
use jiff::{SignedDuration, civil::date};
use serde_json::{Value, json};

use crate::{golden::lines, shop::Shop};

fn shop() -> Shop {
    Shop::with(Config { promotions: Promotions::samples(), ..Config::default() })
}

/// Opens the window with options of a card, pays with its first test card (of issuer 21) and
/// confirms: the payment.
async fn paid(shop: &Shop, order_id: &str, amount: i64, card: Value, months: &str) -> Value {
    let body = json!({"orderId": order_id, "orderName": "x", "amount": amount, "method": "CARD",
        "card": card, "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    let reply = shop.post("/window/payments", None, body).await;
    let key = reply.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let form = [("method", "CARD"), ("installment", months)];
    assert_eq!(shop.browse(&format!("/window/{key}/pay"), Some(&form)).await.status, 303);
    shop.confirm(&key, order_id, amount, None).await.json()
}

fn code() -> Value {
    json!({"discountCode": "FAKE-1000"})
}

async fn left(shop: &Shop) -> i64 {
    let cards = shop.get("/v1/promotions/card").await.json();
    cards["discountCards"][0]["balance"].as_i64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn golden_promotions() {
    let shop = shop();
    insta::assert_snapshot!("promotions", lines(&shop.get("/v1/promotions").await));
    insta::assert_snapshot!("promotions_card", lines(&shop.get("/v1/promotions/card").await));
    let none = Shop::new();
    assert_eq!(none.get("/v1/promotions").await.json(), json!([]));
    let cards = none.get("/v1/promotions/card").await.json();
    assert_eq!(cards, json!({"discountCards": [], "interestFreeCards": []}));
}

#[tokio::test(start_paused = true)]
async fn a_discount_is_shown_and_not_taken_from_the_merchant() {
    let shop = shop();
    let payment = paid(&shop, "order-0001", 15_000, code(), "0").await;
    assert_eq!(payment["discount"], json!({"amount": 1_000}));
    assert_eq!(
        (&payment["totalAmount"], &payment["card"]["amount"]),
        (&json!(15_000), &json!(15_000))
    );
    assert_eq!(left(&shop).await, 9_999_000);
    shop.pass(SignedDuration::from_hours(24));
    let rows = shop.get("/v1/settlements?startDate=2026-01-02&endDate=2026-01-02").await.json();
    assert_eq!(rows[0]["amount"], 15_000);
}

#[tokio::test(start_paused = true)]
async fn a_discount_has_conditions() {
    let shop = shop();
    for (n, (amount, card)) in [
        (9_999, code()),
        (1_000_001, code()),
        (15_000, json!({})),
        (15_000, json!({"discountCode": "SOMETHING-ELSE"})),
        (15_000, json!({"discountCode": "FAKE-1000", "cardCompany": "61", "flowMode": "DIRECT"})),
    ]
    .into_iter()
    .enumerate()
    {
        let payment = paid(&shop, &format!("order-{n:04}"), amount, card.clone(), "0").await;
        assert_eq!(
            (&payment["status"], &payment["discount"]),
            (&json!("DONE"), &Value::Null),
            "{card}"
        );
    }
    assert_eq!(left(&shop).await, 10_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_discount_ends_with_its_budget_and_its_last_day() {
    let mut promotions = Promotions::samples();
    promotions.discounts[0] = CardDiscount {
        budget: 1_500,
        due_date: date(2026, 1, 3),
        ..promotions.discounts[0].clone()
    };
    let shop = Shop::with(Config { promotions, ..Config::default() });
    let first = paid(&shop, "order-0001", 15_000, code(), "0").await;
    assert_eq!(first["discount"]["amount"], 1_000);
    let second = paid(&shop, "order-0002", 15_000, code(), "0").await;
    assert_eq!((&second["discount"], left(&shop).await), (&Value::Null, 500));
    shop.cancel(first["paymentKey"].as_str().unwrap(), None, None).await;
    assert_eq!(left(&shop).await, 1_500, "given back");
    shop.pass(SignedDuration::from_hours(37)); // Saturday, half past eleven in the evening
    assert_eq!(paid(&shop, "order-0003", 15_000, code(), "0").await["discount"]["amount"], 1_000);
    shop.pass(SignedDuration::from_hours(1));
    assert_eq!(paid(&shop, "order-0004", 15_000, code(), "0").await["discount"], Value::Null);
    let cards = shop.get("/v1/promotions/card").await.json();
    assert_eq!(cards["discountCards"], json!([]), "over");
}

#[tokio::test(start_paused = true)]
async fn less_than_the_discount_cannot_be_cancelled() {
    let shop = shop();
    let payment = paid(&shop, "order-0001", 15_000, code(), "0").await;
    let key = payment["paymentKey"].as_str().unwrap();
    let refused = shop.cancel(key, Some(999), None).await;
    assert_eq!((refused.status, &*refused.word()), (400, "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT"));
    let part = shop.cancel(key, Some(14_500), None).await.json();
    assert_eq!(part["cancels"][0]["cardDiscountAmount"], 0);
    let rest = shop.cancel(key, None, None).await.json();
    assert_eq!(rest["cancels"][1]["cardDiscountAmount"], 1_000);
    assert_eq!((&rest["balanceAmount"], &rest["discount"]), (&json!(0), &json!({"amount": 1_000})));
}

#[tokio::test(start_paused = true)]
async fn somebody_pays_for_instalments() {
    let shop = shop();
    let merchant = json!({"freeInstallmentPlans": [{"company": "21", "months": [2, 6]}]});
    for (n, (months, card, payer, free)) in [
        ("0", json!({}), Value::Null, false),
        ("3", json!({}), json!("CARD_COMPANY"), true),
        ("4", json!({}), json!("BUYER"), false),
        ("6", merchant.clone(), json!("MERCHANT"), true),
        ("2", merchant, json!("MERCHANT"), true),
    ]
    .into_iter()
    .enumerate()
    {
        let payment = paid(&shop, &format!("order-{n:04}"), 60_000, card, months).await;
        let card = &payment["card"];
        assert_eq!(
            (&card["interestPayer"], &card["isInterestFree"]),
            (&payer, &json!(free)),
            "{months}"
        );
    }
}
