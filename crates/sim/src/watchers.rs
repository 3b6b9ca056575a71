//! The judges that watch the databases, commit by commit.

use std::{cell::RefCell, rc::Rc};

use crate::{
    engine::Ctl,
    oracle::{
        self, AppendOnly, Claims, Facts, Feeds, Legal, Looked, Operations, Outbox, Times, ZeroSum,
    },
};

/// What watches the databases.
#[derive(Default)]
pub(crate) struct Watchers {
    pub(crate) zero_sum: ZeroSum,
    pub(crate) append_only: AppendOnly,
    pub(crate) legal: Legal,
    pub(crate) operations: Operations,
    pub(crate) claims: Claims,
    pub(crate) feeds: Feeds,
    pub(crate) outbox: Outbox,
    pub(crate) times: Times,
}

impl Watchers {
    /// What all judges had before them.
    pub(crate) fn looked(&self, ctl: &Ctl, facts: &Facts) -> Looked {
        let mut looked = oracle::looked(facts);
        // The engine watches every host.
        looked.note("no-panics", ctl.hosts().len());
        looked.note("zero-sum", self.zero_sum.looked());
        looked.note("append-only", self.append_only.looked());
        looked.note(
            "legal-states",
            self.legal.looked() + self.operations.looked() + self.claims.looked(),
        );
        looked.note("feed-order", self.feeds.looked());
        looked.note("outbox", self.outbox.looked());
        looked
    }
}

/// Has them watch every commit of a world.
pub(crate) fn watch(ctl: &Ctl) -> Rc<RefCell<Watchers>> {
    let watchers = Rc::new(RefCell::new(Watchers::default()));
    let shared = watchers.clone();
    ctl.db().observe(
        "ledger",
        AppendOnly::TABLES,
        Box::new(move |commit| {
            let mut watchers = shared.borrow_mut();
            watchers.zero_sum.observe(commit);
            watchers.append_only.observe(commit);
        }),
    );
    let shared = watchers.clone();
    ctl.db().observe(
        "payment",
        Legal::TABLES,
        Box::new(move |commit| {
            shared.borrow_mut().legal.observe(commit);
        }),
    );
    let shared = watchers.clone();
    ctl.db().observe(
        "executor",
        Operations::TABLES,
        Box::new(move |commit| shared.borrow_mut().operations.observe(commit)),
    );
    for database in ["payment", "executor", "wallet", "ledger"] {
        let shared = watchers.clone();
        ctl.db().observe(
            database,
            Feeds::TABLES,
            Box::new(move |commit| {
                shared.borrow_mut().feeds.observe(commit);
            }),
        );
    }
    let shared = watchers.clone();
    ctl.db().observe(
        "reconciler",
        Claims::TABLES,
        Box::new(move |commit| shared.borrow_mut().claims.observe(commit)),
    );
    for (database, tables) in Outbox::TABLES {
        let shared = watchers.clone();
        ctl.db().observe(
            database,
            tables,
            Box::new(move |commit| shared.borrow_mut().outbox.observe(commit)),
        );
    }
    for (database, tables) in Times::TABLES {
        let shared = watchers.clone();
        ctl.db().observe(
            database,
            tables,
            Box::new(move |commit| shared.borrow_mut().times.observe(commit)),
        );
    }
    watchers
}
