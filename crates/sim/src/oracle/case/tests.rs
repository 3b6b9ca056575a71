//! An order that was paid for twice, as two cases.

use super::*;
use crate::oracle::{
    facts::tests::{booked, capture},
    stories::{ORDER, at, call, line, page, paid, step},
    times::OperationMove,
};

/// The first card was declined, the second paid.
fn twice() -> Facts {
    let mut facts = paid();
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    let moved = |ms, status: &str| (at(ms), status.to_owned());
    times.moves[2] = moved(1_380, "FAILURE");
    times.moves.extend([moved(20_010, "EXECUTING"), moved(20_100, "SUCCESS")]);
    times.attempts.push((at(20_010), "second".to_owned()));
    let second =
        OperationMove { payment_key: "second".into(), ..step(20_050, "APPROVED", 1, false) };
    times.operations.push(second);
    let mut confirm = line(Asked::Confirm, 20_000, 20_150, page("SUCCESS"));
    confirm.payment_key = Some("second".into());
    facts.history.push(confirm);
    facts.calls.push(Call {
        payment_key: Some("second".into()),
        ..call(1, Endpoint::Confirm, 20_020, "k", Some(200))
    });
    facts.book = booked([capture(ORDER, 500)]);
    (facts.book[0].at, facts.book[0].payment_key) = (at(20_030), "second".to_owned());
    facts
}

#[test]
fn each_attempt_has_its_own_beginning_end_and_reasons() {
    let facts = twice();
    let cases = all(&facts);
    let [first, second] = &cases[..] else { panic!("{cases:?}") };
    assert_eq!((first.status(), second.status()), ("FAILURE", "SUCCESS"));
    assert_eq!(first.times.final_at(), Some(at(1_380)));
    assert_eq!(second.times.came_to("EXECUTING"), Some(at(20_010)));
    assert_eq!(second.times.final_at(), Some(at(20_100)));
    assert_eq!((first.times.done_at, second.times.done_at), (None, Some(at(2_000))));
    assert_eq!((first.calls.len(), second.calls.len()), (1, 1));
    assert_eq!((first.money.captures.len(), second.money.captures.len()), (0, 1));
    // It was asked before the second was begun, and is about the second.
    assert_eq!(second.confirmed_at(), Some(at(20_000)));
    assert!(first.was_taken_otherwise() && !second.was_taken_otherwise());
}

#[test]
fn an_order_can_be_paid_before_it_is_begun_and_after_a_failure_that_took_nothing() {
    let facts = twice();
    let case = &all(&facts)[0];
    let payable = |from, to| case.was_payable(at(from), at(to));
    assert!(payable(100, 200) && payable(1_400, 20_000));
    assert!(!payable(1_300, 1_310) && !payable(1_400, 20_011) && !payable(30_000, 30_001));
}
