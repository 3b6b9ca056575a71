//! From the charge to the merchant's account: cycles, holidays, settlement by hand, what the card
//! company does, fees by parts.

use fake_psp::{Config, SettlementCycle};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    golden::lines,
    settlements::file,
    shop::{Reply, Shop, minutes},
};

const DAY: i64 = 24 * 60;
const ALL: &str = "startDate=2026-01-01&endDate=2026-12-31";

async fn hand_in(shop: &Shop, key: &str) -> Reply {
    shop.post("/v1/settlements", None, json!({"paymentKey": key})).await
}

async fn payment(shop: &Shop, key: &str) -> Value {
    shop.get(&format!("/v1/payments/{key}")).await.json()
}

/// Paid by another method than a card: the payment key.
async fn paid_by(shop: &Shop, order_id: &str, method: &str) -> String {
    let body = json!({"orderId": order_id, "orderName": "x", "amount": 10_000, "method": method,
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    let reply = shop.post("/window/payments", None, body).await;
    let key = reply.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    shop.press(&key, "approve").await;
    shop.confirm(&key, order_id, 10_000, None).await;
    if method == "VIRTUAL_ACCOUNT" {
        shop.psp.deposit(&key, 10_000, None).unwrap();
    }
    key
}

fn days_of(rows: &[Value]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| (row["soldDate"].as_str().unwrap(), row["paidOutDate"].as_str().unwrap()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_day_of_sale_goes_by_the_cycle() {
    for (settlement_cycle, days) in [
        (SettlementCycle::Daily, ("2026-01-02", "2026-01-06")),
        (SettlementCycle::Weekly, ("2026-01-04", "2026-01-06")),
        (SettlementCycle::Monthly, ("2026-01-31", "2026-02-03")),
    ] {
        let shop = Shop::with(Config { settlement_cycle, ..Config::default() });
        shop.paid("order-0001", 10_000).await; // Friday
        assert!(file(&shop, ALL).await.is_empty());
        shop.pass(minutes(DAY));
        assert_eq!(days_of(&file(&shop, ALL).await), [days], "readable the day after the sale");
    }
}

#[tokio::test(start_paused = true)]
async fn banks_are_closed_on_korean_holidays() {
    let shop = Shop::with(Config::korean());
    shop.pass(minutes(42 * DAY)); // Friday, 13 February 2026: Seollal is from Monday to Wednesday
    shop.paid("order-0001", 10_000).await;
    shop.pass(minutes(DAY));
    assert_eq!(days_of(&file(&shop, ALL).await), [("2026-02-13", "2026-02-20")]);
}

#[tokio::test(start_paused = true)]
async fn golden_settlement_by_hand() {
    let shop = Shop::with(Config { manual_settlement: true, ..Config::default() });
    let key = shop.paid("order-0001", 10_000).await;
    paid_by(&shop, "order-0002", "TRANSFER").await;
    shop.pass(minutes(3 * DAY));
    let orders = async |shop: &Shop| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = file(shop, ALL).await;
        rows.iter().map(|row| (text(&row["orderId"]), text(&row["soldDate"]))).collect()
    };
    let pair = |order: &str, day: &str| (order.to_owned(), day.to_owned());
    assert_eq!(orders(&shop).await, [pair("order-0002", "2026-01-02")], "only cards wait");
    insta::assert_snapshot!("manual_settlement", lines(&hand_in(&shop, &key).await));
    shop.pass(minutes(DAY));
    shop.cancel(&key, Some(1_000), None).await;
    shop.pass(minutes(DAY));
    assert_eq!(
        orders(&shop).await,
        [
            pair("order-0002", "2026-01-02"),
            pair("order-0001", "2026-01-05"),
            pair("order-0001", "2026-01-06")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn settlement_by_hand_is_refused() {
    let shop = Shop::with(Config { manual_settlement: true, ..Config::default() });
    let card = shop.paid("order-0001", 10_000).await;
    let transfer = paid_by(&shop, "order-0002", "TRANSFER").await;
    let unpaid = shop.authenticated("order-0003", 10_000).await;
    let refused = |reply: Reply| (reply.status, reply.word());
    for (key, status, code) in [
        ("nothing", 404, "NOT_FOUND_PAYMENT"),
        (&*transfer, 404, "NOT_FOUND_METHOD"),
        (&*unpaid, 403, "FORBIDDEN_REQUEST"),
    ] {
        assert_eq!(refused(hand_in(&shop, key).await), (status, code.to_owned()), "{key}");
    }
    let empty = shop.post("/v1/settlements", None, json!({})).await;
    assert_eq!(refused(empty), (400, "INVALID_REQUEST".to_owned()));
    assert_eq!(hand_in(&shop, &card).await.status, 200);
    assert_eq!(refused(hand_in(&shop, &card).await), (403, "FORBIDDEN_REQUEST".to_owned()));

    let without_contract = Shop::new();
    let card = without_contract.paid("order-0001", 10_000).await;
    assert_eq!(
        refused(hand_in(&without_contract, &card).await),
        (403, "FORBIDDEN_REQUEST".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn the_card_company_buys_the_sale_and_gives_it_back() {
    let shop = Shop::with(Config::korean());
    let acquired = async |key: &str| payment(&shop, key).await["card"]["acquireStatus"].clone();
    let early = shop.paid("order-0001", 10_000).await;
    let kept = shop.paid("order-0002", 10_000).await;
    let late = shop.paid("order-0003", 10_000).await;
    assert_eq!(acquired(&kept).await, "READY");
    shop.cancel(&early, None, None).await;
    assert_eq!(acquired(&early).await, "CANCELED", "nobody had asked for it");
    shop.pass(minutes(14 * 60)); // Saturday
    assert_eq!(acquired(&kept).await, "REQUESTED");
    shop.cancel(&late, None, None).await;
    assert_eq!(acquired(&late).await, "CANCEL_REQUESTED");
    shop.pass(minutes(2 * DAY)); // Monday
    assert_eq!(acquired(&kept).await, "COMPLETED");
    for key in [early, late] {
        assert_eq!(acquired(&key).await, "CANCELED");
    }
}

#[tokio::test(start_paused = true)]
async fn by_hand_the_card_company_is_asked_by_the_merchant() {
    let shop = Shop::with(Config { manual_settlement: true, ..Config::korean() });
    let key = shop.paid("order-0001", 10_000).await;
    let acquired = async |key: &str| payment(&shop, key).await["card"]["acquireStatus"].clone();
    shop.pass(minutes(3 * DAY));
    assert_eq!(acquired(&key).await, "READY");
    hand_in(&shop, &key).await;
    assert_eq!(acquired(&key).await, "REQUESTED");
    shop.pass(minutes(DAY));
    assert_eq!(acquired(&key).await, "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn settled_is_what_was_paid_out() {
    let shop = Shop::new();
    for (n, (method, object)) in [
        ("TRANSFER", "transfer"),
        ("VIRTUAL_ACCOUNT", "virtualAccount"),
        ("MOBILE_PHONE", "mobilePhone"),
        ("CULTURE_GIFT_CERTIFICATE", "giftCertificate"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = paid_by(&shop, &format!("order-{n:04}"), method).await;
        let shown = payment(&shop, &key).await[object]["settlementStatus"].clone();
        assert_eq!(shown, "INCOMPLETED", "{method}");
    }
    shop.pass(SignedDuration::from_hours(4 * 24)); // Tuesday: paid out
    for row in file(&shop, ALL).await {
        let objects = ["transfer", "virtualAccount", "mobilePhone", "giftCertificate"];
        let shown: Vec<_> = objects.into_iter().filter(|name| row[name].is_object()).collect();
        assert_eq!(shown.len(), 1);
        assert_eq!(row[shown[0]]["settlementStatus"], "COMPLETED", "{row}");
    }
}
