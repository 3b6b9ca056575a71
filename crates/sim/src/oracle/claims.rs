//! Legal states, at the reconciler: a day's report has one maker at a time, and only who claimed it
//! last writes it.

use std::collections::BTreeMap;

use super::Violation;
use crate::engine::db::{Commit, Row};

/// A report as it was last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    day: String,
    owner: String,
    locked_until: i64,
    /// When it was claimed, by the clock of who did.
    started_at: i64,
    runs: i64,
    /// The host that claimed it.
    holder: String,
}

impl Claim {
    fn from_row(row: &Row, host: &str) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| row[name].as_i64().unwrap_or(0);
        Self {
            day: text("day"),
            owner: text("owner"),
            locked_until: number("locked_until"),
            started_at: number("started_at"),
            runs: number("runs"),
            holder: host.to_owned(),
        }
    }

    /// What is wrong about becoming `next`, whose writer is its holder for now.
    fn wrong(&self, next: &Self) -> Option<String> {
        let Self { day, holder, .. } = self;
        let host = &next.holder;
        if next.owner != self.owner && self.locked_until > next.started_at {
            return Some(format!("the report of {day} is being made by {holder}, {host} took it"));
        }
        (next.runs > self.runs && host != holder)
            .then(|| format!("the report of {day} was claimed by {holder} and written by {host}"))
    }
}

/// Who makes which report.
#[derive(Debug, Default)]
pub struct Claims {
    last: BTreeMap<i64, Claim>,
    moves: usize,
    found: Vec<Violation>,
}

impl Claims {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["report"];

    /// Takes a commit of the reconciler's database into the book.
    pub fn observe(&mut self, commit: &Commit) {
        let Some(host) = commit.host.as_deref() else { return };
        for change in &commit.changes {
            let Some(row) = &change.row else { continue };
            let mut next = Claim::from_row(row, host);
            if let Some(before) = self.last.get(&change.rowid) {
                self.moves += 1;
                let wrong = before.wrong(&next);
                self.found.extend(wrong.map(|detail| Violation::new("legal-states", None, detail)));
                if next.owner == before.owner {
                    next.holder.clone_from(&before.holder);
                }
            }
            self.last.insert(change.rowid, next);
        }
    }

    /// How many moves it has checked.
    pub fn looked(&self) -> usize {
        self.moves
    }

    /// What was seen so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::db::Op,
        oracle::legal::tests::{commit, row},
    };

    /// Host, owner, locked until, started at, runs.
    type Step = (&'static str, &'static str, i64, i64, i64);

    fn judged(life: &[Step]) -> Vec<String> {
        let mut oracle = Claims::default();
        for (host, owner, locked_until, started_at, runs) in life {
            let columns = [
                ("day", "today".into()),
                ("owner", (*owner).into()),
                ("locked_until", (*locked_until).into()),
                ("started_at", (*started_at).into()),
                ("runs", (*runs).into()),
            ];
            let mut commit = commit(vec![row("report", Op::Update, 1, &columns)]);
            commit.host = Some((*host).to_owned());
            oracle.observe(&commit);
        }
        oracle.found().iter().map(|violation| violation.detail.clone()).collect()
    }

    #[test]
    fn one_after_the_other_is_fine() {
        let life = [
            ("a", "1", 30, 0, 0),
            ("a", "1", 0, 0, 1),
            ("b", "2", 90, 60, 1),
            // Its lease ended: it died.
            ("a", "3", 120, 90, 1),
            ("a", "3", 0, 90, 2),
        ];
        assert_eq!(judged(&life), [""; 0]);
    }

    #[test]
    fn a_claim_that_is_held_is_not_taken() {
        let said = judged(&[("a", "1", 30, 0, 0), ("b", "2", 59, 29, 0)]);
        assert_eq!(said, ["the report of today is being made by a, b took it"]);
    }

    #[test]
    fn only_who_claimed_it_writes_it() {
        let life = [("a", "1", 30, 0, 0), ("b", "2", 60, 30, 0), ("a", "2", 0, 30, 1)];
        assert_eq!(judged(&life), ["the report of today was claimed by b and written by a"]);
    }

    #[test]
    fn what_the_scenario_does_is_not_judged() {
        let mut oracle = Claims::default();
        oracle.observe(&commit(vec![row("report", Op::Update, 1, &[])]));
        assert_eq!((oracle.found().len(), oracle.looked()), (0, 0));
    }
}
