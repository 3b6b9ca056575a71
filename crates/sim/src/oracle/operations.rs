//! Legal states, at the executor: every operation moves along its own state machine, is put back by
//! whoever holds it only, and never changes again once its outcome is proven.

use std::collections::BTreeMap;

use super::Violation;
use crate::engine::db::{Commit, Op, Row};

/// From where to where.
const LEGAL: &[(&str, &str)] = &[
    ("PENDING", "SENDING"),
    // The lease of the last try is over.
    ("SENDING", "SENDING"),
    ("SENDING", "UNKNOWN"),
    ("SENDING", "APPROVED"),
    ("SENDING", "DECLINED"),
    ("UNKNOWN", "SENDING"),
    // A slow try, or a look at the PSP in between.
    ("UNKNOWN", "APPROVED"),
    ("UNKNOWN", "DECLINED"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Operation {
    name: String,
    order_id: String,
    is_confirm: bool,
    state: String,
    dead: bool,
    key_no: i64,
    sends: i64,
    /// For how long it was claimed, by the clock of who did, in microseconds.
    lease: i64,
    /// Who claimed it last, or accepted it.
    holder: String,
}

impl Operation {
    fn from_row(row: &Row, host: &str) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| row[name].as_i64().unwrap_or(0);
        let order_id = text("order_id");
        Self {
            name: format!("the {} of {order_id}", text("kind").to_lowercase()),
            order_id,
            is_confirm: text("kind") == "CONFIRM",
            state: text("state"),
            dead: number("dead") == 1,
            key_no: number("key_no"),
            sends: number("sends"),
            lease: number("due_at") - number("updated_at"),
            holder: host.to_owned(),
        }
    }

    fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "APPROVED" | "DECLINED")
    }

    /// What is wrong about becoming `next` by the hand of `host`.
    fn wrong(&self, next: &Self, host: &str) -> Option<String> {
        let (from, to) = (self.state.as_str(), next.state.as_str());
        let redriven = self.dead && !next.dead && from == to;
        if self.is_final() {
            return Some(format!("was {from}, which is proven, and was written again as {to}"));
        }
        if !redriven && !LEGAL.contains(&(from, to)) {
            return Some(format!("went from {from} to {to}"));
        }
        if to == "UNKNOWN" && !redriven && self.holder != host {
            return Some(format!("is held by {} and was put back by {host}", self.holder));
        }
        if next.key_no < self.key_no || next.sends < self.sends {
            return Some("counts its keys or its sends backwards".to_owned());
        }
        None
    }
}

/// Where every operation stood last.
#[derive(Debug, Default)]
pub struct Operations {
    last: BTreeMap<i64, Operation>,
    /// The lease of the first claim: none may be shorter.
    lease: Option<i64>,
    moves: usize,
    found: Vec<Violation>,
}

impl Operations {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["operation"];

    /// Takes a commit of the executor's database into the book.
    pub fn observe(&mut self, commit: &Commit) {
        // What the scenario itself does to a database is no move of the services.
        let Some(host) = commit.host.as_deref() else { return };
        for change in &commit.changes {
            let row = change.row.as_ref().filter(|_| change.op != Op::Delete);
            let Some(row) = row else {
                let detail = format!("operation row {} was deleted", change.rowid);
                self.found.push(Violation::new("legal-states", None, detail));
                continue;
            };
            let mut next = Operation::from_row(row, host);
            let before = self.last.get(&change.rowid);
            let before_is_none = before.is_none();
            let wrong = match before {
                None if next.state == "PENDING" => None,
                None => Some(format!("began as {}", next.state)),
                Some(before) => before.wrong(&next, host),
            };
            let is_claim = before.is_some_and(|before| before.sends < next.sends);
            let wrong =
                wrong.or_else(|| if is_claim { too_short(&mut self.lease, &next) } else { None });
            if let Some(before) = before.filter(|before| before.sends >= next.sends) {
                next.holder.clone_from(&before.holder);
            }
            if let Some(wrong) = wrong {
                let detail = format!("{} {wrong}", next.name);
                self.found.push(Violation::new("legal-states", Some(&next.order_id), detail));
            }
            self.moves += usize::from(before.is_some());
            let order = next.order_id.clone();
            self.last.insert(change.rowid, next);
            let of_order = |o: &&Operation| o.order_id == order && o.is_confirm;
            let counts = |o: &&Operation| of_order(o) && o.state != "DECLINED";
            if before_is_none && self.last.values().filter(counts).count() > 1 {
                let detail = "is confirmed by two payments at once".to_owned();
                self.found.push(Violation::new("legal-states", Some(&order), detail));
            }
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

/// A lease counts from when the operation was taken, so that all are as long as the first of all.
fn too_short(first: &mut Option<i64>, claimed: &Operation) -> Option<String> {
    let (first, lease) = (*first.get_or_insert(claimed.lease), claimed.lease);
    (lease < first).then(|| format!("was claimed for {lease} us, the first of all for {first}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::legal::tests::{commit, row};

    /// Host, state, key number, sends, dead.
    type Step = (&'static str, &'static str, i64, i64, i64);

    fn judged(life: &[Step]) -> Vec<String> {
        let mut oracle = Operations::default();
        for (host, state, key_no, sends, dead) in life {
            let columns = [
                ("order_id", "o".into()),
                ("kind", "CONFIRM".into()),
                ("state", (*state).into()),
                ("key_no", (*key_no).into()),
                ("sends", (*sends).into()),
                ("dead", (*dead).into()),
                ("due_at", 75.into()),
                ("updated_at", 0.into()),
            ];
            let mut commit = commit(vec![row("operation", Op::Update, 1, &columns)]);
            commit.host = Some((*host).to_owned());
            oracle.observe(&commit);
        }
        oracle.found().iter().map(|violation| violation.detail.clone()).collect()
    }

    const BEGUN: [Step; 2] = [("a", "PENDING", 1, 0, 0), ("a", "SENDING", 1, 1, 0)];

    fn after(rest: &[Step]) -> String {
        judged(&[&BEGUN[..], rest].concat()).join("; ")
    }

    #[test]
    fn the_ordinary_life_is_legal() {
        assert_eq!(after(&[("a", "APPROVED", 1, 1, 0)]), "");
        let unknown = ("a", "UNKNOWN", 1, 1, 0);
        assert_eq!(after(&[unknown, ("b", "SENDING", 2, 2, 0), ("a", "DECLINED", 2, 2, 0)]), "");
        let given_up = ("a", "UNKNOWN", 1, 1, 1);
        assert_eq!(after(&[given_up, ("b", "UNKNOWN", 1, 1, 0), ("b", "SENDING", 1, 2, 0)]), "");
        assert_eq!(after(&[("b", "SENDING", 1, 2, 0), ("b", "UNKNOWN", 1, 2, 0)]), "");
    }

    #[test]
    fn a_proven_outcome_is_never_written_again() {
        for state in ["APPROVED", "DECLINED", "UNKNOWN", "SENDING"] {
            let said = after(&[("a", "APPROVED", 1, 1, 0), ("b", state, 1, 1, 0)]);
            assert!(said.contains("which is proven"), "{said}");
        }
    }

    #[test]
    fn only_the_holder_puts_back() {
        let said = after(&[("b", "SENDING", 1, 2, 0), ("a", "UNKNOWN", 1, 2, 0)]);
        assert_eq!(said, "the confirm of o is held by b and was put back by a");
    }

    #[test]
    fn jumps_and_counts_that_go_back_are_seen() {
        assert_eq!(judged(&[("a", "SENDING", 1, 1, 0)]), ["the confirm of o began as SENDING"]);
        assert!(after(&[("a", "PENDING", 1, 1, 0)]).contains("from SENDING to PENDING"));
        let twice = [("a", "UNKNOWN", 1, 1, 0), ("a", "UNKNOWN", 1, 1, 0)];
        assert!(after(&twice).contains("from UNKNOWN to UNKNOWN"));
        for (key_no, sends) in [(0, 1), (1, 0)] {
            let said = after(&[("a", "UNKNOWN", key_no, sends, 0)]);
            assert!(said.contains("backwards"), "{said}");
        }
    }

    #[test]
    fn a_lease_that_counts_from_another_time_is_seen() {
        let mut oracle = Operations::default();
        let steps = [
            ("PENDING", 0, 0, 0),
            ("SENDING", 1, 75, 0),
            ("SENDING", 2, 175, 100),
            ("SENDING", 3, 250, 200),
        ];
        for (state, sends, due_at, updated_at) in steps {
            assert_eq!(oracle.found().len(), 0);
            let columns = [
                ("order_id", "o".into()),
                ("kind", "CONFIRM".into()),
                ("state", state.into()),
                ("key_no", 1.into()),
                ("sends", sends.into()),
                ("dead", 0.into()),
                ("due_at", due_at.into()),
                ("updated_at", updated_at.into()),
            ];
            let mut commit = commit(vec![row("operation", Op::Update, 1, &columns)]);
            commit.host = Some("a".to_owned());
            oracle.observe(&commit);
        }
        assert!(
            oracle.found()[0].detail.contains("was claimed for 50 us, the first of all for 75")
        );
    }

    #[test]
    fn an_operation_that_disappears_is_seen() {
        let mut oracle = Operations::default();
        let mut gone = commit(vec![row("operation", Op::Delete, 1, &[])]);
        oracle.observe(&gone);
        assert_eq!(oracle.found().len(), 0, "tampering is the scenario's own doing");
        gone.host = Some("executor-1".to_owned());
        oracle.observe(&gone);
        assert_eq!(oracle.found().len(), 1);
        assert_eq!(oracle.looked(), 0);
    }
}
