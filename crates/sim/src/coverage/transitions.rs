//! Transitions of the state machines, as the commits show them, with a book of its own.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Counts;
use crate::engine::db::{Change, Commit, Op, Row, Value};

/// Database → tables whose rows are state machines.
pub(super) const TABLES: &[(&str, &[&str])] = &[
    ("payment", &["payment_order", "idempotency_key", "webhook"]),
    ("executor", &["operation"]),
    ("reconciler", &["difference", "report"]),
];

/// Where every row stood last, what moved how often, and when operations stood where.
#[derive(Debug, Default)]
pub(super) struct Transitions {
    rows: BTreeMap<(String, i64), Row>,
    pub(super) counts: Counts,
    /// Order → the states of its operations, in the order of their times.
    operations: BTreeMap<String, Vec<(Timestamp, String)>>,
}

impl Transitions {
    /// Takes a commit into the book.
    pub(super) fn observe(&mut self, commit: &Commit) {
        for change in &commit.changes {
            let now = change.row.as_ref().filter(|_| change.op != Op::Delete);
            let key = (change.table.clone(), change.rowid);
            let before = match now {
                Some(row) => self.rows.insert(key, row.clone()),
                None => self.rows.remove(&key),
            };
            for step in steps(&change.table, before.as_ref(), now) {
                *self.counts.entry(step).or_default() += 1;
            }
            self.follow_operation(change, commit.at);
        }
    }

    fn follow_operation(&mut self, change: &Change, at: Timestamp) {
        let (Some(row), "operation") = (&change.row, change.table.as_str()) else { return };
        let state = format!("{} {}", text(row, "kind"), operation(row));
        self.operations.entry(text(row, "order_id").to_owned()).or_default().push((at, state));
    }

    /// How the operation of an order stood at a time: the one that moved last before it.
    pub(super) fn operation_at(&self, order_id: &str, at: Timestamp) -> Option<&str> {
        let states = self.operations.get(order_id)?;
        let before = states.partition_point(|(when, _)| *when <= at);
        Some(&states[before.checked_sub(1)?].1)
    }
}

/// The steps that a change of a row is. A row that only changed beside its state made none.
fn steps(table: &str, before: Option<&Row>, now: Option<&Row>) -> Vec<String> {
    let machine = match (table, now.or(before)) {
        ("payment_order", _) => "payment order".to_owned(),
        ("operation", Some(row)) => format!("operation {}", text(row, "kind")),
        ("difference", Some(row)) => format!("difference {}", text(row, "kind")),
        ("idempotency_key", _) => "idempotency key".to_owned(),
        _ => table.to_owned(),
    };
    let (from, to) = (before.map(|row| state(table, row)), now.map(|row| state(table, row)));
    let mut steps = Vec::new();
    let again = before.zip(now).is_some_and(|(before, now)| begun_again(table, before, now));
    if from != to || again {
        let (from, to) = (from.unwrap_or("new".into()), to.unwrap_or("deleted".into()));
        steps.push(format!("{machine}: {from} → {to}"));
    }
    if let (Some(before), Some(now), "payment_order") = (before, now, table) {
        for (flag, book) in [("ledger_updated", "ledger"), ("wallet_updated", "wallet")] {
            if number(before, flag) != number(now, flag) {
                steps.push(format!("{machine}: booked in the {book}"));
            }
        }
    }
    steps
}

fn state(table: &str, row: &Row) -> String {
    match table {
        "payment_order" => text(row, "status").to_owned(),
        "operation" => operation(row),
        "difference" => text(row, "repair").to_owned(),
        "idempotency_key" if is_null(row, "status") => "in flight".to_owned(),
        "idempotency_key" => "answered".to_owned(),
        "webhook" if is_null(row, "due_at") => "not due".to_owned(),
        "webhook" => "due".to_owned(),
        "report" if number(row, "locked_until") > 0 => "being made".to_owned(),
        "report" if is_null(row, "finished_at") => "not made".to_owned(),
        "report" if number(row, "is_open") == 1 => "made, open".to_owned(),
        "report" => "made, closed".to_owned(),
        other => unreachable!("{other} is not watched"),
    }
}

fn operation(row: &Row) -> String {
    let dead = if number(row, "dead") == 1 { " (dead)" } else { "" };
    format!("{}{dead}", text(row, "state"))
}

/// Whether a row entered the state anew in which it already was: another took it over.
fn begun_again(table: &str, before: &Row, now: &Row) -> bool {
    let changed = |column: &str| before[column] != now[column];
    match table {
        "operation" => changed("sends"),
        "webhook" => changed("tries") || (changed("due_at") && !is_null(now, "due_at")),
        "idempotency_key" | "report" => changed("owner"),
        _ => false,
    }
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

fn number(row: &Row, column: &str) -> i64 {
    row[column].as_i64().unwrap_or(0)
}

fn is_null(row: &Row, column: &str) -> bool {
    row[column] == Value::Null
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(table: &str, op: Op, rowid: i64, columns: &[(&str, Value)]) -> Change {
        let columns = columns.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let row = (op != Op::Delete).then(|| columns.collect());
        Change { table: table.to_owned(), op, rowid, row }
    }

    fn commit(changes: Vec<Change>) -> Commit {
        Commit { db: "db".into(), at: Timestamp::UNIX_EPOCH, host: None, changes }
    }

    fn operation(state: &str, sends: i64, dead: i64) -> Change {
        let columns: [(&str, Value); 5] = [
            ("order_id", "o".into()),
            ("kind", "CONFIRM".into()),
            ("state", state.into()),
            ("sends", sends.into()),
            ("dead", dead.into()),
        ];
        row("operation", Op::Update, 1, &columns)
    }

    fn counted(changes: impl IntoIterator<Item = Change>) -> Vec<String> {
        let mut transitions = Transitions::default();
        for change in changes {
            transitions.observe(&commit(vec![change]));
        }
        transitions.counts.into_keys().collect()
    }

    #[test]
    fn an_operation_moves_dies_and_is_taken_again() {
        let steps = counted([
            operation("SENDING", 1, 0),
            operation("SENDING", 2, 0),
            operation("SENDING", 2, 0),
            operation("UNKNOWN", 2, 1),
        ]);
        assert_eq!(
            steps,
            [
                "operation CONFIRM: SENDING → SENDING",
                "operation CONFIRM: SENDING → UNKNOWN (dead)",
                "operation CONFIRM: new → SENDING",
            ]
        );
    }

    #[test]
    fn bookings_and_deletions_are_steps() {
        let order = |op, ledger: i64| {
            let columns: [(&str, Value); 3] = [
                ("status", "SUCCESS".into()),
                ("ledger_updated", ledger.into()),
                ("wallet_updated", 0.into()),
            ];
            row("payment_order", op, 7, &columns)
        };
        let steps = counted([order(Op::Insert, 0), order(Op::Update, 1), order(Op::Delete, 1)]);
        assert_eq!(
            steps,
            [
                "payment order: SUCCESS → deleted",
                "payment order: booked in the ledger",
                "payment order: new → SUCCESS",
            ]
        );
    }

    #[test]
    fn an_operation_is_found_as_it_was_at_the_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut transitions = Transitions::default();
        for (second, state) in [(10, "PENDING"), (20, "SENDING")] {
            let changes = vec![operation(state, 0, 0)];
            transitions.observe(&Commit { at: at(second), ..commit(changes) });
        }
        assert_eq!(transitions.operation_at("o", at(9)), None);
        assert_eq!(transitions.operation_at("o", at(19)), Some("CONFIRM PENDING"));
        assert_eq!(transitions.operation_at("o", at(20)), Some("CONFIRM SENDING"));
        assert_eq!(transitions.operation_at("other", at(20)), None);
    }
}
