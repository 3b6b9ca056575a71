//! Hosts: named machines that run one future each, may crash, and start again.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::BoxFuture;
use jiff::SignedDuration;
use tokio::task::JoinHandle;
use turmoil_net::HostId;

use super::{
    clock::HostClock,
    net::{self, Listener, TcpStream},
    streams::Streams,
    world::HostIndex,
};

/// How a host ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process dies: its sockets close at once, so peers notice.
    Process,
    /// The machine loses power: peers hear nothing more. After the restart, packets for its old
    /// connections are answered with a reset.
    Machine,
}

/// What is particular to a host.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostOptions {
    /// How far its clock is ahead of true time.
    pub skew: SignedDuration,
}

/// Which life of which host a task belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    pub(crate) host: HostIndex,
    pub(crate) incarnation: u32,
}

/// One life of a host, held by everything that must end with it.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) owner: Owner,
    sockets: HostId,
    alive: Arc<AtomicBool>,
}

impl Life {
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self) {
        self.alive.store(false, Ordering::Relaxed);
    }

    /// Makes the following socket calls of this thread calls of this host.
    pub(crate) fn enter_sockets(&self) {
        turmoil_net::set_current(self.sockets);
    }
}

/// Called at each start of a host.
pub(crate) type Factory = Box<dyn FnMut(HostHandle) -> BoxFuture<'static, ()>>;

/// A host as the world keeps it.
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) sockets: HostId,
    pub(crate) clock: HostClock,
    pub(crate) incarnation: u32,
    pub(crate) life: Option<Life>,
    pub(crate) root: Option<JoinHandle<()>>,
    /// Absent while it runs.
    pub(crate) factory: Option<Factory>,
    pub(crate) dark: bool,
    /// A life whose crash nobody has seen to its end: the next one begins when its tasks are gone.
    pub(crate) dying: Option<u32>,
    /// Tasks of each life that has any.
    pub(crate) tasks: Vec<(u32, usize)>,
}

impl Slot {
    /// Begins the next life.
    pub(crate) fn begin(&mut self, host: HostIndex) -> Life {
        self.incarnation += 1;
        let life = Life {
            owner: Owner { host, incarnation: self.incarnation },
            sockets: self.sockets,
            alive: Arc::new(AtomicBool::new(true)),
        };
        self.life = Some(life.clone());
        life
    }

    pub(crate) fn tasks_of(&self, incarnation: u32) -> usize {
        self.tasks.iter().find(|(life, _)| *life == incarnation).map_or(0, |(_, count)| *count)
    }

    pub(crate) fn task_spawned(&mut self, incarnation: u32) {
        match self.tasks.iter_mut().find(|(life, _)| *life == incarnation) {
            Some((_, count)) => *count += 1,
            None => self.tasks.push((incarnation, 1)),
        }
    }

    pub(crate) fn task_ended(&mut self, incarnation: u32) {
        if let Some((_, count)) = self.tasks.iter_mut().find(|(life, _)| *life == incarnation) {
            *count -= 1;
        }
        self.tasks.retain(|(_, count)| *count > 0);
    }
}

/// What a host's future gets from the world: its clock, its randomness, its network.
#[derive(Clone)]
pub struct HostHandle {
    pub(crate) name: Arc<str>,
    pub(crate) life: Life,
    pub(crate) clock: HostClock,
    pub(crate) streams: Streams,
}

impl fmt::Debug for HostHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name, self.incarnation())
    }
}

impl HostHandle {
    /// The host's name, which other hosts dial.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// 1 in the host's first life, one more in each that follows.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.life.owner.incarnation
    }

    /// The host's clock (true time + skew).
    #[must_use]
    pub fn clock(&self) -> HostClock {
        self.clock.clone()
    }

    /// A seed for a generator of this host in this life, by name.
    #[must_use]
    pub fn seed_for(&self, name: &str) -> [u8; 32] {
        let full = format!("host/{}/{}/{name}", self.name, self.incarnation());
        self.streams.seed_for(&full)
    }

    /// Listens on all addresses of the host; port 0 takes a free one.
    ///
    /// # Panics
    /// If something on this host listens on the port already.
    #[expect(clippy::unused_async, reason = "binding waits in production code that this replaces")]
    pub async fn listen(&self, port: u16) -> Listener {
        net::bind(self.life.clone(), port)
    }

    /// Connects to a host by name. Where nothing answers this waits for 127 s, so set a deadline.
    ///
    /// # Errors
    /// `NotFound` for a name that is no host, `ConnectionRefused`, `TimedOut`, and
    /// `ConnectionAborted` if this host has crashed.
    pub fn dial(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<TcpStream>> + Send + 'static + use<> {
        net::dial(self.life.clone(), host, port)
    }
}
