//! Everything that will happen at a known simulated time: packet arrivals, database answers,
//! TCP timeouts.
//!
//! Entries are ordered to the nanosecond, then by the order in which they were made. The clock
//! that hosts see moves in whole milliseconds (tokio's timer resolution), so entries due within
//! one millisecond fire together, in their exact order.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    net::Arrival,
    world::{self, WorldState},
};

/// What happens when an entry falls due.
pub(crate) enum Event {
    Packet(Arrival),
    /// A hold that may have outlived the TCP user timeout: (connection, direction, hold number).
    UserTimeout {
        conn: u32,
        dir: u8,
        hold: u32,
    },
    Wake(u64),
}

/// A sleeper's state: still waiting, or due.
enum Sleeper {
    Waiting(Waker),
    Due,
}

pub(crate) struct Timeline {
    inner: RefCell<Inner>,
}

struct Inner {
    entries: BTreeMap<(u64, u64), Event>,
    sleepers: BTreeMap<u64, Sleeper>,
    made: u64,
    /// When the pump will look next; nothing may be due earlier without waking it.
    armed: u64,
    pump: Option<Waker>,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self {
            inner: RefCell::new(Inner {
                entries: BTreeMap::new(),
                sleepers: BTreeMap::new(),
                made: 0,
                armed: u64::MAX,
                pump: None,
            }),
        }
    }

    /// Adds `event` at `at` nanoseconds of simulated time.
    pub(crate) fn push(&self, at: u64, event: Event) {
        let waker = {
            let mut inner = self.inner.borrow_mut();
            inner.made += 1;
            let key = (at, inner.made);
            inner.entries.insert(key, event);
            if at < inner.armed {
                inner.armed = at;
                inner.pump.take()
            } else {
                None
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the first entry that is due at `now`.
    fn pop_due(&self, now: u64) -> Option<Event> {
        let mut inner = self.inner.borrow_mut();
        let entry = inner.entries.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    fn wake(&self, sleeper: u64) {
        let waker = {
            let mut inner = self.inner.borrow_mut();
            match inner.sleepers.get_mut(&sleeper) {
                Some(state) => match std::mem::replace(state, Sleeper::Due) {
                    Sleeper::Waiting(waker) => Some(waker),
                    Sleeper::Due => None,
                },
                None => None,
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// When the pump must look next, remembering its waker.
    fn arm(&self, waker: &Waker) -> Option<u64> {
        let mut inner = self.inner.borrow_mut();
        let next = inner.entries.first_key_value().map(|(key, _)| key.0);
        inner.armed = next.unwrap_or(u64::MAX);
        inner.pump = Some(waker.clone());
        next
    }
}

/// Delivers due entries for as long as the world runs.
pub(crate) async fn pump() {
    let mut sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
    std::future::poll_fn(move |cx| {
        world::with(|w| {
            loop {
                let now = w.now_ns();
                while let Some(event) = w.timeline.pop_due(now) {
                    fire(w, event);
                }
                let Some(next) = w.timeline.arm(cx.waker()) else {
                    return Poll::Pending;
                };
                sleep.as_mut().reset(w.instant(next));
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
    })
    .await
}

fn fire(w: &WorldState, event: Event) {
    match event {
        Event::Packet(arrival) => w.wire.arrive(w, arrival),
        Event::UserTimeout { conn, dir, hold } => w.wire.user_timeout(w, conn, dir, hold),
        Event::Wake(sleeper) => w.timeline.wake(sleeper),
    }
}

/// Waits `nanos` of simulated time in the world's own order of events.
pub(crate) fn wait(nanos: u64) -> Wait {
    Wait { nanos, sleeper: None }
}

/// See [`wait`].
pub(crate) struct Wait {
    nanos: u64,
    sleeper: Option<u64>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.nanos == 0 {
            return Poll::Ready(());
        }
        world::with(|w| match self.sleeper {
            None => {
                let id = {
                    let mut inner = w.timeline.inner.borrow_mut();
                    let id = inner.made;
                    inner.sleepers.insert(id, Sleeper::Waiting(cx.waker().clone()));
                    id
                };
                w.timeline.push(w.now_ns() + self.nanos, Event::Wake(id));
                self.sleeper = Some(id);
                Poll::Pending
            }
            Some(id) => {
                let mut inner = w.timeline.inner.borrow_mut();
                match inner.sleepers.get_mut(&id) {
                    Some(Sleeper::Waiting(waker)) => {
                        waker.clone_from(cx.waker());
                        Poll::Pending
                    }
                    Some(Sleeper::Due) | None => {
                        inner.sleepers.remove(&id);
                        drop(inner);
                        self.nanos = 0;
                        self.sleeper = None;
                        Poll::Ready(())
                    }
                }
            }
        })
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(id) = self.sleeper {
            world::try_with(|w| w.timeline.inner.borrow_mut().sleepers.remove(&id));
        }
    }
}
