//! Stories in which `told` must see something, and in which it must not.

use super::*;
use crate::oracle::stories::{
    ORDER, assert_seen, at, cut_off, ended, judged, line, page, paid, refuse, strike, webhook,
};

fn refused(status: u16, kind: &str) -> Told {
    Told::Refused(Refusal { status, kind: kind.into(), retry_after: None })
}

/// A buyer who also asked this, and was told that.
fn also(asked: Asked, told: Told) -> Facts {
    let mut facts = paid();
    facts.history.push(line(asked, 100_000, 100_100, told));
    facts
}

#[test]
fn what_went_well_was_told_rightly() {
    assert_eq!(judged(judge, &paid()), [""; 0]);
}

#[test]
fn a_webhook_is_acknowledged() {
    let mut facts = paid();
    facts.transmissions = vec![webhook(50_000, "DONE")];
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.transmissions[0].outcome = Ok(500);
    assert_seen(judge, &facts, "a webhook of DONE was answered Ok(500)");
    facts.transmissions[0].outcome = Err("timed out".into());
    assert_seen(judge, &facts, "a webhook of DONE was answered");
}

#[test]
fn each_refusal_has_its_own_answer() {
    for (asked, status, kind) in [
        (Asked::Tampered, 422, "amount_changed"),
        (Asked::ForeignKey, 409, "conflict"),
        (Asked::UnknownOrder, 404, "not_found"),
    ] {
        assert_eq!(judged(judge, &also(asked, refused(status, kind))), [""; 0]);
        assert_eq!(judged(judge, &also(asked, refused(400, "invalid"))).len(), 1, "{asked:?}");
        assert_eq!(judged(judge, &also(asked, page("SUCCESS"))).len(), 1, "{asked:?}");
    }
}

#[test]
fn a_true_request_is_not_refused() {
    for asked in [Asked::Confirm, Asked::Status, Asked::BogusKey] {
        let found = judged(judge, &also(asked, refused(409, "conflict")));
        assert_eq!(found.len(), 1, "{asked:?}");
        assert!(found[0].contains("should have been told the payment"), "{found:?}");
    }
}

#[test]
fn another_payment_is_refused_only_while_one_is_in_its_way() {
    let refused_at = |from, to| {
        let mut facts = ended("FAILURE", 11_000);
        facts.history[2] = line(Asked::Confirm, 1_200, 11_100, page("EXECUTING"));
        let mut second = line(Asked::Confirm, from, to, refused(409, "conflict"));
        second.payment_key = Some("second".into());
        facts.history.push(second);
        facts
    };
    assert_eq!(judged(judge, &refused_at(2_000, 2_100)), [""; 0]);
    assert_eq!(judged(judge, &refused_at(10_990, 11_010)), [""; 0], "just then");
    assert_seen(judge, &refused_at(12_000, 12_100), "no other payment was in its way");
}

#[test]
fn whoever_is_told_how_it_stands_has_begun() {
    let mut facts = paid();
    facts.history[2].payment_key = Some("payment-key".into());
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.history[2].payment_key = Some("second".into());
    assert_seen(judge, &facts, "its payment was not begun");
}

#[test]
fn silence_and_a_503_need_a_cause() {
    let silent = also(Asked::Status, Told::Nothing("timed out".into()));
    assert_seen(judge, &silent, "was not answered");
    let mut busy = also(Asked::Status, refused(503, "unavailable"));
    assert_seen(judge, &busy, "nothing was broken");
    cut_off(&mut busy, 99_000, 101_000);
    assert_seen(judge, &busy, "not when to ask again");
    for (retry_after, wrong) in [(Some(1), 0), (Some(1_000), 1)] {
        let refusal = Refusal { status: 503, kind: "unavailable".into(), retry_after };
        busy.history.last_mut().unwrap().told = Told::Refused(refusal);
        assert_eq!(judged(judge, &busy).len(), wrong);
    }
}

#[test]
fn a_page_is_word_for_word_the_order() {
    let changes: [fn(&mut Page); 7] = [
        |p| p.amount = "5".into(),
        |p| p.http = 202,
        |p| p.buyer_id = "somebody".into(),
        |p| p.parts.clear(),
        |p| p.parts[0].2 = "EXECUTING".into(),
        |p| p.approved_at = Some(0),
        |p| p.approved_at = None,
    ];
    for change in changes {
        let mut facts = paid();
        let Told::Payment(page) = &mut facts.history[2].told else { panic!("a page") };
        change(page);
        assert_eq!(judged(judge, &facts).len(), 1, "{:?}", facts.history[2].told);
    }
}

#[test]
fn what_is_not_paid_is_not_done() {
    let mut facts = ended("UNKNOWN", 1_380);
    let Told::Payment(page) = &mut facts.history[2].told else { panic!("a page") };
    page.is_done = true;
    facts.times.orders.get_mut(ORDER).expect("it is there").done_at = Some(at(1_390));
    assert_seen(judge, &facts, "is done which is UNKNOWN");
}

#[test]
fn a_page_is_of_the_moment() {
    let asked = |from, to, status| {
        let mut facts = paid();
        facts.history.push(line(Asked::Status, from, to, page(status)));
        let Told::Payment(page) = &mut facts.history[3].told else { panic!("a page") };
        page.http = 200;
        facts
    };
    assert_seen(judge, &asked(1_500, 1_510, "EXECUTING"), "it was SUCCESS when that was asked");
    assert_seen(judge, &asked(1_220, 1_230, "SUCCESS"), "it was EXECUTING when that was asked");
    for status in ["EXECUTING", "SUCCESS"] {
        assert_eq!(judged(judge, &asked(1_370, 1_390, status)), [""; 0]);
    }
    assert_seen(judge, &asked(5_000, 5_010, "SUCCESS"), "that it is done: false; it was by then");
}

#[test]
fn a_failure_has_the_banks_reason() {
    let mut facts = ended("FAILURE", 1_380);
    facts.history[2] = line(Asked::Confirm, 1_200, 1_400, page("FAILURE"));
    assert_seen(judge, &facts, "because of CODE; planted was []");
    strike(&mut facts, Endpoint::Confirm, 1_300, Verdict::Decline { code: "CODE".into() });
    assert_eq!(judged(judge, &facts), [""; 0]);
    let Told::Payment(page) = &mut facts.history[2].told else { panic!("a page") };
    page.failure = Some(("CODE".into(), String::new()));
    assert_seen(judge, &facts, "without words");
}

#[test]
fn a_code_that_passes_is_no_reason() {
    let mut facts = ended("FAILURE", 1_380);
    facts.history[2] = line(Asked::Confirm, 1_200, 1_400, page("FAILURE"));
    strike(&mut facts, Endpoint::Confirm, 1_300, refuse("CODE"));
    assert_seen(judge, &facts, "because of CODE");
}

fn keyed(status: u16, body: &str, retry_after: Option<u64>) -> Told {
    let Told::Keyed { key, request, .. } = paid().history[0].told.clone() else { panic!("keyed") };
    Told::Keyed { key, request, status, body: body.into(), retry_after }
}

#[test]
fn a_checkout_is_opened_as_it_was_asked_for() {
    for told in [
        keyed(201, "{}", None),
        keyed(429, "", Some(1)),
        keyed(503, "", Some(1)),
        keyed(422, "", None),
        Told::Nothing("timed out".into()),
    ] {
        let mut facts = paid();
        facts.history[0].told = told.clone();
        assert_eq!(judged(judge, &facts).len(), 1, "{told:?}");
    }
}

#[test]
fn the_same_key_with_another_body_is_refused() {
    let refusal = keyed(422, r#"{"type":"idempotency_key_reused"}"#, None);
    assert_eq!(judged(judge, &also(Asked::OtherBody, refusal)), [""; 0]);
    for told in [keyed(201, "{}", None), keyed(422, "{}", None), keyed(429, "", Some(1))] {
        let found = judged(judge, &also(Asked::OtherBody, told));
        assert!(found[0].contains("a key with another body was told"), "{found:?}");
    }
}

/// The order's voided page.
fn voided(status: &str) -> Told {
    let Told::Payment(mut page) = page(status) else { panic!("a page") };
    (page.is_voided, page.http) = (true, 200);
    Told::Payment(page)
}

#[test]
fn the_shop_takes_back_what_is_unpaid_and_nothing_else() {
    let asked = |from, to, told, at: Option<i64>| {
        let mut facts = paid();
        facts.history.push(line(Asked::Void, from, to, told));
        let order = facts.times.orders.get_mut(ORDER).expect("it is there");
        order.voided_at = at.map(crate::oracle::stories::at);
        facts
    };
    let conflict = || refused(409, "conflict");
    assert_eq!(judged(judge, &asked(100_000, 100_100, conflict(), None)), [""; 0], "it is paid");
    assert_seen(judge, &asked(500, 600, conflict(), None), "an unpaid order could not be voided");
    assert_seen(judge, &asked(500, 600, refused(500, "x"), None), "nothing was broken");
    assert_seen(judge, &asked(500, 600, refused(404, "x"), None), "that it is voided, or 409");
    assert_seen(judge, &asked(500, 600, page("NOT_STARTED"), None), "that it is voided, or 409");
    assert_seen(judge, &asked(500, 600, voided("NOT_STARTED"), None), "told that it is voided");
    let again = judged(judge, &asked(1_000, 1_100, conflict(), Some(550)));
    assert!(again.iter().any(|why| why.contains("asked Void, was told 409")), "{again:?}");
    let late = judged(judge, &asked(100_000, 100_100, voided("SUCCESS"), Some(100_050)));
    assert!(late.iter().any(|why| why.contains("voided while it was SUCCESS")), "{late:?}");
    // It was paid for nevertheless.
    let seen = judged(judge, &asked(500, 600, voided("NOT_STARTED"), Some(550)));
    assert!(seen.iter().any(|why| why.contains("though the order was voided")), "{seen:?}");
}

#[test]
fn nobody_pays_for_what_has_expired() {
    let mut facts = paid();
    facts.plan.cluster.order_lifetime_ms = 500;
    assert_eq!(judged(judge, &facts), [""; 0], "within what clocks may be off");
    facts.times.orders.get_mut(ORDER).expect("it is there").attempts[0].0 = at(2_000);
    assert_seen(judge, &facts, "though the order was expired");
    for (lifetime, wrong) in [(500, 0), (50_000, 1)] {
        let mut facts = ended("NOT_STARTED", 1_380);
        let order = facts.times.orders.get_mut(ORDER).expect("it is there");
        order.moves.truncate(1);
        order.attempts.clear();
        facts.plan.cluster.order_lifetime_ms = lifetime;
        facts.history[2] = line(Asked::Confirm, 1_200, 1_250, refused(409, "order_expired"));
        assert_eq!(judged(judge, &facts).len(), wrong, "after {lifetime} ms");
    }
}
