//! When what happened: the judge's own diary of every commit that moved a payment.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::engine::db::{Commit, Op, Row};

/// The diary of a run.
#[derive(Debug, Clone, Default)]
pub struct Times {
    pub(super) orders: BTreeMap<String, OrderTimes>,
    /// Day -> when its report was first finished.
    pub(super) reports: BTreeMap<String, Timestamp>,
    /// Day -> when somebody first began to make its report.
    pub(super) claims: BTreeMap<String, Timestamp>,
    /// (Day, kind, subject) -> every repair state, with its time.
    pub(super) differences: BTreeMap<(String, String, String), Vec<(Timestamp, String)>>,
}

/// The diary of one order.
#[derive(Debug, Clone, Default)]
pub(super) struct OrderTimes {
    /// Every status that its payment orders were given.
    pub(super) moves: Vec<(Timestamp, String)>,
    /// Every payment of the PSP's by which it was to be paid, and when that was begun.
    pub(super) attempts: Vec<(Timestamp, String)>,
    /// When it was declared done.
    pub(super) done_at: Option<Timestamp>,
    /// When the shop took it back.
    pub(super) voided_at: Option<Timestamp>,
    /// Every state of the executor's operations.
    pub(super) operations: Vec<OperationMove>,
    /// When each payment order was written into the wallet's and the ledger's books.
    pub(super) wallet: BTreeMap<String, Timestamp>,
    pub(super) ledger: BTreeMap<String, Timestamp>,
    /// When the PSP took the money, as each entry of either book has it.
    pub(super) effective: Vec<(&'static str, Timestamp)>,
}

/// One commit of an operation of the executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OperationMove {
    pub(super) at: Timestamp,
    pub(super) payment_key: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) tries: i64,
    pub(super) dead: bool,
}

impl Times {
    /// The tables to watch, by database.
    pub const TABLES: &'static [(&'static str, &'static [&'static str])] = &[
        ("payment", &["payment_event", "payment_order"]),
        ("executor", &["operation"]),
        ("wallet", &["wallet_entry"]),
        ("ledger", &["journal_entry"]),
        ("reconciler", &["report", "difference"]),
    ];

    /// Takes a commit into the diary.
    pub fn observe(&mut self, commit: &Commit) {
        for change in commit.changes.iter().filter(|change| change.op != Op::Delete) {
            let Some(row) = &change.row else { continue };
            match change.table.as_str() {
                "report" => self.report(commit.at, row),
                "difference" => self.difference(commit.at, row),
                table => {
                    let order_id = text(row, "order_id");
                    self.orders.entry(order_id).or_default().note(table, commit.at, row);
                }
            }
        }
    }

    fn report(&mut self, at: Timestamp, row: &Row) {
        self.claims.entry(text(row, "day")).or_insert(at);
        if number(row, "runs") > 0 {
            self.reports.entry(text(row, "day")).or_insert(at);
        }
    }

    fn difference(&mut self, at: Timestamp, row: &Row) {
        let key = (text(row, "day"), text(row, "kind"), text(row, "subject"));
        let states = self.differences.entry(key).or_default();
        let repair = text(row, "repair");
        if states.last().is_none_or(|(_, last)| *last != repair) {
            states.push((at, repair));
        }
    }
}

impl OrderTimes {
    pub(super) const fn new() -> Self {
        Self {
            moves: Vec::new(),
            attempts: Vec::new(),
            done_at: None,
            voided_at: None,
            operations: Vec::new(),
            wallet: BTreeMap::new(),
            ledger: BTreeMap::new(),
            effective: Vec::new(),
        }
    }

    fn note(&mut self, table: &str, at: Timestamp, row: &Row) {
        match table {
            "payment_order" => {
                let status = text(row, "status");
                if self.moves.last().is_none_or(|(_, last)| *last != status) {
                    self.moves.push((at, status));
                }
            }
            "payment_event" => {
                let key = text(row, "payment_key");
                if !key.is_empty() && self.attempts.last().is_none_or(|(_, last)| *last != key) {
                    self.attempts.push((at, key));
                }
                if number(row, "is_payment_done") == 1 {
                    self.done_at.get_or_insert(at);
                }
                if row.get("voided_at").is_some_and(|at| at.as_i64().is_some()) {
                    self.voided_at.get_or_insert(at);
                }
            }
            "operation" => self.operations.push(OperationMove {
                at,
                payment_key: text(row, "payment_key"),
                kind: text(row, "kind"),
                state: text(row, "state"),
                tries: number(row, "tries"),
                dead: number(row, "dead") == 1,
            }),
            "wallet_entry" => {
                self.effective.push(("wallet", effective_at(row)));
                self.wallet.entry(text(row, "payment_order_id")).or_insert(at);
            }
            "journal_entry" => {
                self.effective.push(("ledger", effective_at(row)));
                self.ledger.entry(text(row, "payment_order_id")).or_insert(at);
            }
            _ => {}
        }
    }

    /// The attempt to which something belongs that is about this payment or, if that is none of the
    /// order's, was at this time.
    pub(super) fn attempt_of(&self, payment_key: Option<&str>, at: Timestamp) -> usize {
        let named = self.attempts.iter().position(|(_, key)| Some(key.as_str()) == payment_key);
        let then = || self.attempts.iter().rposition(|(began, _)| *began <= at);
        named.or_else(then).unwrap_or(0)
    }

    /// What of it is about one attempt.
    pub(super) fn of_attempt(&self, n: usize) -> Self {
        let at = |at: &Timestamp| self.attempt_of(None, *at) == n;
        let is_last = n + 1 == self.attempts.len();
        let mut mine = match is_last {
            true => self.clone(),
            false => Self::new(),
        };
        mine.moves = self.moves.iter().filter(|(when, _)| at(when)).cloned().collect();
        mine.attempts = vec![self.attempts[n].clone()];
        let of_key = |step: &&OperationMove| step.payment_key == self.attempts[n].1;
        mine.operations = self.operations.iter().filter(of_key).cloned().collect();
        mine
    }

    /// Where it stood all the time between two moments; `None` if it moved meanwhile.
    pub(super) fn stood(&self, from: Timestamp, to: Timestamp) -> Option<&str> {
        let before = self.moves.iter().rposition(|(at, _)| *at <= from)?;
        let still = self.moves.get(before + 1).is_none_or(|(at, _)| *at > to);
        still.then(|| self.moves[before].1.as_str())
    }

    /// When the payment came to a status.
    pub(super) fn came_to(&self, wanted: &str) -> Option<Timestamp> {
        self.moves.iter().find(|(_, status)| status == wanted).map(|(at, _)| *at)
    }

    /// Whether some part of it was in one of the two books only at a moment of a stretch.
    pub(super) fn is_half_booked(&self, from: Timestamp, to: Timestamp) -> bool {
        let parts = self.wallet.keys().chain(self.ledger.keys());
        parts.into_iter().any(|part| {
            let books = [self.wallet.get(part), self.ledger.get(part)];
            let first = books.into_iter().flatten().min();
            let both = books[0].zip(books[1]).map(|(wallet, ledger)| wallet.max(ledger));
            first.is_some_and(|at| *at <= to) && both.is_none_or(|at| *at >= from)
        })
    }

    /// When the payment's outcome was known.
    pub(super) fn final_at(&self) -> Option<Timestamp> {
        self.came_to("SUCCESS").or_else(|| self.came_to("FAILURE"))
    }
}

fn effective_at(row: &Row) -> Timestamp {
    Timestamp::from_microsecond(number(row, "effective_at")).unwrap_or(Timestamp::MIN)
}

fn text(row: &Row, column: &str) -> String {
    row.get(column).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
}

fn number(row: &Row, column: &str) -> i64 {
    row.get(column).and_then(|v| v.as_i64()).unwrap_or(0)
}
