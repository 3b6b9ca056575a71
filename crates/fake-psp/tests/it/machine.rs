//! The state machine as its clients see it: what happens to a payment by each method, in each
//! situation, on each event, in one table. The table inside the crate says what may happen at all.

use std::{collections::BTreeMap, fmt::Write};

use fake_psp::Config;
use jiff::SignedDuration;
use serde_json::json;

use crate::shop::{Shop, minutes};

/// What buyer, merchant, bank and clock can do.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// In the window.
    Approve,
    /// In the window.
    Decline,
    /// The buyer walks away.
    Close,
    Confirm,
    CancelPart,
    CancelWhole,
    Deposit,
    /// The bank takes the deposit back.
    Reverse,
    TenMinutes,
    HalfAnHour,
    /// A virtual account's due date passes.
    Week,
}

use Event::{
    Approve, CancelPart, CancelWhole, Close, Confirm, Decline, Deposit, HalfAnHour, Reverse,
    TenMinutes, Week,
};

const EVENTS: [Event; 11] = [
    Approve,
    Decline,
    Close,
    Confirm,
    CancelPart,
    CancelWhole,
    Deposit,
    Reverse,
    TenMinutes,
    HalfAnHour,
    Week,
];

const METHODS: [&str; 9] = [
    "CARD",
    "TRANSFER",
    "EASY_PAY",
    "MOBILE_PHONE",
    "VIRTUAL_ACCOUNT",
    "CULTURE_GIFT_CERTIFICATE",
    "BOOK_GIFT_CERTIFICATE",
    "GAME_GIFT_CERTIFICATE",
    "FOREIGN_EASY_PAY",
];

/// How a payment comes to where the event finds it.
const SITUATIONS: [(&str, &[Event]); 12] = [
    ("opened", &[]),
    ("closed", &[Close]),
    ("authenticated", &[Approve]),
    ("declined", &[Decline]),
    ("not authenticated in time", &[HalfAnHour]),
    ("not confirmed in time", &[Approve, TenMinutes]),
    ("confirmed", &[Approve, Confirm]),
    ("partly cancelled", &[Approve, Confirm, Deposit, CancelPart]),
    ("cancelled in parts", &[Approve, Confirm, Deposit, CancelPart, CancelWhole]),
    ("cancelled", &[Approve, Confirm, Deposit, CancelWhole]),
    ("paid in", &[Approve, Confirm, Deposit]),
    ("overdue", &[Approve, Confirm, Week]),
];

async fn apply(shop: &Shop, key: &str, event: Event) {
    let mut cancel = json!({"cancelReason": "x", "refundReceiveAccount":
        {"bank": "신한", "accountNumber": "123", "holderName": "김토스"}});
    let path = format!("/v1/payments/{key}/cancel");
    match event {
        Approve => drop(shop.press(key, "approve").await),
        Decline => drop(shop.press(key, "decline").await),
        Close => drop(shop.press(key, "close").await),
        Confirm => drop(shop.confirm(key, "order-0001", 1_000, None).await),
        CancelPart => {
            cancel["cancelAmount"] = json!(400);
            shop.post(&path, None, cancel).await;
        }
        CancelWhole => drop(shop.post(&path, None, cancel).await),
        // Where there is nothing to be paid in, the bank says so.
        Deposit => drop(shop.psp.deposit(key, 1_000, None)),
        Reverse => drop(shop.psp.reverse_deposit(key)),
        TenMinutes => shop.pass(minutes(10)),
        HalfAnHour => shop.pass(minutes(30)),
        Week => shop.pass(SignedDuration::from_hours(168)),
    }
}

/// The statuses before and after.
async fn cell(method: &str, way: &[Event], event: Event) -> (String, String) {
    let shop = Shop::with(Config { overseas_cancel_minutes: None, ..Config::default() });
    let order = json!({"orderId": "order-0001", "orderName": "x", "amount": 1_000,
        "method": method, "successUrl": "http://s.test", "failUrl": "http://f.test"});
    let opened = shop.post("/v1/payments", None, order).await.json();
    let key = opened["paymentKey"].as_str().unwrap();
    for step in way {
        apply(&shop, key, *step).await;
    }
    let before = shop.status_of(key).await;
    apply(&shop, key, event).await;
    (before, shop.status_of(key).await)
}

/// One method's table: a line for each situation, with the events that change something.
async fn table(method: &str) -> String {
    let mut table = String::new();
    for (situation, way) in SITUATIONS {
        let mut line = String::new();
        let mut status = String::new();
        for event in EVENTS {
            let (before, after) = cell(method, way, event).await;
            if before != after {
                writeln!(line, "        {event:?} -> {after}").unwrap();
            }
            status = before;
        }
        writeln!(table, "    {situation}: {status}\n{line}").unwrap();
    }
    table
}

#[tokio::test(start_paused = true)]
async fn golden_state_machine() {
    let mut tables = BTreeMap::<String, Vec<&str>>::new();
    for method in METHODS {
        tables.entry(table(method).await).or_default().push(method);
    }
    let told = tables.iter().map(|(table, methods)| format!("{}\n{table}", methods.join(", ")));
    insta::assert_snapshot!("state_machine", told.collect::<Vec<_>>().join("\n"));
}
