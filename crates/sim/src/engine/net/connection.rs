//! One TCP connection as the wire sees it: who, which number, what is on its way in each direction.

use std::{collections::BTreeMap, net::SocketAddr};

use rand_chacha::ChaCha8Rng;
use turmoil_net::{Packet, TcpFlags, TcpSegment, Transport};

use crate::engine::{streams::Streams, world::HostIndex};

/// What a bare packet advertises.
const DEFAULT_WINDOW: u16 = u16::MAX;

/// Client to server.
pub(crate) const FORTH: u8 = 0;
/// Server to client.
pub(crate) const BACK: u8 = 1;

/// A packet on its way.
pub(crate) struct Arrival {
    pub(crate) conn: u32,
    pub(crate) dir: u8,
    /// The packet's place in its direction.
    pub(crate) no: u64,
    pub(crate) packet: Packet,
    /// Sent again after a loss or a hold: its sender may have given up meanwhile.
    pub(crate) retransmitted: bool,
}

/// Why a connection is over for the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    Reset,
    TimedOut,
}

/// One direction.
#[derive(Default)]
pub(crate) struct Direction {
    /// Nothing in this direction arrives before this (nanoseconds): TCP keeps order.
    pub(crate) last_arrival: u64,
    pub(crate) in_flight: u32,
    /// Packets numbered so far; they are delivered in this order, whatever each suffers.
    pub(crate) numbered: u64,
    /// The number that is delivered next.
    pub(crate) due: u64,
    /// Packets that a cut keeps back.
    pub(crate) held: BTreeMap<u64, Packet>,
    /// Packets that have arrived before one that was sent earlier: they wait for it.
    pub(crate) early: BTreeMap<u64, Packet>,
    /// The sender's machine died: what it would have sent again never comes.
    pub(crate) sender_lost: bool,
    pub(crate) held_since: u64,
    /// Number of this hold, so that an old timeout does not end a newer one.
    pub(crate) hold: u32,
    /// The sequence number that comes next in this direction, for injected resets.
    pub(crate) next_seq: u32,
    /// The application at the receiving end has closed its socket.
    pub(crate) receiver_closed: bool,
    /// A packet of this direction has arrived after the handshake's first.
    pub(crate) opened: bool,
    /// Latency draws; made at the first packet.
    rng: Option<Box<ChaCha8Rng>>,
    /// Loss draws, a stream of their own: switching loss on leaves the latencies alone.
    loss: Option<Box<ChaCha8Rng>>,
}

impl Direction {
    /// Nothing is under way in this direction.
    pub(crate) fn is_quiet(&self) -> bool {
        self.in_flight == 0 && self.held.is_empty() && self.early.is_empty()
    }

    /// The sender's machine has started anew: what it sends now follows on nothing.
    pub(crate) fn forget_lost(&mut self) {
        self.sender_lost = false;
        self.due = self.numbered;
    }

    /// The place of the next packet.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered - 1
    }

    /// Whether this hold still lasts.
    pub(crate) fn is_hold(&self, hold: u32) -> bool {
        self.hold == hold && !self.held.is_empty()
    }
}

pub(crate) struct Connection {
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) from: HostIndex,
    pub(crate) to: HostIndex,
    /// `link/<client>/<server>/<nth connection between these two>`.
    pub(crate) name: String,
    pub(crate) dirs: [Direction; 2],
    pub(crate) death: Option<Death>,
    /// Packets outside any connection (answers to what is long over): no draws, nothing remembered.
    pub(crate) stray: bool,
}

impl Connection {
    pub(crate) fn new(
        client: (SocketAddr, HostIndex),
        server: (SocketAddr, HostIndex),
        name: String,
    ) -> Self {
        Self {
            client: client.0,
            server: server.0,
            from: client.1,
            to: server.1,
            name,
            dirs: Default::default(),
            death: None,
            stray: false,
        }
    }

    /// (sender, receiver) of a direction.
    pub(crate) fn hosts(&self, dir: u8) -> (HostIndex, HostIndex) {
        if dir == FORTH { (self.from, self.to) } else { (self.to, self.from) }
    }

    fn addresses(&self, dir: u8) -> (SocketAddr, SocketAddr) {
        if dir == FORTH { (self.client, self.server) } else { (self.server, self.client) }
    }

    pub(crate) fn dir(&mut self, dir: u8) -> &mut Direction {
        &mut self.dirs[usize::from(dir)]
    }

    /// The generator of latencies in this direction.
    pub(crate) fn latency_rng(&mut self, streams: &Streams, dir: u8) -> &mut ChaCha8Rng {
        let name = &self.name;
        self.dirs[usize::from(dir)].rng.get_or_insert_with(|| {
            let mut rng = streams.stream(name);
            rng.set_stream(u64::from(dir));
            Box::new(rng)
        })
    }

    /// The generator of losses in this direction.
    pub(crate) fn loss_rng(&mut self, streams: &Streams, dir: u8) -> &mut ChaCha8Rng {
        let name = &self.name;
        self.dirs[usize::from(dir)].loss.get_or_insert_with(|| {
            let mut rng = streams.stream(name);
            rng.set_stream(2 + u64::from(dir));
            Box::new(rng)
        })
    }

    /// Notes what has been sent in a direction.
    pub(crate) fn note_sent(&mut self, dir: u8, segment: &TcpSegment) {
        let length = u32::try_from(segment.payload.len()).expect("a segment fits the MTU");
        let extra = u32::from(segment.flags.syn) + u32::from(segment.flags.fin);
        self.dir(dir).next_seq = segment.seq.wrapping_add(length).wrapping_add(extra);
    }

    /// A RST that looks as if the sender of `dir` had sent it.
    pub(crate) fn reset_packet(&self, dir: u8) -> Packet {
        let flags = TcpFlags { rst: true, ack: true, ..TcpFlags::default() };
        self.bare_packet(dir, flags)
    }

    fn bare_packet(&self, dir: u8, flags: TcpFlags) -> Packet {
        let (source, target) = self.addresses(dir);
        Packet {
            src: source.ip(),
            dst: target.ip(),
            ttl: 64,
            payload: Transport::Tcp(TcpSegment {
                src_port: source.port(),
                dst_port: target.port(),
                seq: self.dirs[usize::from(dir)].next_seq,
                ack: self.dirs[usize::from(1 - dir)].next_seq,
                flags,
                window: DEFAULT_WINDOW,
                payload: bytes::Bytes::new(),
            }),
        }
    }

    /// What ends the receiver's socket of `dir`. A server's socket that is still shaking hands is
    /// shaken first: a kernel of turmoil-net never lets go of one that is reset before anybody can
    /// accept it, and its port with it. Whoever accepts it finds it reset, as can happen anywhere.
    pub(crate) fn ending(&self, dir: u8) -> impl Iterator<Item = Packet> + use<> {
        let waits = dir == FORTH && !self.dirs[usize::from(FORTH)].opened;
        let waits = waits && self.dirs[usize::from(BACK)].next_seq != 0;
        let ack = TcpFlags { ack: true, ..TcpFlags::default() };
        let shake = waits.then(|| self.bare_packet(dir, ack));
        shake.into_iter().chain([self.reset_packet(dir)])
    }

    /// The client has given up before it had a socket.
    pub(crate) fn abandon(&mut self) {
        self.death = Some(Death::TimedOut);
        for direction in &mut self.dirs {
            direction.receiver_closed = true;
        }
    }

    /// Nothing more will be heard of this connection. One that timed out is remembered until its
    /// sockets are closed, to tell them why it died.
    pub(crate) fn is_spent(&self) -> bool {
        let quiet = self.dirs.iter().all(Direction::is_quiet);
        let closed = self.dirs.iter().all(|dir| dir.receiver_closed);
        quiet && (closed || self.stray || self.death == Some(Death::Reset))
    }
}
