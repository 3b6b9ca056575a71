//! Each packet's fate: which connection, which latency, lost, held, refused, or delivered.

use std::net::SocketAddr;

use turmoil_net::{NetstatState, Packet, TcpSegment, Transport};

use super::{
    address,
    connection::{Arrival, BACK, Connection, Death, FORTH},
    host_of,
    wire::{Inner, SYN_TIMEOUT_NS},
};
use crate::engine::{
    streams::uniform,
    timeline::Event,
    trace::Field,
    world::{HostIndex, WorldState},
};

/// First retransmission timeout, doubled each time: Linux's minimum.
const RTO_NS: u64 = 200_000_000;
/// First timeout of a SYN.
const SYN_RTO_NS: u64 = 1_000_000_000;
/// The longest pause between two retransmissions.
const RTO_MAX_NS: u64 = 120_000_000_000;

fn key(client: SocketAddr, server: SocketAddr) -> Option<u64> {
    let end = |a: SocketAddr| {
        let host = host_of(a.ip())?;
        Some((u64::from(host.0) << 16) | u64::from(a.port()))
    };
    Some((end(client)? << 32) | end(server)?)
}

fn ends(packet: &Packet, segment: &TcpSegment) -> (SocketAddr, SocketAddr) {
    (SocketAddr::new(packet.src, segment.src_port), SocketAddr::new(packet.dst, segment.dst_port))
}

impl Inner {
    pub(super) fn find(&self, source: SocketAddr, target: SocketAddr) -> Option<(u32, u8)> {
        if let Some(conn) = self.by_key.get(&key(source, target)?) {
            return Some((*conn, FORTH));
        }
        let conn = self.by_key.get(&key(target, source)?)?;
        Some((*conn, BACK))
    }

    /// The connection of a packet; a SYN opens a new one.
    fn conn_of(&mut self, w: &WorldState, packet: &Packet, segment: &TcpSegment) -> (u32, u8) {
        let (source, target) = ends(packet, segment);
        let opens = segment.flags.syn && !segment.flags.ack;
        if !opens && let Some(found) = self.find(source, target) {
            return found;
        }
        let from = host_of(packet.src).expect("only hosts send");
        let to = host_of(packet.dst).unwrap_or(HostIndex(u16::MAX));
        let pair = format!("link/{}/{}", w.host_name(from), w.host_name(to));
        let name = if opens {
            let nth = self.made.entry((from, to)).or_insert(0);
            *nth += 1;
            format!("{pair}/{nth}")
        } else {
            format!("{pair}/stray")
        };
        self.next += 1;
        let conn = self.next;
        let mut connection = Connection::new((source, from), (target, to), name);
        connection.stray = !opens;
        self.conns.insert(conn, connection);
        if let Some(key) = key(source, target) {
            self.by_key.insert(key, conn);
        }
        (conn, FORTH)
    }

    /// Decides the fate of a packet that a socket has just sent. What it returns costs no time.
    pub(super) fn send(&mut self, w: &WorldState, packet: Packet) -> Option<Packet> {
        let Transport::Tcp(segment) = &packet.payload else {
            return None; // Services of this world speak TCP; a datagram has nowhere to go.
        };
        let (conn, dir) = self.conn_of(w, &packet, segment);
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        connection.note_sent(dir, segment);
        let (from, to) = connection.hosts(dir);
        if self.dark.contains(&from) {
            trace(w, "dark", &self.conns[&conn].name, dir, segment, 0);
            self.forget_if_spent(conn);
            return None;
        }
        let direction = &mut connection.dirs[usize::from(dir)];
        let stalled = w.stalls.is_stalled(from) || w.stalls.is_stalled(to);
        let stopped = stalled || self.dark.contains(&to) || self.rules.is_cut(from, to);
        if !stopped && is_bare_ack(segment) && direction.opened && direction.is_quiet() {
            trace(w, "ack", &connection.name, dir, segment, 0);
            return Some(packet);
        }
        if stopped || !direction.held.is_empty() {
            let no = direction.number();
            self.hold(w, conn, dir, no, packet);
        } else {
            self.dispatch(w, conn, dir, packet);
        }
        None
    }

    /// Puts a packet on the wire: latency, losses, order.
    fn dispatch(&mut self, w: &WorldState, conn: u32, dir: u8, packet: Packet) {
        let Transport::Tcp(segment) = &packet.payload else {
            return;
        };
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        let (from, to) = connection.hosts(dir);
        let rule = self.rules.link(from, to);
        let latency = uniform(connection.latency_rng(&self.streams, dir), rule.low, rule.high);
        let mut delay = latency;
        let mut rto = first_rto(segment);
        let mut lost = 0;
        if !rule.loss.is_zero() {
            let rng = connection.loss_rng(&self.streams, dir);
            while delay < self.rules.user_timeout && rule.loss.strikes(rng) {
                delay += rto;
                rto = (rto * 2).min(RTO_MAX_NS);
                lost += 1;
            }
        }
        let direction = connection.dir(dir);
        let no = direction.number();
        if delay >= self.rules.user_timeout {
            self.hold(w, conn, dir, no, packet); // Lost each time: the user timeout ends it.
            return;
        }
        let now = w.now_ns();
        let at = (now + delay).max(direction.last_arrival);
        direction.last_arrival = at;
        direction.in_flight += 1;
        trace(w, "send", &connection.name, dir, segment, at - now);
        let retransmitted = lost > 0;
        w.timeline.push(at, Event::Packet(Arrival { conn, dir, no, packet, retransmitted }));
    }

    /// Keeps a packet back until the cut heals or the user timeout ends the connection.
    fn hold(&mut self, w: &WorldState, conn: u32, dir: u8, no: u64, packet: Packet) {
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        let Transport::Tcp(segment) = &packet.payload else {
            return;
        };
        trace(w, "hold", &connection.name, dir, segment, 0);
        let syn = segment.flags.syn;
        let direction = connection.dir(dir);
        if direction.held.is_empty() {
            let now = w.now_ns();
            direction.held_since = now;
            direction.hold += 1;
            let patience = if syn { SYN_TIMEOUT_NS } else { self.rules.user_timeout };
            let hold = direction.hold;
            w.timeline.push(now + patience, Event::UserTimeout { conn, dir, hold });
        }
        direction.held.insert(no, packet);
    }

    /// Sends on what was held, at the next retransmission that a sender would make.
    pub(super) fn release(&mut self, w: &WorldState, conn: u32, dir: u8) {
        self.release_after(w, conn, dir, None);
    }

    /// Sends on what was held: from this time on, or at the next retransmission.
    pub(super) fn release_after(&mut self, w: &WorldState, conn: u32, dir: u8, at: Option<u64>) {
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        let (from, to) = connection.hosts(dir);
        let stalled = w.stalls.is_stalled(from) || w.stalls.is_stalled(to);
        if stalled || self.dark.contains(&to) || self.rules.is_cut(from, to) {
            return;
        }
        let direction = connection.dir(dir);
        let held = std::mem::take(&mut direction.held);
        let Some(Transport::Tcp(first)) = held.values().next().map(|packet| &packet.payload) else {
            return;
        };
        let (now, mut rto) = (w.now_ns(), first_rto(first));
        let mut again = direction.held_since + rto;
        while again < now {
            rto = (rto * 2).min(RTO_MAX_NS);
            again += rto;
        }
        let again = at.unwrap_or(again);
        direction.last_arrival = direction.last_arrival.max(again);
        for (no, packet) in held {
            let rule = self.rules.link(from, to);
            let connection = self.conns.get_mut(&conn).expect("a known connection");
            let latency = uniform(connection.latency_rng(&self.streams, dir), rule.low, rule.high);
            let direction = connection.dir(dir);
            direction.last_arrival = direction.last_arrival.max(again + latency);
            direction.in_flight += 1;
            let arrival = Arrival { conn, dir, no, packet, retransmitted: true };
            w.timeline.push(direction.last_arrival, Event::Packet(arrival));
        }
    }

    /// What a packet's arrival hands to the sockets, in the order in which it was sent.
    pub(super) fn arrive(&mut self, w: &WorldState, arrival: Arrival, out: &mut Vec<Packet>) {
        let Arrival { conn, dir, no, packet, retransmitted } = arrival;
        let Some(connection) = self.conns.get_mut(&conn) else {
            return;
        };
        let (from, to) = connection.hosts(dir);
        let dead = connection.death.is_some() && !is_rst(&packet);
        let direction = connection.dir(dir);
        direction.in_flight -= 1;
        let missed = direction.sender_lost && (retransmitted || no != direction.due);
        if dead || missed || no < direction.due {
            self.forget_if_spent(conn);
        } else if self.dark.contains(&to) || self.rules.is_cut(from, to) || w.stalls.is_stalled(to)
        {
            self.hold(w, conn, dir, no, packet);
        } else if no != direction.due {
            direction.early.insert(no, packet);
        } else {
            let mut next = Some(packet);
            while let Some(packet) = next {
                self.pass(w, conn, dir, packet, retransmitted, out);
                next = self.conns.get_mut(&conn).and_then(|conn| {
                    let direction = conn.dir(dir);
                    direction.early.remove(&direction.due)
                });
            }
        }
    }

    /// A packet at the end of its way: what its receiver's sockets get to see of it.
    fn pass(
        &mut self,
        w: &WorldState,
        conn: u32,
        dir: u8,
        packet: Packet,
        retransmitted: bool,
        out: &mut Vec<Packet>,
    ) {
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        connection.dir(dir).due += 1;
        let (_, to) = connection.hosts(dir);
        let Transport::Tcp(segment) = &packet.payload else {
            return;
        };
        trace(w, "arrive", &connection.name, dir, segment, 0);
        let opening = segment.flags.syn && !segment.flags.ack;
        if opening && retransmitted && !still_connecting(connection.from, connection.client) {
            connection.abandon();
            self.forget_if_spent(conn);
            return;
        }
        let refused = opening && self.rules.is_refusing(to);
        let unread = !segment.payload.is_empty() && connection.dir(dir).receiver_closed;
        if segment.flags.rst {
            connection.death.get_or_insert(Death::Reset);
            out.extend(connection.ending(dir));
        } else if refused || unread {
            // Data for a closed socket, like a SYN for a refusing host, is answered by a reset.
            out.extend(unread.then(|| connection.reset_packet(dir)));
            let answer = connection.reset_packet(1 - dir);
            self.dispatch(w, conn, 1 - dir, answer);
        } else {
            connection.dir(dir).opened |= !segment.flags.syn;
            out.push(packet);
        }
        self.forget_if_spent(conn);
    }

    /// A hold has lasted too long: what ends both sockets.
    pub(super) fn give_up(&mut self, w: &WorldState, conn: u32, dir: u8, hold: u32) -> Vec<Packet> {
        match self.conns.get_mut(&conn) {
            Some(connection) if connection.dirs[usize::from(dir)].is_hold(hold) => {
                let connecting = connection.dir(dir).held.values().any(is_syn);
                connection.death = Some(Death::TimedOut);
                if connecting {
                    connection.abandon();
                }
                w.line(None, "net.timeout", &[("conn", Field::Text(&connection.name))]);
                let mut ends = self.end(conn);
                ends.retain(|end| host_of(end.dst).is_some_and(|to| !self.dark.contains(&to)));
                ends
            }
            _ => Vec::new(),
        }
    }

    /// Ends a connection from outside; the packets tell its two sockets.
    pub(super) fn kill(&mut self, conn: u32) -> Vec<Packet> {
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        connection.death = Some(Death::Reset);
        self.end(conn)
    }

    fn end(&mut self, conn: u32) -> Vec<Packet> {
        let connection = self.conns.get_mut(&conn).expect("a known connection");
        for direction in &mut connection.dirs {
            direction.held.clear();
        }
        let packets = connection.ending(FORTH).chain(connection.ending(BACK)).collect();
        self.forget_if_spent(conn);
        packets
    }

    pub(super) fn forget_if_spent(&mut self, conn: u32) {
        if self.conns.get(&conn).is_some_and(Connection::is_spent) {
            let gone = self.conns.remove(&conn).expect("just seen");
            if let Some(key) = key(gone.client, gone.server)
                && self.by_key.get(&key) == Some(&conn)
            {
                self.by_key.remove(&key);
            }
        }
    }
}

fn is_syn(packet: &Packet) -> bool {
    matches!(&packet.payload, Transport::Tcp(segment) if segment.flags.syn)
}

fn is_rst(packet: &Packet) -> bool {
    matches!(&packet.payload, Transport::Tcp(segment) if segment.flags.rst)
}

fn first_rto(segment: &TcpSegment) -> u64 {
    if segment.flags.syn { SYN_RTO_NS } else { RTO_NS }
}

/// Nothing but an acknowledgement. It frees buffers at its receiver and is otherwise invisible to
/// applications, so on an open, quiet direction it takes no time; that halves the events of a run.
fn is_bare_ack(segment: &TcpSegment) -> bool {
    let flags = segment.flags;
    flags.ack && !flags.syn && !flags.fin && !flags.rst && segment.payload.is_empty()
}

/// Whether the client still waits for its connection: a late SYN of one who gave up stays unsent.
fn still_connecting(client: HostIndex, local: SocketAddr) -> bool {
    turmoil_net::netstat(address(client))
        .entries
        .iter()
        .any(|entry| entry.local == local && entry.state == Some(NetstatState::SynSent))
}

fn trace(
    w: &WorldState,
    kind: &'static str,
    conn: &str,
    dir: u8,
    segment: &TcpSegment,
    delay: u64,
) {
    let flags = segment.flags;
    let bits = u64::from(flags.syn)
        | (u64::from(flags.ack) << 1)
        | (u64::from(flags.fin) << 2)
        | (u64::from(flags.rst) << 3);
    w.line(
        None,
        kind,
        &[
            ("conn", Field::Text(conn)),
            ("dir", Field::Number(dir.into())),
            ("flags", Field::Number(bits)),
            ("seq", Field::Number(segment.seq.into())),
            ("delay", Field::Number(delay)),
            ("body", Field::Bytes(&segment.payload)),
        ],
    );
}
