//! Worlds as their users see them: set up, run, taken down in order, reported.

use std::{
    collections::BTreeMap,
    future::Future,
    marker::PhantomData,
    panic::{self, AssertUnwindSafe},
    time::Duration,
};

use jiff::Timestamp;
use tokio::runtime;

use super::{
    ctl::Ctl,
    panics::{self, HostPanic},
    subscriber, timeline,
    trace::{TraceConfig, TraceSummary},
    world::{self, WorldState},
};

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
        let runtime = build_runtime(self.config.seed);
        world::install(WorldState::new(self.config));
        let _logs = tracing::dispatcher::set_default(&subscriber::dispatch());
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                world::with(WorldState::begin);
                start_pump();
                let ctl = Ctl { _world: PhantomData };
                ctl.until_panic(scenario(ctl)).await
            })
        }));
        let stats = {
            let _inside = runtime.enter();
            world::with(WorldState::stats)
        };
        take_down(runtime);
        let world = world::uninstall();
        let guard = world.wire.plug(None);
        panics::take(); // What destructors said when all was over is no part of the run.
        let (trace, coverage) = world.trace.into_inner().finish();
        drop(guard);
        let result = match outcome {
            Ok(result) => result,
            Err(payload) => panic::resume_unwind(payload),
        };
        Report { result, trace, stats, coverage }
    }
}

#[expect(clippy::disallowed_methods, reason = "the pump lives and ends with the runtime")]
fn start_pump() {
    tokio::spawn(timeline::pump());
}

/// Ends all tasks while sockets and databases are still there for their destructors.
fn take_down(runtime: runtime::Runtime) {
    world::with(|w| {
        w.trace.borrow_mut().close();
        for slot in w.hosts.borrow().iter() {
            if let Some(life) = &slot.life {
                life.end();
            }
        }
        w.install_sockets();
    });
    drop(runtime);
    let slots = world::with(|w| std::mem::take(&mut *w.hosts.borrow_mut()));
    drop(slots);
}

fn build_runtime(seed: u64) -> runtime::Runtime {
    runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .rng_seed(runtime::RngSeed::from_bytes(&seed.to_le_bytes()))
        .on_thread_park(|| {
            world::try_with(WorldState::on_park);
        })
        .on_task_spawn(|task| {
            world::try_with(|w| w.on_spawn(task.id()));
        })
        .on_before_task_poll(|task| {
            world::try_with(|w| w.on_poll(task.id()));
        })
        .on_after_task_poll(|_| {
            world::try_with(|w| w.current.set(None));
        })
        .on_task_terminate(|task| {
            world::try_with(|w| w.on_terminate(task.id()));
        })
        .build()
        .expect("a runtime without I/O can always be built")
}
