//! Legal states, as they are written down: the history that the payment service keeps of its orders
//! has a line for every move, of where the order came from and where it went, in the same commit,
//! and no line changes afterwards.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Violation;
use crate::engine::db::{Change, Commit, Op, Row};

/// How far a line's time may be from the true time: no plan sets a clock off by so much, and nothing
/// stands still for so long.
const OFF: SignedDuration = SignedDuration::from_hours(1);

/// A move of an order: its number, from where, to where.
type Move = (String, String, String);

/// Where every payment order stood last, and how many moves were written down.
#[derive(Debug, Default)]
pub struct Chronicle {
    /// By row of `payment_order`.
    last: BTreeMap<i64, String>,
    lines: usize,
    found: Vec<Violation>,
}

fn text(row: &Row, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

impl Chronicle {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["payment_order", "payment_order_history"];

    /// Takes a commit of the payment database into the book.
    pub fn observe(&mut self, commit: &Commit) {
        let moves = self.moves(commit);
        // What the scenario itself does to a database, nobody writes down.
        if commit.host.is_none() {
            return;
        }
        let mut written: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for change in commit.changes.iter().filter(|c| c.table == "payment_order_history") {
            if let Some((order_id, from, to)) = self.line(change, commit.at) {
                written.entry(order_id).or_default().push((from, to));
            }
        }
        for (order_id, from, to) in &moves {
            let lines = written.remove(order_id).unwrap_or_default();
            // A page of news may move it twice.
            let mut at = from;
            let joined = lines.iter().all(|(from, to)| std::mem::replace(&mut at, to) == from);
            if !joined || at != to {
                let detail = format!("went from {from} to {to}, and its history says {lines:?}");
                self.report(order_id, detail);
            }
        }
        for (order_id, lines) in written {
            self.report(&order_id, format!("did not move, and its history says {lines:?}"));
        }
    }

    /// What moved.
    fn moves(&mut self, commit: &Commit) -> BTreeSet<Move> {
        let mut moves = BTreeSet::new();
        for change in commit.changes.iter().filter(|c| c.table == "payment_order") {
            let Some(row) = &change.row else { continue };
            let status = text(row, "status");
            let before = self.last.insert(change.rowid, status.clone());
            if let Some(before) = before.filter(|before| *before != status) {
                moves.insert((text(row, "order_id"), before, status));
            }
        }
        moves
    }

    /// A line that was written; none if it is no new one.
    fn line(&mut self, change: &Change, at: Timestamp) -> Option<Move> {
        let Some(row) = change.row.as_ref().filter(|_| change.op == Op::Insert) else {
            let detail = format!("row {} of the history was changed", change.rowid);
            self.found.push(Violation::new("legal-states", None, detail));
            return None;
        };
        self.lines += 1;
        let order_id = text(row, "order_id");
        let written = row["at"].as_i64().and_then(|us| Timestamp::from_microsecond(us).ok());
        if written.is_none_or(|written| written.duration_since(at).abs() > OFF) {
            self.report(&order_id, format!("its history was written at {at} and says otherwise"));
        }
        Some((order_id, text(row, "from_status"), text(row, "to_status")))
    }

    fn report(&mut self, order_id: &str, detail: String) {
        self.found.push(Violation::new("legal-states", Some(order_id), detail));
    }

    /// How many lines it has read.
    pub fn looked(&self) -> usize {
        self.lines
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

    fn order(status: &str) -> Change {
        let columns = [("order_id", "o".into()), ("status", status.into())];
        row("payment_order", Op::Update, 1, &columns)
    }

    fn line(op: Op, from: &str, to: &str, at: i64) -> Change {
        let columns = [
            ("order_id", "o".into()),
            ("from_status", from.into()),
            ("to_status", to.into()),
            ("at", at.into()),
        ];
        row("payment_order_history", op, 1, &columns)
    }

    /// What is found in this commit, after the order was opened.
    fn found(changes: Vec<Change>) -> usize {
        let mut oracle = Chronicle::default();
        let by = |changes| Commit { host: Some("payment-1".into()), ..commit(changes) };
        oracle.observe(&by(vec![order("NOT_STARTED")]));
        assert!(oracle.found().is_empty(), "nothing has moved");
        oracle.observe(&by(changes));
        oracle.found().len()
    }

    #[test]
    fn a_move_is_written_down_as_it_was() {
        let moved = || order("EXECUTING");
        let right = || line(Op::Insert, "NOT_STARTED", "EXECUTING", 0);
        assert_eq!(found(vec![moved(), right()]), 0);
        assert_eq!(found(vec![moved()]), 1, "not written down");
        assert_eq!(found(vec![right()]), 1, "nothing moved");
        let wrong = line(Op::Insert, "EXECUTING", "EXECUTING", 0);
        assert_eq!(found(vec![moved(), wrong]), 1, "from elsewhere");
        let next = || {
            let line = line(Op::Insert, "EXECUTING", "SUCCESS", 0);
            Change { rowid: 2, ..line }
        };
        assert_eq!(found(vec![order("SUCCESS"), right(), next()]), 0, "two moves in one commit");
        assert_eq!(found(vec![order("SUCCESS"), next()]), 1, "half of them");
    }

    #[test]
    fn lines_stay_and_have_the_time_of_their_move() {
        let moved = || order("EXECUTING");
        let far = line(Op::Insert, "NOT_STARTED", "EXECUTING", 7_200_000_000);
        assert_eq!(found(vec![moved(), far]), 1);
        let again = line(Op::Update, "NOT_STARTED", "EXECUTING", 0);
        assert_eq!(found(vec![again]), 1);
    }
}
