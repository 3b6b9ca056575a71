//! Settlement rows: identities, dates, and files that are wrong.

use fake_psp::{Config, Endpoint, Match, Programme, Verdict};
use serde_json::{Value, json};

use crate::shop::{Shop, minutes};

const DAY: i64 = 24 * 60;

pub(crate) async fn file(shop: &Shop, query: &str) -> Vec<Value> {
    let reply = shop.get(&format!("/v1/settlements?{query}")).await;
    reply.json().as_array().unwrap_or_else(|| panic!("{}", reply.text())).clone()
}

/// The settlement rows of the shop's first days.
async fn days(shop: &Shop) -> Vec<Value> {
    file(shop, "startDate=2026-01-01&endDate=2026-01-31").await
}

fn orders(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["orderId"].as_str().unwrap()).collect()
}

fn row_of(order: &str, verdict: Verdict) -> (Match, Verdict) {
    let on = Match {
        endpoint: Endpoint::SettlementFile,
        order: Some(order.to_owned()),
        ..Match::default()
    };
    (on, verdict)
}

#[tokio::test(start_paused = true)]
async fn identities_hold_in_every_row() {
    let shop = Shop::new();
    for (n, amount) in [15_000, 33_333, 101, 99_800].into_iter().enumerate() {
        let key = shop.paid(&format!("order-{n}"), amount).await;
        shop.cancel(&key, Some(amount / 3), None).await;
        shop.cancel(&key, None, None).await;
    }
    assert!(days(&shop).await.is_empty(), "rows come the day after");
    shop.pass(minutes(DAY));
    let rows = days(&shop).await;
    assert_eq!(rows.len(), 12);
    for row in &rows {
        let of = |field: &str| row[field].as_i64().unwrap();
        let fees: i64 =
            row["fees"].as_array().unwrap().iter().map(|fee| fee["fee"].as_i64().unwrap()).sum();
        assert_eq!(of("fee"), fees);
        assert_eq!(of("fee"), of("supplyAmount") + of("vat"));
        assert_eq!(of("payOutAmount"), of("amount") - of("fee"));
        assert_eq!(of("amount") < 0, row["cancel"].is_object());
    }
    let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    assert_eq!(sum, 0, "rows of a payment sum to its balance");
}

#[tokio::test(start_paused = true)]
async fn dates_are_korean_days_and_business_days() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await; // Friday morning
    shop.pass(minutes(14 * 60)); // Saturday, half past midnight
    shop.cancel(&key, None, None).await;
    shop.pass(minutes(2 * DAY));
    let rows = days(&shop).await;
    let dates: Vec<_> = rows.iter().map(|row| (&row["soldDate"], &row["paidOutDate"])).collect();
    assert_eq!(
        dates,
        [
            (&json!("2026-01-02"), &json!("2026-01-06")),
            (&json!("2026-01-03"), &json!("2026-01-06"))
        ]
    );
    assert_eq!(rows[0]["approvedAt"], rows[1]["approvedAt"]);
    let paid = "startDate=2026-01-06&endDate=2026-01-06&dateType=paidOutDate";
    assert_eq!(file(&shop, paid).await, rows);
    assert_eq!(file(&shop, "startDate=2026-01-03&endDate=2026-01-03").await, rows[1..]);
    let wrong = "/v1/settlements?startDate=2026-01-03&endDate=2026-01-03&dateType=sold";
    assert_eq!(shop.get(wrong).await.word(), "INVALID_REQUEST");
}

#[tokio::test(start_paused = true)]
async fn wrong_files() {
    let shop = Shop::new();
    for order in ["order-gone", "order-good", "order-late", "order-many", "order-plus"] {
        shop.paid(order, 10_000).await;
    }
    shop.pass(minutes(DAY));
    shop.break_with([
        row_of("order-gone", Verdict::Missing),
        row_of("order-many", Verdict::Duplicate { times: 2 }),
        row_of("order-plus", Verdict::OffBy { won: -1 }),
        row_of("*late", Verdict::Late { days: 3 }),
    ]);
    let rows = days(&shop).await;
    assert_eq!(
        orders(&rows),
        ["order-good", "order-many", "order-many", "order-many", "order-plus"]
    );
    assert_eq!(rows[4]["amount"], 9_999);
    let mut pages = file(&shop, "startDate=2026-01-01&endDate=2026-01-31&size=2").await;
    for page in ["2", "3"] {
        let query = format!("startDate=2026-01-01&endDate=2026-01-31&size=2&page={page}");
        pages.extend(file(&shop, &query).await);
    }
    assert_eq!(pages, rows, "pages agree with the file");

    shop.pass(minutes(3 * DAY));
    let sunday_after = "startDate=2026-01-05&endDate=2026-01-05";
    let late = file(&shop, sunday_after).await;
    assert_eq!(orders(&late), ["order-late"]);
    assert_eq!(late[0]["paidOutDate"], "2026-01-07");
    assert_eq!(shop.psp.applied().len(), 4, "each row is told once, however often it is read");

    shop.psp.heal();
    assert_eq!(days(&shop).await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_nth_row_of_an_order_is_its_nth_transaction() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    shop.cancel(&key, Some(100), None).await;
    shop.pass(minutes(DAY));
    let on = Match { endpoint: Endpoint::SettlementFile, nth: Some(2), ..Match::default() };
    shop.break_with([(on, Verdict::Missing)]);
    let rows = days(&shop).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["amount"], 1_000);
}

#[tokio::test(start_paused = true)]
async fn every_refusal_of_the_lists() {
    let shop = Shop::new();
    let days = "startDate=2026-01-01&endDate=2026-01-31";
    for (path, code) in [
        ("/v1/settlements", "INVALID_DATE"),
        ("/v1/settlements?startDate=2026-01-01", "INVALID_DATE"),
        ("/v1/settlements?startDate=2026-01-01&endDate=", "INVALID_DATE"),
        ("/v1/settlements?startDate=2026-02-30&endDate=2026-03-01", "INVALID_DATE"),
        ("/v1/settlements?startDate=20260101x&endDate=2026-03-01", "INVALID_DATE"),
        ("/v1/settlements?startDate=2026-01-02&endDate=2026-01-01", "INVALID_DATE"),
        ("/v1/settlements?{days}&dateType=approvedAt", "INVALID_REQUEST"),
        ("/v1/settlements?{days}&page=0", "INVALID_REQUEST"),
        ("/v1/settlements?{days}&page=first", "INVALID_REQUEST"),
        ("/v1/settlements?{days}&size=0", "INVALID_REQUEST"),
        ("/v1/settlements?{days}&size=-1", "INVALID_REQUEST"),
        ("/v1/settlements?{days}&size=5001", "EXCEED_MAX_QUERY_LIMIT"),
        ("/v1/transactions", "INVALID_DATE"),
        ("/v1/transactions?startDate=2026-01-02&endDate=2026-01-01", "INVALID_DATE"),
        ("/v1/transactions?startDate=now&endDate=2026-01-01", "INVALID_DATE"),
        ("/v1/transactions?{days}&limit=0", "INVALID_REQUEST"),
        ("/v1/transactions?{days}&limit=many", "INVALID_REQUEST"),
        ("/v1/transactions?{days}&startingAfter=nothing", "INVALID_TRANSACTION_KEY"),
    ] {
        let reply = shop.get(&path.replace("{days}", days)).await;
        assert_eq!((reply.status, &*reply.word()), (400, code), "{path}");
    }
    for path in [
        "/v1/settlements?{days}&dateType=&page=&size=5000&more=1",
        "/v1/settlements/?startDate=2026-01-01T00:00:00&endDate=2026-01-31T00:00:00",
        "/v1/settlements?{days}&page=1000000000000000000",
        "/v1/transactions/?{days}&startingAfter=&limit=5000",
    ] {
        let reply = shop.get(&path.replace("{days}", days)).await;
        assert_eq!((reply.status, reply.json()), (200, json!([])), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn test_keys_can_be_as_empty_as_tosss() {
    let shop = Shop::with(Config { test_keys_have_no_settlements: true, ..Config::default() });
    shop.paid("order-0001", 1_000).await;
    shop.pass(minutes(DAY));
    assert!(days(&shop).await.is_empty());
    let wrong = shop.get("/v1/settlements?startDate=x&endDate=2026-01-01").await;
    assert_eq!(wrong.word(), "INVALID_DATE", "looked at first");
}

#[tokio::test(start_paused = true)]
async fn a_preview_tells_what_will_come_and_what_will_be_wrong() {
    let shop = Shop::new();
    shop.paid("order-0001", 15_000).await;
    shop.paid("order-0002", 20_000).await;
    let wrong = r#"
        [[rules]]
        name = "gone"
        on = { endpoint = "settlement_file", order = "order-0002", times = 1 }
        then = "missing"
    "#;
    shop.psp.install(Programme::from_toml(wrong).unwrap());
    let preview = async || shop.get("/_fake/settlements").await.json();
    let before = preview().await;
    assert_eq!(before[0]["order_id"], "order-0001");
    assert_eq!((&before[0]["visible"], &before[0]["rule"]), (&json!(false), &Value::Null));
    assert_eq!((&before[1]["rule"], &before[1]["verdict"]), (&json!("gone"), &json!("missing")));
    assert_eq!(preview().await, before, "looking changes nothing");
    assert!(shop.psp.applied().is_empty());

    shop.pass(minutes(DAY));
    assert_eq!(preview().await[0]["visible"], true);
    let day = before[0]["sold_date"].as_str().unwrap();
    let list = format!("/v1/settlements?startDate={day}&endDate={day}");
    let list = shop.get(&list).await.json();
    let rows = list.as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["orderId"]), (1, &json!("order-0001")));
    assert_eq!(rows[0]["payOutAmount"], before[0]["pay_out_amount"]);
    let refused = shop.get("/_fake/settlements?form=2026-01-01").await;
    assert!(refused.text().contains("did you mean `from`?"), "{}", refused.text());
}
