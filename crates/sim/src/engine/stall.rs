//! Hosts that stand still: a paused machine, a long collection, a stuck disk.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::world::{self, HostIndex};

/// Which hosts stand still, and what waits in each for it to go on.
#[derive(Default)]
pub(crate) struct Stalls(RefCell<BTreeMap<HostIndex, Vec<Waker>>>);

impl Stalls {
    pub(crate) fn begin(&self, host: HostIndex) {
        self.0.borrow_mut().entry(host).or_default();
    }

    /// Ends a stall; who waited is to be woken, in this order. None if there was no stall.
    pub(crate) fn end(&self, host: HostIndex) -> Option<Vec<Waker>> {
        self.0.borrow_mut().remove(&host)
    }

    pub(crate) fn is_stalled(&self, host: HostIndex) -> bool {
        self.0.borrow().contains_key(&host)
    }
}

/// Waits until a host does not stand still; at once if it does not. For the world itself (none)
/// there is nothing to wait for.
pub(crate) fn gate(host: Option<HostIndex>) -> Gate {
    Gate(host)
}

/// See [`gate`].
pub(crate) struct Gate(Option<HostIndex>);

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(host) = self.0 else {
            return Poll::Ready(());
        };
        world::with(|w| match w.stalls.0.borrow_mut().get_mut(&host) {
            None => Poll::Ready(()),
            Some(waiting) => {
                if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                    waiting.push(cx.waker().clone());
                }
                Poll::Pending
            }
        })
    }
}
