//! Panics of hosts: noted with the host's name, and each one ends the run.
//!
//! Tokio's `UnhandledPanic::ShutdownRuntime` is not used: it drops all tasks in the middle of the
//! panicking poll, with its scheduler borrowed, and a task that owns a `JoinSet` then panics a
//! second time while it is being dropped, which aborts the process. Instead the panic is noted
//! here, the scenario's future is woken and ended between two polls, and the world is taken down
//! as after any other run.

use std::{cell::RefCell, fmt, panic, sync::Once};

use super::world;

/// A panic inside a task of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPanic {
    /// The host.
    pub host: String,
    /// Simulated nanoseconds since the beginning.
    pub at_ns: u64,
    /// Source file and line.
    pub location: String,
    /// What it said.
    pub message: String,
}

impl fmt::Display for HostPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, at_ns, location, message } = self;
        let millis = at_ns / 1_000_000;
        write!(f, "host {host} panicked at {location} after {millis} simulated ms: {message}")
    }
}

impl std::error::Error for HostPanic {}

thread_local! {
    static LAST: RefCell<Option<HostPanic>> = const { RefCell::new(None) };
}

/// Adds the note-taker in front of the process's panic hook, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) {
                previous(info);
            }
        }));
    });
    LAST.with(|last| last.borrow_mut().take());
}

/// The panic that ends the run of this thread, if there is one.
pub(crate) fn take() -> Option<HostPanic> {
    LAST.with(|last| last.borrow_mut().take())
}

/// Notes a panic in a task, also one that somebody catches or that a destructor throws; those of
/// the scenario itself are not ours. It must not panic: the process would abort.
fn note(info: &panic::PanicHookInfo<'_>) -> bool {
    let noted = world::try_with(|w| {
        let host = w.current.get().map(|owner| owner.host);
        if host.is_none() && tokio::task::try_id().is_none() {
            return None;
        }
        let message = info.payload_as_str().unwrap_or("(no message)").to_owned();
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        w.note_panic(host, &location, &message);
        let hosts = w.hosts.try_borrow();
        let name = host.zip(hosts.as_ref().ok()).map(|(host, all)| &all[usize::from(host.0)].name);
        let name = name.map_or("(of the world itself)", String::as_str);
        Some(HostPanic { host: name.to_owned(), at_ns: w.now_ns(), location, message })
    });
    match noted.flatten() {
        Some(panic) => {
            LAST.with(|last| {
                last.borrow_mut().get_or_insert(panic);
            });
            true
        }
        None => false,
    }
}
