//! The state of the world of one thread, which its hosts, sockets and databases reach through it.

use std::{
    cell::{Cell, RefCell},
    hash::{BuildHasherDefault, Hasher},
    marker::PhantomData,
    task::Waker,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{task, time::Instant};
use turmoil_net::{HostId, KernelConfig};

use super::{
    clock::HostClock,
    db::Databases,
    host::{Owner, Slot},
    net::{self, Wire},
    run::{Stats, WorldConfig},
    stall::Stalls,
    streams::Streams,
    timeline::Timeline,
    trace::{Field, Sink},
};

/// The place of a host in its world, in order of registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostIndex(pub(crate) u16);

/// Keeps a handle to a world on the world's thread.
pub(crate) type Here = PhantomData<*const ()>;

/// Whose each task is. Task ids are unique numbers of the process: looked up, never shown, and
/// never iterated over, so this map's order cannot leak into a history.
#[expect(clippy::disallowed_types, reason = "never iterated over; see above")]
type Tasks = std::collections::HashMap<task::Id, Owner, BuildHasherDefault<IdHasher>>;

/// Spreads consecutive numbers.
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
    /// Who waits for a panic of a host: the scenario.
    mourner: RefCell<Option<Waker>>,
    /// Hosts that stand still.
    pub(crate) stalls: Stalls,
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

/// Makes this the world of this thread.
///
/// # Panics
/// If the thread has one.
pub(super) fn install(state: WorldState) {
    WORLD.with(|world| {
        let mut world = world.borrow_mut();
        assert!(world.is_none(), "a world already runs on this thread");
        *world = Some(state);
    });
}

/// Takes the world from this thread.
pub(super) fn uninstall() -> WorldState {
    let world = WORLD.with(|world| world.borrow_mut().take());
    world.expect("installed before")
}

impl WorldState {
    pub(super) fn new(config: WorldConfig) -> Self {
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
            mourner: RefCell::default(),
            stalls: Stalls::default(),
        }
    }

    /// Time begins.
    pub(super) fn begin(&self) {
        self.start.set(Some(Instant::now()));
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

    pub(crate) fn clock(&self, skew: SignedDuration) -> HostClock {
        HostClock::new(self.epoch, self.start(), skew)
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

    /// Tells the scenario, at its next poll, that a host has panicked. Called by the panic hook.
    pub(crate) fn note_panic(&self, host: Option<HostIndex>, location: &str, message: &str) {
        if let Ok(mut trace) = self.trace.try_borrow_mut() {
            let fields = [("at", Field::Text(location)), ("message", Field::Text(message))];
            trace.line(self.now_ns(), host, "host.panic", &fields);
        }
        if let Ok(Some(waker)) = self.mourner.try_borrow_mut().map(|mut mourner| mourner.take()) {
            waker.wake();
        }
    }

    /// Wakes this one when a host panics.
    pub(crate) fn mourn(&self, waker: &Waker) {
        self.mourner.replace(Some(waker.clone()));
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

/// What the runtime tells the world.
impl WorldState {
    /// All tasks sleep.
    pub(super) fn on_park(&self) {
        self.parks.set(self.parks.get() + 1);
        self.wire.flush(self);
    }

    /// A task's tasks belong to its own host.
    pub(super) fn on_spawn(&self, task: task::Id) {
        if let Some(owner) = self.current.get() {
            self.tasks.borrow_mut().insert(task, owner);
            let slot = &mut self.hosts.borrow_mut()[usize::from(owner.host.0)];
            slot.task_spawned(owner.incarnation);
        }
    }

    pub(super) fn on_poll(&self, task: task::Id) {
        self.polls.set(self.polls.get() + 1);
        self.current.set(self.tasks.borrow().get(&task).copied());
    }

    pub(super) fn on_terminate(&self, task: task::Id) {
        let owner = self.tasks.borrow_mut().remove(&task);
        if let Some(owner) = owner
            && let Some(slot) = self.hosts.borrow_mut().get_mut(usize::from(owner.host.0))
        {
            slot.task_ended(owner.incarnation);
        }
    }

    /// What it has cost so far.
    pub(super) fn stats(&self) -> Stats {
        Stats {
            simulated: self.start.get().map_or(Duration::ZERO, |start| start.elapsed()),
            parks: self.parks.get(),
            polls: self.polls.get(),
            packets: self.wire.packets.get(),
            statements: self.databases.statements(),
        }
    }
}
