//! Commit observers: what a transaction changed, with the rows as they are after it.
//!
//! SQLite's update hook names the changed rows; their contents are read after the commit. The hook
//! says nothing of rows that `REPLACE` deletes, of a `DELETE` without `WHERE` on a table without
//! triggers, and of tables WITHOUT ROWID.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::Timestamp;
use rusqlite::hooks::Action;

use super::{sqlite::Engine, store::DbIndex, value::Row};

/// What happened to a row in a transaction as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// It is new.
    Insert,
    /// It was there before.
    Update,
    /// It is gone.
    Delete,
}

/// One changed row of an observed table.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The table.
    pub table: String,
    /// What happened.
    pub op: Op,
    /// SQLite's row number.
    pub rowid: i64,
    /// The row after the transaction; absent if it is gone.
    pub row: Option<Row>,
}

/// One committed transaction (or statement of its own).
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The database.
    pub db: String,
    /// True time.
    pub at: Timestamp,
    /// Who committed; absent for [`Db::tamper`](super::Db::tamper).
    pub host: Option<String>,
    /// What changed in observed tables, in the order of the first change of each row.
    pub changes: Vec<Change>,
}

/// A judge of commits.
pub(super) struct Observer {
    pub(super) db: DbIndex,
    pub(super) tables: BTreeSet<String>,
    pub(super) judge: Box<dyn FnMut(&Commit)>,
}

impl Observer {
    pub(super) fn tell(&mut self, db: DbIndex, commit: &Commit) {
        let mine = |change: &&Change| self.tables.contains(&change.table);
        if db != self.db || !commit.changes.iter().any(|change| mine(&change)) {
            return;
        }
        if commit.changes.iter().all(|change| mine(&change)) {
            (self.judge)(commit);
        } else {
            let changes = commit.changes.iter().filter(mine).cloned().collect();
            (self.judge)(&Commit { changes, ..commit.clone() });
        }
    }
}

/// Raw changes, written while SQLite runs a statement.
#[derive(Default)]
struct Log {
    tables: BTreeSet<String>,
    changes: Vec<(String, Op, i64)>,
}

/// The recorder of one database.
#[derive(Default)]
pub(super) struct Watch {
    log: Arc<Mutex<Log>>,
    /// Length of the log at each savepoint.
    marks: Vec<usize>,
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().expect("recording a change never panics")
}

impl Watch {
    /// Adds tables and gives the hook to install.
    pub(super) fn add(
        &mut self,
        tables: &[&str],
    ) -> impl FnMut(Action, &str, i64) + Send + 'static + use<> {
        let mut log = lock(&self.log);
        log.tables.extend(tables.iter().map(|table| (*table).to_owned()));
        drop(log);
        let log = self.log.clone();
        move |action, table, rowid| {
            let mut log = lock(&log);
            let op = match action {
                Action::SQLITE_INSERT => Op::Insert,
                Action::SQLITE_UPDATE => Op::Update,
                Action::SQLITE_DELETE => Op::Delete,
                _ => return,
            };
            if log.tables.contains(table) {
                log.changes.push((table.to_owned(), op, rowid));
            }
        }
    }

    pub(super) fn length(&self) -> usize {
        lock(&self.log).changes.len()
    }

    /// Forgets what came after `length`: it has been undone.
    pub(super) fn truncate(&self, length: usize) {
        lock(&self.log).changes.truncate(length);
    }

    /// A transaction or savepoint begins.
    pub(super) fn begin(&mut self) {
        self.marks.push(self.length());
    }

    /// The innermost one is kept.
    pub(super) fn keep(&mut self) {
        self.marks.pop();
    }

    /// The innermost one is undone.
    pub(super) fn undo(&mut self) {
        if let Some(mark) = self.marks.pop() {
            self.truncate(mark);
        }
    }

    /// All of it is undone.
    pub(super) fn discard(&mut self) {
        self.marks.clear();
        self.truncate(0);
    }

    /// What has been committed.
    pub(super) fn take(&mut self) -> Changed {
        Changed(std::mem::take(&mut lock(&self.log).changes))
    }
}

/// Rows named by the hook, not read yet.
pub(super) struct Changed(Vec<(String, Op, i64)>);

impl Changed {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the rows as they are now, with one query per table.
    pub(super) fn read(self, engine: &Engine) -> Vec<Change> {
        let mut first: BTreeMap<(&str, i64), Op> = BTreeMap::new();
        let mut ids: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        let mut order = Vec::new();
        for (table, op, rowid) in &self.0 {
            if let Entry::Vacant(slot) = first.entry((table, *rowid)) {
                slot.insert(*op);
                ids.entry(table).or_default().push(*rowid);
                order.push((table.as_str(), *rowid));
            }
        }
        let mut rows: BTreeMap<(&str, i64), Row> = BTreeMap::new();
        for (table, ids) in ids {
            for mut row in rows_of(engine, table, &ids) {
                let rowid = row.remove(ROWID).and_then(|rowid| rowid.as_i64());
                rows.insert((table, rowid.expect("SQLite numbers its rows")), row);
            }
        }
        let mut changes = Vec::new();
        for (table, rowid) in order {
            let row = rows.remove(&(table, rowid));
            if let Some(op) = net(first[&(table, rowid)], row.is_some()) {
                let table = table.to_owned();
                changes.push(Change { table, op, rowid, row });
            }
        }
        changes
    }
}

/// The name of the row number in [`rows_of`]; no table has a column of this name.
const ROWID: &str = "engine_rowid";

fn rows_of(engine: &Engine, table: &str, ids: &[i64]) -> Vec<Row> {
    let list = format!("{ids:?}"); // A JSON array, so that each table has one statement.
    let table = table.replace('"', "\"\"");
    let sql = format!(
        "SELECT rowid AS {ROWID}, * FROM \"{table}\" WHERE rowid IN (SELECT value FROM json_each(?))"
    );
    engine.rows(&sql, Some(&list)).expect("an observed table can be read")
}

/// What happened to a row in a transaction as a whole; nothing if it came and went.
fn net(first: Op, is_there: bool) -> Option<Op> {
    match (first, is_there) {
        (Op::Insert, true) => Some(Op::Insert),
        (Op::Insert, false) => None,
        (_, true) => Some(Op::Update),
        (_, false) => Some(Op::Delete),
    }
}
