//! Stories in which `retries` must see something, and in which it must not.

use Endpoint::{Confirm, Read};

use super::*;
use crate::oracle::stories::{
    ORDER, assert_seen, call, cut_off, ended, judged, paid, refuse, step, strike, webhook,
};

/// One refused confirm after the other, each read before it is repeated.
fn refused(times: &[i64], keys: &[&str], status: u16) -> Facts {
    let mut facts = paid();
    facts.calls.clear();
    for (ms, key) in times.iter().zip(keys) {
        if !facts.calls.is_empty() {
            let seq = facts.calls.len() as u64;
            facts.calls.push(call(seq, Read, ms - 10, "", Some(200)));
        }
        let seq = facts.calls.len() as u64;
        facts.calls.push(call(seq, Confirm, *ms, key, Some(status)));
    }
    facts
}

#[test]
fn one_call_that_was_answered_is_fine() {
    assert_eq!(judged(judge, &paid()), [""; 0]);
}

#[test]
fn three_tries_are_allowed_and_no_fourth() {
    let times = [1_300, 5_000, 12_000, 25_000];
    assert_eq!(judged(judge, &refused(&times[..3], &["k"; 3], 500)), [""; 0]);
    let found = judged(judge, &refused(&times, &["k"; 4], 500));
    assert!(found[0].contains("asked for 4 times, 3 are allowed"), "{found:?}");
}

#[test]
fn a_429_costs_no_try() {
    let times = [1_300, 5_000, 12_000, 25_000];
    assert_eq!(judged(judge, &refused(&times, &["k"; 4], 429)), [""; 0]);
}

#[test]
fn waits_grow_and_obey_the_psp() {
    let times = [1_300, 2_400, 4_200];
    assert_seen(judge, &refused(&times, &["k"; 3], 500), "too soon");
    let mut facts = refused(&[1_300, 5_000], &["k"; 2], 429);
    strike(&mut facts, Confirm, 1_300, Verdict::TooMany { retry_after_s: 30 });
    assert_seen(judge, &facts, "asked to wait 30 s, and got 3 s");
}

#[test]
fn a_repeat_without_a_read_is_seen() {
    let mut facts = refused(&[1_300, 5_000], &["k"; 2], 500);
    facts.calls.retain(|call| call.endpoint == Confirm);
    assert_seen(judge, &facts, "without a read before");
}

#[test]
fn what_a_broken_network_held_back_is_counted_only() {
    let mut facts = refused(&[1_300, 40_000], &["k"; 2], 500);
    facts.calls[1].seq = 0;
    facts.calls[0].seq = 1;
    assert_seen(judge, &facts, "without a read before");
    cut_off(&mut facts, 1_000, 39_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_spent_key_is_not_sent_again_and_a_fresh_one_only_for_a_spent_one() {
    let times = [1_300, 5_000];
    assert_seen(judge, &refused(&times, &["k"; 2], 403), "answered 403 for good and sent again");
    assert_eq!(judged(judge, &refused(&times, &["k", "l"], 403)), [""; 0]);
    let mut fresh = refused(&times, &["k", "l"], 403);
    for status in [None, Some(200), Some(409), Some(429), Some(500)] {
        fresh.calls[0].status = status;
        assert_seen(judge, &fresh, "a fresh key l was sent, and k was not refused");
    }
    fresh.calls[0].idempotency_key = None;
    assert_seen(judge, &fresh, "without an idempotency key");
}

#[test]
fn what_was_refused_for_good_is_not_asked_for_again() {
    let mut facts = refused(&[1_300, 5_000], &["k", "l"], 403);
    facts.calls[0].code = Some("REJECT_CARD_COMPANY".into());
    assert_seen(judge, &facts, "asked for again after REJECT_CARD_COMPANY");
    facts.calls[0].code = Some("PROVIDER_ERROR".into());
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn two_orders_must_not_share_a_key() {
    let mut facts = paid();
    let mut other = call(1, Confirm, 9_000, "key-1", Some(200));
    other.order_id = Some("other".into());
    facts.calls.push(other);
    assert_seen(judge, &facts, "was sent for o (payment-key) and for other");
}

#[test]
fn reads_have_a_bound_that_webhooks_lift() {
    let mut facts = paid();
    facts.calls.extend((1..=4).map(|n| call(n, Read, 10_000 * n as i64, "", Some(200))));
    assert_seen(judge, &facts, "was read 4 times, 3 are allowed");
    facts.webhooks.insert(ORDER.to_owned(), 1);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_final_no_is_believed_at_once() {
    let mut facts = ended("FAILURE", 10_000);
    facts.calls[0].status = Some(403);
    facts.calls[0].code = Some("REJECT_CARD_COMPANY".into());
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    times.operations.insert(2, step(1_320, "UNKNOWN", 1, false));
    assert_seen(judge, &facts, "answered REJECT_CARD_COMPANY, which is final, and not");
    facts.calls[0].code = Some("PROVIDER_ERROR".into());
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.calls[0].code = Some("REJECT_CARD_COMPANY".into());
    cut_off(&mut facts, 1_000, 2_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_call_that_hangs_is_given_up() {
    let patience = i64::try_from(paid().plan.cluster.psp_deadline_ms).expect("it is small");
    for (ended_after, seen) in [(patience + 1_000, false), (patience + 45_000, true)] {
        let mut facts = ended("SUCCESS", 1_300 + ended_after + 20);
        match seen {
            true => assert_seen(judge, &facts, "nothing came of the call 1 s after the start"),
            false => assert_eq!(judged(judge, &facts), [""; 0]),
        }
        cut_off(&mut facts, 1_000, 2_000);
        assert_eq!(judged(judge, &facts), [""; 0]);
    }
}

#[test]
fn only_a_webhook_that_came_before_explains_an_early_look() {
    let mut facts = refused(&[1_300, 3_300], &["k"; 2], 500);
    strike(&mut facts, Confirm, 1_300, refuse("PROVIDER_ERROR"));
    let waits = |facts: &Facts| {
        let cases = super::super::case::all(facts);
        Acts::of(&cases[0], Confirm).first_wait()
    };
    assert_eq!(waits(&facts), Some(SignedDuration::from_millis(1_990)));
    facts.transmissions = vec![webhook(9_000, "DONE")];
    assert_eq!(waits(&facts), Some(SignedDuration::from_millis(1_990)));
    facts.transmissions = vec![webhook(2_000, "DONE")];
    assert_eq!(waits(&facts), None);
}

#[test]
fn everyone_who_waits_exactly_as_long_is_seen() {
    let ms = SignedDuration::from_millis;
    assert!(no_jitter(&[ms(2_000); 12]).is_some());
    assert!(no_jitter(&[ms(2_000); 11]).is_none());
    let spread: Vec<_> = (0..12).map(|n| ms(1_000 + n * 80)).collect();
    assert!(no_jitter(&spread).is_none());
}

#[test]
fn one_call_at_a_time() {
    let mut facts = refused(&[1_300, 3_300], &["k"; 2], 500);
    let seen = |facts: &Facts| judged(judge, facts).iter().any(|d| d.contains("under way"));
    assert!(!seen(&facts));
    let first = facts.calls.iter_mut().find(|call| call.endpoint == Confirm).expect("it is there");
    first.answered_at = Some(first.at + SignedDuration::from_secs(20));
    assert!(seen(&facts));
    // Whoever starts meanwhile has to leave it alone.
    let crash = crate::plan::Break::Crash("executor-2".into());
    facts.plan.faults = vec![crate::plan::Fault { at_ms: 1_000, for_ms: 500, what: crash }];
    assert!(seen(&facts));
    cut_off(&mut facts, 1_000, 2_000);
    assert!(!seen(&facts));
}

#[test]
fn what_could_not_be_sent_is_no_try() {
    let mut facts = ended("FAILURE", 700_000);
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    times.operations.splice(
        2..,
        [
            step(70_000, "SENDING", 2, false),
            step(75_000, "UNKNOWN", 2, false),
            step(699_980, "DECLINED", 2, false),
        ],
    );
    cut_off(&mut facts, 5_000, 600_000);
    let seen = |facts: &Facts| judged(judge, facts).iter().any(|d| d.contains("counted as a try"));
    assert!(seen(&facts));
    facts.plan.faults[0].at_ms = 20_000;
    assert!(!seen(&facts), "a connection was left over");
    facts.plan.faults[0].at_ms = 5_000;
    facts.plan.cluster.executor = 2;
    assert!(!seen(&facts), "the other one may have sent it");
    facts.plan.cluster.executor = 1;
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    times.operations[3].tries = 1;
    assert!(!seen(&facts));
}

/// A try that failed at once, and the next one after a while.
fn tried_again_after(ms: i64) -> Facts {
    let mut facts = ended("SUCCESS", 400_000);
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    let again = [
        step(100_000, "SENDING", 1, false),
        step(100_100, "UNKNOWN", 1, false),
        step(100_100 + ms, "SENDING", 2, false),
    ];
    times.operations.splice(1..2, again);
    facts
}

#[test]
fn what_failed_is_tried_again_when_its_wait_is_over() {
    let seen = |facts: &Facts| judged(judge, facts).iter().any(|d| d.contains("tried again after"));
    assert!(!seen(&tried_again_after(13_000)));
    assert!(seen(&tried_again_after(15_000)));
    let mut asked = tried_again_after(15_000);
    strike(&mut asked, Confirm, 100_000, Verdict::TooMany { retry_after_s: 5 });
    assert!(!seen(&asked), "the PSP asked to wait for longer");
    let mut dead = tried_again_after(15_000);
    dead.times.orders.get_mut(ORDER).expect("it is there").operations[2].dead = true;
    assert!(!seen(&dead), "it waits for a person");
}

#[test]
fn a_clock_is_felt_by_what_began_before_it_jumped() {
    let seen = |facts: &Facts| judged(judge, facts).iter().any(|d| d.contains("tried again after"));
    let off = |at_ms, for_ms| {
        let mut facts = tried_again_after(15_000);
        let what = crate::plan::Break::ClockSkew("executor-1".into(), 300_000);
        facts.plan.faults = vec![crate::plan::Fault { at_ms, for_ms, what }];
        facts
    };
    assert!(!seen(&off(50_000, 55_000)), "it is set right while somebody waits");
    assert!(!seen(&off(105_000, 300_000)), "it goes wrong while somebody waits");
    assert!(seen(&off(1_000, 10_000)), "it was right again when this began");
    let mut two = off(1_000, 10_000);
    two.plan.cluster.executor = 2;
    assert!(!seen(&two), "the other one's times are in the same table");
}
