//! Necessity, of the night: what a report found to repair was broken by something that was planted,
//! and what it calls repaired is.

use fake_psp::BookKind;
use jiff::{SignedDuration, Timestamp};

use super::{
    Facts, Violation,
    case::Case,
    convergence::korean_day,
    necessary::{CALM, ID},
    trouble::Way,
};

/// What reading the balances of both books takes, one after the other.
const READING: SignedDuration = SignedDuration::from_secs(30);

/// What the night found to repair must have been broken by something.
pub(super) fn judge(facts: &Facts, cases: &[Case<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, states) in &facts.times.differences {
        let (day, kind, subject) = key;
        let Some((seen, _)) = states.first() else { continue };
        let order = subject.rsplit_once('-').map_or(subject.as_str(), |(order, _)| order);
        let of_order: Vec<_> =
            cases.iter().filter(|case| case.id() == subject || case.id() == order).collect();
        // Whichever attempt it was about.
        let caused = of_order.iter().any(|case| is_caused(facts, (day, kind), Some(case), *seen));
        let case = of_order.last().copied();
        if !caused && (case.is_some() || !is_caused(facts, (day, kind), None, *seen)) {
            let detail = format!("the report of {day} found {kind}, and nothing planted caused it");
            found.push(Violation::new(ID, case.map(Case::id), detail));
        }
        let repaired = states.iter().find(|(_, repair)| repair == "REPAIRED");
        if let (Some(case), Some((at, _))) = (case, repaired)
            && !is_repaired(facts, key, &of_order, *at)
        {
            let detail = format!("the report of {day} calls {kind} repaired, and it was not");
            found.push(Violation::new(ID, Some(case.id()), detail));
        }
    }
    found
}

/// Whether a difference was gone by the time at which a report says so.
fn is_repaired(
    facts: &Facts,
    (day, kind, subject): &(String, String, String),
    of_order: &[&Case<'_>],
    by: Timestamp,
) -> bool {
    let ended = || {
        // What was begun later was not looked at.
        let begun = |case: &&&Case<'_>| case.times.came_to("EXECUTING").is_none_or(|at| at <= by);
        let last = of_order.iter().rev().find(begun)?;
        last.times.final_at().filter(|at| *at <= by).map(|_| last.status())
    };
    match kind.as_str() {
        "unresolved" => ended().is_some(),
        // Paid, or known to be owed back.
        "unknown_but_taken" => {
            let key = (day.clone(), "failed_but_taken".to_owned(), subject.clone());
            let owed = facts.times.differences.get(&key).and_then(|states| states.first());
            let is_owed = || owed.is_some_and(|(at, _)| *at <= by);
            ended().is_some_and(|status| status == "SUCCESS" || is_owed())
        }
        "failed_but_taken" => {
            let mut book = of_order.iter().flat_map(|case| case.book());
            book.any(|entry| entry.kind == BookKind::GivenBack && entry.at <= by)
        }
        _ => true,
    }
}

/// Whether the PSP took the order's money on a Korean day.
fn taken_on(case: &Case<'_>, day: &str) -> bool {
    let mut taken = case.book().filter(|entry| entry.kind == BookKind::Captured);
    taken.any(|entry| korean_day(entry.at.as_microsecond()) == day)
}

fn is_caused(
    facts: &Facts,
    (day, kind): (&str, &str),
    case: Option<&Case<'_>>,
    seen: Timestamp,
) -> bool {
    match (kind, case) {
        ("unresolved" | "unknown_but_taken", Some(case)) => {
            let began = case.confirmed_at().unwrap_or(facts.plan.start);
            let recent = began + SignedDuration::from_mins(1) >= seen;
            let troubled = !facts.is_clear(Way::EXECUTE, began - CALM, seen);
            let taken = kind == "unresolved" || taken_on(case, day);
            taken && (recent || troubled || !case.struck.is_empty())
        }
        ("failed_but_taken", Some(case)) => {
            taken_on(case, day) && (case.was_lied_to() || case.was_held())
        }
        ("not_booked", Some(case)) => {
            let paid = case.times.came_to("SUCCESS").unwrap_or(seen);
            let bound = super::on_time::booking(&facts.plan.cluster);
            paid + bound >= seen || !facts.is_clear(Way::BOOK, paid - CALM, seen)
        }
        // Both books are read at the end of the report, one after the other, as they were at the end
        // of the day: what was in one of them only, just then.
        ("wallet_ledger_mismatch", _) => {
            let work = seen - SignedDuration::from_mins(20);
            let reading = match facts.is_clear(Way::NIGHT, work, seen) {
                true => seen - READING,
                false => work,
            };
            let mut of_day = facts.payments.iter().filter(|p| korean_day(p.day_at).as_str() <= day);
            of_day.any(|payment| {
                let times = facts.times.orders.get(&payment.order_id);
                times.is_some_and(|times| times.is_half_booked(reading, seen))
            })
        }
        // The others are judged by `reconciliation`.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use fake_psp::{Endpoint, Verdict};

    use super::*;
    use crate::oracle::{
        facts::tests::{booked, capture, give_back},
        stories::{ORDER, at, ended, judged, paid, strike},
    };

    /// Whether a report's word, at a time, that it was repaired is disbelieved.
    fn is_doubted(mut facts: Facts, kind: &str, ms: i64) -> bool {
        let key = ("1970-01-01".to_owned(), kind.to_owned(), ORDER.to_owned());
        facts.times.differences = [(key, vec![(at(ms), "REPAIRED".to_owned())])].into();
        let found = judged(judge, &facts);
        found.iter().any(|detail| detail.contains("repaired, and it was not"))
    }

    #[test]
    fn what_is_called_repaired_is_final_or_given_back() {
        assert!(
            is_doubted(paid(), "unresolved", 1_379) && !is_doubted(paid(), "unresolved", 1_380)
        );
        let mut failed = ended("FAILURE", 1_380);
        assert!(is_doubted(failed, "failed_but_taken", 5_000));
        failed = ended("FAILURE", 1_380);
        failed.book = booked([give_back(ORDER, 500)]);
        failed.book[0].at = at(4_000);
        assert!(!is_doubted(failed, "failed_but_taken", 5_000));
    }

    #[test]
    fn what_was_taken_is_not_repaired_by_a_failure() {
        assert!(!is_doubted(paid(), "unknown_but_taken", 5_000));
        assert!(is_doubted(ended("FAILURE", 1_380), "unknown_but_taken", 5_000));
        assert!(!is_doubted(ended("FAILURE", 1_380), "unresolved", 5_000));
    }

    #[test]
    fn money_is_called_taken_on_the_day_on_which_it_was() {
        let found_on = |day: &str| {
            let mut facts = ended("FAILURE", 1_380);
            facts.book = booked([capture(ORDER, 500)]);
            facts.book[0].at = at(1_300);
            let code = "REJECT_CARD_PAYMENT".to_owned();
            let lie = Verdict::ActThenError { code, status: None };
            strike(&mut facts, Endpoint::Confirm, 1_300, lie);
            let key = (day.to_owned(), "failed_but_taken".to_owned(), ORDER.to_owned());
            facts.times.differences = [(key, vec![(at(5_000), "PENDING".to_owned())])].into();
            let found = judged(judge, &facts);
            found.iter().any(|detail| detail.contains("nothing planted caused it"))
        };
        let today = korean_day(at(1_300).as_microsecond());
        assert!(!found_on(&today) && found_on("1971-01-01"));
    }
}
