//! The databases' controls for scenarios and judges.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    faults::LinkRule,
    observe::{Commit, Observer},
    value::{Row, read_row},
};
use crate::engine::{
    net::nanos,
    streams::Chance,
    trace::Field,
    world::{self, Here},
};

/// Which link a fault concerns: a database as all hosts see it (`"wallet"`), or as one host does
/// (`("wallet", "wallet-2")`). A host's own setting replaces the database's as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    db: &'a str,
    host: Option<&'a str>,
}

impl<'a> From<&'a str> for Scope<'a> {
    fn from(db: &'a str) -> Self {
        Self { db, host: None }
    }
}

impl<'a> From<(&'a str, &'a str)> for Scope<'a> {
    fn from((db, host): (&'a str, &'a str)) -> Self {
        let host = Some(host);
        Self { db, host }
    }
}

/// The databases' controls. An unknown name is a scenario bug and panics.
#[derive(Debug, Clone, Copy)]
pub struct Db {
    pub(crate) _world: Here,
}

impl Db {
    /// Makes an empty in-memory SQLite database that outlives every crash.
    pub fn create(&self, name: &str) {
        world::with(|w| w.databases.create(name));
    }

    /// How long a call takes, there and back (default 0.2 to 1 ms; each way ends at the next whole
    /// millisecond of the hosts' clock, and zero is really nothing).
    pub fn latency<'a>(&self, scope: impl Into<Scope<'a>>, range: RangeInclusive<Duration>) {
        let shown = format!("{range:?}");
        self.change(scope.into(), "fault.db.latency", &shown, |rule| {
            rule.low = nanos(*range.start());
            rule.high = nanos(*range.end());
        });
    }

    /// How long a caller waits for the error of a lost call or an outage (default 1 s).
    pub fn error_after<'a>(&self, scope: impl Into<Scope<'a>>, delay: Duration) {
        let shown = format!("{delay:?}");
        self.change(scope.into(), "fault.db.error_after", &shown, |rule| {
            rule.error_after = nanos(delay);
        });
    }

    /// A call never reaches the database; the caller gets an error late. The connection breaks.
    ///
    /// # Panics
    /// If `probability` is not within 0..=1, like all that follow.
    pub fn lose_request<'a>(&self, scope: impl Into<Scope<'a>>, probability: f64) {
        let shown = probability.to_string();
        self.change(scope.into(), "fault.db.lose_request", &shown, |rule| {
            rule.lose_request = Chance::new(probability);
        });
    }

    /// The database does what it is told, and the caller gets an error late. The connection
    /// breaks, so that a transaction of which this was not the COMMIT is rolled back.
    pub fn lose_answer<'a>(&self, scope: impl Into<Scope<'a>>, probability: f64) {
        let shown = probability.to_string();
        self.change(scope.into(), "fault.db.lose_answer", &shown, |rule| {
            rule.lose_answer = Chance::new(probability);
        });
    }

    /// Like [`Db::lose_answer`], for COMMIT only: committed, and the caller cannot know.
    pub fn lose_commit_answer<'a>(&self, scope: impl Into<Scope<'a>>, probability: f64) {
        let shown = probability.to_string();
        self.change(scope.into(), "fault.db.lose_commit", &shown, |rule| {
            rule.lose_commit_answer = Chance::new(probability);
        });
    }

    /// The connection breaks between two statements; an open transaction is rolled back.
    pub fn cut<'a>(&self, scope: impl Into<Scope<'a>>, probability: f64) {
        let shown = probability.to_string();
        self.change(scope.into(), "fault.db.cut", &shown, |rule| {
            rule.cut = Chance::new(probability);
        });
    }

    /// While on, the database cannot be reached: connecting and every call fail late.
    pub fn outage<'a>(&self, scope: impl Into<Scope<'a>>, on: bool) {
        self.change(scope.into(), "fault.db.outage", &on.to_string(), |rule| {
            rule.outage = on;
        });
    }

    /// Ends all database faults; latencies stay.
    pub fn heal_all(&self) {
        world::with(|w| {
            w.line(None, "fault.db.heal", &[]);
            w.databases.links.borrow_mut().heal();
        });
    }

    /// Calls `judge` at each commit that changes one of `tables`, with the rows as they are then.
    /// It must not use the database itself.
    pub fn observe(&self, name: &str, tables: &[&str], judge: Box<dyn FnMut(&Commit)>) {
        world::with(|w| {
            let db = w.databases.index(name);
            w.databases.record(db, tables);
            w.databases.observers.borrow_mut().push(Observer {
                db,
                tables: tables.iter().map(|table| (*table).to_owned()).collect(),
                judge,
            });
        });
    }

    /// The rows of a query by a judge: at once, past all faults. While a transaction is open, its
    /// changes so far are visible: judge when the system is quiet, or by [`Db::observe`].
    ///
    /// # Panics
    /// If the query fails.
    #[must_use]
    pub fn query(&self, name: &str, sql: &str) -> Vec<Row> {
        world::with(|w| {
            let db = w.databases.index(name);
            let rows = w.databases.read(db, sql);
            let rows = rows.unwrap_or_else(|error| panic!("a judge's query failed: {error}: {sql}"));
            rows.iter().map(read_row).collect()
        })
    }

    /// The database cheats: runs a script outside of any service. Observers are told.
    ///
    /// # Panics
    /// If the script fails.
    pub fn tamper(&self, name: &str, sql: &str) -> u64 {
        world::with(|w| {
            let db = w.databases.index(name);
            w.line(None, "fault.db.tamper", &[("sql", Field::Text(sql))]);
            let done = w.databases.script(db, sql);
            let done = done.unwrap_or_else(|error| panic!("tampering failed: {error}: {sql}"));
            w.databases.publish(w, None, db);
            done
        })
    }

    fn change(
        &self,
        scope: Scope<'_>,
        kind: &'static str,
        value: &str,
        change: impl FnOnce(&mut LinkRule),
    ) {
        world::with(|w| {
            let key = (
                w.databases.index(scope.db),
                scope.host.map(|host| w.host_index(host)),
            );
            let fields = [
                ("db", Field::Text(scope.db)),
                ("host", Field::Text(scope.host.unwrap_or("*"))),
                ("value", Field::Text(value)),
            ];
            w.line(None, kind, &fields);
            change(w.databases.links.borrow_mut().rule_mut(key));
        });
    }
}
