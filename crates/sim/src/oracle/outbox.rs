//! The outbox: what happened and the event that tells of it are one commit, in every service. An
//! event that follows in a commit of its own is lost by a crash in between.

use std::collections::BTreeSet;

use super::Violation;
use crate::engine::db::{Change, Commit, Op, Row};

/// Something that is told: kind and subject of the event that tells it.
type Tale = (String, String);

/// What has to be told once a row is as it is; the judge's own reading of every table.
fn tale(table: &str, row: &Row) -> Option<Tale> {
    let text = |name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    match table {
        "operation" => {
            let (kind, state) = (text("kind").to_lowercase(), text("state").to_lowercase());
            matches!(state.as_str(), "unknown" | "approved" | "declined")
                .then(|| (format!("{kind}.{state}"), text("payment_key")))
        }
        "payment_order" => (text("status") == "SUCCESS")
            .then(|| ("payment_order.succeeded".to_owned(), text("id"))),
        "wallet_entry" => Some(("wallet.booked".to_owned(), text("payment_order_id"))),
        "journal_entry" => Some(("ledger.booked".to_owned(), text("payment_order_id"))),
        _ => None,
    }
}

/// What happened and what was told, in all databases: no two services tell of the same.
#[derive(Debug, Default)]
pub struct Outbox {
    happened: BTreeSet<Tale>,
    told: BTreeSet<Tale>,
    found: Vec<Violation>,
}

impl Outbox {
    /// The tables to watch, by database.
    pub const TABLES: &'static [(&'static str, &'static [&'static str])] = &[
        ("payment", &["payment_order", "event"]),
        ("executor", &["operation", "event"]),
        ("wallet", &["wallet_entry", "event"]),
        ("ledger", &["journal_entry", "event"]),
    ];

    /// Takes a commit into the book.
    pub fn observe(&mut self, commit: &Commit) {
        let rows = |events: bool| {
            let mine = move |c: &&Change| (c.table == "event") == events && c.op != Op::Delete;
            commit.changes.iter().filter(mine).filter_map(|c| Some((&*c.table, c.row.as_ref()?)))
        };
        let happened: BTreeSet<_> =
            rows(false).filter_map(|(table, row)| tale(table, row)).collect();
        let text = |row: &Row, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let told: BTreeSet<_> =
            rows(true).map(|(_, row)| (text(row, "kind"), text(row, "subject"))).collect();
        self.happened.extend(happened.iter().cloned());
        self.told.extend(told.iter().cloned());
        // What the scenario itself does to a database is no doing of the services.
        if commit.host.is_none() {
            return;
        }
        let untold = happened.iter().filter(|tale| !self.told.contains(*tale));
        let untrue = told.iter().filter(|tale| !self.happened.contains(*tale));
        let untold = untold.map(|tale| (tale, "happened in a commit that does not tell of it"));
        let untrue = untrue.map(|tale| (tale, "was told in a commit in which it had not happened"));
        for ((kind, subject), wrong) in untold.chain(untrue) {
            let detail = format!("{kind} of {subject} {wrong}");
            let order = subject.starts_with("ord-").then_some(&**subject);
            self.found.push(Violation::new("outbox", order, detail));
        }
    }

    /// How many events it has seen.
    pub fn looked(&self) -> usize {
        self.told.len()
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

    fn happened(table: &str) -> Change {
        let columns = [
            ("id", "po-1".into()),
            ("payment_key", "key-1".into()),
            ("payment_order_id", "po-1".into()),
            ("kind", "CONFIRM".into()),
            ("state", "APPROVED".into()),
            ("status", "SUCCESS".into()),
        ];
        row(table, Op::Update, 1, &columns)
    }

    fn told(kind: &str, subject: &str) -> Change {
        row("event", Op::Insert, 1, &[("kind", kind.into()), ("subject", subject.into())])
    }

    fn judged(commits: &[&[Change]]) -> Vec<String> {
        let mut oracle = Outbox::default();
        for changes in commits {
            let mut commit = commit(changes.to_vec());
            commit.host = Some("host".to_owned());
            oracle.observe(&commit);
        }
        oracle.found().iter().map(|violation| violation.detail.clone()).collect()
    }

    const TALES: [(&str, &str, &str); 4] = [
        ("operation", "confirm.approved", "key-1"),
        ("payment_order", "payment_order.succeeded", "po-1"),
        ("wallet_entry", "wallet.booked", "po-1"),
        ("journal_entry", "ledger.booked", "po-1"),
    ];

    #[test]
    fn one_commit_of_both_is_fine_and_so_is_writing_it_once_more() {
        for (table, kind, subject) in TALES {
            let both = [happened(table), told(kind, subject)];
            assert_eq!(judged(&[&both, &[happened(table)], &[told(kind, subject)]]), [""; 0]);
        }
    }

    #[test]
    fn an_event_in_a_commit_of_its_own_is_seen_whichever_comes_first() {
        for (table, kind, subject) in TALES {
            let later = judged(&[&[happened(table)], &[told(kind, subject)]]);
            assert_eq!(
                later,
                [format!("{kind} of {subject} happened in a commit that does not tell of it")]
            );
            let earlier = judged(&[&[told(kind, subject)], &[happened(table)]]);
            let wrong = "was told in a commit in which it had not happened";
            assert_eq!(earlier, [format!("{kind} of {subject} {wrong}")]);
        }
    }

    #[test]
    fn what_is_under_way_is_not_told() {
        let columns = [("order_id", "ord-1".into()), ("state", "SENDING".into())];
        assert_eq!(judged(&[&[row("operation", Op::Update, 1, &columns)]]), [""; 0]);
        let columns = [("id", "po-1".into()), ("status", "EXECUTING".into())];
        assert_eq!(judged(&[&[row("payment_order", Op::Update, 1, &columns)]]), [""; 0]);
    }

    #[test]
    fn what_the_scenario_does_is_not_judged() {
        let mut oracle = Outbox::default();
        oracle.observe(&commit(vec![happened("wallet_entry")]));
        assert_eq!((oracle.found().len(), oracle.looked()), (0, 0));
    }
}
