//! The wire: takes what the sockets emit, decides each packet's fate and delivers it.
//!
//! The kernels of `turmoil-net` never retransmit here (their threshold is out of reach), so the
//! wire loses nothing for good: a loss or a cut is a delay of TCP's own length, after which the
//! packet arrives or the connection dies.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
};

use turmoil_net::{EnterGuard, Packet};

use super::{
    connection::{Arrival, Connection, Death},
    faults::Rules,
};
use crate::engine::{
    streams::Streams,
    world::{HostIndex, WorldState},
};

/// When a connecting client gives up (Linux: six retransmissions of the SYN).
pub(crate) const SYN_TIMEOUT_NS: u64 = 127_000_000_000;

pub(crate) struct Wire {
    pub(super) inner: RefCell<Inner>,
    guard: RefCell<Option<EnterGuard>>,
    /// A socket may have something to send.
    dirty: Cell<bool>,
    /// A buffer that is used again.
    delivered: Cell<Vec<Packet>>,
    pub(crate) packets: Cell<u64>,
}

pub(super) struct Inner {
    pub(super) streams: Streams,
    pub(super) conns: BTreeMap<u32, Connection>,
    pub(super) by_key: BTreeMap<u64, u32>,
    /// Connections ever made between two hosts.
    pub(super) made: BTreeMap<(HostIndex, HostIndex), u32>,
    pub(super) next: u32,
    pub(super) rules: Rules,
    /// Hosts without power: they send nothing and hear nothing.
    pub(super) dark: Vec<HostIndex>,
    egress: Vec<Packet>,
}

impl Wire {
    pub(crate) fn new(streams: Streams) -> Self {
        Self {
            inner: RefCell::new(Inner {
                streams,
                conns: BTreeMap::new(),
                by_key: BTreeMap::new(),
                made: BTreeMap::new(),
                next: 0,
                rules: Rules::new(),
                dark: Vec::new(),
                egress: Vec::new(),
            }),
            guard: RefCell::new(None),
            dirty: Cell::new(false),
            delivered: Cell::default(),
            packets: Cell::new(0),
        }
    }

    /// Connects the wire to the installed sockets, or takes them away at the end.
    pub(crate) fn plug(&self, guard: Option<EnterGuard>) -> Option<EnterGuard> {
        std::mem::replace(&mut *self.guard.borrow_mut(), guard)
    }

    pub(crate) fn mark_dirty(&self) {
        self.dirty.set(true);
    }

    fn hand_over(&self, packet: Packet) {
        self.dirty.set(true);
        if let Some(guard) = self.guard.borrow().as_ref() {
            guard.deliver(packet);
        }
    }

    /// Takes everything that the sockets want to send. Called when all tasks are asleep.
    pub(crate) fn flush(&self, w: &WorldState) {
        while self.dirty.replace(false) {
            let mut buffer = std::mem::take(&mut self.inner.borrow_mut().egress);
            if let Some(guard) = self.guard.borrow().as_ref() {
                guard.egress_all(&mut buffer);
            }
            for packet in buffer.drain(..) {
                self.packets.set(self.packets.get() + 1);
                let at_once = self.inner.borrow_mut().send(w, packet);
                if let Some(packet) = at_once {
                    self.hand_over(packet);
                }
            }
            self.inner.borrow_mut().egress = buffer;
        }
    }

    /// A packet has reached the end of its way.
    pub(crate) fn arrive(&self, w: &WorldState, arrival: Arrival) {
        let mut packets = self.delivered.take();
        self.inner.borrow_mut().arrive(w, arrival, &mut packets);
        for packet in packets.drain(..) {
            self.hand_over(packet);
        }
        self.delivered.set(packets);
    }

    /// A hold has lasted for the TCP user timeout: if it still lasts, both ends give up.
    pub(crate) fn user_timeout(&self, w: &WorldState, conn: u32, dir: u8, hold: u32) {
        let packets = self.inner.borrow_mut().give_up(w, conn, dir, hold);
        self.deliver_all(packets);
    }

    /// The application has closed the socket `local`, connected to `remote`.
    pub(crate) fn socket_closed(&self, local: SocketAddr, remote: SocketAddr) {
        let mut inner = self.inner.borrow_mut();
        if let Some((conn, dir)) = inner.find(remote, local) {
            let connection = inner.conns.get_mut(&conn).expect("an indexed connection");
            connection.dir(dir).receiver_closed = true;
            inner.forget_if_spent(conn);
        }
    }

    /// Whether the connection of `local` to `remote` died of silence rather than of a reset.
    pub(crate) fn timed_out(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        let inner = self.inner.borrow();
        inner
            .find(local, remote)
            .is_some_and(|(conn, _)| inner.conns[&conn].death == Some(Death::TimedOut))
    }

    pub(super) fn deliver_all(&self, packets: Vec<Packet>) {
        for packet in packets {
            self.hand_over(packet);
        }
    }
}
