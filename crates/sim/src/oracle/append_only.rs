//! Append-only: every row that was ever committed to the ledger is still there, unchanged.

use std::collections::BTreeMap;

use super::{Violation, zero_sum::order_of};
use crate::engine::db::{Commit, Op, Row};

/// The judge's copy of the ledger.
#[derive(Debug, Default)]
pub struct AppendOnly {
    rows: BTreeMap<(String, i64), Row>,
    found: Vec<Violation>,
}

impl AppendOnly {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["posting", "journal_entry"];

    /// Takes a commit into the copy; it may only add.
    pub fn observe(&mut self, commit: &Commit) {
        for change in &commit.changes {
            if !Self::TABLES.contains(&change.table.as_str()) {
                continue;
            }
            let key = (change.table.clone(), change.rowid);
            match &change.row {
                Some(row) if change.op != Op::Delete => {
                    let before = self.rows.insert(key, row.clone());
                    if before.is_some_and(|before| before != *row) {
                        self.report(change, "was changed", commit);
                    }
                }
                _ => {
                    if self.rows.remove(&key).is_some() {
                        self.report(change, "was deleted", commit);
                    }
                }
            }
        }
    }

    /// At the end, compares the copy with what a table really holds: by rowid.
    pub fn compare(&mut self, table: &str, rows: &BTreeMap<i64, Row>) {
        for ((_, rowid), row) in self.rows.iter().filter(|((t, _), _)| t == table) {
            if rows.get(rowid) != Some(row) {
                let detail = format!("row {rowid} of {table} is not what was committed");
                self.found.push(Violation::new("append-only", None, detail));
            }
        }
    }

    fn report(&mut self, change: &crate::engine::db::Change, what: &str, commit: &Commit) {
        let entry = change.row.as_ref().and_then(|row| row.get("entry_id"));
        let order = entry.and_then(|entry| order_of(entry.as_str().unwrap_or_default()));
        let detail = format!("row {} of {} {what} at {}", change.rowid, change.table, commit.at);
        self.found.push(Violation::new("append-only", order.as_deref(), detail));
    }

    /// How many rows it keeps.
    pub fn looked(&self) -> usize {
        self.rows.len()
    }

    /// What was seen so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::legal::tests::{commit, row};

    fn entry(op: Op, kind: &str) -> crate::engine::db::Change {
        row("journal_entry", op, 1, &[("id", "je".into()), ("kind", kind.into())])
    }

    #[test]
    fn a_change_and_a_deletion_are_seen() {
        for (op, kind) in [(Op::Update, "OTHER"), (Op::Delete, "CAPTURE")] {
            let mut oracle = AppendOnly::default();
            oracle.observe(&commit(vec![entry(Op::Insert, "CAPTURE")]));
            assert_eq!(oracle.found(), []);
            oracle.observe(&commit(vec![entry(op, kind)]));
            assert_eq!(oracle.found().len(), 1);
        }
    }

    #[test]
    fn a_row_that_vanished_without_a_commit_is_seen_at_the_end() {
        let mut oracle = AppendOnly::default();
        oracle.observe(&commit(vec![entry(Op::Insert, "CAPTURE")]));
        oracle.compare("journal_entry", &BTreeMap::new());
        assert_eq!(oracle.found().len(), 1);
    }
}
