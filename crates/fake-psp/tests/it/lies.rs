//! Answers that are not true, and what a test can see of the truth behind them.

use std::time::Duration;

use fake_psp::{Config, Echo, Endpoint, Match, Rule, State, Verdict};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::shop::{Reply, Shop, at, refuse};

const FIELDS: [Echo; 4] = [Echo::Amount, Echo::Currency, Echo::OrderId, Echo::PaymentKey];

/// Two shoppers, one of whom has paid; the other's first confirm meets the verdict.
async fn confirm_under(verdict: Verdict) -> (Shop, String, Reply) {
    let shop = Shop::new();
    shop.paid("order-0002", 2_000).await;
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Confirm) }, verdict)]);
    let reply = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    (shop, key, reply)
}

/// What an answer tells of a payment.
fn told(reply: &Reply) -> Value {
    let json = reply.json();
    let fields = ["paymentKey", "orderId", "currency", "totalAmount", "balanceAmount"];
    fields.into_iter().map(|field| json[field].clone()).collect()
}

/// What it should tell, with one thing wrong.
fn but_for(field: Echo, key: &str, other: &str) -> Value {
    match field {
        Echo::Amount => json!([key, "order-0001", "KRW", 1_010, 1_010]),
        Echo::Currency => json!([key, "order-0001", "USD", 1_000, 1_000]),
        Echo::OrderId => json!([key, "order-0002", "KRW", 1_000, 1_000]),
        Echo::PaymentKey => json!([other, "order-0001", "KRW", 1_000, 1_000]),
    }
}

#[tokio::test(start_paused = true)]
async fn another_success_instead_of_the_act() {
    let (shop, key, reply) = confirm_under(Verdict::OtherInstead).await;
    assert_eq!((reply.status, &*reply.word()), (200, "DONE"));
    assert_eq!(reply.json()["orderId"], "order-0002");
    assert_eq!((shop.balance(), &*shop.status_of(&key).await), (2_000, "IN_PROGRESS"));
    let again = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!(again.json()["orderId"], "order-0001", "the key is free");
    assert_eq!(shop.balance(), 3_000);
}

#[tokio::test(start_paused = true)]
async fn an_approved_payment_is_preferred_to_the_next_one() {
    let shop = Shop::new();
    shop.paid("order-0009", 2_000).await;
    for n in 1..=8 {
        let order = format!("order-000{n}");
        let key = shop.authenticated(&order, 1_000).await;
        shop.break_with([(at(Endpoint::Confirm), Verdict::OtherInstead)]);
        let reply = shop.confirm(&key, &order, 1_000, None).await;
        assert_eq!(reply.json()["orderId"], "order-0009", "instead of {order}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_answer_instead_of_the_act() {
    let (shop, key, reply) = confirm_under(Verdict::StaleInstead).await;
    assert_eq!((reply.status, &*reply.word()), (200, "IN_PROGRESS"));
    assert_eq!(reply.json()["orderId"], "order-0001");
    assert_eq!(shop.balance(), 2_000);
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "DONE");
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Cancel) }, Verdict::StaleInstead)]);
    assert_eq!(shop.cancel(&key, None, Some("c")).await.word(), "DONE");
    assert_eq!(shop.balance(), 3_000, "nothing went back");
    assert_eq!(shop.cancel(&key, None, Some("c")).await.word(), "CANCELED");
    assert_eq!(shop.balance(), 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_echo_of_a_true_success() {
    for field in FIELDS {
        let (shop, key, reply) = confirm_under(Verdict::WrongEcho { field }).await;
        let other = shop.psp.book()[0].payment_key.clone();
        assert_eq!((reply.status, &*reply.word()), (200, "DONE"));
        assert_eq!(told(&reply), but_for(field, &key, &other), "{field:?}");
        assert_eq!(shop.balance(), 3_000, "it acted");
        let again = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
        let truth = json!([key, "order-0001", "KRW", 1_000, 1_000]);
        assert_eq!(told(&again), truth, "bound is what is true");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_the_book_does_not_have() {
    for field in FIELDS {
        let (shop, key, reply) = confirm_under(Verdict::WrongEchoInstead { field }).await;
        let other = shop.psp.book()[0].payment_key.clone();
        assert_eq!((reply.status, &*reply.word()), (200, "DONE"));
        assert_eq!(told(&reply), but_for(field, &key, &other), "{field:?}");
        let json = reply.json();
        assert!(json["approvedAt"].is_string() && json["lastTransactionKey"].is_string(), "{json}");
        assert_eq!((shop.balance(), &*shop.status_of(&key).await), (2_000, "IN_PROGRESS"));
        let again = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
        assert_eq!(told(&again), json!([key, "order-0001", "KRW", 1_000, 1_000]));
        assert_eq!(shop.balance(), 3_000, "the key was free");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_lied_to_about_a_payment_that_is_not_there() {
    for verdict in [Verdict::OtherInstead, Verdict::WrongEchoInstead { field: Echo::Amount }] {
        let shop = Shop::new();
        shop.break_with([(at(Endpoint::Read), verdict)]);
        let reply = shop.get("/v1/payments/nobodys").await;
        assert_eq!((reply.status, &*reply.word()), (404, "NOT_FOUND_PAYMENT"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_breaks_off() {
    let shop = Shop::new();
    for n in 1..=3 {
        shop.paid(&format!("order-000{n}"), 1_000).await;
    }
    shop.pass(SignedDuration::from_hours(72));
    let days = "startDate=2026-01-01&endDate=2026-01-31";
    for (endpoint, path) in [
        (Endpoint::Transactions, format!("/v1/transactions?{days}")),
        (Endpoint::Settlements, format!("/v1/settlements?{days}")),
    ] {
        let whole = shop.get(&path).await.json();
        assert_eq!(whole.as_array().unwrap().len(), 3, "{path}");
        for keep in [0, 2, 9] {
            shop.break_with([(at(endpoint), Verdict::ListCut { keep })]);
            let rows = whole.as_array().unwrap().iter().take(keep as usize);
            let expected: Value = rows.cloned().collect();
            assert_eq!(shop.get(&path).await.json(), expected, "{keep} of {path}");
        }
        shop.psp.heal();
    }
}

#[tokio::test(start_paused = true)]
async fn calls_tell_code_and_time_of_the_answer() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    let first = Match { nth: Some(1), ..at(Endpoint::Confirm) };
    let second = Match { nth: Some(2), ..at(Endpoint::Confirm) };
    shop.break_with([
        (first, refuse("HOUSE_CODE")),
        (second, Verdict::ActThenLate { ms: 60_000 }),
        (at(Endpoint::Cancel), Verdict::ActThenClose),
    ]);
    shop.confirm(&key, "order-0001", 1_000, None).await;
    shop.confirm(&key, "order-0001", 1_000, None).await;
    shop.cancel(&key, None, None).await;
    shop.get("/v1/payments/nobodys").await;
    let calls = shop.psp.calls();
    let seen: Vec<_> = calls[2..].iter().map(|call| (call.status, call.code.as_deref())).collect();
    let expected = [
        (Some(400), Some("HOUSE_CODE")),
        (Some(200), None),
        (None, None),
        (Some(404), Some("NOT_FOUND_PAYMENT")),
    ];
    assert_eq!(seen, expected);
    let waited = calls[3].answered_at.unwrap().duration_since(calls[3].at);
    assert_eq!(waited, SignedDuration::from_secs(60));
    assert_eq!(calls[4].answered_at, None, "closed without an answer");
    assert!(calls[..2].iter().all(|call| call.answered_at.is_some()), "the window answers, too");
}

#[tokio::test(start_paused = true)]
async fn a_replayed_refusal_has_its_code_in_the_log() {
    let (shop, key, _) = confirm_under(refuse("REJECT_CARD_PAYMENT")).await;
    shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    let last = shop.psp.calls().pop().unwrap();
    assert!(last.replayed);
    assert_eq!(last.code.as_deref(), Some("REJECT_CARD_PAYMENT"));
}

#[tokio::test(start_paused = true)]
async fn tests_see_every_payment_as_it_is() {
    let shop = Shop::with(Config::default());
    let opened = shop.open("order-0001", 1_000).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    shop.press(&opened, "approve").await;
    let paid = shop.paid("order-0002", 2_000).await;
    shop.cancel(&paid, Some(500), None).await;
    let payments = shop.psp.payments();
    let find = |key: &str| payments.iter().find(|one| one.payment_key == key).unwrap();
    let (first, second) = (find(&opened), find(&paid));
    assert_eq!((&*first.order_id, &*first.order_name), ("order-0001", "name of order-0001"));
    assert_eq!((first.state, second.state), (State::InProgress, State::PartialCanceled));
    assert_eq!((second.amount, second.balance), (2_000, 1_500));
    let authenticated = first.authenticated_at.unwrap();
    assert_eq!(authenticated.duration_since(first.opened_at), SignedDuration::from_secs(5));
    assert_eq!((first.approved_at, second.expires_at), (None, None));
    assert!(second.approved_at.is_some());
    let left = first.expires_at.unwrap().duration_since(shop.psp.now());
    shop.pass(left - SignedDuration::from_secs(1));
    assert_eq!(shop.status_of(&opened).await, "IN_PROGRESS");
    shop.pass(SignedDuration::from_secs(1));
    assert_eq!(shop.status_of(&opened).await, "EXPIRED", "exactly then");
}

#[tokio::test(start_paused = true)]
async fn rules_that_are_kept_go_on_counting() {
    let shop = Shop::new();
    let rule = |name: &str, on: Match, code: &str| Rule {
        name: Some(name.to_owned()),
        on,
        then: refuse(code),
    };
    let third = Match { nth: Some(3), ..at(Endpoint::Read) };
    let twice = Match { times: Some(2), ..at(Endpoint::Read) };
    let rules = vec![
        rule("healed", Match { nth: Some(1), ..at(Endpoint::Read) }, "NOT_FOUND"),
        rule("third", third, "COMMON_ERROR"),
        rule("twice", twice, "PROVIDER_ERROR"),
    ];
    shop.psp.install(fake_psp::Programme { rules });
    let key = shop.authenticated("order-0001", 1_000).await;
    let mut words = Vec::new();
    for n in 0..5 {
        words.push(shop.status_of(&key).await);
        if n == 1 {
            shop.psp.keep_rules(|position, _| position != 0);
        }
    }
    let expected = ["NOT_FOUND", "PROVIDER_ERROR", "COMMON_ERROR", "PROVIDER_ERROR", "IN_PROGRESS"];
    assert_eq!(words, expected);
    assert_eq!(shop.psp.programme().rules.len(), 2);
}
