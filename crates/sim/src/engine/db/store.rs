//! The real databases, and whose turn it is on each.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::Waker,
};

use sqlx_core::Result;

use super::{
    faults::Links,
    link::{Link, Place},
    observe::{Commit, Observer, Watch},
    sqlite::Engine,
    value::Row,
};
use crate::engine::{
    host::Owner,
    streams::Streams,
    world::{HostIndex, WorldState},
};

/// The place of a database in its world, in order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DbIndex(pub(super) u16);

/// All databases of a world and the links to them.
pub(crate) struct Databases {
    names: RefCell<Vec<String>>,
    stores: RefCell<Vec<Store>>,
    pub(super) links: RefCell<Links>,
    /// Logical connections that are open.
    open: RefCell<BTreeMap<u64, Arc<Link>>>,
    opened: Cell<u64>,
    /// Connections that stalled hosts have let go of: their databases hear of it later.
    late: RefCell<Vec<Arc<Link>>>,
    pub(super) observers: RefCell<Vec<Observer>>,
    statements: Cell<u64>,
}

/// One database.
pub(super) struct Store {
    /// Absent only while it works.
    engine: Option<Engine>,
    /// The logical connection whose transaction is open.
    holder: Option<u64>,
    /// Calls that wait for their turn, by ticket.
    queue: VecDeque<(u64, Option<Waker>)>,
    tickets: u64,
    watch: Watch,
}

/// An engine while it works.
struct Lent<'a> {
    all: &'a Databases,
    db: DbIndex,
    engine: Option<Engine>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let engine = self.engine.take();
        self.all.store(self.db, |store| store.engine = engine);
    }
}

impl Databases {
    pub(crate) fn new(_: Streams) -> Self {
        Self {
            names: RefCell::default(),
            stores: RefCell::default(),
            links: RefCell::default(),
            open: RefCell::default(),
            opened: Cell::new(0),
            late: RefCell::default(),
            observers: RefCell::default(),
            statements: Cell::new(0),
        }
    }

    pub(crate) fn statements(&self) -> u64 {
        self.statements.get()
    }

    /// Makes an empty database.
    pub(super) fn create(&self, name: &str) {
        assert!(self.find(name).is_none(), "two databases are named {name}: names must differ");
        self.names.borrow_mut().push(name.to_owned());
        self.stores.borrow_mut().push(Store {
            engine: Some(Engine::open()),
            holder: None,
            queue: VecDeque::new(),
            tickets: 0,
            watch: Watch::default(),
        });
    }

    pub(super) fn find(&self, name: &str) -> Option<DbIndex> {
        let names = self.names.borrow();
        let place = names.iter().position(|known| known == name)?;
        Some(DbIndex(u16::try_from(place).expect("few databases")))
    }

    #[track_caller]
    pub(super) fn index(&self, name: &str) -> DbIndex {
        self.find(name)
            .unwrap_or_else(|| panic!("no database is named {name}: create it with Db::create"))
    }

    pub(super) fn name(&self, db: DbIndex) -> String {
        self.names.borrow()[usize::from(db.0)].clone()
    }

    fn store<R>(&self, db: DbIndex, f: impl FnOnce(&mut Store) -> R) -> R {
        f(&mut self.stores.borrow_mut()[usize::from(db.0)])
    }

    /// Counts a new logical connection.
    pub(super) fn open(&self, make: impl FnOnce(u64) -> Link) -> Arc<Link> {
        let id = self.opened.get() + 1;
        self.opened.set(id);
        let link = Arc::new(make(id));
        self.open.borrow_mut().insert(id, link.clone());
        link
    }

    /// Forgets a logical connection, rolling back what it has open.
    pub(super) fn close(&self, w: &WorldState, link: &Link) {
        link.break_off();
        self.open.borrow_mut().remove(&link.id);
        self.abandon(w, link);
    }

    /// Whether the host of a connection stands still, so that the database hears nothing of it.
    pub(super) fn is_stalled(&self, w: &WorldState, link: &Link) -> bool {
        link.place.owner.is_some_and(|owner| w.stalls.is_stalled(owner.host))
    }

    /// Closes a connection when its host goes on.
    pub(super) fn close_when_resumed(&self, link: &Arc<Link>) {
        self.late.borrow_mut().push(link.clone());
    }

    /// Closes what a host has let go of while it stood still.
    pub(crate) fn close_late(&self, w: &WorldState, host: HostIndex) {
        let late = std::mem::take(&mut *self.late.borrow_mut());
        for link in late {
            if link.place.owner.is_some_and(|owner| owner.host == host) {
                self.close(w, &link);
            } else {
                self.late.borrow_mut().push(link);
            }
        }
    }

    /// Whether a transaction is open on a database.
    pub(super) fn is_held(&self, db: DbIndex) -> bool {
        self.store(db, |store| store.holder.is_some())
    }

    /// Ends the connections of one life of a host.
    pub(crate) fn drop_connections_of(&self, w: &WorldState, owner: Owner) {
        self.drop_connections(w, |place| place.owner == Some(owner));
    }

    /// Ends connections, in the order in which they were opened.
    pub(super) fn drop_connections(&self, w: &WorldState, which: impl Fn(Place) -> bool) {
        let found: Vec<Arc<Link>> = {
            let open = self.open.borrow();
            open.values().filter(|link| which(link.place)).cloned().collect()
        };
        for link in found {
            self.close(w, &link);
        }
    }

    /// Rolls back the transaction of a connection, if it has one, and gives the turn away.
    pub(super) fn abandon(&self, w: &WorldState, link: &Link) {
        let db = link.place.db;
        if self.store(db, |store| store.holder) != Some(link.id) {
            return;
        }
        while link.depth() > 0 {
            let rolled_back = self.run(db, Engine::rollback);
            rolled_back.expect("SQLite rolls back an open transaction");
            link.set_depth(link.depth() - 1);
        }
        self.store(db, |store| store.watch.discard());
        link.trace(w, "db.abandon", "", "rolled-back");
        self.release(db);
    }

    /// Runs work on the real database, without asking whose turn it is.
    pub(super) fn run<R>(&self, db: DbIndex, work: impl FnOnce(&mut Engine) -> R) -> R {
        self.statements.set(self.statements.get() + 1);
        let engine = self
            .store(db, |store| store.engine.take())
            .expect("work on a database does not nest: observers must not run SQL");
        // Work that panics gives it back, too: the destructors that follow roll back.
        let mut lent = Lent { all: self, db, engine: Some(engine) };
        work(lent.engine.as_mut().expect("lent until it is dropped"))
    }

    /// Rows of a query by the world itself.
    pub(super) fn read(&self, db: DbIndex, sql: &str) -> Result<Vec<Row>> {
        self.run(db, |engine| engine.rows(sql, None))
    }

    /// A script by the world itself; returns how many rows it changed.
    pub(super) fn script(&self, db: DbIndex, sql: &str) -> Result<u64> {
        let mut changed = 0;
        for item in self.run(db, |engine| engine.fetch(sql, None)) {
            changed += item?.left().map_or(0, |done| done.rows_affected());
        }
        Ok(changed)
    }

    /// Takes a place in the queue.
    pub(super) fn enqueue(&self, db: DbIndex) -> u64 {
        self.store(db, |store| {
            store.tickets += 1;
            store.queue.push_back((store.tickets, None));
            store.tickets
        })
    }

    /// Whether it is this call's turn; if so, it leaves the queue and must run at once.
    pub(super) fn is_turn(&self, db: DbIndex, ticket: u64, link: u64, waker: &Waker) -> bool {
        self.store(db, |store| {
            let holds = store.holder == Some(link);
            let free = store.holder.is_none();
            let first = store.queue.front().is_some_and(|(front, _)| *front == ticket);
            if holds || (free && first) {
                store.queue.retain(|(waiting, _)| *waiting != ticket);
                return true;
            }
            for (waiting, slot) in &mut store.queue {
                if *waiting == ticket {
                    *slot = Some(waker.clone());
                }
            }
            false
        })
    }

    /// Leaves the queue without a turn.
    pub(super) fn leave(&self, db: DbIndex, ticket: u64) {
        self.store(db, |store| {
            store.queue.retain(|(waiting, _)| *waiting != ticket);
        });
        self.wake_next(db);
    }

    /// Keeps the turn until [`Databases::release`].
    pub(super) fn keep_turn(&self, db: DbIndex, link: u64) {
        self.store(db, |store| store.holder = Some(link));
    }

    pub(super) fn release(&self, db: DbIndex) {
        self.store(db, |store| store.holder = None);
        self.wake_next(db);
    }

    /// Tells the first in the queue to look whether it is its turn.
    pub(super) fn wake_next(&self, db: DbIndex) {
        let waker = self.store(db, |store| {
            if store.holder.is_some() {
                return None;
            }
            store.queue.front_mut().and_then(|(_, waker)| waker.take())
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn watch<R>(&self, db: DbIndex, f: impl FnOnce(&mut Watch) -> R) -> R {
        self.store(db, |store| f(&mut store.watch))
    }

    /// Starts to record changes of `tables`.
    pub(super) fn record(&self, db: DbIndex, tables: &[&str]) {
        let hook = self.watch(db, |watch| watch.add(tables));
        self.run(db, |engine| engine.on_change(hook));
    }

    /// After a commit: hands what has changed to the observers.
    pub(super) fn publish(&self, w: &WorldState, link: Option<&Link>, db: DbIndex) {
        let changed = self.watch(db, Watch::take);
        if changed.is_empty() {
            return;
        }
        let changes = self.run(db, |engine| changed.read(engine));
        if changes.is_empty() {
            return;
        }
        let host = link.and_then(|link| link.place.owner);
        let commit = Commit {
            db: self.name(db),
            at: w.clock(jiff::SignedDuration::ZERO).now(),
            host: host.map(|owner| w.host_name(owner.host)),
            changes,
        };
        let mut observers = std::mem::take(&mut *self.observers.borrow_mut());
        for observer in &mut observers {
            observer.tell(db, &commit);
        }
        self.observers.borrow_mut().extend(observers);
    }
}
