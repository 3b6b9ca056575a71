//! Virtual accounts: issued, paid into, overdue, reversed, cancelled.

use fake_psp::{BookEntry, BookKind, Cause, Config, ConsoleError};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    golden::lines,
    shop::{Reply, Shop, with},
};

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
    let deposited = payment(&shop, &key).await["approvedAt"].take();
    shop.pass(SignedDuration::from_mins(5));
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
    assert_eq!(settled[1]["approvedAt"], deposited, "of the deposit that was taken back");
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

/// What a merchant sends to have an account issued.
fn wish(order_id: &str) -> Value {
    json!({"amount": 15_000, "orderId": order_id, "orderName": "상품", "customerName": "박토스",
        "bank": "20"})
}

async fn issue(shop: &Shop, body: Value) -> Reply {
    shop.post("/v1/virtual-accounts", None, body).await
}

/// An issued account, perhaps already paid into: the payment key.
async fn account(shop: &Shop, order_id: &str, paid: bool) -> String {
    let key = issue(shop, wish(order_id)).await.json()["paymentKey"].as_str().unwrap().to_owned();
    if paid {
        shop.psp.deposit(&key, 15_000, None).unwrap();
    }
    key
}

async fn cancel(shop: &Shop, key: &str, body: Value) -> Reply {
    shop.post(&format!("/v1/payments/{key}/cancel"), None, body).await
}

fn refund_to(bank: &str, number: &str, holder: &str) -> Value {
    json!({"cancelReason": "변심",
        "refundReceiveAccount": {"bank": bank, "accountNumber": number, "holderName": holder}})
}

#[tokio::test(start_paused = true)]
async fn an_account_is_issued_by_the_api() {
    let shop = Shop::new();
    let mut body = wish("order-0001");
    body["bank"] = json!("국민은행");
    body["validHours"] = json!(24);
    body["taxFreeAmount"] = json!(4_000);
    body["cashReceipt"] = json!({"type": "소득공제", "registrationNumber": "01012345678"});
    body["customerEmail"] = json!(null);
    insta::assert_snapshot!("virtual_account", lines(&issue(&shop, body).await));
    let again = issue(&shop, wish("order-0001")).await;
    assert_eq!((again.status, &*again.word()), (400, "DUPLICATED_ORDER_ID"));
}

#[tokio::test(start_paused = true)]
async fn a_recorded_request_is_taken() {
    let shop = Shop::new();
    let mut body = wish("");
    body["orderId"] = json!(71);
    body["validHours"] = json!("1");
    let issued = issue(&shop, body).await.json();
    assert_eq!(issued["orderId"], "71");
    assert_eq!(issued["virtualAccount"]["dueDate"], "2026-01-02T11:30:00+09:00");
}

#[tokio::test(start_paused = true)]
async fn a_fixed_account_is_the_same_for_every_payment() {
    let shop = Shop::new();
    let mut numbers = Vec::new();
    for (order, buyer) in
        [("order-0001", "buyer-1"), ("order-0002", "buyer-1"), ("order-0003", "b")]
    {
        let mut body = wish(order);
        body["accountType"] = json!("고정");
        body["accountKey"] = json!(buyer);
        let account = issue(&shop, body).await.json()["virtualAccount"].clone();
        assert_eq!(account["accountType"], "고정");
        numbers.push(account["accountNumber"].as_str().unwrap().to_owned());
    }
    assert_eq!(numbers[0], numbers[1]);
    assert_ne!(numbers[0], numbers[2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_wished_account() {
    let shop = Shop::new();
    let products =
        json!([{"id": "1", "name": "x", "code": "x", "unitPrice": 15_000, "quantity": 1}]);
    for (changes, code) in [
        (json!({"amount": null}), "INVALID_REQUEST"),
        (json!({"amount": 0}), "INVALID_REQUEST"),
        (json!({"orderId": "order 1"}), "INVALID_REQUEST"),
        (json!({"orderName": "x".repeat(101)}), "INVALID_REQUEST"),
        (json!({"customerName": ""}), "INVALID_REQUEST"),
        (json!({"taxFreeAmount": 15_001}), "INVALID_REQUEST"),
        (json!({"bank": "99"}), "INVALID_BANK"),
        (json!({"bank": "ST"}), "INVALID_BANK"),
        (json!({"accountType": "새"}), "INVALID_VIRTUAL_ACCOUNT_TYPE"),
        (json!({"accountType": "고정"}), "REQUIRED_ACCOUNT_KEY"),
        (json!({"validHours": 2161}), "EXCEED_MAX_VALID_HOURS"),
        (json!({"validHours": 0}), "INVALID_REQUEST"),
        (
            json!({"validHours": 1, "dueDate": "2026-01-03"}),
            "INVALID_VALID_HOURS_WITH_DUE_DATE_AND_SINGLE",
        ),
        (json!({"dueDate": "tomorrow"}), "INVALID_DATE"),
        (json!({"dueDate": "2026-01-02T10:30:00+09:00"}), "INVALID_DATE"),
        (json!({"dueDate": "2026-04-02T10:30:01"}), "EXCEED_MAX_DUE_DATE"),
        (json!({"useEscrow": true}), "INVALID_REQUEST"),
        (json!({"useEscrow": true, "escrowProducts": []}), "INVALID_REQUEST"),
        (
            json!({"cashReceipt": {"type": "지출증빙", "registrationNumber": "01012345678"}}),
            "INVALID_REGISTRATION_NUMBER_TYPE",
        ),
        (json!({"cashReceipt": {"type": "소득공제"}}), "INVALID_REGISTRATION_NUMBER_TYPE"),
        (json!({"cashReceipt": {"type": "x"}}), "INVALID_REQUEST"),
    ] {
        let reply = issue(&shop, with(wish("order-0001"), &changes)).await;
        assert_eq!((reply.status, &*reply.word()), (400, code), "{changes}");
    }
    for changes in [
        json!({"dueDate": "2026-04-02T10:30:00", "orderId": "order-0002"}),
        json!({"useEscrow": "true", "escrowProducts": products, "orderId": "order-0003"}),
        json!({"cashReceipt": {"type": "미발행"}, "orderId": "order-0004"}),
        json!({"amount": "15000", "validHours": 2160, "orderId": "order-0005"}),
    ] {
        let reply = issue(&shop, with(wish("order-0001"), &changes)).await;
        assert_eq!(reply.word(), "WAITING_FOR_DEPOSIT", "{changes}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_deposit_only_the_whole_is_cancelled() {
    let shop = Shop::new();
    let key = account(&shop, "order-0001", false).await;
    for (body, status, code) in [
        (
            json!({"cancelReason": "변심", "cancelAmount": 14_999}),
            403,
            "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
        ),
        (json!({"cancelReason": "변심", "cancelAmount": 15_001}), 403, "NOT_CANCELABLE_AMOUNT"),
        (
            json!({"cancelReason": "변심", "refundableAmount": 1}),
            400,
            "NOT_MATCHES_REFUNDABLE_AMOUNT",
        ),
    ] {
        let reply = cancel(&shop, &key, body).await;
        assert_eq!((reply.status, &*reply.word()), (status, code));
    }
    let over = cancel(&shop, &key, json!({"cancelReason": "변심"})).await.json();
    assert_eq!((&over["status"], &over["balanceAmount"]), (&json!("CANCELED"), &json!(0)));
    assert_eq!(over["cancels"][0]["cancelAmount"], 15_000);
    assert_eq!(over["virtualAccount"]["refundStatus"], "NONE");
    assert!(shop.psp.book().is_empty(), "no money moved");
    assert!(shop.psp.deposit(&key, 15_000, None).is_err());
    assert_eq!(
        cancel(&shop, &key, json!({"cancelReason": "변심"})).await.word(),
        "ALREADY_CANCELED_PAYMENT"
    );
    assert_eq!(
        transactions(&shop).await,
        [("WAITING_FOR_DEPOSIT".to_owned(), 0), ("CANCELED".to_owned(), 0)]
    );
}

#[tokio::test(start_paused = true)]
async fn after_the_deposit_a_cancel_says_where_the_money_goes() {
    let shop = Shop::new();
    let key = account(&shop, "order-0001", true).await;
    for (body, code) in [
        (json!({"cancelReason": "변심"}), "INVALID_REFUND_ACCOUNT_INFO"),
        (refund_to("99", "1234", "박토스"), "INVALID_BANK"),
        (refund_to("20", "12-34", "박토스"), "INVALID_REFUND_ACCOUNT_NUMBER"),
        (refund_to("20", &"1".repeat(21), "박토스"), "INVALID_REFUND_ACCOUNT_NUMBER"),
        (refund_to("20", "1234", " "), "INVALID_REFUND_ACCOUNT_INFO"),
        (refund_to("20", "1234", &"박".repeat(61)), "INVALID_REFUND_ACCOUNT_INFO"),
    ] {
        let reply = cancel(&shop, &key, body).await;
        assert_eq!((reply.status, &*reply.word()), (400, code));
    }
    let mut part = refund_to("토스증권", "1234", "박토스");
    part["cancelAmount"] = json!(5_000);
    assert_eq!(cancel(&shop, &key, part).await.word(), "PARTIAL_CANCELED");
    shop.pass(SignedDuration::from_hours(24));
    let reply = cancel(&shop, &key, refund_to("우리", "1234", "박토스")).await;
    insta::assert_snapshot!("virtual_account_cancel", lines(&reply));
    assert_eq!(shop.balance(), 0);
    // It began on Friday; the second refund was sent on Saturday.
    for (hours, status) in [(71, "PENDING"), (1, "COMPLETED")] {
        shop.pass(SignedDuration::from_hours(hours));
        let account = payment(&shop, &key).await["virtualAccount"].clone();
        assert_eq!(account["refundStatus"], status);
    }
    let late = account(&shop, "order-0002", true).await;
    shop.pass(SignedDuration::from_hours(365 * 24 + 1));
    let reply = cancel(&shop, &late, refund_to("20", "1234", "박토스")).await;
    assert_eq!((reply.status, &*reply.word()), (403, "EXCEED_MAX_REFUND_DUE"));
}

#[tokio::test(start_paused = true)]
async fn escrow_is_not_cancelled_in_part() {
    let wish = json!({"useEscrow": true, "escrowProducts":
        [{"id": "1", "name": "x", "code": "x", "unitPrice": 15_000, "quantity": 1}]});
    for (config, status, code) in [
        (Config::default(), 500, "FAILED_INTERNAL_SYSTEM_PROCESSING"),
        (
            Config {
                escrow_partial_cancel_code: "NOT_ALLOWED_PARTIAL_REFUND".to_owned(),
                ..Config::default()
            },
            403,
            "NOT_ALLOWED_PARTIAL_REFUND",
        ),
    ] {
        let shop = Shop::with(config);
        let issued = issue(&shop, with(self::wish("order-0001"), &wish)).await.json();
        assert_eq!(issued["useEscrow"], true);
        let key = issued["paymentKey"].as_str().unwrap();
        shop.psp.deposit(key, 15_000, None).unwrap();
        let mut part = refund_to("20", "1234", "박토스");
        part["cancelAmount"] = json!(5_000);
        let reply = cancel(&shop, key, part).await;
        assert_eq!((reply.status, &*reply.word()), (status, code));
        if status == 500 {
            assert_eq!(reply.json()["message"], "[ES12] 부분취소 불가한 에스크로 상태 입니다.");
        }
        let whole = cancel(&shop, key, refund_to("20", "1234", "박토스")).await;
        assert_eq!(whole.word(), "CANCELED");
    }
}
