//! The handle: what the outside can do with the fake, besides HTTP.

mod bank;
mod hooks;
mod payments;
mod switches;
mod time;

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicI64, AtomicUsize},
    },
};

use axum::{
    Router,
    extract::{Request, State as Shared},
    middleware::{Next, from_fn_with_state},
};
use jiff::Timestamp;
use tokio::sync::Notify;

pub use bank::ConsoleError;
pub use hooks::HookError;
pub use payments::KnownPayment;
pub use switches::ConfigError;
use time::PostOffice;

use crate::{
    Applied, BookEntry, Call, Clock, Config, Entropy, Programme, ProgrammeError, Rule,
    Transmission, api, console, control,
    data::{DataError, DataFile, Journal, Writer},
    recorder::Recorder,
    sdk,
    webhook::Hook,
    window,
    world::{Core, World},
};

/// A fake Toss Payments. Clones share one state, which outlives [`serve`](Self::serve).
#[derive(Clone)]
pub struct FakePsp(Arc<Inner>);

struct Inner {
    /// Replaced as a whole when a switch is set.
    core: RwLock<Arc<Core>>,
    world: Mutex<World>,
    /// How far the fake's clock is ahead of the one it was handed, in milliseconds.
    ahead_ms: AtomicI64,
    /// How often everything was forgotten.
    resets: AtomicUsize,
    /// Where changes go to the disk, for a fake with a file.
    journal: Option<Journal>,
    /// Keeps what goes over the wire, if anybody could look at it.
    recorder: OnceLock<Recorder>,
    /// Rung when something becomes due earlier than the worker knows.
    wake: Notify,
    /// Who carries webhooks, and when an attempt has ended.
    post_office: PostOffice,
    /// Held by whoever steps the clock forward: the steps of two would add up.
    stepping: tokio::sync::Mutex<()>,
}

impl fmt::Debug for FakePsp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePsp").field("config", &self.config()).finish_non_exhaustive()
    }
}

impl FakePsp {
    /// A fake with an empty book and no faults.
    pub fn new(config: Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let world = World::new(&config);
        Self::of(Core { config: Arc::new(config), revision: 0, clock, entropy }, world, None)
    }

    /// A fake that goes on where the file ends, and whose writer has to be run beside it. What
    /// `config` says of where webhooks go replaces what the file says.
    pub(crate) async fn with_file(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        mut file: DataFile,
    ) -> Result<(Self, Writer), DataError> {
        let mut world = World::new(&config);
        file.load(&mut world).await?;
        if !config.webhook_urls.is_empty() {
            *world.hooks = Hook::all_to(&config.webhook_urls);
        }
        let (journal, writer) = Journal::new(file);
        let core = Core { config: Arc::new(config), revision: 0, clock, entropy };
        Ok((Self::of(core, world, Some(journal)), writer))
    }

    fn of(core: Core, world: World, journal: Option<Journal>) -> Self {
        let ahead_ms = AtomicI64::new(*world.ahead_ms);
        let core = RwLock::new(Arc::new(core));
        let (world, recorder) = (Mutex::new(world), OnceLock::new());
        let (wake, post_office) = (Notify::new(), PostOffice::default());
        let stepping = tokio::sync::Mutex::default();
        Self(Arc::new(Inner {
            core,
            world,
            ahead_ms,
            resets: AtomicUsize::new(0),
            journal,
            recorder,
            wake,
            post_office,
            stepping,
        }))
    }

    /// The HTTP surface: the API, the window and `/_fake`. Without [`serve`](Self::serve) under
    /// it, a connection that should be closed gets an empty 500 with a [`Fate`](crate::Fate) in
    /// its extensions.
    pub fn router(&self) -> Router {
        let router = Router::new()
            .merge(api::routes())
            .merge(api::openapi::routes())
            .merge(window::routes())
            .merge(sdk::routes())
            .merge(control::routes())
            .merge(console::routes())
            .fallback(api::no_route)
            .method_not_allowed_fallback(api::no_method)
            .with_state(self.clone());
        if self.0.journal.is_none() {
            return router;
        }
        let durable = async |Shared(psp): Shared<Self>, request: Request, next: Next| {
            let response = next.run(request).await;
            psp.durable().await;
            response
        };
        router.layer(from_fn_with_state(self.clone(), durable))
    }

    /// Keeps what goes over the wire from now on.
    pub(crate) fn start_recorder(&self) {
        self.0.recorder.get_or_init(Recorder::default);
    }

    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.0.recorder.get()
    }

    /// Waits until everything that happened so far is on the disk; without a file, not at all.
    /// Nothing that tells of it may leave the process before.
    pub(crate) async fn durable(&self) {
        if let Some(journal) = &self.0.journal {
            journal.durable().await;
        }
    }

    /// How it was set up.
    pub fn config(&self) -> Arc<Config> {
        self.core().config.clone()
    }

    fn core(&self) -> Arc<Core> {
        self.0.core.read().expect("nobody panics while setting switches").clone()
    }

    /// The truth: everything that was taken and given back so far.
    pub fn book(&self) -> Vec<BookEntry> {
        self.book_since(0)
    }

    /// The lines of the book from `seq` on, for readers that come often.
    pub fn book_since(&self, seq: u64) -> Vec<BookEntry> {
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        self.with(|_, world, _| world.records.book().get(from..).unwrap_or_default().to_vec())
    }

    /// Replaces the fault programme. Counting for `nth` starts anew. Verdicts that mean nothing
    /// where their rule strikes have no effect; [`Programme::check`] finds them.
    pub fn install(&self, programme: Programme) {
        self.with(|_, world, _| world.faults.install(programme));
    }

    /// The installed programme.
    pub fn programme(&self) -> Programme {
        self.with(|_, world, _| world.faults.programme().clone())
    }

    /// Adds a rule after the others; counting goes on. Yields it with its name, which is another
    /// one if a rule has that already.
    ///
    /// # Errors
    /// As [`Programme::check`].
    pub fn add_rule(&self, rule: Rule) -> Result<Rule, ProgrammeError> {
        let alone = Programme { rules: vec![rule.clone()] };
        alone.check()?;
        let name = self.with(|_, world, _| world.faults.add(rule.clone(), None));
        Ok(Rule { name: Some(name), ..rule })
    }

    /// As [`Self::add_rule`], but before the rule of that name.
    ///
    /// # Errors
    /// Likewise, and when there is no rule of that name.
    pub fn add_rule_before(&self, rule: Rule, next: &str) -> Result<Rule, ProgrammeError> {
        let alone = Programme { rules: vec![rule.clone()] };
        alone.check()?;
        let name = self.with(|_, world, _| {
            let place = world.faults.programme().position(next)?;
            Some(world.faults.add(rule.clone(), Some(place)))
        });
        let name = name.ok_or_else(|| ProgrammeError::NoSuchRule(next.to_owned()))?;
        Ok(Rule { name: Some(name), ..rule })
    }

    /// Removes the rule of this name (or, of one without, position). Was there one?
    pub fn remove_rule(&self, name: &str) -> bool {
        self.with(|_, world, _| world.faults.remove(name))
    }

    /// Removes every rule of which `keep` says no. The others go on, and so does their counting.
    /// `keep` is told a rule's position in the programme and the rule.
    pub fn keep_rules(&self, keep: impl Fn(usize, &Rule) -> bool) {
        self.with(|_, world, _| world.faults.keep(keep));
    }

    /// Removes all rules and lets held-back webhooks go. What already happened stays.
    pub fn heal(&self) {
        self.with(|_, world, now| {
            world.faults.install(Programme::default());
            world.outbox.release_all(now);
        });
    }

    /// Every fault that fired.
    pub fn applied(&self) -> Vec<Applied> {
        self.with(|_, world, _| world.faults.applied().to_vec())
    }

    /// Every request that came in.
    pub fn calls(&self) -> Vec<Call> {
        self.with(|_, world, _| world.calls.to_vec())
    }

    /// Every attempt to deliver a webhook that has ended.
    pub fn transmissions(&self) -> Vec<Transmission> {
        self.with(|_, world, _| world.outbox.log().to_vec())
    }

    /// The only way to the world: first everything that is due happens, then `act`, then the
    /// worker is woken if there is something to do earlier than it knew.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&Core, &mut World, Timestamp) -> R) -> R {
        let core = &*self.core();
        let mut world = self.0.world.lock().expect("a panic while acting is a bug");
        let before = world.next_event();
        let now = self.now_by(core);
        if before.is_some_and(|due| due <= now) {
            world.tick(core, now);
        }
        let result = act(core, &mut world, now);
        if let Some(journal) = &self.0.journal {
            journal.note(&mut world);
        }
        if world.next_event().is_some_and(|next| before.is_none_or(|before| next < before)) {
            self.0.wake.notify_one();
        }
        result
    }

    pub(crate) fn entropy(&self) -> Arc<dyn Entropy> {
        self.core().entropy.clone()
    }

    pub(crate) async fn woken(&self) {
        self.0.wake.notified().await;
    }
}
