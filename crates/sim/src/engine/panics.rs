//! Panics of hosts: caught with the host's name, so that a run that one ends can say whose it was.

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

/// The panic that ended the run of this thread, if one did.
pub(crate) fn take() -> Option<HostPanic> {
    LAST.with(|last| last.borrow_mut().take())
}

/// Notes a panic of a host's task; others are not ours.
fn note(info: &panic::PanicHookInfo<'_>) -> bool {
    let noted = world::try_with(|w| {
        let host = w.current.get()?.host;
        w.panicked.set(true);
        let message = info.payload_as_str().unwrap_or("(no message)").to_owned();
        let location = info.location().map(ToString::to_string);
        Some(HostPanic {
            host: w.host_name(host),
            at_ns: w.now_ns(),
            location: location.unwrap_or_default(),
            message,
        })
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
