//! Zero-sum: watched at every commit of the ledger, with the judge's own copy of the postings.

use std::collections::BTreeMap;

use super::Violation;
use crate::engine::db::{Commit, Op};

/// Keeps every entry's sum.
#[derive(Debug, Default)]
pub struct ZeroSum {
    /// Row → entry and amount, as last seen.
    postings: BTreeMap<i64, (String, i64)>,
    sums: BTreeMap<String, i64>,
    found: Vec<Violation>,
}

impl ZeroSum {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["posting"];

    /// Takes a commit into the book; the entries that it touched must balance now.
    pub fn observe(&mut self, commit: &Commit) {
        let mut touched = Vec::new();
        for change in commit.changes.iter().filter(|c| c.table == "posting") {
            if let Some((entry, amount)) = self.postings.remove(&change.rowid) {
                *self.sums.entry(entry.clone()).or_default() -= amount;
                touched.push(entry);
            }
            let Some(row) = change.row.as_ref().filter(|_| change.op != Op::Delete) else {
                continue;
            };
            let entry = row["entry_id"].as_str().unwrap_or_default().to_owned();
            // A database that cheats may have lost the amount.
            let amount = row["amount"].as_i64().unwrap_or(0);
            *self.sums.entry(entry.clone()).or_default() += amount;
            self.postings.insert(change.rowid, (entry.clone(), amount));
            touched.push(entry);
        }
        touched.sort();
        touched.dedup();
        for entry in touched {
            let sum = self.sums.get(&entry).copied().unwrap_or(0);
            if sum != 0 {
                let order = order_of(&entry);
                let detail = format!("entry {entry} sums to {sum} at {}", commit.at);
                self.found.push(Violation::new("zero-sum", order.as_deref(), detail));
            }
        }
    }

    /// How many entries it has summed.
    pub fn looked(&self) -> usize {
        self.sums.len()
    }

    /// What was seen so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

/// `je-ord-…-1-capture` → `ord-…`.
pub(super) fn order_of(entry: &str) -> Option<String> {
    let inner = entry.strip_prefix("je-")?.rsplit_once('-')?.0;
    Some(inner.rsplit_once('-')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::legal::tests::{commit, row};

    fn posting(op: Op, rowid: i64, entry: &str, amount: i64) -> crate::engine::db::Change {
        row("posting", op, rowid, &[("entry_id", entry.into()), ("amount", amount.into())])
    }

    #[test]
    fn a_balanced_entry_passes_and_one_leg_alone_does_not() {
        let mut oracle = ZeroSum::default();
        oracle.observe(&commit(vec![
            posting(Op::Insert, 1, "je-o-1-capture", 500),
            posting(Op::Insert, 2, "je-o-1-capture", -500),
        ]));
        assert_eq!(oracle.found(), []);
        oracle.observe(&commit(vec![posting(Op::Insert, 3, "je-p-1-capture", 500)]));
        assert_eq!(oracle.found()[0].order_id.as_deref(), Some("p"));
    }

    #[test]
    fn a_posting_that_is_changed_or_deleted_later_is_seen() {
        for change in [
            posting(Op::Update, 1, "je-o-1-capture", 501),
            posting(Op::Delete, 1, "je-o-1-capture", 500),
        ] {
            let mut oracle = ZeroSum::default();
            oracle.observe(&commit(vec![
                posting(Op::Insert, 1, "je-o-1-capture", 500),
                posting(Op::Insert, 2, "je-o-1-capture", -500),
            ]));
            oracle.observe(&commit(vec![change]));
            assert_eq!(oracle.found().len(), 1);
        }
    }
}
