//! Necessity, of the night: what a report found to repair was broken by something that was planted.

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
        let case = cases.iter().find(|case| case.id() == subject || case.id() == order);
        if !is_caused(facts, (day, kind), case, *seen) {
            let detail = format!("the report of {day} found {kind}, and nothing planted caused it");
            found.push(Violation::new(ID, case.map(Case::id), detail));
        }
    }
    found
}

/// Whether the PSP took the order's money on a Korean day.
fn taken_on(case: &Case<'_>, day: &str) -> bool {
    let mine = case.facts.book.iter().filter(|entry| entry.order_id == case.id());
    let mut taken = mine.filter(|entry| entry.kind == BookKind::Captured);
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
