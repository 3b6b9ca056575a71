//! Random sequences of calls: the laws that hold whatever happens.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use fake_psp::{BookEntry, BookKind, Cause, Config, Endpoint, Programme, Verdict};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    key_in,
    shop::{Reply, Shop, at, minutes, with},
    stage::{account, card, order},
};

/// One thing that is done, mostly to one of a few orders. The last number is an idempotency key.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open(u8),
    Create(u8, Option<u8>),
    /// The buyer authenticates, or the card company says no.
    Press(u8, bool),
    Confirm(u8, i64, Option<u8>),
    KeyIn(u8, Option<u8>),
    Account(u8, Option<u8>),
    Deposit(u8),
    Reverse(u8),
    Register,
    Charge(u8, Option<u8>),
    Unregister,
    Cancel(u8, Option<i64>, Option<u8>),
    Console(u8, i64),
    Pass(i64),
    Break(u8),
    Heal,
}

fn step() -> impl Strategy<Value = Step> {
    let order = || 0..3_u8;
    let key = || proptest::option::of(0..3_u8);
    let amount = || prop_oneof![Just(1_000), Just(400), Just(1), 900..1_100_i64];
    let confirmed = prop_oneof![4 => Just(1_000), 1 => Just(999)];
    prop_oneof![
        3 => order().prop_map(Step::Open),
        1 => (order(), key()).prop_map(|(order, key)| Step::Create(order, key)),
        3 => (order(), prop::bool::weighted(0.9)).prop_map(|(order, yes)| Step::Press(order, yes)),
        4 => (order(), confirmed, key()).prop_map(|(o, amount, key)| Step::Confirm(o, amount, key)),
        1 => (order(), key()).prop_map(|(order, key)| Step::KeyIn(order, key)),
        2 => (order(), key()).prop_map(|(order, key)| Step::Account(order, key)),
        2 => order().prop_map(Step::Deposit),
        1 => order().prop_map(Step::Reverse),
        1 => Just(Step::Register),
        1 => (order(), key()).prop_map(|(order, key)| Step::Charge(order, key)),
        1 => Just(Step::Unregister),
        4 => (order(), proptest::option::of(amount()), key())
            .prop_map(|(order, amount, key)| Step::Cancel(order, amount, key)),
        1 => (order(), amount()).prop_map(|(order, amount)| Step::Console(order, amount)),
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

/// A shop to which things happen, and what it has seen.
struct Run {
    shop: Shop,
    /// The latest payment of each order.
    latest: BTreeMap<u8, String>,
    /// Every payment that the shop knows, and the last status it had.
    payments: BTreeMap<String, String>,
    billing_key: String,
    /// What was answered under each idempotency key at each path while nothing was broken.
    answers: BTreeMap<(String, u8), Bytes>,
}

fn name(order: u8) -> String {
    format!("order-{order}")
}

impl Run {
    fn new() -> Self {
        let config = Config { cancel_transactions_negative: true, ..Config::default() };
        Self {
            shop: Shop::with(config),
            latest: BTreeMap::new(),
            payments: BTreeMap::new(),
            billing_key: "none".to_owned(),
            answers: BTreeMap::new(),
        }
    }

    /// Posts. The same key at the same path gets the same bytes.
    async fn post(&mut self, path: &str, key: Option<u8>, body: Value) -> Reply {
        let named = key.map(|key| format!("key-{key}"));
        let reply = self.shop.post(path, named.as_deref(), body).await;
        let whole = self.shop.psp.programme().rules.is_empty();
        let bound = reply.status < 500 && reply.status != 409;
        if let (Some(key), true, true, Ok(raw)) = (key, whole, bound, &reply.raw) {
            let first = self.answers.entry((path.to_owned(), key)).or_insert_with(|| raw.clone());
            assert_eq!(first, raw, "a replay at {path}");
        }
        reply
    }

    /// Posts what makes a payment, and remembers it if the answer says so.
    async fn make(&mut self, order: u8, path: &str, key: Option<u8>, body: Value) {
        let reply = self.post(path, key, body).await;
        let raw = reply.raw.unwrap_or_default();
        let payment: Value = serde_json::from_slice(&raw).unwrap_or_default();
        if let Some(key) = payment["paymentKey"].as_str() {
            self.know(order, key);
        }
    }

    fn know(&mut self, order: u8, key: &str) {
        self.latest.insert(order, key.to_owned());
        self.payments.entry(key.to_owned()).or_insert_with(|| "READY".to_owned());
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Open(order) => self.open(order).await,
            Step::Create(order, key) => {
                self.make(order, "/v1/payments", key, self::order(&order.to_string())).await;
            }
            Step::KeyIn(order, key) => {
                let body = json!({"orderId": name(order), "amount": 1_000});
                let body = with(key_in::card(), &body);
                self.make(order, "/v1/payments/key-in", key, body).await;
            }
            Step::Account(order, key) => {
                let body = account(&order.to_string());
                self.make(order, "/v1/virtual-accounts", key, body).await;
            }
            Step::Register => self.register().await,
            Step::Charge(order, key) => {
                let path = format!("/v1/billing/{}", self.billing_key);
                let body = json!({"customerKey": "buyer", "amount": 1_000, "orderId": name(order),
                    "orderName": "x"});
                self.make(order, &path, key, body).await;
            }
            Step::Unregister => {
                let path = format!("/v1/billing/{}", self.billing_key);
                let delete = Shop::request("DELETE", &path).body(Body::empty());
                self.shop.send(delete.unwrap()).await;
            }
            Step::Pass(time) => self.shop.pass(minutes(time)),
            Step::Break(number) => {
                self.shop.break_with([(at(Endpoint::Any), fault(number))]);
            }
            Step::Heal => self.shop.psp.heal(),
            Step::Press(order, _)
            | Step::Confirm(order, ..)
            | Step::Deposit(order)
            | Step::Reverse(order)
            | Step::Cancel(order, ..)
            | Step::Console(order, _) => {
                if let Some(payment) = self.latest.get(&order).cloned() {
                    self.change(&payment, step).await;
                }
            }
        }
    }

    async fn open(&mut self, order: u8) {
        let body = self::order(&order.to_string());
        let reply = self.shop.post("/window/payments", None, body).await;
        if let Some(place) = reply.headers.get("location") {
            self.know(order, &place.to_str().unwrap().replace("/window/", ""));
        }
    }

    async fn register(&mut self) {
        let path = "/v1/billing/authorizations/card";
        let raw = self.post(path, None, card("9410001234567890")).await.raw.unwrap_or_default();
        let issued: Value = serde_json::from_slice(&raw).unwrap_or_default();
        if let Some(key) = issued["billingKey"].as_str() {
            key.clone_into(&mut self.billing_key);
        }
    }

    /// What happens to a payment that there is. The fake may refuse all of it.
    async fn change(&mut self, payment: &str, step: Step) {
        match step {
            Step::Press(_, yes) => {
                let button = if yes { "approve" } else { "decline" };
                self.shop.post(&format!("/window/{payment}/{button}"), None, Value::Null).await;
            }
            Step::Confirm(order, amount, key) => {
                let body = json!({"paymentKey": payment, "orderId": name(order), "amount": amount});
                self.post("/v1/payments/confirm", key, body).await;
            }
            Step::Cancel(_, amount, key) => {
                let body = json!({"cancelReason": "x", "cancelAmount": amount,
                    "refundReceiveAccount":
                        {"bank": "신한", "accountNumber": "123", "holderName": "김토스"}});
                self.post(&format!("/v1/payments/{payment}/cancel"), key, body).await;
            }
            Step::Console(_, amount) => {
                let _ = self.shop.psp.cancel_from_console(payment, Some(amount), "by hand");
            }
            Step::Deposit(_) => drop(self.shop.psp.deposit(payment, 1_000, None)),
            Step::Reverse(_) => drop(self.shop.psp.reverse_deposit(payment)),
            other => unreachable!("{other:?} is about no payment"),
        }
    }

    /// Every payment is in a state that the last one leads to, and its amounts fit the state.
    async fn check_payments(&mut self) {
        let programme = self.shop.psp.programme();
        self.shop.psp.install(Programme::default());
        for (key, last) in &mut self.payments {
            let payment = self.shop.get(&format!("/v1/payments/{key}")).await.json();
            let status = payment["status"].as_str().unwrap();
            let account = payment["virtualAccount"].is_object();
            assert!(leads_to(last, status, account), "{last} to {status}: {payment}");
            check_amounts(&payment);
            status.clone_into(last);
        }
        self.shop.psp.install(programme);
    }

    /// Each order is charged at most once, unless the bank took it back, and never gives back more
    /// than was taken.
    fn check_book(&self) {
        let mut balances: BTreeMap<String, i64> = BTreeMap::new();
        let mut captures: BTreeMap<String, i64> = BTreeMap::new();
        for (n, line) in self.shop.psp.book().iter().enumerate() {
            assert_eq!(line.seq, n as u64);
            let balance = balances.entry(line.payment_key.clone()).or_default();
            *balance += line.signed_amount();
            assert!(*balance >= 0, "{line:?}");
            let count = captures.entry(line.order_id.clone()).or_default();
            *count += i64::from(line.kind == BookKind::Captured);
            *count -= i64::from(line.cause == Cause::Reversal);
            assert!(*count <= 1, "{line:?}");
        }
    }

    /// Payments, transactions and settlements all tell what the book tells.
    async fn check_lists(&self) {
        let shop = &self.shop;
        shop.psp.heal();
        shop.pass(SignedDuration::from_hours(48));
        let amounts = |rows: &Value| -> Vec<i64> {
            rows.as_array().unwrap().iter().map(|row| row["amount"].as_i64().unwrap()).collect()
        };
        let range = "startDate=2026-01-01&endDate=2026-12-31&";
        let transactions = shop.get(&format!("/v1/transactions?{range}limit=5000")).await.json();
        let settlements = shop.get(&format!("/v1/settlements?{range}size=5000")).await.json();
        // Virtual accounts are listed before anything moves.
        let moved: Vec<_> = amounts(&transactions).into_iter().filter(|one| *one != 0).collect();
        assert_eq!(moved.iter().sum::<i64>(), shop.balance());
        assert_eq!(amounts(&settlements).iter().sum::<i64>(), shop.balance());
        assert_eq!(moved.len(), shop.psp.book().len());
        let book = shop.psp.book();
        for key in self.payments.keys() {
            let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
            let lines = book.iter().filter(|line| line.payment_key == *key);
            let in_book: i64 = lines.map(BookEntry::signed_amount).sum();
            let balance = payment["balanceAmount"].as_i64().unwrap();
            assert_eq!(in_book, if payment["approvedAt"].is_string() { balance } else { 0 });
        }
    }
}

/// May a payment that was in one status be in another some time later?
fn leads_to(from: &str, to: &str, account: bool) -> bool {
    let next: &[&str] = match from {
        "READY" => &["IN_PROGRESS", "ABORTED", "EXPIRED"],
        "IN_PROGRESS" if account => &["WAITING_FOR_DEPOSIT", "ABORTED", "EXPIRED"],
        "IN_PROGRESS" => &["DONE", "ABORTED", "EXPIRED"],
        "WAITING_FOR_DEPOSIT" => &["DONE", "CANCELED"],
        "DONE" if account => &["WAITING_FOR_DEPOSIT", "CANCELED", "PARTIAL_CANCELED"],
        "DONE" => &["CANCELED", "PARTIAL_CANCELED"],
        _ => &[],
    };
    // One step does no more than this at once: a charge goes from READY to DONE.
    let further =
        |status: &&str| matches!(from, "READY" | "IN_PROGRESS") && leads_to(status, to, account);
    from == to || next.contains(&to) || next.iter().any(further)
}

fn check_amounts(payment: &Value) {
    let amount = |name: &str| payment[name].as_i64().unwrap();
    let (total, balance) = (amount("totalAmount"), amount("balanceAmount"));
    assert_eq!(amount("suppliedAmount") + amount("vat"), balance, "{payment}");
    let cancels = payment["cancels"].as_array().cloned().unwrap_or_default();
    let back: i64 = cancels.iter().map(|cancel| cancel["cancelAmount"].as_i64().unwrap()).sum();
    assert_eq!(total - back, balance, "{payment}");
    let left = cancels.last().map_or(total, |last| last["refundableAmount"].as_i64().unwrap());
    assert_eq!(left, balance, "{payment}");
    let fits = match payment["status"].as_str().unwrap() {
        "CANCELED" => balance == 0 && cancels.len() == 1,
        "PARTIAL_CANCELED" => (0..total).contains(&balance) && !cancels.is_empty(),
        "DONE" => cancels.is_empty() && payment["approvedAt"].is_string(),
        _ => cancels.is_empty() && payment["approvedAt"].is_null(),
    };
    assert!(fits, "{payment}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn books_balance_whatever_happens(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut run = Run::new();
            for step in steps {
                run.take(step).await;
                run.check_book();
                run.check_payments().await;
            }
            run.check_lists().await;
        });
    }
}
