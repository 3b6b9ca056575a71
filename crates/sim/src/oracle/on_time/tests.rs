//! Stories in which `on_time` must see something, and in which it must not.

use fake_psp::Verdict;

use super::*;
use crate::oracle::stories::{
    ORDER, assert_seen, at, cut_off, ended, judged, line, page, paid, strike, webhook,
};
use crate::plan::{Break, Fault};

fn moved(status: &str, ms: i64) -> Facts {
    let mut facts = paid();
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    let step = times.moves.iter_mut().find(|(_, s)| s == status).expect("it came to that");
    step.0 = at(ms);
    times.operations.last_mut().expect("it was proven").at = at(ms - 20);
    facts
}

#[test]
fn what_went_well_was_in_time() {
    assert_eq!(judged(judge, &paid()), [""; 0]);
}

#[test]
fn a_confirmation_is_answered_within_the_shops_patience() {
    let mut facts = paid();
    facts.history[2] = line(Asked::Confirm, 1_200, 25_000, page("SUCCESS"));
    assert_seen(judge, &facts, "was not answered within");
    cut_off(&mut facts, 1_000, 24_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_browser_does_not_stay_white() {
    let mut facts = paid();
    let moved = |ms| line(Asked::Confirm, 1_200, ms, Told::Moved("/status/o".to_owned()));
    facts.history[2] = moved(4_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.history[2] = moved(1_300);
    assert_seen(judge, &facts, "was told after 100 ms that nothing is known");
    facts.history[2] = moved(11_000);
    assert_seen(judge, &facts, "stayed white for 9800 ms");
    cut_off(&mut facts, 1_000, 10_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn who_confirms_is_not_sent_away_before_the_shops_patience() {
    let mut facts = paid();
    facts.history.push(line(Asked::Confirm, 1_250, 1_260, page("EXECUTING")));
    assert_seen(judge, &facts, "was told after 10 ms that nothing is known");
    cut_off(&mut facts, 1_000, 2_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.plan.faults.clear();
    facts.history[3] = line(Asked::Confirm, 1_250, 11_260, page("EXECUTING"));
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn the_executor_has_it_soon_after_it_was_begun() {
    let asked = |ms| {
        let mut facts = moved("SUCCESS", ms + 500);
        let times = facts.times.orders.get_mut(ORDER).expect("it is there");
        (times.operations[0].at, times.operations[1].at) = (at(ms), at(ms + 10));
        times.done_at = Some(at(ms + 1_000));
        facts
    };
    assert_seen(judge, &asked(200_000), "the executor had it only 3:20 min");
    assert_eq!(judged(judge, &asked(30_000)), [""; 0], "it was asked once more");
    let mut facts = asked(200_000);
    let crash =
        |host: &str| Fault { at_ms: 1_000, for_ms: 60_000, what: Break::Crash(host.into()) };
    facts.plan.faults = vec![crash("executor-1")];
    assert_eq!(judged(judge, &facts), [""; 0], "the executor was down for a minute");
    let mut facts = asked(400_000);
    facts.plan.faults = vec![crash("executor-1")];
    assert_seen(judge, &facts, "the executor had it only 6:40 min");
    facts.plan.faults.push(crash("payment-1"));
    assert_eq!(judged(judge, &facts), [""; 0], "who asked is dead");
}

#[test]
fn a_payment_is_final_soon_after_the_last_trouble() {
    let late = 3_600_000;
    let mut facts = moved("SUCCESS", late);
    facts.times.orders.get_mut(ORDER).expect("it is there").done_at = Some(at(late + 1_000));
    assert_seen(judge, &facts, "became final 60:00 min after the start");
    facts.healed = at(late);
    cut_off(&mut facts, 1_000, 3_000_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_paid_order_is_booked_soon_and_declared_done_after_that() {
    for (words, change) in [
        ("never declared done", None),
        ("declared done before both books", Some(1_850)),
        ("was paid 0:01 min after the start and done", Some(900_000)),
    ] {
        let mut facts = paid();
        facts.times.orders.get_mut(ORDER).expect("it is there").done_at = change.map(at);
        assert_seen(judge, &facts, words);
    }
}

#[test]
fn a_book_that_lacks_a_part_is_not_done() {
    let mut facts = paid();
    facts.times.orders.get_mut(ORDER).expect("it is there").ledger.clear();
    assert_seen(judge, &facts, "declared done before both books");
}

#[test]
fn what_is_proven_is_learned_soon() {
    let mut facts = moved("SUCCESS", 40_000);
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    times.operations.last_mut().expect("it was proven").at = at(1_300);
    times.done_at = Some(at(41_000));
    assert_seen(judge, &facts, "and final only 0:40 min after the start");
    facts.plan.cluster.executor = 2;
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_true_webhook_is_heard() {
    let mut facts = ended("FAILURE", 60_000);
    facts.transmissions = vec![webhook(10_000, "EXPIRED")];
    assert_seen(judge, &facts, "a webhook told EXPIRED");
    let told = facts.transmissions[0].clone();
    let forged = fake_psp::Transmission { forged: true, ..told.clone() };
    let refused = fake_psp::Transmission { outcome: Ok(500), ..told };
    for unheard in [forged, refused] {
        facts.transmissions = vec![unheard];
        assert_eq!(judged(judge, &facts), [""; 0]);
    }
}

#[test]
fn a_report_is_made_in_its_night() {
    let mut facts = paid();
    // Midnight in Korea is 15:00 in Greenwich; days are reconciled half an hour later.
    let due = 15 * 3_600_000 + 1_800_000;
    facts.now = at(due + 60_000);
    facts.times.reports = [("1970-01-01".to_owned(), at(due + 60_000))].into();
    assert_eq!(judged(judge, &facts), [""; 0]);
    let report = |facts: &mut Facts, after| {
        facts.times.claims = [("1970-01-01".to_owned(), at(due + after / 2))].into();
        facts.times.reports = [("1970-01-01".to_owned(), at(due + after))].into();
    };
    report(&mut facts, 6_000_000);
    assert_seen(judge, &facts, "the report of 1970-01-01 was due");
    // Nothing held it up; each of its repairs takes a while.
    report(&mut facts, 660_000);
    assert_seen(judge, &facts, "the report of 1970-01-01 was due");
    let difference = ("1970-01-01".to_owned(), "unresolved".to_owned(), "other".to_owned());
    facts.times.differences.insert(difference, vec![(at(due), "PENDING".to_owned())]);
    assert_eq!(judged(judge, &facts), [""; 0]);
    // What had ended before that night is not waited for.
    for states in facts.times.differences.values_mut() {
        *states = vec![(at(due - 9_000), "PENDING".into()), (at(due - 5_000), "REPAIRED".into())];
    }
    assert_seen(judge, &facts, "the report of 1970-01-01 was due");
    // A replica that died over it keeps its claim for half an hour.
    report(&mut facts, 2_400_000);
    facts.healed = at(due + 1_000_000);
    let what = Break::Crash("reconciler-1".into());
    let at_ms = due.cast_unsigned() + 1_000;
    facts.plan.faults.push(Fault { at_ms, for_ms: 5_000, what });
    assert_seen(judge, &facts, "and begun at");
    facts.times.claims = [("1970-01-01".to_owned(), at(due + 500))].into();
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn all_is_quiet_after_the_first_night() {
    let mut facts = paid();
    facts.now = at(15 * 3_600_000 + 1_800_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.now = at(80 * 3_600_000);
    assert_seen(judge, &facts, "not all was quiet");
    // What the PSP was still made to do explains it, once it did it.
    let night = 15 * 3_600_000 + 1_800_000;
    facts.now = at(night + 24 * 3_600_000);
    assert_seen(judge, &facts, "not all was quiet");
    strike(&mut facts, fake_psp::Endpoint::Transactions, night, Verdict::ListCut { keep: 1 });
    assert_eq!(judged(judge, &facts), [""; 0]);
    facts.now = at(night + 48 * 3_600_000);
    assert_seen(judge, &facts, "not all was quiet");
    // One that had no time just then explains minutes, and no day.
    facts.applied.clear();
    let busy = Verdict::TooMany { retry_after_s: 300 };
    strike(&mut facts, fake_psp::Endpoint::Cancel, night + 60_000, busy);
    assert_seen(judge, &facts, "not all was quiet");
    facts.now = at(night + 5_400_000);
    assert_eq!(judged(judge, &facts), [""; 0]);
}

#[test]
fn a_dead_replica_holds_nobody_up_while_another_lives() {
    let late = |dead: &[&str]| {
        let mut facts = paid();
        let cluster = &mut facts.plan.cluster;
        (cluster.payment, cluster.wallet, cluster.ledger) = (2, 2, 2);
        (cluster.feed_wait_ms, cluster.feed_recheck_ms) = (30_000, 10_000);
        facts.healed = at(3_600_000);
        let what = |host: &&str| Break::Crash((*host).to_owned());
        let fault = |host| Fault { at_ms: 1_000, for_ms: 1_800_000, what: what(host) };
        facts.plan.faults = dead.iter().map(fault).collect();
        let times = facts.times.orders.get_mut(ORDER).expect("it is there");
        times.wallet.values_mut().for_each(|booked| *booked = at(1_500_000));
        times.done_at = Some(at(1_500_100));
        facts
    };
    assert_seen(
        judge,
        &late(&["wallet-1"]),
        "was paid 0:01 min after the start and done 25:00 min",
    );
    assert_seen(judge, &late(&["wallet-1", "payment-2"]), "and done 25:00 min");
    assert_eq!(judged(judge, &late(&["wallet-1", "wallet-2"])), [""; 0], "nobody was left");
    // What stands still may hold what others wait for.
    let mut facts = late(&["wallet-1"]);
    facts.plan.faults[0].what = Break::Stall("wallet-1".into());
    assert_eq!(judged(judge, &facts), [""; 0]);
}
