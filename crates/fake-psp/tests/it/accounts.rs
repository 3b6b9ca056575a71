//! Virtual accounts: issued, paid into, overdue, reversed, cancelled.

use fake_psp::{BookEntry, BookKind, Cause, Config, ConsoleError};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::shop::Shop;

const WEEK: SignedDuration = SignedDuration::from_hours(168);

/// A virtual account that came by the window and a confirm: the payment key.
async fn issued_by_window(shop: &Shop, order_id: &str, amount: i64) -> String {
    let body = json!({"orderId": order_id, "orderName": "x", "amount": amount,
        "method": "VIRTUAL_ACCOUNT",
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    let reply = shop.post("/window/payments", None, body).await;
    let key = reply.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    shop.press(&key, "approve").await;
    assert_eq!(shop.confirm(&key, order_id, amount, None).await.word(), "WAITING_FOR_DEPOSIT");
    key
}

async fn payment(shop: &Shop, key: &str) -> Value {
    shop.get(&format!("/v1/payments/{key}")).await.json()
}

async fn transactions(shop: &Shop) -> Vec<(String, i64)> {
    let rows = shop.get("/v1/transactions?startDate=2026-01-01&endDate=2026-12-31").await.json();
    let told =
        |row: &Value| (row["status"].as_str().unwrap().to_owned(), row["amount"].as_i64().unwrap());
    rows.as_array().unwrap().iter().map(told).collect()
}

#[tokio::test(start_paused = true)]
async fn a_deposit_is_the_approval() {
    let shop = Shop::new();
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    let waiting = payment(&shop, &key).await;
    assert_eq!(waiting["approvedAt"], Value::Null);
    assert_eq!(waiting["virtualAccount"]["dueDate"], "2026-01-09T10:30:00+09:00");
    assert!(shop.psp.book().is_empty(), "nobody has paid");
    shop.psp.deposit(&key, 15_000, Some("박토스")).unwrap();
    let done = payment(&shop, &key).await;
    assert_eq!((&done["status"], &done["approvedAt"]), (&json!("DONE"), &done["requestedAt"]));
    assert_eq!(done["virtualAccount"]["depositorName"], "박토스");
    assert_ne!(done["lastTransactionKey"], waiting["lastTransactionKey"]);
    let told: Vec<_> = shop.psp.book().iter().map(|line| (line.cause, line.amount)).collect();
    assert_eq!(told, [(Cause::Deposit, 15_000)]);
    assert_eq!(
        transactions(&shop).await,
        [("WAITING_FOR_DEPOSIT".to_owned(), 0), ("DONE".to_owned(), 15_000)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_deposit_changes_nothing() {
    let shop = Shop::new();
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    let before = payment(&shop, &key).await;
    for amount in [14_999, 15_001, 0, -15_000] {
        let refused = shop.psp.deposit(&key, amount, None).unwrap_err();
        assert!(refused.to_string().ends_with("the account takes exactly 15000"), "{refused}");
    }
    assert_eq!(payment(&shop, &key).await, before);
    let card = shop.paid("order-0002", 1_000).await;
    assert!(matches!(
        shop.psp.deposit(&card, 1_000, None),
        Err(ConsoleError::DepositRefused { .. })
    ));
    assert_eq!(
        shop.psp.deposit("nothing", 1, None),
        Err(ConsoleError::NotFound("nothing".to_owned()))
    );
    shop.psp.deposit(&key, 15_000, None).unwrap();
    assert!(shop.psp.deposit(&key, 15_000, None).is_err(), "twice");
    assert_eq!(shop.balance(), 16_000);
}

#[tokio::test(start_paused = true)]
async fn after_the_due_date_the_status_stays_and_no_deposit_is_taken() {
    let shop = Shop::new();
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    shop.pass(WEEK - SignedDuration::from_secs(1));
    assert_eq!(payment(&shop, &key).await["virtualAccount"]["expired"], false);
    shop.pass(SignedDuration::from_secs(1));
    let overdue = payment(&shop, &key).await;
    assert_eq!(overdue["status"], "WAITING_FOR_DEPOSIT");
    assert_eq!(overdue["virtualAccount"]["expired"], true);
    let refused = shop.psp.deposit(&key, 15_000, None).unwrap_err();
    assert!(refused.to_string().contains("due date has passed"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_reversed_deposit_is_waited_for_again() {
    let shop = Shop::with(Config { cancel_transactions_negative: true, ..Config::default() });
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    assert!(shop.psp.reverse_deposit(&key).is_err(), "nothing was paid in yet");
    shop.psp.deposit(&key, 15_000, None).unwrap();
    shop.psp.reverse_deposit(&key).unwrap();
    let waiting = payment(&shop, &key).await;
    assert_eq!(waiting["status"], "WAITING_FOR_DEPOSIT");
    assert_eq!(waiting["approvedAt"], Value::Null);
    assert_eq!(waiting["balanceAmount"], 15_000);
    assert_eq!(shop.balance(), 0);
    shop.psp.deposit(&key, 15_000, None).unwrap();
    assert_eq!(shop.status_of(&key).await, "DONE");
    let told: Vec<_> = shop.psp.book().iter().map(|line| (line.kind, line.cause)).collect();
    assert_eq!(
        told,
        [
            (BookKind::Captured, Cause::Deposit),
            (BookKind::GivenBack, Cause::Reversal),
            (BookKind::Captured, Cause::Deposit)
        ]
    );
    let moved: i64 = transactions(&shop).await.iter().map(|(_, amount)| amount).sum();
    assert_eq!(moved, 15_000);
    shop.pass(SignedDuration::from_hours(24));
    let settled = shop.get("/v1/settlements?startDate=2026-01-01&endDate=2026-01-03").await.json();
    let amounts: Vec<_> =
        settled.as_array().unwrap().iter().map(|row| row["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [15_000, -15_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn a_deposit_reversed_after_the_due_date_cannot_be_paid_again() {
    let shop = Shop::new();
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    shop.psp.deposit(&key, 15_000, None).unwrap();
    shop.pass(WEEK);
    assert_eq!(payment(&shop, &key).await["virtualAccount"]["expired"], false);
    shop.psp.reverse_deposit(&key).unwrap();
    assert_eq!(payment(&shop, &key).await["virtualAccount"]["expired"], true);
    assert!(shop.psp.deposit(&key, 15_000, None).is_err());
}

#[tokio::test(start_paused = true)]
async fn in_old_versions_a_reversed_deposit_is_the_end() {
    let shop = Shop::with(Config { api_version: "1.4".to_owned(), ..Config::default() });
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    shop.psp.deposit(&key, 15_000, None).unwrap();
    shop.psp.reverse_deposit(&key).unwrap();
    let over = payment(&shop, &key).await;
    assert_eq!((&over["status"], &over["balanceAmount"]), (&json!("CANCELED"), &json!(0)));
    assert_eq!(shop.psp.book().iter().map(BookEntry::signed_amount).sum::<i64>(), 0);
    assert!(shop.psp.deposit(&key, 15_000, None).is_err());
}

#[tokio::test(start_paused = true)]
async fn switches_of_the_issue() {
    let shop = Shop::with(Config {
        account_issue_is_transaction: false,
        account_issue_is_approval: true,
        ..Config::default()
    });
    let key = issued_by_window(&shop, "order-0001", 15_000).await;
    assert_eq!(transactions(&shop).await, []);
    let waiting = payment(&shop, &key).await;
    assert_eq!(waiting["approvedAt"], waiting["requestedAt"]);
    assert_eq!(waiting["lastTransactionKey"], Value::Null);
}
