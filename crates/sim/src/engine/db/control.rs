//! The databases' controls for scenarios and judges.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    faults::{LinkKey, LinkRule},
    observe::{Commit, Observer},
    value::Row,
};
use crate::engine::{
    net::nanos,
    streams::Chance,
    trace::Field,
    world::{self, Here, WorldState},
};

/// The databases' controls. Faults concern a database as one host sees it, or as all do (host
/// `"*"`); a host's own setting replaces that of all as a whole. An unknown name is a scenario bug
/// and panics.
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
    pub fn latency(&self, db: &str, host: &str, range: RangeInclusive<Duration>) {
        let shown = format!("{range:?}");
        self.change((db, host), "fault.db.latency", &shown, |rule| {
            rule.low = nanos(*range.start());
            rule.high = nanos(*range.end());
        });
    }

    /// How long a caller waits for the error of a lost call or an outage (default 1 s).
    pub fn error_after(&self, db: &str, host: &str, delay: Duration) {
        let shown = format!("{delay:?}");
        self.change((db, host), "fault.db.error_after", &shown, |rule| {
            rule.error_after = nanos(delay);
        });
    }

    /// A call never reaches the database; the caller gets an error late. The connection breaks.
    ///
    /// # Panics
    /// If `probability` is not within 0..=1, like all that follow.
    pub fn lose_request(&self, db: &str, host: &str, probability: f64) {
        let shown = probability.to_string();
        self.change((db, host), "fault.db.lose_request", &shown, |rule| {
            rule.lose_request = Chance::new(probability);
        });
    }

    /// The database does what it is told, and the caller gets an error late. The connection
    /// breaks, so that a transaction of which this was not the COMMIT is rolled back.
    pub fn lose_answer(&self, db: &str, host: &str, probability: f64) {
        let shown = probability.to_string();
        self.change((db, host), "fault.db.lose_answer", &shown, |rule| {
            rule.lose_answer = Chance::new(probability);
        });
    }

    /// Like [`Db::lose_answer`], for COMMIT only: committed, and the caller cannot know.
    pub fn lose_commit_answer(&self, db: &str, host: &str, probability: f64) {
        let shown = probability.to_string();
        self.change((db, host), "fault.db.lose_commit", &shown, |rule| {
            rule.lose_commit_answer = Chance::new(probability);
        });
    }

    /// The connection breaks between two statements; an open transaction is rolled back.
    pub fn cut(&self, db: &str, host: &str, probability: f64) {
        let shown = probability.to_string();
        self.change((db, host), "fault.db.cut", &shown, |rule| {
            rule.cut = Chance::new(probability);
        });
    }

    /// The connection breaks at the COMMIT, which does not happen: single statements pass, and
    /// transactions are rolled back.
    pub fn cut_commit(&self, db: &str, host: &str, probability: f64) {
        let shown = probability.to_string();
        self.change((db, host), "fault.db.cut_commit", &shown, |rule| {
            rule.cut_commit = Chance::new(probability);
        });
    }

    /// While on, the database cannot be reached: connecting and every call fail late. Connections
    /// that were open when it began are dead for good, those too that nobody used meanwhile.
    pub fn outage(&self, db: &str, host: &str, on: bool) {
        self.change((db, host), "fault.db.outage", &on.to_string(), |rule| {
            rule.outage = on;
        });
        if on {
            world::with(|w| {
                let (db, host) = key(w, db, host);
                w.databases.drop_connections(w, |place| {
                    let theirs = place.owner.map(|owner| owner.host);
                    place.db == db && (host.is_none() || theirs == host)
                });
            });
        }
    }

    /// This share of calls (statements, BEGIN, COMMIT, connecting) stands still for `duration` on
    /// its way: half of them before the database hears of it, half when it is done, inside
    /// transactions too, so that what these hold is held for as long. A call that stands still
    /// when this is switched off does so to its end.
    pub fn stall(&self, db: &str, host: &str, share: f64, duration: Duration) {
        let shown = format!("{share} {duration:?}");
        self.change((db, host), "fault.db.stall", &shown, |rule| {
            rule.stall = Chance::new(share);
            rule.stall_for = nanos(duration);
        });
    }

    /// Ends the faults of a link; a host's own link is then as its database's.
    pub fn heal(&self, db: &str, host: &str) {
        world::with(|w| {
            let fields = [("db", Field::Text(db)), ("host", Field::Text(host))];
            w.line(None, "fault.db.heal", &fields);
            w.databases.links.borrow_mut().heal(Some(key(w, db, host)));
        });
    }

    /// Ends all database faults. Only latencies set for all hosts stay.
    pub fn heal_all(&self) {
        world::with(|w| {
            w.line(None, "fault.db.heal", &[]);
            w.databases.links.borrow_mut().heal(None);
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

    /// The rows of a query by a judge: at once, past all faults. What a transaction that is open has
    /// changed so far is not seen.
    ///
    /// # Panics
    /// If the query fails.
    #[must_use]
    pub fn query(&self, name: &str, sql: &str) -> Vec<Row> {
        world::with(|w| {
            let rows = w.databases.read(w.databases.index(name), sql);
            rows.unwrap_or_else(|error| panic!("a judge's query failed: {error}: {sql}"))
        })
    }

    /// The database cheats: runs a script outside of any service. Observers are told.
    ///
    /// # Panics
    /// If the script fails.
    pub fn tamper(&self, name: &str, sql: &str) -> u64 {
        self.try_tamper(name, sql)
            .unwrap_or_else(|error| panic!("tampering failed: {error}: {sql}"))
    }

    /// The same as [`Db::tamper`], for a script of the user's.
    ///
    /// # Errors
    /// What the database says of the script.
    pub fn try_tamper(&self, name: &str, sql: &str) -> Result<u64, String> {
        world::with(|w| {
            let db = w.databases.index(name);
            w.line(None, "fault.db.tamper", &[("sql", Field::Text(sql))]);
            let done = w.databases.script(db, sql);
            w.databases.publish(w, None, db);
            done.map_err(|error| error.to_string())
        })
    }

    /// Whether a transaction of a service is open on the database: what is tampered with now is
    /// part of it.
    #[must_use]
    pub fn is_held(&self, name: &str) -> bool {
        world::with(|w| w.databases.is_held(w.databases.index(name)))
    }

    fn change(
        &self,
        (db, host): (&str, &str),
        kind: &'static str,
        value: &str,
        change: impl FnOnce(&mut LinkRule),
    ) {
        world::with(|w| {
            let key = key(w, db, host);
            let fields = [
                ("db", Field::Text(db)),
                ("host", Field::Text(host)),
                ("value", Field::Text(value)),
            ];
            w.line(None, kind, &fields);
            change(w.databases.links.borrow_mut().rule_mut(key));
        });
    }
}

fn key(w: &WorldState, db: &str, host: &str) -> LinkKey {
    let host = (host != "*").then(|| w.host_index(host));
    (w.databases.index(db), host)
}
