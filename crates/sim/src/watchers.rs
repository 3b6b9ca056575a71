//! The judges that watch the databases, commit by commit.

use std::{cell::RefCell, rc::Rc};

use crate::{
    engine::{Ctl, db::Commit},
    oracle::{
        self, AppendOnly, Balances, Chronicle, Claims, Facts, Feeds, LeftOpen, Legal, Looked,
        Operations, Outbox, Times, Violation, ZeroSum,
    },
};

/// How one of them looks at a commit.
type Look = fn(&mut Watchers, &Commit);

/// What watches the databases.
#[derive(Default)]
pub(crate) struct Watchers {
    pub(crate) zero_sum: ZeroSum,
    pub(crate) append_only: AppendOnly,
    pub(crate) balances: Balances,
    pub(crate) legal: Legal,
    pub(crate) chronicle: Chronicle,
    pub(crate) operations: Operations,
    pub(crate) claims: Claims,
    pub(crate) left_open: LeftOpen,
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
        looked.note("wallet-ledger", self.balances.looked());
        looked.note("legal-states", self.legal.looked() + self.chronicle.looked());
        looked.note("legal-states", self.operations.looked() + self.claims.looked());
        looked.note("reported-rightly", self.left_open.looked());
        looked.note("feed-order", self.feeds.looked());
        looked.note("outbox", self.outbox.looked());
        looked
    }

    /// What all of them saw.
    pub(crate) fn found(&self) -> Vec<Violation> {
        [
            self.zero_sum.found(),
            self.append_only.found(),
            self.balances.found(),
            self.legal.found(),
            self.chronicle.found(),
            self.operations.found(),
            self.claims.found(),
            self.left_open.found(),
            self.feeds.found(),
            self.outbox.found(),
        ]
        .concat()
    }
}

/// Has them watch every commit of a world.
pub(crate) fn watch(ctl: &Ctl) -> Rc<RefCell<Watchers>> {
    let watchers = Rc::new(RefCell::new(Watchers::default()));
    let watch = |database: &str, tables: &'static [&'static str], look: Look| {
        let shared = watchers.clone();
        let observer = move |commit: &Commit| look(&mut shared.borrow_mut(), commit);
        ctl.db().observe(database, tables, Box::new(observer));
    };
    watch("ledger", AppendOnly::TABLES, |watchers, commit| {
        watchers.zero_sum.observe(commit);
        watchers.append_only.observe(commit);
    });
    watch("wallet", Balances::TABLES, |watchers, commit| watchers.balances.observe(commit));
    watch("payment", Legal::TABLES, |watchers, commit| watchers.legal.observe(commit));
    watch("payment", Chronicle::TABLES, |watchers, commit| watchers.chronicle.observe(commit));
    watch("executor", Operations::TABLES, |watchers, commit| watchers.operations.observe(commit));
    watch("reconciler", Claims::TABLES, |watchers, commit| watchers.claims.observe(commit));
    watch("reconciler", LeftOpen::TABLES, |watchers, commit| watchers.left_open.observe(commit));
    for database in ["payment", "executor", "wallet", "ledger"] {
        watch(database, Feeds::TABLES, |watchers, commit| watchers.feeds.observe(commit));
    }
    for (database, tables) in Outbox::TABLES {
        watch(database, tables, |watchers, commit| watchers.outbox.observe(commit));
    }
    for (database, tables) in Times::TABLES {
        watch(database, tables, |watchers, commit| watchers.times.observe(commit));
    }
    watchers
}
