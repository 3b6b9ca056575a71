//! What can be done to the network, and the rules that the wire asks about each packet.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::RangeInclusive,
    time::Duration,
};

use turmoil_net::{Packet, TcpFlags, TcpSegment, Transport};

use super::connection::{BACK, FORTH};
use crate::engine::{
    streams::Chance,
    trace::Field,
    world::{self, HostIndex, WorldState},
};

/// How a link treats packets in one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// Bounds of the latency in nanoseconds.
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) loss: Chance,
}

/// Half a millisecond to two: a data centre. Sub-millisecond draws decide the order of arrivals.
const DEFAULT_LINK: Link = Link { low: 500_000, high: 2_000_000, loss: Chance::NEVER };

/// About what Linux's `tcp_retries2 = 15` amounts to.
const USER_TIMEOUT: Duration = Duration::from_secs(924);

pub(super) struct Rules {
    default: Link,
    links: BTreeMap<(HostIndex, HostIndex), Link>,
    cuts: BTreeSet<(HostIndex, HostIndex)>,
    refusing: BTreeSet<HostIndex>,
    /// Nanoseconds.
    pub(super) user_timeout: u64,
}

impl Rules {
    pub(super) fn new() -> Self {
        Self {
            default: DEFAULT_LINK,
            links: BTreeMap::new(),
            cuts: BTreeSet::new(),
            refusing: BTreeSet::new(),
            user_timeout: nanos(USER_TIMEOUT),
        }
    }

    pub(super) fn link(&self, from: HostIndex, to: HostIndex) -> Link {
        if self.links.is_empty() {
            return self.default;
        }
        self.links.get(&(from, to)).copied().unwrap_or(self.default)
    }

    fn link_mut(&mut self, from: HostIndex, to: HostIndex) -> &mut Link {
        let default = self.default;
        self.links.entry((from, to)).or_insert(default)
    }

    pub(super) fn is_cut(&self, from: HostIndex, to: HostIndex) -> bool {
        !self.cuts.is_empty() && self.cuts.contains(&(from, to))
    }

    pub(super) fn is_refusing(&self, host: HostIndex) -> bool {
        self.refusing.contains(&host)
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a duration is less than 584 years")
}

/// The network's controls. Hosts are named; a name that is no host is a scenario bug and panics.
///
/// Latencies are drawn to the nanosecond and decide the order of arrivals exactly; the clock that
/// hosts see moves in whole milliseconds, so an arrival is noticed at the next one.
#[derive(Debug, Clone, Copy)]
pub struct Net {
    pub(crate) _world: world::Here,
}

impl Net {
    /// The latency of every link that has none of its own.
    pub fn default_latency(&self, range: RangeInclusive<Duration>) {
        world::with(|w| {
            let mut inner = w.wire.inner.borrow_mut();
            inner.rules.default.low = nanos(*range.start());
            inner.rules.default.high = nanos(*range.end());
            w.line(None, "fault.latency", &range_fields("*", "*", &range));
        });
    }

    /// The latency between two hosts, each way. A slow link is a long latency.
    pub fn latency(&self, a: &str, b: &str, range: RangeInclusive<Duration>) {
        self.change(a, b, "fault.latency", &range_fields(a, b, &range), |link| {
            link.low = nanos(*range.start());
            link.high = nanos(*range.end());
        });
    }

    /// Each packet between the two is lost with this probability, each transmission anew. A loss
    /// is a delay: TCP sends again after 200 ms, 400 ms, ... and what was sent later waits behind.
    ///
    /// # Panics
    /// If `probability` is not within 0..=1.
    pub fn loss(&self, a: &str, b: &str, probability: f64) {
        let shown = probability.to_string();
        let fields = [("a", Field::Text(a)), ("b", Field::Text(b)), ("p", Field::Text(&shown))];
        let loss = Chance::new(probability);
        self.change(a, b, "fault.loss", &fields, |link| link.loss = loss);
    }

    /// Nothing passes between the two, either way: silence, never a refusal. Packets wait for
    /// [`Net::heal`]; a connection that waits longer than the user timeout dies at both ends.
    pub fn partition(&self, a: &str, b: &str) {
        self.partition_oneway(a, b);
        self.partition_oneway(b, a);
    }

    /// Nothing passes from `from` to `to`; the other way is open.
    pub fn partition_oneway(&self, from: &str, to: &str) {
        world::with(|w| {
            let pair = (w.host_index(from), w.host_index(to));
            w.wire.inner.borrow_mut().rules.cuts.insert(pair);
            let fields = [("from", Field::Text(from)), ("to", Field::Text(to))];
            w.line(None, "fault.partition", &fields);
        });
    }

    /// Ends partitions, loss and special latency between the two. What waited arrives when its
    /// sender next tries, which after a long cut can be up to two minutes later, as in real TCP.
    pub fn heal(&self, a: &str, b: &str) {
        self.clear(a, b);
        self.release();
    }

    /// Takes the rules between the two away, like [`Net::heal`], and lets nothing go yet: for
    /// whoever makes others instead. [`Net::release`] must follow.
    pub fn clear(&self, a: &str, b: &str) {
        world::with(|w| {
            let (x, y) = (w.host_index(a), w.host_index(b));
            let fields = [("a", Field::Text(a)), ("b", Field::Text(b))];
            w.line(None, "fault.heal", &fields);
            let mut inner = w.wire.inner.borrow_mut();
            for pair in [(x, y), (y, x)] {
                inner.rules.cuts.remove(&pair);
                inner.rules.links.remove(&pair);
            }
        });
    }

    /// Lets go what no rule holds any longer.
    pub fn release(&self) {
        world::with(release_all);
    }

    /// Ends every network fault; the default latency stays.
    pub fn heal_all(&self) {
        world::with(|w| {
            w.line(None, "fault.heal", &[("a", Field::Text("*"))]);
            let mut inner = w.wire.inner.borrow_mut();
            inner.rules.cuts.clear();
            inner.rules.links.clear();
            inner.rules.refusing.clear();
            drop(inner);
            release_all(w);
        });
    }

    /// While on, `host` answers every new connection with a reset, as if nothing listened.
    pub fn refuse(&self, host: &str, on: bool) {
        world::with(|w| {
            let index = w.host_index(host);
            let mut inner = w.wire.inner.borrow_mut();
            if on {
                inner.rules.refusing.insert(index);
            } else {
                inner.rules.refusing.remove(&index);
            }
            let fields = [("host", Field::Text(host)), ("on", Field::Number(on.into()))];
            w.line(None, "fault.refuse", &fields);
        });
    }

    /// Resets every connection between the two hosts, at both ends.
    pub fn reset(&self, a: &str, b: &str) {
        world::with(|w| {
            let (x, y) = (w.host_index(a), w.host_index(b));
            w.wire.flush(w);
            let mut inner = w.wire.inner.borrow_mut();
            let conns: Vec<u32> = inner
                .conns
                .iter()
                .filter(|(_, conn)| conn.death.is_none() && !conn.stray)
                .filter(|(_, conn)| {
                    (conn.from, conn.to) == (x, y) || (conn.from, conn.to) == (y, x)
                })
                .map(|(id, _)| *id)
                .collect();
            let packets: Vec<Packet> = conns.iter().flat_map(|conn| inner.kill(*conn)).collect();
            drop(inner);
            w.wire.deliver_all(packets);
            let fields = [
                ("a", Field::Text(a)),
                ("b", Field::Text(b)),
                ("conns", Field::Number(conns.len() as u64)),
            ];
            w.line(None, "fault.reset", &fields);
        })
    }

    /// How long unacknowledged data waits before its connection dies (default 924 s; a SYN waits
    /// 127 s).
    pub fn user_timeout(&self, timeout: Duration) {
        world::with(|w| w.wire.inner.borrow_mut().rules.user_timeout = nanos(timeout));
    }

    fn change(
        &self,
        a: &str,
        b: &str,
        kind: &'static str,
        fields: &[(&'static str, Field<'_>)],
        change: impl Fn(&mut Link),
    ) {
        world::with(|w| {
            let (x, y) = (w.host_index(a), w.host_index(b));
            let mut inner = w.wire.inner.borrow_mut();
            change(inner.rules.link_mut(x, y));
            change(inner.rules.link_mut(y, x));
            w.line(None, kind, fields);
        });
    }
}

fn range_fields<'a>(
    a: &'a str,
    b: &'a str,
    range: &RangeInclusive<Duration>,
) -> [(&'static str, Field<'a>); 4] {
    [
        ("a", Field::Text(a)),
        ("b", Field::Text(b)),
        ("low", Field::Number(nanos(*range.start()))),
        ("high", Field::Number(nanos(*range.end()))),
    ]
}

/// Lets everything go that no rule holds any longer, in the order of the connections.
pub(crate) fn release_all(w: &WorldState) {
    let mut inner = w.wire.inner.borrow_mut();
    let conns: Vec<u32> = inner.conns.keys().copied().collect();
    for conn in conns {
        inner.release(w, conn, FORTH);
        inner.release(w, conn, BACK);
    }
}

/// A host goes on after a stall: what it had to send leaves now, what others had for it comes at
/// their next retransmission.
pub(crate) fn resume(w: &WorldState, host: HostIndex) {
    let mut inner = w.wire.inner.borrow_mut();
    let conns: Vec<(u32, HostIndex)> =
        inner.conns.iter().map(|(conn, connection)| (*conn, connection.from)).collect();
    let now = w.now_ns();
    for (conn, from) in conns {
        inner.release_after(w, conn, FORTH, (from == host).then_some(now));
        inner.release_after(w, conn, BACK, (from != host).then_some(now));
    }
}

/// Takes the power from a machine: from now on it sends nothing and hears nothing.
pub(crate) fn power_off(w: &WorldState, host: HostIndex) {
    w.wire.flush(w);
    let mut inner = w.wire.inner.borrow_mut();
    inner.dark.push(host);
    for connection in inner.conns.values_mut() {
        for dir in [FORTH, BACK] {
            if connection.hosts(dir).0 == host {
                let direction = connection.dir(dir);
                direction.sender_lost = true;
                direction.held.clear();
                direction.early.clear();
            }
        }
    }
}

/// Empties the sockets of a machine without power, so that nothing of them is left when it starts.
pub(crate) fn wipe(w: &WorldState, host: HostIndex) {
    abort(w, host, |_| true);
}

/// Ends what lingers on a port of a host after its listener has closed, connections that nobody
/// had accepted among it. Peers find out when they next send.
pub(crate) fn clear_port(w: &WorldState, host: HostIndex, port: u16) {
    abort(w, host, |local| local.port() == port);
}

/// Tears connections of a host down by RSTs that seem to come from their peers. The sockets
/// themselves are asked which there are: the wire forgets a connection before a socket does whose
/// FIN was never acknowledged.
fn abort(w: &WorldState, host: HostIndex, which: impl Fn(SocketAddr) -> bool) {
    w.wire.flush(w);
    let sockets = turmoil_net::netstat(super::address(host)).entries;
    let connections = sockets.iter().filter_map(|entry| Some((entry.local, entry.peer?)));
    let packets = connections.filter(|(local, _)| which(*local)).map(reset).collect();
    w.wire.deliver_all(packets);
    w.wire.flush(w);
}

/// A RST to `local` that looks as if `peer` had sent it. Its numbers do not matter.
fn reset((local, peer): (SocketAddr, SocketAddr)) -> Packet {
    Packet {
        src: peer.ip(),
        dst: local.ip(),
        ttl: 64,
        payload: Transport::Tcp(TcpSegment {
            src_port: peer.port(),
            dst_port: local.port(),
            seq: 0,
            ack: 0,
            flags: TcpFlags { rst: true, ack: true, ..TcpFlags::default() },
            window: 0,
            payload: bytes::Bytes::new(),
        }),
    }
}

/// Gives the power back: what peers still send arrives at their next retransmission.
pub(crate) fn power_on(w: &WorldState, host: HostIndex) {
    let mut inner = w.wire.inner.borrow_mut();
    inner.dark.retain(|dark| *dark != host);
    for connection in inner.conns.values_mut() {
        for dir in [FORTH, BACK] {
            if connection.hosts(dir).0 == host {
                connection.dir(dir).forget_lost();
            }
        }
    }
    drop(inner);
    release_all(w);
}
