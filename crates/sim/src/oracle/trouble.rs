//! What was planted, and what it may touch: the judges' own reading of the plan and of the fake
//! PSP's record of applied faults. Nothing here asks the services.

use fake_psp::{Applied, Endpoint, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::Facts;
use crate::plan::{Break, Fault};

/// After a cut of the network, what waited arrives when its sender next tries: up to two minutes
/// later, as in real TCP.
const NETWORK_TAIL: SignedDuration = SignedDuration::from_secs(125);

/// After everything else: connections are opened again, errors are told.
const TAIL: SignedDuration = SignedDuration::from_secs(15);

/// A machine that died without a word leaves connections behind that its peers believe in until they
/// have not used them for half a minute.
const MACHINE_TAIL: SignedDuration = SignedDuration::from_secs(45);

/// Nobody uses a connection again that was not used for so long, whatever was under way included.
const UNUSED: SignedDuration = SignedDuration::from_secs(60);

/// A way that something has to go: the hosts that take part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way<'a> {
    /// Services of which any replica may take part.
    services: &'a [&'a str],
    /// Whether the PSP does.
    psp: bool,
    /// Whether buyers' machines do.
    buyers: bool,
}

/// Of so slow a database nobody need give up: a request takes some ten statements.
const A_LITTLE_MS: u64 = 250;

impl Way<'static> {
    /// From a buyer to the shop and back.
    pub(super) const SHOP: Self = Way { services: &["payment"], psp: false, buyers: true };
    /// From the PSP to the shop, and back.
    pub(super) const HEAR: Self = Way { services: &["payment"], psp: true, buyers: false };
    /// A confirmation, from the buyer to the PSP and back.
    pub(super) const CONFIRM: Self =
        Way { services: &["payment", "executor"], psp: true, buyers: true };
    /// An operation at the PSP, and its outcome back to the payment.
    pub(super) const EXECUTE: Self =
        Way { services: &["payment", "executor"], psp: true, buyers: false };
    /// What the executor has proven, to the payment.
    pub(super) const LEARN: Self =
        Way { services: &["payment", "executor"], psp: false, buyers: false };
    /// The payment service by itself.
    pub(super) const PAY: Self = Way { services: &["payment"], psp: false, buyers: false };
    /// Calls of the PSP.
    pub(super) const PSP: Self = Way { services: &["executor"], psp: true, buyers: false };
    /// From a payment's success to both books and back.
    pub(super) const BOOK: Self =
        Way { services: &["payment", "wallet", "ledger"], psp: false, buyers: false };
    /// The reports of the night.
    pub(super) const NIGHT: Self = Way {
        services: &["payment", "executor", "wallet", "ledger", "reconciler"],
        psp: true,
        buyers: false,
    };
}

impl Way<'_> {
    fn has(&self, host: &str) -> bool {
        if host == crate::cast::hosts::PSP {
            return self.psp;
        }
        let kind = host.rsplit_once('-').map_or(host, |(kind, _)| kind);
        self.services.contains(&kind) || (self.buyers && kind == "buyers")
    }

    /// Whether it matters on this way which day it is.
    fn goes_by_days(&self) -> bool {
        self.services.contains(&"reconciler")
    }

    /// Whether a break lies on this way: a link does with both its ends.
    fn meets(&self, what: &Break) -> bool {
        let hosts = what.hosts();
        match what {
            Break::SkewApart(..) => hosts.iter().any(|host| self.has(host)),
            _ => hosts.iter().all(|host| self.has(host)),
        }
    }
}

/// Whether a break leaves those alone whom it does not touch. What stands still, is slow or has
/// another time may hold a lock or a lease that others wait for.
fn strikes_alone(what: &Break) -> bool {
    match what {
        Break::Partition(..)
        | Break::PartitionOneWay(..)
        | Break::Reset(..)
        | Break::Refuse(_)
        | Break::Crash(_)
        | Break::MachineCrash(_)
        | Break::DatabaseOutage(_) => true,
        Break::SlowLink(..)
        | Break::Loss(..)
        | Break::PspOutage
        | Break::DatabaseSlow(..)
        | Break::DatabaseCut(..)
        | Break::DatabaseNoCommit(..)
        | Break::DatabaseLostRequest(..)
        | Break::DatabaseLostAnswer(..)
        | Break::DatabaseStall(..)
        | Break::Stall(_)
        | Break::ClockSkew(..)
        | Break::SkewApart(..)
        | Break::Rewind { .. } => false,
    }
}

/// How long after its end a break may still be felt.
fn tail(fault: &Fault) -> SignedDuration {
    match fault.what {
        Break::Partition(..)
        | Break::PartitionOneWay(..)
        | Break::PspOutage
        | Break::Loss(..)
        | Break::Stall(_) => NETWORK_TAIL,
        Break::MachineCrash(_) => MACHINE_TAIL,
        // A statement that stands still when all heals does so to its end.
        Break::DatabaseStall(_, _, ms) => {
            TAIL + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX / 2))
        }
        Break::SkewApart(_, _, ms) => TAIL + SignedDuration::from_millis(ms.abs()),
        // A clock that goes back makes what was written in its future wait for it.
        Break::ClockSkew(_, ms) => TAIL + SignedDuration::from_millis(ms.abs()),
        _ => TAIL,
    }
}

/// A time in which a break is felt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    begin: Timestamp,
    /// What begins later than this does not feel it any more.
    late: Timestamp,
    /// By when all that felt it is over it.
    end: Timestamp,
}

impl Span {
    /// Whether something that took from one time to another may have felt it.
    pub(super) fn is_felt(self, from: Timestamp, to: Timestamp) -> bool {
        self.begin <= to && self.late >= from
    }
}

impl Facts {
    fn moment(&self, ms: u64) -> Timestamp {
        self.plan.start + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX / 2))
    }

    /// Whether within a stretch a clock on a way was off, or a host or a statement stood still: what
    /// makes a lease last longer than it should.
    pub(super) fn is_time_bent(&self, way: Way<'_>, from: Timestamp, to: Timestamp) -> bool {
        let bends = |what: &Break| {
            use Break::{ClockSkew, DatabaseStall, SkewApart, Stall};
            matches!(what, ClockSkew(..) | SkewApart(..) | Stall(_) | DatabaseStall(..))
        };
        let mut felt = self.plan.faults.iter().filter(|f| bends(&f.what) && way.meets(&f.what));
        felt.any(|fault| self.is_felt(fault, way, from, to))
    }

    fn heals(&self, fault: &Fault) -> Timestamp {
        let end = self.moment(fault.at_ms.saturating_add(fault.for_ms)).min(self.healed);
        end.max(self.moment(fault.at_ms))
    }

    /// When a break is felt on a way: mostly once, from its beginning until a while after its end.
    fn spans(&self, fault: &Fault, way: Way<'_>) -> [Span; 2] {
        let begin = self.moment(fault.at_ms);
        let heal = self.heals(fault);
        let end = heal + tail(fault);
        match &fault.what {
            Break::ClockSkew(host, _) if self.has_own_time(host) && !way.goes_by_days() => {
                let jump =
                    |at| Span { begin: at, late: at + TAIL, end: at + TAIL + self.jumps(host) };
                [jump(begin), jump(heal)]
            }
            _ => [Span { begin, late: end, end }; 2],
        }
    }

    /// Whether nobody else writes times into the database of a host: it is felt then that its clock
    /// jumps, and not that it is off.
    fn has_own_time(&self, host: &str) -> bool {
        self.replicas(crate::cast::hosts::service_of(host)).len() == 1
    }

    /// How far clocks on a way may have been off within a stretch.
    pub(super) fn clocks_off(
        &self,
        way: Way<'_>,
        from: Timestamp,
        to: Timestamp,
    ) -> SignedDuration {
        let during = |fault: &&Fault| {
            way.meets(&fault.what) && self.moment(fault.at_ms) <= to && self.heals(fault) >= from
        };
        let off = self.plan.faults.iter().filter(during).map(|fault| match &fault.what {
            Break::ClockSkew(_, ms) | Break::SkewApart(_, _, ms) => {
                SignedDuration::from_millis(ms.abs())
            }
            _ => SignedDuration::ZERO,
        });
        off.sum()
    }

    /// How far the clock of a host may jump at once: its breaks may overlap.
    fn jumps(&self, host: &str) -> SignedDuration {
        let off = self.plan.faults.iter().map(|fault| match &fault.what {
            Break::ClockSkew(other, ms) if other == host => SignedDuration::from_millis(ms.abs()),
            _ => SignedDuration::ZERO,
        });
        off.sum()
    }

    fn is_felt(&self, fault: &Fault, way: Way<'_>, from: Timestamp, to: Timestamp) -> bool {
        self.spans(fault, way).iter().any(|span| span.is_felt(from, to))
    }

    /// The breaks on a way: when each began, and when it was not felt any more.
    pub(super) fn breaks<'a>(&'a self, way: Way<'a>) -> impl Iterator<Item = Span> + 'a {
        let mine = self.plan.faults.iter().filter(move |fault| way.meets(&fault.what));
        mine.flat_map(move |fault| self.spans(fault, way))
    }

    /// Stretches in which nothing at all could be sent to the PSP by any executor: it was out of
    /// reach, and had been for longer than a connection is kept that nobody uses.
    pub(super) fn silences(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let alone = self.plan.cluster.executor == 1;
        let cuts = move |what: &Break| match what {
            Break::PspOutage => true,
            Break::Partition(..) => alone && Way::PSP.meets(what),
            _ => false,
        };
        let walls = self.plan.faults.iter().filter(move |fault| cuts(&fault.what));
        walls.map(move |fault| {
            let end = self.moment(fault.at_ms.saturating_add(fault.for_ms));
            (self.moment(fault.at_ms) + UNUSED, end.min(self.healed))
        })
    }

    /// When the last break on a way that is felt within a stretch is not felt any more; `None`: the
    /// stretch is clear.
    pub(super) fn trouble(
        &self,
        way: Way<'_>,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Timestamp> {
        let felt = self.breaks(way).filter(|span| span.is_felt(from, to));
        felt.map(|span| span.end).max()
    }

    /// Whether a way could be gone within a stretch, whatever broke on it: every service on it had a
    /// replica that nothing touched, and what was touched could hold nobody else up.
    pub(super) fn is_open(&self, way: Way<'_>, from: Timestamp, to: Timestamp) -> bool {
        let felt: Vec<&Break> = self.felt(way, from, to).collect();
        let alone = felt.iter().all(|what| strikes_alone(what));
        let touched = |host: &String| felt.iter().any(|what| what.hosts().contains(&&**host));
        let mut services = way.services.iter();
        alone && services.all(|service| self.replicas(service).iter().any(|host| !touched(host)))
    }

    /// Whether within a stretch nothing was wrong on a way but that databases were a little slow:
    /// then there are answers, if only "503, later".
    pub(super) fn is_only_slow(&self, way: Way<'_>, from: Timestamp, to: Timestamp) -> bool {
        let slow = |what: &Break| matches!(what, Break::DatabaseSlow(_, ms) if *ms <= A_LITTLE_MS);
        self.felt(way, from, to).all(slow)
    }

    /// Whether within a stretch nothing on a way broke but processes that died: what they held is
    /// theirs until its lease ends, whoever starts meanwhile.
    pub(super) fn is_kept(&self, way: Way<'_>, from: Timestamp, to: Timestamp) -> bool {
        self.felt(way, from, to).all(|what| matches!(what, Break::Crash(_)))
    }

    /// The breaks on a way that are felt within a stretch.
    fn felt<'a>(
        &'a self,
        way: Way<'a>,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = &'a Break> {
        let felt =
            move |fault: &&Fault| way.meets(&fault.what) && self.is_felt(fault, way, from, to);
        self.plan.faults.iter().filter(felt).map(|fault| &fault.what)
    }

    fn replicas(&self, service: &str) -> Vec<String> {
        let mut hosts = crate::cast::hosts::services(&self.plan.cluster);
        hosts.retain(|host| crate::cast::hosts::service_of(host) == service);
        hosts
    }

    /// Whether no break on a way is felt within a stretch.
    pub(super) fn is_clear(&self, way: Way<'_>, from: Timestamp, to: Timestamp) -> bool {
        self.trouble(way, from, to).is_none()
    }
}

/// Until when a fault of the PSP keeps a payment from its end, beyond the call that it struck.
pub(super) fn lasts(applied: &Applied) -> Timestamp {
    let ms = match applied.verdict {
        Verdict::Delay { ms }
        | Verdict::Hold { ms }
        | Verdict::HoldThenDecline { ms, .. }
        | Verdict::ActThenLate { ms }
        | Verdict::SlowBody { ms } => ms,
        // Nobody hangs up before the caller does.
        Verdict::HangBefore | Verdict::ActThenHang => 30_000,
        Verdict::TooMany { retry_after_s } => retry_after_s * 1000,
        _ => 0,
    };
    applied.at + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX / 2))
}

/// Whether a request is about one payment: the calls that the executor makes for an order.
pub(super) fn is_about_payment(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Confirm | Endpoint::Read | Endpoint::Cancel)
}
