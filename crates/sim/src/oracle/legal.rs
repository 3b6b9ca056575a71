//! Legal states: every payment order moves along its state machine only.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::engine::db::{Commit, Op, Row};

/// The judge's own table: from where to where.
const LEGAL: &[(&str, &str)] = &[
    ("NOT_STARTED", "EXECUTING"),
    ("EXECUTING", "UNKNOWN"),
    ("EXECUTING", "SUCCESS"),
    ("EXECUTING", "FAILURE"),
    ("UNKNOWN", "SUCCESS"),
    ("UNKNOWN", "FAILURE"),
    // By another payment.
    ("FAILURE", "EXECUTING"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    order_id: String,
    status: String,
    booked: (i64, i64),
}

/// Where every payment order stood last.
#[derive(Debug, Default)]
pub struct Legal {
    orders: BTreeMap<i64, Order>,
    /// Order → every payment that was begun for it, the last one last.
    payments: BTreeMap<String, Vec<String>>,
    done: BTreeSet<String>,
    moves: usize,
    found: Vec<Violation>,
}

impl Legal {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["payment_order", "payment_event"];

    /// Takes a commit of the payment database into the book.
    pub fn observe(&mut self, commit: &Commit) {
        let begun = self.begun(commit);
        for change in commit.changes.iter().filter(|c| c.table == "payment_order") {
            let row = change.row.as_ref().filter(|_| change.op != Op::Delete);
            let Some(row) = row else {
                self.report(None, format!("payment order row {} was deleted", change.rowid));
                continue;
            };
            let flag = |name: &str| row[name].as_i64().unwrap_or(0);
            let order = Order {
                order_id: row["order_id"].as_str().unwrap_or_default().to_owned(),
                status: row["status"].as_str().unwrap_or_default().to_owned(),
                booked: (flag("ledger_updated"), flag("wallet_updated")),
            };
            let before = self.orders.get(&change.rowid).cloned();
            let again = before.as_ref().is_some_and(|before| before.status == "FAILURE");
            if again && order.status == "EXECUTING" && !begun.contains(&order.order_id) {
                let detail = "is executed again, and not by another payment".to_owned();
                self.report(Some(&order.order_id), detail);
            }
            self.check(before, &order);
            self.orders.insert(change.rowid, order);
        }
        for change in commit.changes.iter().filter(|c| c.table == "payment_event") {
            let done = |row: &&Row| row["is_payment_done"].as_i64() == Some(1);
            if let Some(row) = change.row.as_ref().filter(done) {
                self.done(row["order_id"].as_str().unwrap_or_default());
            }
        }
    }

    /// The orders for which this commit begins a payment that was not tried before.
    fn begun(&mut self, commit: &Commit) -> BTreeSet<String> {
        let mut begun = BTreeSet::new();
        for change in commit.changes.iter().filter(|c| c.table == "payment_event") {
            let Some(row) = &change.row else { continue };
            let text = |name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default();
            let (order_id, key) = (text("order_id").to_owned(), text("payment_key").to_owned());
            let tried = self.payments.entry(order_id.clone()).or_default();
            if tried.last() == Some(&key) || key.is_empty() {
                continue;
            }
            let is_new = !tried.contains(&key);
            tried.push(key);
            if is_new {
                begun.insert(order_id);
            }
        }
        begun
    }

    /// A payment is done when all of its orders are booked in both books, and not before.
    fn done(&mut self, order_id: &str) {
        if !self.done.insert(order_id.to_owned()) {
            return;
        }
        let mine = self.orders.values().filter(|order| order.order_id == order_id);
        if mine.clone().any(|order| order.booked != (1, 1)) || mine.count() == 0 {
            self.report(Some(order_id), "was declared done and is not all booked".to_owned());
        }
    }

    fn check(&mut self, before: Option<Order>, now: &Order) {
        self.moves += usize::from(before.as_ref().is_some_and(|b| b.status != now.status));
        let order_id = Some(now.order_id.as_str());
        let (from, to) = (before.as_ref().map(|b| b.status.as_str()), now.status.as_str());
        match from {
            None if to != "NOT_STARTED" => self.report(order_id, format!("began as {to}")),
            Some(from) if from != to && !LEGAL.contains(&(from, to)) => {
                self.report(order_id, format!("went from {from} to {to}"));
            }
            _ => {}
        }
        if now.booked != (0, 0) && to != "SUCCESS" {
            self.report(order_id, format!("is booked while {to}"));
        }
        if before.is_some_and(|b| b.booked.0 > now.booked.0 || b.booked.1 > now.booked.1) {
            self.report(order_id, "was booked and is not any more".to_owned());
        }
    }

    fn report(&mut self, order_id: Option<&str>, detail: String) {
        self.found.push(Violation::new("legal-states", order_id, detail));
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
pub(crate) mod tests {
    use super::*;
    use crate::engine::db::{Change, Value};

    impl From<&str> for Value {
        fn from(text: &str) -> Self {
            Value::Text(text.to_owned())
        }
    }

    impl From<i64> for Value {
        fn from(number: i64) -> Self {
            Value::Integer(number)
        }
    }

    /// A change of a row with these columns.
    pub(crate) fn row(table: &str, op: Op, rowid: i64, columns: &[(&str, Value)]) -> Change {
        let columns = columns.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let row = (op != Op::Delete).then(|| columns.collect());
        Change { table: table.to_owned(), op, rowid, row }
    }

    /// A commit of these changes.
    pub(crate) fn commit(changes: Vec<Change>) -> Commit {
        Commit { db: "db".into(), at: jiff::Timestamp::UNIX_EPOCH, host: None, changes }
    }

    fn order(status: &str, ledger: i64) -> Commit {
        let columns = [
            ("order_id", "o".into()),
            ("status", status.into()),
            ("ledger_updated", ledger.into()),
            ("wallet_updated", 0.into()),
        ];
        commit(vec![row("payment_order", Op::Update, 1, &columns)])
    }

    fn judged(history: &[(&str, i64)]) -> usize {
        let mut oracle = Legal::default();
        for (status, ledger) in history {
            oracle.observe(&order(status, *ledger));
        }
        oracle.found().len()
    }

    #[test]
    fn the_ordinary_life_is_legal() {
        let life =
            [("NOT_STARTED", 0), ("EXECUTING", 0), ("UNKNOWN", 0), ("SUCCESS", 0), ("SUCCESS", 1)];
        assert_eq!(judged(&life), 0);
    }

    #[test]
    fn a_payment_that_is_done_is_booked_in_both_books() {
        let part = |rowid, wallet: i64| {
            let columns = [
                ("order_id", "o".into()),
                ("status", "SUCCESS".into()),
                ("ledger_updated", 1.into()),
                ("wallet_updated", wallet.into()),
            ];
            row("payment_order", Op::Update, rowid, &columns)
        };
        let done = || {
            let columns = [("order_id", "o".into()), ("is_payment_done", 1.into())];
            row("payment_event", Op::Update, 1, &columns)
        };
        for (last, found) in [(1, 0), (0, 1)] {
            let mut oracle = Legal::default();
            oracle.observe(&commit(vec![part(1, 1), part(2, last)]));
            let before = oracle.found().len();
            oracle.observe(&commit(vec![done()]));
            assert_eq!(oracle.found().len() - before, found);
        }
        let mut oracle = Legal::default();
        oracle.observe(&commit(vec![done()]));
        assert_eq!(oracle.found().len(), 1, "done without any order");
    }

    #[test]
    fn jumps_returns_and_bookings_of_unpaid_orders_are_seen() {
        assert_eq!(judged(&[("SUCCESS", 0)]), 1);
        assert_eq!(judged(&[("NOT_STARTED", 0), ("SUCCESS", 0)]), 1);
        let back = [("NOT_STARTED", 0), ("EXECUTING", 0), ("FAILURE", 0), ("SUCCESS", 0)];
        assert_eq!(judged(&back), 1);
        assert_eq!(judged(&[("NOT_STARTED", 0), ("EXECUTING", 1)]), 1);
        let again = [("NOT_STARTED", 0), ("EXECUTING", 0), ("FAILURE", 0), ("EXECUTING", 0)];
        assert_eq!(judged(&again), 1, "by no other payment");
        let lost = [("NOT_STARTED", 0), ("EXECUTING", 0), ("SUCCESS", 1), ("SUCCESS", 0)];
        assert_eq!(judged(&lost), 1);
    }

    #[test]
    fn only_another_payment_leaves_a_failure() {
        let judged = |keys: [&str; 2]| {
            let mut oracle = Legal::default();
            let event = |key: &str| {
                let columns = [
                    ("order_id", "o".into()),
                    ("payment_key", key.into()),
                    ("is_payment_done", 0.into()),
                ];
                row("payment_event", Op::Update, 1, &columns)
            };
            let steps = ["NOT_STARTED", "EXECUTING", "FAILURE", "EXECUTING"];
            for (status, key) in steps.into_iter().zip(["", keys[0], keys[0], keys[1]]) {
                let mut commit = order(status, 0);
                commit.changes.push(event(key));
                oracle.observe(&commit);
            }
            oracle.found().len()
        };
        assert_eq!([judged(["one", "two"]), judged(["one", "one"])], [0, 1]);
    }
}
