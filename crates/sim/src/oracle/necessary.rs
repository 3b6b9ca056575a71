//! Necessity: nothing fails, waits, is given back or is repaired without a cause that was planted.
//!
//! Consistent is not enough: a system that sells nothing is consistent. Causes come from the plan
//! and from the fake PSP's record of what it did to whom, never from what the services say.

use fake_psp::{BookKind, Call, Cause, Endpoint};
use jiff::SignedDuration;

use super::{
    Asked, Facts, Told, Violation,
    case::Case,
    nightly,
    times::OperationMove,
    trouble::{Way, is_about_payment},
};
use crate::plan::Habit;

pub(super) const ID: &str = "necessary";

/// So long before a payment begins there must have been nothing that could still hold it up.
pub(super) const CALM: SignedDuration = SignedDuration::from_secs(20);

/// When all is quiet, each order, and each line of the night's reports.
pub(super) fn judge(facts: &Facts, cases: &[Case<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    for case in cases {
        let told = |detail| Violation::new(ID, Some(case.id()), detail);
        found.extend(failure(case).map(told));
        found.extend(paid_for_nothing(case).map(told));
        found.extend(never_begun(case).map(told));
        found.extend(not_at_once(case).map(told));
        found.extend(dead_letters(case).map(told));
        found.extend(give_back(case).map(told));
    }
    found.extend(nightly::judge(facts, cases));
    found
}

/// A failure needs a bank that said no, a PSP that lied, a buyer who came too late, or a PSP that
/// could not be asked in time.
fn failure(case: &Case<'_>) -> Option<String> {
    if case.status() != "FAILURE" {
        return None;
    }
    if !case.money.captures.is_empty() {
        let caused = case.was_lied_to() || case.was_canceled_by_hand();
        return (!caused).then(|| "failed, though the PSP took the money and said so".to_owned());
    }
    let bogus = case.asked(Asked::BogusKey).next().is_some();
    let caused = case.was_refused() || case.came_too_late() || case.was_taken_otherwise();
    if bogus || caused {
        return None;
    }
    let Some(begin) = case.confirmed_at() else {
        return Some("failed, though its buyer never confirmed".to_owned());
    };
    let end = case.confirmable_until().unwrap_or(case.facts.now);
    let mut honest = case.honest_calls(begin, end).into_iter();
    if let Some(call) = honest.find(|call| call.endpoint == Endpoint::Confirm) {
        let status = call.status.unwrap_or(0);
        return Some(format!(
            "failed: the PSP answered {status} to what it was asked, and nothing was planted there"
        ));
    }
    let spoilt = case.spoilt_calls(begin, end) > 0;
    let held_up = !case.facts.is_clear(Way::CONFIRM, begin - CALM, end);
    (!spoilt && !held_up).then(|| "failed, and nothing that was planted explains it".to_owned())
}

/// What the PSP showed to be given back, all of it, before it was first seen, is no payment.
fn paid_for_nothing(case: &Case<'_>) -> Option<String> {
    let proven = case.times.operations.iter().find(|step| step.state == "APPROVED")?;
    let about = |call: &&&Call| is_about_payment(call.endpoint) && call.at <= proven.at;
    let last = case.calls.iter().filter(about).max_by_key(|call| call.seq)?;
    let mine = case.book().filter(|entry| entry.at < last.at);
    let (taken, back): (Vec<_>, Vec<_>) = mine.partition(|entry| entry.kind == BookKind::Captured);
    let sum = |entries: &[&fake_psp::BookEntry]| entries.iter().map(|e| e.amount).sum::<i64>();
    let gone = !taken.is_empty() && sum(&taken) == sum(&back);
    let honest = last.fault.is_none() && !last.replayed && last.status == Some(200);
    // No older answer can be under way any more.
    let patience = i64::try_from(case.facts.plan.cluster.psp_deadline_ms).unwrap_or(i64::MAX / 4);
    let since = last.at - SignedDuration::from_millis(patience) - SignedDuration::from_secs(5);
    let older = case.calls.iter().any(|call| call.seq < last.seq && call.at >= since);
    let alone = !older && !case.facts.is_time_bent(Way::EXECUTE, since, proven.at);
    (gone && honest && alone && proven.kind == "CONFIRM").then(|| {
        "was called paid by an answer in which the PSP showed that all of it had been given back"
            .to_owned()
    })
}

/// Whoever confirms begins a payment, unless the shop could not be reached.
fn never_begun(case: &Case<'_>) -> Option<String> {
    let first = case.confirmed_at().filter(|_| case.status() == "NOT_STARTED")?;
    let last = case.asked(Asked::Confirm).map(|line| line.at).max()?;
    let clear = case.facts.is_clear(Way::SHOP, first - CALM, last);
    let closed = case.was_voided(last) || case.may_have_expired(last);
    (clear && !closed).then(|| "was confirmed by its buyer, and never begun".to_owned())
}

/// An order that no fault touches is paid at once.
fn not_at_once(case: &Case<'_>) -> Option<String> {
    let line = case.asked(Asked::Confirm).min_by_key(|line| line.asked_at)?;
    // What another replica of the executor has taken, whoever waits looks for again after a while.
    let alone = case.facts.plan.cluster.executor == 1;
    let wait = SignedDuration::from_millis(if alone { 1_500 } else { 5_000 });
    let soon = line.asked_at + wait;
    let unusual = |habit: &Habit| {
        matches!(habit, Habit::Impatient | Habit::BogusKey | Habit::TwoTabs)
            || matches!(habit, Habit::DoubleClickConfirm)
    };
    let usual = !case.purchase?.habits.iter().any(unusual);
    let untouched = case.struck.is_empty() && !case.calls.iter().any(|c| c.status == Some(429));
    let calm = case.facts.is_clear(Way::CONFIRM, line.asked_at - CALM, soon);
    let closed = case.was_voided(line.at) || case.may_have_expired(line.at);
    let late = case.came_too_late() || case.was_taken_otherwise() || closed;
    if !(usual && untouched && calm) || late {
        return None;
    }
    match &line.told {
        Told::Payment(page) if page.status == "SUCCESS" && line.at <= soon => None,
        Told::Moved(_) if line.at <= soon && landed(case, line) == Some("SUCCESS") => None,
        other => Some(format!("nothing touched it, and its buyer was told {}", brief(other))),
    }
}

/// What the status page said to which a buyer was sent.
fn landed<'a>(case: &Case<'a>, back: &super::TellTale) -> Option<&'a str> {
    let mut pages = case.asked(Asked::StatusPage).filter(|page| page.asked_at >= back.at);
    pages.next()?.told.status()
}

/// The dead-letter queue is for what was tried as often as is allowed and went wrong each time.
fn dead_letters(case: &Case<'_>) -> Option<String> {
    let allowed = case.facts.plan.cluster.retry_tries as usize;
    let mut begin = case.confirmed_at().unwrap_or(case.facts.plan.start);
    let mut was_dead = false;
    for step in &case.times.operations {
        if was_dead && !step.dead {
            begin = step.at;
        }
        if step.dead && !was_dead {
            let tries = usize::try_from(step.tries).unwrap_or(0);
            // More of them only look, because the end of an earlier one could not be written.
            let held_up = !case.facts.is_clear(Way::EXECUTE, begin - CALM, step.at);
            if tries < allowed || (tries > allowed && !held_up) {
                return Some(format!("was given up after {tries} tries, {allowed} are allowed"));
            }
            let spoilt = case.spoilt_calls(begin, step.at);
            if spoilt < allowed && !held_up && !case.was_held() {
                return Some(format!(
                    "is a dead letter after {spoilt} calls that were planted to go wrong, \
                     {allowed} tries are allowed"
                ));
            }
            if !was_looked_for(case, step) {
                return Some("was given up without a last look at the PSP".to_owned());
            }
        }
        was_dead = step.dead;
    }
    None
}

/// Whether the last try before an operation became a dead letter asked the PSP, or could not.
fn was_looked_for(case: &Case<'_>, dead: &OperationMove) -> bool {
    let mut before = case.times.operations.iter().rev().filter(|step| step.at < dead.at);
    let sent = before.find(|step| step.kind == dead.kind && step.state == "SENDING");
    let Some(sent) = sent.map(|step| step.at) else { return false };
    let within = |call: &&Call| (sent..=dead.at).contains(&call.at);
    let mut about = case.calls.iter().filter(|call| is_about_payment(call.endpoint));
    about.any(within) || !case.facts.is_clear(Way::PSP, sent, dead.at)
}

/// Only money of an order that the PSP wrongly said it had not taken is given back.
fn give_back(case: &Case<'_>) -> Option<String> {
    let ours = |entry: &&fake_psp::BookEntry| {
        entry.kind == BookKind::GivenBack && entry.cause == Cause::Cancel
    };
    case.book().find(ours)?;
    (!case.was_lied_to()).then(|| "was given back, and nothing asked for that".to_owned())
}

/// A word about what a buyer was told.
pub(super) fn brief(told: &Told) -> String {
    match told {
        Told::Payment(page) => format!("{} ({})", page.status, page.http),
        Told::Refused(refusal) => format!("{} {}", refusal.status, refusal.kind),
        Told::Nothing(why) => why.clone(),
        Told::Keyed { status, body, .. } => format!("{status} {body}"),
        Told::Approved(key) => format!("approved {key}"),
        Told::Moved(to) => format!("look at {to}"),
        Told::Form(fields) => format!("a form with {fields:?}"),
        Told::Shown(sheet) => format!("{} (a page)", sheet.status),
    }
}

#[cfg(test)]
mod tests {
    use fake_psp::Verdict;

    use super::*;
    use crate::oracle::{
        facts::tests::{booked, capture, give_back},
        stories::{
            ORDER, assert_seen, at, call, cut_off, ended, judged, line, page, paid, refuse, step,
            strike,
        },
    };

    #[test]
    fn a_payment_that_went_well_needs_no_cause() {
        assert_eq!(judged(judge, &paid()), [""; 0]);
    }

    #[test]
    fn a_failure_needs_a_bank_that_said_no() {
        let mut failed = ended("FAILURE", 1_380);
        assert_seen_in(&failed, "the PSP answered 200");
        strike(&mut failed, Endpoint::Confirm, 1_300, refuse("REJECT_CARD_COMPANY"));
        assert_eq!(judged(judge, &failed), [""; 0]);
    }

    /// Whatever else is found because the buyer was not told of a success.
    fn assert_seen_in(facts: &Facts, words: &str) {
        let found = judged(judge, facts);
        assert!(found.iter().any(|detail| detail.contains(words)), "not `{words}`: {found:?}");
    }

    #[test]
    fn a_code_that_passes_is_no_cause_of_a_failure() {
        let mut failed = ended("FAILURE", 1_380);
        failed.calls.push(call(1, Endpoint::Confirm, 1_350, "key-1", Some(400)));
        strike(&mut failed, Endpoint::Confirm, 1_300, refuse("PROVIDER_ERROR"));
        assert_seen(judge, &failed, "the PSP answered 400");
    }

    #[test]
    fn a_failure_though_the_money_was_taken_needs_a_lie() {
        let mut failed = ended("FAILURE", 1_380);
        failed.book = booked([capture(ORDER, 500), give_back(ORDER, 500)]);
        assert_seen_in(&failed, "though the PSP took the money");
        let lie = Verdict::ActThenError { code: "REJECT_CARD_COMPANY".into(), status: None };
        strike(&mut failed, Endpoint::Confirm, 1_300, lie);
        assert_eq!(judged(judge, &failed), [""; 0]);
    }

    #[test]
    fn a_failure_without_any_call_needs_a_cut_that_lasted() {
        let mut failed = ended("FAILURE", 700_000);
        failed.calls.clear();
        assert_seen_in(&failed, "nothing that was planted explains it");
        cut_off(&mut failed, 0, 650_000);
        assert_eq!(judged(judge, &failed), [""; 0]);
    }

    #[test]
    fn what_was_seen_to_be_given_back_is_no_payment() {
        let mut facts = paid();
        facts.book = booked([capture(ORDER, 500), give_back(ORDER, 500)]);
        (facts.book[0].at, facts.book[1].at) = (at(1_300), at(1_500));
        // It was approved before.
        assert_eq!(judged(judge, &facts), [""; 0]);
        let times = facts.times.orders.get_mut(ORDER).expect("it is there");
        times.operations.last_mut().expect("approved").at = at(60_000);
        facts.calls.push(call(1, Endpoint::Read, 59_900, "", Some(200)));
        assert_seen(judge, &facts, "all of it had been given back");
        facts.book[1].amount = 499;
        assert_eq!(judged(judge, &facts), [""; 0]);
        facts.book[1].amount = 500;
        // An older answer may still be under way.
        facts.calls[0].at = at(40_000);
        assert_eq!(judged(judge, &facts), [""; 0]);
    }

    #[test]
    fn whoever_confirms_begins_a_payment() {
        let facts = ended("NOT_STARTED", 1_380);
        assert_seen_in(&facts, "never begun");
    }

    #[test]
    fn what_nothing_touches_is_paid_at_once() {
        let mut facts = paid();
        facts.history[2] = line(Asked::Confirm, 1_200, 1_400, page("UNKNOWN"));
        assert_seen(judge, &facts, "nothing touched it");
        cut_off(&mut facts, 0, 5_000);
        assert_eq!(judged(judge, &facts), [""; 0]);
    }

    #[test]
    fn a_dead_letter_has_had_all_its_tries() {
        let dead = |tries, struck| {
            let mut facts = paid();
            let times = facts.times.orders.get_mut(ORDER).expect("it is there");
            times.operations = vec![step(1_260, "SENDING", 1, false)];
            times.operations.push(step(90_000, "UNKNOWN", tries, true));
            for n in 0..struck {
                let ms = 1_300 + n * 5_000;
                if n > 0 {
                    facts.calls.push(call(n as u64, Endpoint::Confirm, ms, "key-1", Some(500)));
                }
                strike(&mut facts, Endpoint::Confirm, ms, refuse("PROVIDER_ERROR"));
            }
            facts
        };
        assert_seen(judge, &dead(1, 3), "given up after 1 tries");
        assert_seen(judge, &dead(3, 1), "after 1 calls that were planted to go wrong");
        assert_eq!(judged(judge, &dead(3, 3)), [""; 0]);
        // Sent thrice, and then taken up once more for no look at all.
        let mut unseen = dead(3, 3);
        let times = unseen.times.orders.get_mut(ORDER).expect("it is there");
        times.operations.insert(1, step(80_000, "SENDING", 3, false));
        assert_seen(judge, &unseen, "without a last look");
        cut_off(&mut unseen, 79_000, 95_000);
        assert_eq!(judged(judge, &unseen), [""; 0]);
    }

    #[test]
    fn what_is_given_back_must_have_been_lied_about() {
        let mut facts = paid();
        facts.book = booked([capture(ORDER, 500), give_back(ORDER, 500)]);
        facts.book[1].at = at(9_000);
        facts.book[1].cause = Cause::Cancel;
        assert_seen(judge, &facts, "was given back");
    }

    #[test]
    fn a_nights_repair_must_have_been_broken_by_something() {
        let mut facts = paid();
        let difference = |kind: &str| ("1970-01-01".to_owned(), kind.to_owned(), ORDER.to_owned());
        for kind in ["unresolved", "failed_but_taken", "not_booked", "wallet_ledger_mismatch"] {
            let states = vec![(at(5_000_000), "PENDING".to_owned())];
            facts.times.differences = [(difference(kind), states)].into();
            assert_seen(judge, &facts, "nothing planted caused it");
        }
        strike(&mut facts, Endpoint::Read, 1_350, refuse("PROVIDER_ERROR"));
        let states = vec![(at(5_000_000), "PENDING".to_owned())];
        facts.times.differences = [(difference("unresolved"), states)].into();
        assert_eq!(judged(judge, &facts), [""; 0]);
    }

    #[test]
    fn books_differ_only_by_what_was_in_one_of_them_as_they_were_read() {
        let seen = 5_000_000;
        let read = |wallet, ledger| {
            let mut facts = paid();
            let mismatch = ("1970-01-01", "wallet_ledger_mismatch", "seller-1");
            let key = (mismatch.0.to_owned(), mismatch.1.to_owned(), mismatch.2.to_owned());
            facts.times.differences = [(key, vec![(at(seen), "NONE".to_owned())])].into();
            let times = facts.times.orders.get_mut(ORDER).expect("it is there");
            times.wallet.values_mut().for_each(|booked| *booked = at(wallet));
            times.ledger.values_mut().for_each(|booked| *booked = at(ledger));
            let found = judged(judge, &facts);
            found.iter().any(|detail| detail.contains("wallet_ledger_mismatch"))
        };
        assert!(!read(1_800, seen - 1_000) && !read(seen - 10_000, seen + 60_000));
        assert!(read(1_800, 1_900), "both had it long ago");
        assert!(read(seen - 120_000, seen - 100_000), "late, and both had it");
        assert!(read(seen + 1_000, seen + 2_000), "neither had it");
    }
}
