//! Settlement rows: identities, dates, and files that are wrong.

use fake_psp::{Endpoint, Match, Verdict};
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
