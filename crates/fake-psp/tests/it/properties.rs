//! Random sequences of calls: the laws that hold whatever happens.

use std::collections::BTreeMap;

use fake_psp::{BookKind, Config, Endpoint, Verdict};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::Value;

use crate::shop::{Shop, at, minutes};

/// One thing that is done to one of a few orders.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open(u8),
    Press(u8),
    Confirm(u8, i64, Option<u8>),
    Cancel(u8, Option<i64>, Option<u8>),
    Console(u8, i64),
    Pass(i64),
    Break(u8),
    Heal,
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0..3_u8;
    let key = proptest::option::of(0..3_u8);
    let amount = prop_oneof![Just(1_000), Just(400), Just(1), 900..1_100_i64];
    prop_oneof![
        3 => order.clone().prop_map(Step::Open),
        3 => order.clone().prop_map(Step::Press),
        4 => (order.clone(), prop_oneof![4 => Just(1_000), 1 => Just(999)], key.clone())
            .prop_map(|(order, amount, key)| Step::Confirm(order, amount, key)),
        4 => (order.clone(), proptest::option::of(amount.clone()), key)
            .prop_map(|(order, amount, key)| Step::Cancel(order, amount, key)),
        1 => (order, amount).prop_map(|(order, amount)| Step::Console(order, amount)),
        2 => (1..40_i64).prop_map(Step::Pass),
        2 => (0..8_u8).prop_map(Step::Break),
        1 => Just(Step::Heal),
    ]
}

/// Faults that do not hang and are no cheats.
fn fault(number: u8) -> Verdict {
    match number {
        0 => Verdict::DropRequest,
        1 => Verdict::ActThenClose,
        2 => Verdict::ActThenError { code: "COMMON_ERROR".to_owned(), status: None },
        3 => Verdict::Refuse { code: "PROVIDER_ERROR".to_owned(), status: None },
        4 => Verdict::Garbage,
        5 => Verdict::StaleAnswer,
        6 => Verdict::ActThenCut,
        _ => Verdict::Delay { ms: 700 },
    }
}

async fn take(shop: &Shop, keys: &mut BTreeMap<u8, String>, step: Step) {
    let order_of = |order: u8| format!("order-{order}");
    let named = |key: Option<u8>| key.map(|key| format!("key-{key}"));
    match step {
        Step::Open(order) => {
            let body = serde_json::json!({"orderId": order_of(order), "orderName": "x",
                "amount": 1_000, "successUrl": "http://s.test", "failUrl": "http://f.test"});
            let reply = shop.post("/window/payments", None, body).await;
            if let Some(place) = reply.headers.get("location") {
                let key = place.to_str().unwrap().rsplit('/').next().unwrap();
                keys.insert(order, key.to_owned());
            }
        }
        Step::Pass(time) => shop.pass(minutes(time)),
        Step::Break(number) => shop.break_with([(at(Endpoint::Any), fault(number))]),
        Step::Heal => shop.psp.heal(),
        Step::Press(order) => {
            if let Some(key) = keys.get(&order) {
                shop.press(key, "approve").await;
            }
        }
        Step::Confirm(order, amount, key) => {
            if let Some(payment) = keys.get(&order) {
                shop.confirm(payment, &order_of(order), amount, named(key).as_deref()).await;
            }
        }
        Step::Cancel(order, amount, key) => {
            if let Some(payment) = keys.get(&order) {
                shop.cancel(payment, amount, named(key).as_deref()).await;
            }
        }
        Step::Console(order, amount) => {
            if let Some(payment) = keys.get(&order) {
                let _ = shop.psp.cancel_from_console(payment, Some(amount), "by hand");
            }
        }
    }
}

/// Each order is charged at most once, and never gives back more than was taken.
fn check_book(shop: &Shop) {
    let mut balances: BTreeMap<String, i64> = BTreeMap::new();
    let mut captures: BTreeMap<String, u32> = BTreeMap::new();
    for (n, line) in shop.psp.book().iter().enumerate() {
        assert_eq!(line.seq, n as u64);
        let balance = balances.entry(line.payment_key.clone()).or_default();
        *balance += line.signed_amount();
        assert!(*balance >= 0, "{line:?}");
        if line.kind == BookKind::Captured {
            let count = captures.entry(line.order_id.clone()).or_default();
            *count += 1;
            assert_eq!(*count, 1, "{line:?}");
        }
    }
}

/// Payments, transactions and settlements all tell what the book tells.
async fn check_lists(shop: &Shop, keys: &BTreeMap<u8, String>) {
    shop.psp.heal();
    shop.pass(SignedDuration::from_hours(48));
    let sum = |rows: &Value| -> i64 {
        rows.as_array().unwrap().iter().map(|row| row["amount"].as_i64().unwrap()).sum()
    };
    let range = "startDate=2026-01-01&endDate=2026-12-31&";
    let transactions = shop.get(&format!("/v1/transactions?{range}limit=5000")).await.json();
    let settlements = shop.get(&format!("/v1/settlements?{range}size=5000")).await.json();
    assert_eq!(sum(&transactions), shop.balance());
    assert_eq!(sum(&settlements), shop.balance());
    assert_eq!(transactions.as_array().unwrap().len(), shop.psp.book().len());
    for key in keys.values() {
        let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
        let book = shop.psp.book();
        let in_book: i64 =
            book.iter().filter(|line| line.payment_key == *key).map(|l| l.signed_amount()).sum();
        let approved = payment["approvedAt"].is_string();
        assert_eq!(in_book, if approved { payment["balanceAmount"].as_i64().unwrap() } else { 0 });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn books_balance_whatever_happens(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let shop = Shop::with(Config {
                cancel_transactions_negative: true,
                ..Config::default()
            });
            let mut keys = BTreeMap::new();
            for step in steps {
                take(&shop, &mut keys, step).await;
                check_book(&shop);
            }
            check_lists(&shop, &keys).await;
        });
    }
}
