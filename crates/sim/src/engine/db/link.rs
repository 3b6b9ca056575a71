//! A logical connection: one service's view of a database, over a link that can fail.

use std::{
    future::Future,
    io::{self, ErrorKind},
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use sqlx_core::{Error, Result};
use tokio::time::timeout;

use super::{
    faults::{Fate, Plan},
    sqlite::{self, Engine},
    store::DbIndex,
};
use crate::engine::{
    host::Owner,
    stall::gate,
    timeline::wait,
    trace::Field,
    world::{self, WorldState},
};

/// How long a call waits for its turn: what services ask of SQLite (`PRAGMA busy_timeout`).
const BUSY: Duration = Duration::from_secs(5);

/// Which database, as seen by which life of which host (none: by the world itself).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) db: DbIndex,
    pub(super) owner: Option<Owner>,
}

/// The part of a logical connection that the world can reach.
#[derive(Debug)]
pub(crate) struct Link {
    /// Number of the connection in its world.
    pub(super) id: u64,
    pub(super) place: Place,
    /// Broken connections stay broken: the pool replaces them.
    broken: AtomicBool,
    /// Open transaction and savepoints.
    depth: AtomicUsize,
}

/// A call, for the trace and for the faults.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) kind: &'static str,
    pub(super) sql: &'a str,
}

impl Call<'_> {
    /// Whether it only reads and has no transaction: such a call waits for nobody, and sees nothing
    /// of a transaction that is open.
    pub(super) fn passes(self, link: &Link) -> bool {
        let word = self.sql.trim_start().get(..6);
        self.kind == "db.query"
            && link.depth() == 0
            && word.is_some_and(|word| word.eq_ignore_ascii_case("select"))
    }
}

fn failure(kind: ErrorKind, what: &'static str) -> Error {
    Error::Io(io::Error::new(kind, what))
}

fn broken() -> Error {
    failure(ErrorKind::BrokenPipe, "this connection to the database is broken: open another")
}

impl Link {
    pub(super) fn new(id: u64, place: Place) -> Self {
        Self { id, place, broken: AtomicBool::new(false), depth: AtomicUsize::new(0) }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    pub(super) fn set_depth(&self, depth: usize) {
        self.depth.store(depth, Ordering::Relaxed);
    }

    pub(super) fn break_off(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.broken.load(Ordering::Relaxed) { Err(broken()) } else { Ok(()) }
    }

    pub(super) fn trace(&self, w: &WorldState, kind: &'static str, sql: &str, outcome: &str) {
        let fields = [
            ("db", Field::Number(self.place.db.0.into())),
            ("conn", Field::Number(self.id)),
            ("sql", Field::Text(sql)),
            ("outcome", Field::Text(outcome)),
        ];
        w.line(self.place.owner.map(|owner| owner.host), kind, &fields);
    }

    /// Breaks the connection for good; its open transaction is rolled back.
    fn fail(&self, call: Call<'_>, fate: Fate) -> Error {
        world::with(|w| {
            self.break_off();
            self.trace(w, call.kind, call.sql, fate.name());
            w.databases.abandon(w, self);
        });
        match fate {
            Fate::RequestLost | Fate::AnswerLost => {
                failure(ErrorKind::TimedOut, "the database has not answered")
            }
            Fate::Outage => failure(ErrorKind::HostUnreachable, "the database is out of reach"),
            Fate::Cut | Fate::Pass => {
                failure(ErrorKind::ConnectionReset, "the connection to the database was cut")
            }
        }
    }

    /// Takes one call there and back. `work` runs on the real database when the call arrives and
    /// it is its turn; nothing else of the world runs meanwhile.
    pub(super) async fn call<T: Send>(
        &self,
        call: Call<'_>,
        work: impl FnOnce(&WorldState, &Self) -> Result<T> + Send,
    ) -> Result<T> {
        self.go_on().await;
        let Plan { fate, there, back } = self.plan(call.kind == "db.commit")?;
        wait(there).await;
        self.check()?;
        if fate != Fate::Pass && fate != Fate::AnswerLost {
            self.go_on().await;
            self.check()?;
        }
        if matches!(fate, Fate::RequestLost | Fate::Cut | Fate::Outage) {
            return Err(self.fail(call, fate));
        }
        if !call.passes(self) {
            let turn = timeout(BUSY, Turn::new(self)).await;
            self.check()?;
            if turn.is_err() {
                world::with(|w| self.trace(w, call.kind, call.sql, "locked"));
                wait(back).await;
                return Err(sqlite::locked());
            }
        }
        let result = world::with(|w| {
            let result = work(w, self);
            let outcome = result.as_ref().err().map(ToString::to_string);
            self.trace(w, call.kind, call.sql, outcome.as_deref().unwrap_or("ok"));
            w.databases.wake_next(self.place.db);
            result
        });
        wait(back).await;
        self.go_on().await;
        if fate == Fate::AnswerLost {
            return Err(self.fail(call, fate));
        }
        self.check()?;
        result
    }

    /// Travels to the database to open this connection.
    pub(super) async fn connect(&self) -> Result<()> {
        let call = Call { kind: "db.connect", sql: "" };
        self.go_on().await;
        let Plan { fate, there, back } = self.plan(false)?;
        wait(there).await;
        self.go_on().await;
        self.check()?;
        if fate != Fate::Pass {
            return Err(self.fail(call, fate));
        }
        wait(back).await;
        self.go_on().await;
        self.check()?;
        world::with(|w| self.trace(w, call.kind, call.sql, "ok"));
        Ok(())
    }

    /// Waits while this end's host stands still.
    async fn go_on(&self) {
        gate(self.place.owner.map(|owner| owner.host)).await;
    }

    fn plan(&self, is_commit: bool) -> Result<Plan> {
        self.check()?;
        Ok(world::with(|w| {
            let mut links = w.databases.links.borrow_mut();
            links.plan(w, self.place, is_commit)
        }))
    }

    /// Begins a transaction or savepoint.
    pub(super) fn began(&self, w: &WorldState) {
        if self.depth() == 0 {
            w.databases.keep_turn(self.place.db, self.id);
        }
        w.databases.watch(self.place.db, |watch| watch.begin());
        self.set_depth(self.depth() + 1);
    }

    /// The innermost transaction or savepoint has ended.
    pub(super) fn ended(&self, w: &WorldState, committed: bool) {
        let db = self.place.db;
        w.databases.watch(db, |watch| {
            if committed {
                watch.keep();
            } else {
                watch.undo();
            }
        });
        self.set_depth(self.depth() - 1);
        if self.depth() == 0 {
            if committed {
                w.databases.publish(w, Some(self), db);
            }
            w.databases.release(db);
        }
    }

    /// Runs one statement or script and keeps the record of changes honest.
    pub(super) fn run<T>(
        &self,
        w: &WorldState,
        call: Call<'_>,
        work: impl FnOnce(&mut Engine) -> Outcome<T>,
    ) -> T {
        let db = self.place.db;
        if call.passes(self) {
            // The record is that of the transaction which is passed.
            return w.databases.run(db, work).value;
        }
        let before = w.databases.watch(db, |watch| watch.length());
        let Outcome { value, changed } = w.databases.run(db, work);
        if !changed {
            w.databases.watch(db, |watch| watch.truncate(before));
        } else if self.depth() == 0 {
            w.databases.publish(w, Some(self), db);
        }
        value
    }
}

/// What a statement gave, and whether what it changed stays changed.
pub(super) struct Outcome<T> {
    pub(super) value: T,
    pub(super) changed: bool,
}

/// Waits for a call's turn on the database, in order of arrival.
struct Turn<'a> {
    link: &'a Link,
    ticket: Option<u64>,
}

impl<'a> Turn<'a> {
    fn new(link: &'a Link) -> Self {
        Self { link, ticket: None }
    }
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        world::with(|w| {
            let Place { db, .. } = self.link.place;
            if self.link.check().is_err() {
                return Poll::Ready(()); // The caller looks again.
            }
            let ticket = *self.ticket.get_or_insert_with(|| w.databases.enqueue(db));
            if w.databases.is_turn(db, ticket, self.link.id, cx.waker()) {
                self.ticket = None;
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            world::try_with(|w| w.databases.leave(self.link.place.db, ticket));
        }
    }
}
