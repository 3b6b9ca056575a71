//! Reported rightly, at each report that is written: it stays open, and so is made again, exactly as
//! long as something in it may look otherwise the next night.

use std::collections::BTreeMap;

use super::Violation;
use crate::engine::db::{Commit, Row};

/// What may come later or be seen later: a list of the PSP's may have broken off, a line or a booking
/// may be late.
const MAY_CHANGE: [&str; 4] =
    ["settlement_missing", "settlement_unknown", "missing_at_psp", "wallet_ledger_mismatch"];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Difference {
    day: String,
    kind: String,
    repair: String,
    first_seen: i64,
    last_seen: i64,
}

impl Difference {
    /// What is wrong about what it has become.
    fn may_not_become(&self, next: &Self) -> Option<String> {
        let (was, is) = (self.repair.as_str(), next.repair.as_str());
        if was == "REPAIRED" && matches!(is, "GONE" | "NONE") {
            return Some(format!("was repaired by us, and is {is} now"));
        }
        if next.first_seen != self.first_seen || next.last_seen < self.last_seen {
            return Some("was first seen at another time now, or last seen earlier".to_owned());
        }
        None
    }

    fn is_closed(&self) -> bool {
        matches!(self.repair.as_str(), "REPAIRED" | "GONE")
    }

    fn may_change(&self) -> bool {
        !self.is_closed() && (self.repair == "PENDING" || MAY_CHANGE.contains(&&*self.kind))
    }
}

/// Every difference as it was last, and how often each report was made.
#[derive(Debug, Default)]
pub struct LeftOpen {
    differences: BTreeMap<i64, Difference>,
    runs: BTreeMap<String, i64>,
    written: usize,
    found: Vec<Violation>,
}

impl LeftOpen {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["report", "difference"];

    /// Takes a commit of the reconciler's database into the book.
    pub fn observe(&mut self, commit: &Commit) {
        let text = |row: &Row, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        // Closed because it was not found again: what hid it may be a list that broke off.
        let mut hidden: BTreeMap<String, i64> = BTreeMap::new();
        for change in commit.changes.iter().filter(|c| c.table == "difference") {
            let before = self.differences.remove(&change.rowid);
            let Some(row) = &change.row else {
                self.found.extend(before.map(|lost| wrong(&lost, "is not in it any more")));
                continue;
            };
            let number = |name: &str| row[name].as_i64().unwrap_or(0);
            let next = Difference {
                day: text(row, "day"),
                kind: text(row, "kind"),
                repair: text(row, "repair"),
                first_seen: number("first_seen"),
                last_seen: number("last_seen"),
            };
            let illegal = before.as_ref().and_then(|before| before.may_not_become(&next));
            self.found.extend(illegal.map(|why| wrong(&next, &why)));
            self.differences.insert(change.rowid, next.clone());
            if next.is_closed() && before.is_some_and(|before| !before.is_closed()) {
                let first = hidden.entry(next.day).or_insert(next.last_seen);
                *first = next.last_seen.min(*first);
            }
        }
        for change in commit.changes.iter().filter(|c| c.table == "report") {
            let Some(row) = &change.row else { continue };
            let number = |name: &str| row[name].as_i64().unwrap_or(0);
            let (day, runs) = (text(row, "day"), number("runs"));
            if self.runs.insert(day.clone(), runs).unwrap_or(0) == runs {
                continue;
            }
            self.written += 1;
            let waits =
                self.differences.values().find(|other| other.day == day && other.may_change());
            let made = number("finished_at");
            let closed = hidden.get(&day).is_some_and(|last_seen| *last_seen < made);
            let wrong = match (number("is_open") == 1, waits) {
                (true, None) if !closed => Some("stays open, and nothing in it may change".into()),
                (false, Some(Difference { kind, .. })) => {
                    Some(format!("is closed, and {kind} in it may change"))
                }
                (false, None) if closed => {
                    Some("is closed, and what is gone was not looked at once more".into())
                }
                _ => None,
            };
            let say = |wrong: String| format!("the report of {day} {wrong}");
            let say = |wrong| Violation::new("reported-rightly", None, say(wrong));
            self.found.extend(wrong.map(say));
        }
    }

    /// How many reports it has seen.
    pub fn looked(&self) -> usize {
        self.written
    }

    /// What was seen so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

fn wrong(difference: &Difference, why: &str) -> Violation {
    let Difference { day, kind, .. } = difference;
    Violation::new("reported-rightly", None, format!("{kind} in the report of {day} {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::db::{Change, Op},
        oracle::legal::tests::{commit, row},
    };

    fn report(runs: i64, open: i64) -> Change {
        let columns = [
            ("day", "today".into()),
            ("runs", runs.into()),
            ("is_open", open.into()),
            ("finished_at", runs.into()),
        ];
        row("report", Op::Update, 1, &columns)
    }

    fn difference(rowid: i64, (kind, repair): (&str, &str), last_seen: i64) -> Change {
        let columns = [
            ("day", "today".into()),
            ("kind", kind.into()),
            ("repair", repair.into()),
            ("first_seen", 1.into()),
            ("last_seen", last_seen.into()),
        ];
        row("difference", Op::Update, rowid, &columns)
    }

    #[test]
    fn what_a_report_said_once_is_not_taken_back() {
        let becomes = |from: (&str, i64), to: Change| {
            let mut oracle = LeftOpen::default();
            oracle.observe(&commit(vec![difference(1, ("unresolved", from.0), from.1)]));
            oracle.observe(&commit(vec![to]));
            let found = oracle.found().iter().map(|violation| violation.detail.clone());
            found.collect::<Vec<_>>()
        };
        let again = |repair, seen| difference(1, ("unresolved", repair), seen);
        assert_eq!(becomes(("PENDING", 1), again("REPAIRED", 2)), [""; 0]);
        assert_eq!(becomes(("REPAIRED", 1), again("PENDING", 2)), [""; 0]);
        let gone = becomes(("REPAIRED", 1), again("GONE", 1));
        assert!(gone[0].contains("was repaired by us, and is GONE now"), "{gone:?}");
        let earlier = becomes(("PENDING", 3), again("PENDING", 2));
        assert!(earlier[0].contains("last seen earlier"), "{earlier:?}");
        let lost = Change { op: Op::Delete, row: None, ..again("PENDING", 2) };
        assert!(becomes(("PENDING", 1), lost)[0].contains("is not in it any more"));
    }

    /// Of one difference, run by run; what became of it is known, or it is not found any more.
    fn judged(life: &[(&str, &str, i64)]) -> Vec<String> {
        let mut oracle = LeftOpen::default();
        for (run, (kind, repair, open)) in (1..).zip(life) {
            let seen = if *repair == "GONE" { 1.min(run - 1) } else { run };
            let written = vec![report(run, *open), difference(1, (kind, repair), seen)];
            oracle.observe(&commit(written));
        }
        oracle.found().iter().map(|violation| violation.detail.clone()).collect()
    }

    #[test]
    fn a_report_is_open_while_something_in_it_may_change() {
        let repaired = [
            ("failed_but_taken", "PENDING", 1),
            ("failed_but_taken", "PENDING", 1),
            ("failed_but_taken", "REPAIRED", 0),
        ];
        assert_eq!(judged(&repaired), [""; 0]);
        let gone = [
            ("settlement_missing", "NONE", 1),
            ("settlement_missing", "GONE", 1),
            ("settlement_missing", "GONE", 0),
        ];
        assert_eq!(judged(&gone), [""; 0]);
        assert_eq!(judged(&[("settlement_missing", "NONE", 1)]), [""; 0]);
        assert_eq!(judged(&[("settlement_amount", "NONE", 0)]), [""; 0]);
    }

    #[test]
    fn neither_longer_nor_shorter() {
        let said = judged(&[("settlement_amount", "NONE", 1)]);
        assert_eq!(said, ["the report of today stays open, and nothing in it may change"]);
        let said = judged(&[("failed_but_taken", "PENDING", 0)]);
        assert_eq!(said, ["the report of today is closed, and failed_but_taken in it may change"]);
        let said = judged(&[("failed_but_taken", "PENDING", 1), ("failed_but_taken", "GONE", 0)]);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("was not looked at once more"), "{said:?}");
    }

    #[test]
    fn one_that_is_gone_is_enough_whatever_else_was_closed() {
        let mut oracle = LeftOpen::default();
        let kinds = ["settlement_missing", "failed_but_taken"];
        let both = |repairs: [&str; 2], seen: [i64; 2]| {
            let rows = [1, 2].into_iter().zip(kinds.into_iter().zip(repairs).zip(seen));
            rows.map(|(rowid, (what, seen))| difference(rowid, what, seen)).collect::<Vec<_>>()
        };
        let first = [vec![report(1, 1)], both(["NONE", "PENDING"], [1, 1])].concat();
        oracle.observe(&commit(first));
        let second = [vec![report(2, 1)], both(["GONE", "REPAIRED"], [1, 2])].concat();
        oracle.observe(&commit(second));
        assert_eq!(oracle.found(), []);
    }
}
