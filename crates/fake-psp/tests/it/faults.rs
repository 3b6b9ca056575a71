//! The laws of the fault programme.

use std::time::Duration;

use fake_psp::{BookKind, Cause, Endpoint, Fate, Match, Verdict};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::shop::{Reply, Shop, at, refuse};

/// Confirms a fresh order under a verdict.
async fn confirm_under(verdict: Verdict) -> (Shop, String, Reply) {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Confirm) }, verdict)]);
    let reply = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    (shop, key, reply)
}

#[tokio::test(start_paused = true)]
async fn first_non_pass_wins() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([
        (at(Endpoint::Read), refuse("NOT_FOUND")),
        (at(Endpoint::Confirm), Verdict::Pass),
        (at(Endpoint::Confirm), refuse("PROVIDER_ERROR")),
        (at(Endpoint::Any), refuse("COMMON_ERROR")),
    ]);
    let reply = shop.confirm(&key, "order-0001", 1_000, None).await;
    assert_eq!(reply.word(), "PROVIDER_ERROR");
    assert_eq!(shop.get(&format!("/v1/payments/{key}")).await.word(), "NOT_FOUND");
    assert_eq!(shop.cancel(&key, None, None).await.word(), "COMMON_ERROR");
    let fired: Vec<_> = shop.psp.applied().into_iter().map(|applied| applied.rule).collect();
    assert_eq!(fired, ["2", "0", "3"]);
    shop.psp.heal();
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, None).await.word(), "DONE");
}

#[tokio::test(start_paused = true)]
async fn rules_match_by_order_name_amount_key_and_count() {
    let shop = Shop::new();
    let one = shop.authenticated("order-0001", 1_000).await;
    let two = shop.authenticated("order-0002", 2_000).await;
    let read = async |key: &str| shop.get(&format!("/v1/payments/{key}")).await;
    let by = |on: Match| [(Match { endpoint: Endpoint::Read, ..on }, refuse("NOT_FOUND"))];
    for on in [
        Match { order: Some("*-0001".to_owned()), ..Match::default() },
        Match { order: Some("name of *1".to_owned()), ..Match::default() },
        Match { amount: Some(1_000), ..Match::default() },
        Match { payment_key: Some(one.clone()), ..Match::default() },
        Match { probability: Some(1.0), order: Some("*1".to_owned()), ..Match::default() },
    ] {
        shop.break_with(by(on.clone()));
        assert_eq!(read(&one).await.status, 404, "{on:?}");
        assert_eq!(read(&two).await.status, 200, "{on:?}");
    }
    shop.break_with(by(Match { nth: Some(2), ..Match::default() }));
    let mut statuses = Vec::new();
    for key in [&one, &two, &one, &two, &one] {
        statuses.push(read(key).await.status);
    }
    assert_eq!(statuses, [200, 200, 404, 404, 200], "counted for each order");
    shop.break_with(by(Match { probability: Some(0.0), ..Match::default() }));
    assert_eq!(read(&one).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn refuse_has_no_effect() {
    let (shop, key, reply) = confirm_under(refuse("REJECT_CARD_PAYMENT")).await;
    assert_eq!((reply.status, &*reply.word()), (403, "REJECT_CARD_PAYMENT"));
    assert!(shop.psp.book().is_empty());
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
    let again = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!(again.raw, reply.raw, "a 4xx is bound to the key");
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k2")).await.word(), "DONE");
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_the_act_has_no_effect() {
    for verdict in [
        Verdict::DropRequest,
        Verdict::Reset,
        Verdict::TooMany { retry_after_s: 7 },
        refuse("FAILED_INTERNAL_SYSTEM_PROCESSING"),
        Verdict::Refuse { code: "HOUSE_CODE".to_owned(), status: Some(503) },
    ] {
        let (shop, key, reply) = confirm_under(verdict.clone()).await;
        match verdict {
            Verdict::DropRequest => assert_eq!(reply.fate, Some(Fate::Close)),
            Verdict::Reset => assert_eq!(reply.fate, Some(Fate::Reset)),
            Verdict::TooMany { .. } => {
                assert_eq!(
                    (reply.status, &reply.headers["retry-after"]),
                    (429, &"7".parse().unwrap())
                )
            }
            _ => assert!(reply.status >= 500),
        }
        assert!(shop.psp.book().is_empty(), "{verdict:?}");
        let again = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
        assert_eq!(again.word(), "DONE", "{verdict:?}: the key is free");
    }
}

#[tokio::test(start_paused = true)]
async fn hang_before_never_acts() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(at(Endpoint::Confirm), Verdict::HangBefore)]);
    let call = shop.confirm(&key, "order-0001", 1_000, Some("k"));
    assert!(timeout(Duration::from_secs(86_400), call).await.is_err());
    assert!(shop.psp.book().is_empty());
}

#[tokio::test(start_paused = true)]
async fn act_then_close_keeps_the_charge() {
    for verdict in [Verdict::ActThenClose, Verdict::ActThenReset] {
        let (shop, key, reply) = confirm_under(verdict).await;
        assert!(reply.fate.is_some());
        assert_eq!(shop.balance(), 1_000);
        let again = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
        assert_eq!(again.word(), "DONE", "the lost answer can be read under the same key");
        let other = shop.confirm(&key, "order-0001", 1_000, Some("k2")).await;
        assert_eq!(other.word(), "ALREADY_PROCESSED_PAYMENT");
        assert_eq!(shop.balance(), 1_000);
    }
}

#[tokio::test(start_paused = true)]
async fn act_then_hang_keeps_the_charge() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(at(Endpoint::Confirm), Verdict::ActThenHang)]);
    let call = shop.confirm(&key, "order-0001", 1_000, None);
    assert!(timeout(Duration::from_secs(30), call).await.is_err());
    assert_eq!(shop.balance(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_leaves_the_key_processing() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    let late = Verdict::ActThenLate { ms: 60_000 };
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Confirm) }, late)]);
    let first = shop.confirm(&key, "order-0001", 1_000, Some("k"));
    assert!(timeout(Duration::from_secs(30), first).await.is_err());
    assert_eq!(shop.balance(), 1_000, "acted at once");
    let early = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!((early.status, &*early.word()), (409, "IDEMPOTENT_REQUEST_PROCESSING"));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "DONE");
}

#[tokio::test(start_paused = true)]
async fn a_late_effect_comes_even_when_nobody_waits() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    let delay = Verdict::Delay { ms: 60_000 };
    shop.break_with([(Match { nth: Some(1), ..at(Endpoint::Confirm) }, delay)]);
    let first = shop.confirm(&key, "order-0001", 1_000, Some("k"));
    assert!(timeout(Duration::from_secs(30), first).await.is_err(), "the client gives up");
    assert!(shop.psp.book().is_empty());
    let early = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!(early.word(), "IDEMPOTENT_REQUEST_PROCESSING");
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(shop.balance(), 1_000);
    let charged = shop.psp.book()[0].at;
    let asked = shop.psp.calls()[2].at;
    assert_eq!(charged.duration_since(asked), SignedDuration::from_secs(60), "at its own time");
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "DONE");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_late_effect_gets_its_answer() {
    let (shop, _, reply) = confirm_under(Verdict::Delay { ms: 5_000 }).await;
    assert_eq!(reply.word(), "DONE");
    assert_eq!(shop.balance(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_held_review_stays_in_progress_for_days() {
    let (shop, key, reply) = confirm_under(Verdict::Hold { ms: 2 * 86_400_000 }).await;
    assert_eq!((reply.status, &*reply.word()), (200, "IN_PROGRESS"));
    shop.pass(SignedDuration::from_hours(47));
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS", "it does not expire under review");
    let same = shop.confirm(&key, "order-0001", 1_000, Some("k")).await;
    assert_eq!(same.word(), "IDEMPOTENT_REQUEST_PROCESSING");
    let other = shop.confirm(&key, "order-0001", 1_000, None).await;
    assert_eq!(other.word(), "FORBIDDEN_CONSECUTIVE_REQUEST");
    assert!(shop.psp.book().is_empty());
    shop.pass(SignedDuration::from_hours(1));
    assert_eq!(shop.status_of(&key).await, "DONE");
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "DONE");
    assert_eq!(shop.balance(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn act_then_error_is_an_error_with_effect() {
    let verdict = Verdict::ActThenError { code: "UNKNOWN_PAYMENT_ERROR".to_owned(), status: None };
    let (shop, key, reply) = confirm_under(verdict).await;
    assert_eq!((reply.status, &*reply.word()), (500, "UNKNOWN_PAYMENT_ERROR"));
    assert_eq!(shop.balance(), 1_000);
    assert_eq!(shop.confirm(&key, "order-0001", 1_000, Some("k")).await.word(), "DONE");
}

#[tokio::test(start_paused = true)]
async fn spoiled_answers_keep_the_charge() {
    let (shop, _, reply) = confirm_under(Verdict::Garbage).await;
    assert!(serde_json::from_slice::<Value>(&reply.raw.unwrap()).is_err());
    assert_eq!((reply.status, shop.balance()), (200, 1_000));
    let (shop, _, reply) = confirm_under(Verdict::ActThenCut).await;
    assert!(reply.raw.is_err());
    assert_eq!(shop.balance(), 1_000);
    let before = tokio::time::Instant::now();
    let (shop, _, reply) = confirm_under(Verdict::SlowBody { ms: 9_000 }).await;
    assert_eq!((reply.word().as_str(), shop.balance()), ("DONE", 1_000));
    assert!(before.elapsed() >= Duration::from_secs(9));
    let (shop, _, reply) = confirm_under(Verdict::StaleAnswer).await;
    assert_eq!((reply.word().as_str(), shop.balance()), ("IN_PROGRESS", 1_000));
    let (_, _, reply) = confirm_under(Verdict::AnswerTwice).await;
    assert_eq!(reply.fate, Some(Fate::Twice));
}

#[tokio::test(start_paused = true)]
async fn other_answer_is_another_payments() {
    let shop = Shop::new();
    shop.paid("order-0002", 2_000).await;
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.break_with([(at(Endpoint::Any), Verdict::OtherAnswer)]);
    let reply = shop.confirm(&key, "order-0001", 1_000, None).await.json();
    assert_eq!(reply["orderId"], "order-0002");
    let list = shop.get("/v1/transactions?startDate=2026-01-01&endDate=2026-02-01").await;
    assert_eq!(list.json(), json!([]));
    assert_eq!(shop.balance(), 3_000);
}

#[tokio::test(start_paused = true)]
async fn decline_aborts_the_payment() {
    let code = "REJECT_CARD_COMPANY".to_owned();
    let (shop, key, reply) = confirm_under(Verdict::Decline { code }).await;
    assert_eq!((reply.status, &*reply.word()), (403, "REJECT_CARD_COMPANY"));
    let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
    assert_eq!(payment["status"], "ABORTED");
    assert_eq!(payment["failure"]["code"], "REJECT_CARD_COMPANY");
    let again = shop.confirm(&key, "order-0001", 1_000, Some("k2")).await;
    assert_eq!(again.word(), "NOT_FOUND_PAYMENT_SESSION");
    assert!(shop.psp.book().is_empty());
}

#[tokio::test(start_paused = true)]
async fn money_that_moves_again_later_or_in_another_amount_shows_in_the_book_only() {
    let (shop, key, reply) = confirm_under(Verdict::ActAgain { ms: 86_400_000 }).await;
    assert_eq!((reply.json()["status"].clone(), shop.psp.book().len()), ("DONE".into(), 1));
    shop.pass(jiff::SignedDuration::from_hours(25));
    let causes: Vec<_> = shop.psp.book().iter().map(|line| (line.cause, line.amount)).collect();
    assert_eq!(causes, [(Cause::Confirm, 1_000), (Cause::Cheat, 1_000)]);
    assert_eq!(shop.status_of(&key).await, "DONE");
    let (shop, _, reply) = confirm_under(Verdict::ActOffBy { won: -300 }).await;
    assert_eq!(reply.json()["totalAmount"], 1_000, "says what was asked for");
    assert_eq!(shop.psp.book()[0].amount, 700);
    let list = shop.get("/v1/transactions?startDate=2026-01-01&endDate=2026-02-01").await.json();
    assert_eq!(list[0]["amount"], 700, "where reconciliation can find it");
}

#[tokio::test(start_paused = true)]
async fn the_cheats_show_in_the_book_only() {
    let (shop, key, reply) = confirm_under(Verdict::ActTwice).await;
    assert_eq!(reply.json()["balanceAmount"], 1_000, "says once");
    let causes: Vec<_> = shop.psp.book().iter().map(|line| line.cause).collect();
    assert_eq!(causes, [Cause::Confirm, Cause::Cheat]);
    let list = shop.get("/v1/transactions?startDate=2026-01-01&endDate=2026-02-01").await.json();
    assert_eq!(list.as_array().unwrap().len(), 2, "where reconciliation can find it");
    shop.break_with([(at(Endpoint::Cancel), Verdict::ActTwice)]);
    shop.cancel(&key, None, None).await;
    assert_eq!(shop.psp.book()[3].kind, BookKind::GivenBack);

    let (shop, key, reply) = confirm_under(Verdict::ActWithoutBook).await;
    assert_eq!(reply.word(), "DONE");
    assert_eq!(shop.cancel(&key, None, None).await.word(), "CANCELED");
    assert!(shop.psp.book().is_empty(), "what was never taken is never given back");
}
