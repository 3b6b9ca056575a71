//! The world of one thread: its state, and how it is set up, run and taken down in order.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    future::Future,
    hash::{BuildHasherDefault, Hasher},
    marker::PhantomData,
    panic::{self, AssertUnwindSafe},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{runtime, time::Instant};
use turmoil_net::{HostId, KernelConfig};

use super::{
    cpu,
    ctl::Ctl,
    db::Databases,
    host::{Owner, Slot},
    net::{self, Wire},
    panics::{self, HostPanic},
    streams::Streams,
    subscriber,
    timeline::{self, Timeline},
    trace::{Field, Sink, TraceConfig, TraceSummary},
};

/// The place of a host in its world, in order of registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostIndex(pub(crate) u16);

/// Keeps a handle to a world on the world's thread.
pub(crate) type Here = PhantomData<*const ()>;

/// What a world is made from.
pub struct WorldConfig {
    /// Everything random in the world follows from this.
    pub seed: u64,
    /// True time at the beginning.
    pub epoch: Timestamp,
    /// How many hosts may be registered after the first one has started (the sockets of a world
    /// are laid out when the first host starts, and each spare place costs a little all the time).
    pub spare_hosts: u16,
    /// What becomes of the trace.
    pub trace: TraceConfig,
}

impl WorldConfig {
    /// A world of this seed that begins at `epoch` and keeps only its fingerprint.
    #[must_use]
    pub fn new(seed: u64, epoch: Timestamp) -> Self {
        Self { seed, epoch, spare_hosts: 2, trace: TraceConfig::default() }
    }
}

/// What a run cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// How far the simulated clock went.
    pub simulated: Duration,
    /// How often everything slept and the clock jumped (or tokio's timer wheel turned).
    pub parks: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Packets that sockets sent.
    pub packets: u64,
    /// Statements that reached a database.
    pub statements: u64,
}

/// What is left of a world that has been run.
#[derive(Debug)]
pub struct Report<T> {
    /// The scenario's result, or the panic of a host that ended the run.
    pub result: Result<T, HostPanic>,
    /// The history.
    pub trace: TraceSummary,
    /// What it cost.
    pub stats: Stats,
    /// How often each `tracing` call site of this workspace was hit.
    pub coverage: BTreeMap<&'static str, u64>,
}

impl<T> Report<T> {
    /// The scenario's result.
    ///
    /// # Panics
    /// If a host panicked, with the host's name, place and message.
    #[track_caller]
    pub fn unwrap(self) -> T {
        match self.result {
            Ok(value) => value,
            Err(panic) => panic!("{panic}"),
        }
    }
}

/// Task ids are unique numbers of the process: looked up, never shown, never iterated over.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type Tasks = HashMap<tokio::task::Id, Owner, BuildHasherDefault<IdHasher>>;

/// The state of a world, reached through the thread.
pub(crate) struct WorldState {
    pub(crate) streams: Streams,
    pub(crate) epoch: Timestamp,
    spare: u16,
    start: Cell<Option<Instant>>,
    pub(crate) current: Cell<Option<Owner>>,
    tasks: RefCell<Tasks>,
    pub(crate) hosts: RefCell<Vec<Slot>>,
    /// The sockets until the first host starts, and the places not yet given to a host.
    layout: RefCell<Layout>,
    pub(crate) timeline: Timeline,
    pub(crate) wire: Wire,
    pub(crate) databases: Databases,
    pub(crate) trace: RefCell<Sink>,
    parks: Cell<u64>,
    polls: Cell<u64>,
}

struct Layout {
    net: Option<turmoil_net::Net>,
    made: u16,
    free: Vec<HostId>,
}

thread_local! {
    static WORLD: RefCell<Option<WorldState>> = const { RefCell::new(None) };
}

/// Runs `f` on this thread's world.
///
/// # Panics
/// If there is none.
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(&WorldState) -> R) -> R {
    try_with(f).expect("no simulated world runs on this thread: call this inside World::run")
}

/// Runs `f` on this thread's world, if there is one.
pub(crate) fn try_with<R>(f: impl FnOnce(&WorldState) -> R) -> Option<R> {
    WORLD.try_with(|world| world.borrow().as_ref().map(f)).ok().flatten()
}

impl WorldState {
    fn new(config: WorldConfig) -> Self {
        let streams = Streams::new(config.seed);
        let kernel = KernelConfig::default().retx_threshold(u32::MAX);
        Self {
            streams,
            epoch: config.epoch,
            spare: config.spare_hosts,
            start: Cell::new(None),
            current: Cell::new(None),
            tasks: RefCell::default(),
            hosts: RefCell::default(),
            layout: RefCell::new(Layout {
                net: Some(turmoil_net::Net::with_config(kernel)),
                made: 0,
                free: Vec::new(),
            }),
            timeline: Timeline::new(),
            wire: Wire::new(streams),
            databases: Databases::new(streams),
            trace: RefCell::new(Sink::new(config.trace)),
            parks: Cell::new(0),
            polls: Cell::new(0),
        }
    }

    fn start(&self) -> Instant {
        self.start.get().expect("the world has started")
    }

    /// Nanoseconds of simulated time since the beginning.
    pub(crate) fn now_ns(&self) -> u64 {
        net::nanos(self.start().elapsed())
    }

    pub(crate) fn instant(&self, nanos: u64) -> Instant {
        self.start() + Duration::from_nanos(nanos)
    }

    pub(crate) fn clock(&self, skew: SignedDuration) -> super::clock::HostClock {
        super::clock::HostClock::new(self.epoch, self.start(), skew)
    }

    pub(crate) fn current_host(&self) -> Option<HostIndex> {
        self.current.get().map(|owner| owner.host)
    }

    pub(crate) fn find_host(&self, name: &str) -> Option<HostIndex> {
        let hosts = self.hosts.borrow();
        let place = hosts.iter().position(|host| host.name == name)?;
        Some(HostIndex(u16::try_from(place).expect("few hosts")))
    }

    #[track_caller]
    pub(crate) fn host_index(&self, name: &str) -> HostIndex {
        self.find_host(name)
            .unwrap_or_else(|| panic!("no host is named {name}: register it with Ctl::host first"))
    }

    pub(crate) fn host_name(&self, host: HostIndex) -> String {
        let hosts = self.hosts.borrow();
        hosts
            .get(usize::from(host.0))
            .map_or_else(|| "nowhere".to_owned(), |slot| slot.name.clone())
    }

    /// Adds a line to the trace.
    pub(crate) fn line(
        &self,
        host: Option<HostIndex>,
        kind: &'static str,
        fields: &[(&'static str, Field<'_>)],
    ) {
        let now = self.now_ns();
        self.trace.borrow_mut().line(now, host, kind, fields);
    }

    /// Sockets for one more host.
    pub(crate) fn sockets(&self) -> HostId {
        let mut layout = self.layout.borrow_mut();
        if layout.net.is_some() {
            return layout.add();
        }
        assert!(
            !layout.free.is_empty(),
            "no place for another host: register hosts before the first one starts, or raise \
             WorldConfig::spare_hosts"
        );
        layout.free.remove(0)
    }

    /// Lays out the sockets of all hosts; called when the first one starts.
    pub(crate) fn install_sockets(&self) {
        let mut layout = self.layout.borrow_mut();
        if layout.net.is_none() {
            return;
        }
        for _ in 0..self.spare {
            let spare = layout.add();
            layout.free.push(spare);
        }
        let net = layout.net.take().expect("just seen");
        self.wire.plug(Some(net.enter()));
    }
}

impl Layout {
    fn add(&mut self) -> HostId {
        let address = net::address(HostIndex(self.made));
        self.made += 1;
        self.net.as_mut().expect("not laid out yet").add_host(address)
    }
}

/// A world, ready to be run.
pub struct World {
    config: WorldConfig,
}

impl World {
    /// A world of this seed. Nothing exists until it is run.
    #[must_use]
    pub fn new(config: WorldConfig) -> Self {
        Self { config }
    }

    /// Runs `scenario` to its end on this thread, then takes everything down in order.
    ///
    /// # Panics
    /// With the scenario's own panic; if a world already runs on this thread. A panic in a host
    /// does not panic here: it is in [`Report::result`].
    pub fn run<T, F, Fut>(self, scenario: F) -> Report<T>
    where
        F: FnOnce(Ctl) -> Fut,
        Fut: Future<Output = T>,
    {
        panics::install();
        let _one_cpu = cpu::stay();
        let runtime = build_runtime(self.config.seed);
        WORLD.with(|world| {
            let mut world = world.borrow_mut();
            assert!(world.is_none(), "a world already runs on this thread");
            *world = Some(WorldState::new(self.config));
        });
        let _logs = tracing::dispatcher::set_default(&subscriber::dispatch());
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                with(|w| w.start.set(Some(Instant::now())));
                tokio::spawn(timeline::pump());
                scenario(Ctl { _world: PhantomData }).await
            })
        }));
        let stats = {
            let _inside = runtime.enter();
            with(WorldState::stats)
        };
        take_down(runtime);
        let world = WORLD.with(|world| world.borrow_mut().take());
        let world = world.expect("installed above");
        let guard = world.wire.plug(None);
        let panicked = panics::take();
        let (trace, coverage) = world.trace.into_inner().finish();
        drop(guard);
        let result = match outcome {
            Ok(value) => Ok(value),
            Err(payload) => match panicked {
                Some(panic) => Err(panic),
                None => panic::resume_unwind(payload),
            },
        };
        Report { result, trace, stats, coverage }
    }
}

impl WorldState {
    fn stats(&self) -> Stats {
        Stats {
            simulated: self.start.get().map_or(Duration::ZERO, |s| s.elapsed()),
            parks: self.parks.get(),
            polls: self.polls.get(),
            packets: self.wire.packets.get(),
            statements: self.databases.statements(),
        }
    }
}

/// Ends all tasks while sockets and databases are still there for their destructors.
fn take_down(runtime: runtime::Runtime) {
    with(|w| {
        w.trace.borrow_mut().close();
        for slot in w.hosts.borrow().iter() {
            if let Some(life) = &slot.life {
                life.end();
            }
        }
        w.install_sockets();
    });
    drop(runtime);
    let slots = with(|w| std::mem::take(&mut *w.hosts.borrow_mut()));
    drop(slots);
}

fn build_runtime(seed: u64) -> runtime::Runtime {
    runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .rng_seed(runtime::RngSeed::from_bytes(&seed.to_le_bytes()))
        .unhandled_panic(runtime::UnhandledPanic::ShutdownRuntime)
        .on_thread_park(|| {
            try_with(|w| {
                w.parks.set(w.parks.get() + 1);
                w.wire.flush(w);
            });
        })
        .on_task_spawn(|task| {
            try_with(|w| {
                if let Some(owner) = w.current.get() {
                    w.tasks.borrow_mut().insert(task.id(), owner);
                    w.hosts.borrow_mut()[usize::from(owner.host.0)].task_spawned(owner.incarnation);
                }
            });
        })
        .on_before_task_poll(|task| {
            try_with(|w| {
                w.polls.set(w.polls.get() + 1);
                w.current.set(w.tasks.borrow().get(&task.id()).copied());
            });
        })
        .on_after_task_poll(|_| {
            try_with(|w| w.current.set(None));
        })
        .on_task_terminate(|task| {
            try_with(|w| {
                let owner = w.tasks.borrow_mut().remove(&task.id());
                if let Some(owner) = owner
                    && let Some(slot) = w.hosts.borrow_mut().get_mut(usize::from(owner.host.0))
                {
                    slot.task_ended(owner.incarnation);
                }
            });
        })
        .build()
        .expect("a runtime without I/O can always be built")
}
