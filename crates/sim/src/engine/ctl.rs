//! The controls that a scenario has over its world.

use std::{
    future::Future,
    marker::PhantomData,
    pin::pin,
    task::{Poll, Waker},
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha8Rng;

use super::{
    clock::HostClock,
    db::Db,
    host::{Crash, HostHandle, HostOptions, Life, Owner, Slot},
    net::{self, Net},
    panics::{self, HostPanic},
    trace::Field,
    world::{self, Here, HostIndex, WorldState},
};

/// How many turns the tasks of a crashed host get to notice that it is over.
const LAST_TURNS: usize = 200;

/// The world's controls. Cheap to clone; bound to the world's thread.
///
/// Hosts are named; a name that is no host, like every other misuse, is a scenario bug and panics.
#[derive(Debug, Clone, Copy)]
pub struct Ctl {
    pub(crate) _world: Here,
}

impl Ctl {
    /// Registers a host. `factory` is called at each start and gives the future that is the host:
    /// dropping it is the crash, so it must own all its tasks.
    pub fn host(
        &self,
        name: &str,
        options: HostOptions,
        factory: impl FnMut(HostHandle) -> BoxFuture<'static, ()> + 'static,
    ) {
        world::with(|w| {
            assert!(w.find_host(name).is_none(), "two hosts are named {name}: names must differ");
            let slot = Slot {
                name: name.to_owned(),
                sockets: w.sockets(),
                clock: w.clock(options.skew),
                incarnation: 0,
                life: None,
                root: None,
                factory: Some(Box::new(factory)),
                dark: false,
                dying: None,
                tasks: Vec::new(),
            };
            w.trace.borrow_mut().name_host(name);
            w.hosts.borrow_mut().push(slot);
        });
    }

    /// Starts a host that is down.
    pub fn start(&self, name: &str) {
        world::with(|w| start(w, name));
    }

    /// The same as [`Ctl::start`], after a crash.
    pub fn restart(&self, name: &str) {
        self.start(name);
    }

    /// Crashes a host and returns how many of its tasks are still alive after a bounded number of
    /// turns: more than none means that it does not own its tasks. Whatever is left can no longer
    /// reach a socket or a database. Crashing a host that is down does nothing.
    pub async fn crash(&self, name: &str, how: Crash) -> usize {
        let Some((life, root)) = world::with(|w| begin_crash(w, name, how)) else {
            return 0;
        };
        let _aborted = root.await;
        let Owner { host, incarnation } = life.owner;
        let left = last_turns(host, incarnation).await;
        world::with(|w| {
            w.hosts.borrow_mut()[usize::from(host.0)].dying = None;
            w.databases.drop_connections_of(w, life.owner);
            if how == Crash::Machine || left > 0 {
                net::wipe(w, host);
            }
            let left = left as u64;
            w.line(Some(host), "host.down", &[("tasks", Field::Number(left))]);
        });
        left
    }

    /// Runs `future` until it is done or a host panics; then it is dropped, and the scenario may
    /// have a last look at the world before it ends. Without this a panic ends the scenario.
    ///
    /// # Errors
    /// The panic.
    pub async fn until_panic<T>(&self, future: impl Future<Output = T>) -> Result<T, HostPanic> {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            let done = future.as_mut().poll(cx);
            if let Some(panic) = panics::take() {
                return Poll::Ready(Err(panic));
            }
            world::with(|w| w.mourn(cx.waker()));
            done.map(Ok)
        })
        .await
    }

    /// Stops a machine as a paused VM is: nothing that it sends leaves it, nothing reaches it, and
    /// none of its calls to a database goes out or comes back, until [`Ctl::resume`]. What was
    /// under way waits and then goes on as if nothing had been: a statement reaches the database
    /// with the values that it was made with, and an open transaction keeps its turn. Timers in
    /// the host do fire, and nobody can see that before it goes on. A crash does not end it.
    pub fn stall(&self, name: &str) {
        world::with(|w| {
            let host = w.host_index(name);
            w.stalls.begin(host);
            w.line(Some(host), "fault.stall", &[]);
        });
    }

    /// Ends a stall. What the host wanted to send leaves at once; what others sent to it arrives
    /// when they next try, as after a partition.
    pub fn resume(&self, name: &str) {
        world::with(|w| {
            let host = w.host_index(name);
            let Some(wakers) = w.stalls.end(host) else {
                return;
            };
            w.line(Some(host), "fault.resume", &[]);
            net::resume(w, host);
            w.databases.close_late(w, host);
            wakers.into_iter().for_each(Waker::wake);
        });
    }

    /// Whether the host's future is running.
    #[must_use]
    pub fn is_up(&self, name: &str) -> bool {
        world::with(|w| {
            let host = w.host_index(name);
            let hosts = w.hosts.borrow();
            let root = &hosts[usize::from(host.0)].root;
            root.as_ref().is_some_and(|root| !root.is_finished())
        })
    }

    /// The names of all hosts, in order of registration.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        world::with(|w| w.hosts.borrow().iter().map(|slot| slot.name.clone()).collect())
    }

    /// How many tasks the host has, those of past lives included.
    #[must_use]
    pub fn tasks_of(&self, name: &str) -> usize {
        world::with(|w| {
            let host = w.host_index(name);
            let hosts = w.hosts.borrow();
            let tasks = &hosts[usize::from(host.0)].tasks;
            tasks.iter().map(|(_, count)| count).sum()
        })
    }

    /// The network's controls.
    #[must_use]
    pub fn net(&self) -> Net {
        Net { _world: PhantomData }
    }

    /// The databases' controls.
    #[must_use]
    pub fn db(&self) -> Db {
        Db { _world: PhantomData }
    }

    /// True time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        world::with(|w| w.clock(SignedDuration::ZERO).now())
    }

    /// The clock of a host.
    #[must_use]
    pub fn clock(&self, name: &str) -> HostClock {
        world::with(|w| {
            let host = w.host_index(name);
            w.hosts.borrow()[usize::from(host.0)].clock.clone()
        })
    }

    /// Sets how far a host's clock is ahead of true time, also while it runs.
    pub fn set_skew(&self, name: &str, skew: SignedDuration) {
        world::with(|w| {
            let host = w.host_index(name);
            w.hosts.borrow()[usize::from(host.0)].clock.set_skew(skew);
            let shown = skew.to_string();
            w.line(Some(host), "fault.skew", &[("by", Field::Text(&shown))]);
        });
    }

    /// The random stream of this name.
    #[must_use]
    pub fn stream(&self, name: &str) -> ChaCha8Rng {
        world::with(|w| w.streams.stream(name))
    }

    /// Writes a line of the scenario's own into the trace.
    pub fn note(&self, text: &str) {
        world::with(|w| w.line(None, "note", &[("text", Field::Text(text))]));
    }
}

fn start(w: &WorldState, name: &str) {
    let host = w.host_index(name);
    w.install_sockets();
    let place = usize::from(host.0);
    let (life, clock, mut factory, was_dark, dying) = {
        let mut hosts = w.hosts.borrow_mut();
        let slot = &mut hosts[place];
        assert!(
            slot.root.as_ref().is_none_or(|root| root.is_finished()),
            "host {name} is already up: crash it before starting it again"
        );
        let factory = slot.factory.take();
        let factory = factory.expect("a host is not started from within its own factory");
        let was_dark = std::mem::take(&mut slot.dark);
        let dying = slot.dying.take();
        (slot.begin(host), slot.clock.clone(), factory, was_dark, dying)
    };
    if was_dark {
        net::power_on(w, host);
    }
    let incarnation = u64::from(life.owner.incarnation);
    let fields = [("life", Field::Number(incarnation))];
    w.line(Some(host), "host.up", &fields);
    let handle = HostHandle { name: name.into(), life: life.clone(), clock, streams: w.streams };
    let before = w.current.replace(Some(life.owner));
    let future = factory(handle);
    #[expect(clippy::disallowed_methods, reason = "the handle is the host's: a crash aborts it")]
    let root = tokio::spawn(async move {
        if let Some(earlier) = dying {
            last_turns(host, earlier).await;
        }
        future.await;
        world::with(|w| {
            life.end();
            w.databases.drop_connections_of(w, life.owner);
            w.line(w.current_host(), "host.ended", &[]);
        });
    });
    w.current.set(before);
    let mut hosts = w.hosts.borrow_mut();
    hosts[place].root = Some(root);
    hosts[place].factory = Some(factory);
}

/// Gives the tasks of a life that has ended a bounded number of turns to go; returns how many are
/// still there.
async fn last_turns(host: HostIndex, incarnation: u32) -> usize {
    let left = || world::with(|w| w.hosts.borrow()[usize::from(host.0)].tasks_of(incarnation));
    for _ in 0..LAST_TURNS {
        if left() == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    left()
}

fn begin_crash(
    w: &WorldState,
    name: &str,
    how: Crash,
) -> Option<(Life, tokio::task::JoinHandle<()>)> {
    let host: HostIndex = w.host_index(name);
    let kind = match how {
        Crash::Process => "fault.crash",
        Crash::Machine => "fault.power",
    };
    let (life, root) = {
        let mut hosts = w.hosts.borrow_mut();
        let slot = &mut hosts[usize::from(host.0)];
        let root = slot.root.take()?;
        slot.dark = how == Crash::Machine;
        slot.dying = Some(slot.incarnation);
        (slot.life.take().expect("a started host has a life"), root)
    };
    w.line(Some(host), kind, &[]);
    if how == Crash::Machine {
        net::power_off(w, host);
    }
    life.end();
    w.databases.drop_connections_of(w, life.owner);
    root.abort();
    Some((life, root))
}
