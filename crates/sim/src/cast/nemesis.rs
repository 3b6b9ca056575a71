//! The nemesis: carries the plan's faults out, and heals everything at the end.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};

use super::hosts::{PSP, service_of};
use crate::{
    engine::{Crash, Ctl, db::Db},
    plan::{Break, Fault},
};

/// Host → tasks that outlived a crash of it.
pub type Orphans = BTreeMap<String, usize>;

/// Something to do at a time.
enum Step<'a> {
    Break(&'a Break),
    Mend(&'a Break),
}

/// Carries the faults out in the order of their times, and mends each when its time is over, until
/// `end`. What has begun by then is finished: a crash is never left halfway.
pub async fn run_faults(ctl: &Ctl, faults: &[Fault], end: Instant) -> Orphans {
    let mut orphans = Orphans::new();
    let start = Instant::now();
    let mut steps = Vec::new();
    for fault in faults {
        steps.push((fault.at_ms, Step::Break(&fault.what)));
        steps.push((fault.at_ms + fault.for_ms, Step::Mend(&fault.what)));
    }
    steps.sort_by_key(|(at, _)| *at);
    let mut standing: Vec<&Break> = Vec::new();
    for (at, step) in steps {
        let at = start + Duration::from_millis(at);
        if at > end {
            break;
        }
        sleep_until(at).await;
        match step {
            Step::Break(what) => {
                tracing::info!(?what, "breaks");
                standing.push(what);
                strike(ctl, what, &mut orphans).await;
            }
            Step::Mend(what) => {
                tracing::info!(?what, "mended");
                let place = standing.iter().position(|other| std::ptr::eq(*other, what));
                standing.remove(place.expect("it was broken before"));
                mend_but(ctl, what, &standing);
            }
        }
    }
    sleep_until(end).await;
    orphans
}

async fn strike(ctl: &Ctl, what: &Break, orphans: &mut Orphans) {
    match what {
        Break::Crash(host) => crash(ctl, host, Crash::Process, orphans).await,
        Break::MachineCrash(host) => crash(ctl, host, Crash::Machine, orphans).await,
        Break::Reset(a, b) => ctl.net().reset(a, b),
        Break::Rewind { service, source, events } => {
            rewind(ctl, service, source, *events).await;
        }
        Break::Stall(host) => ctl.stall(host),
        state => set(ctl, state),
    }
}

/// Makes a state of a link or of a clock, which is there until it is mended.
fn set(ctl: &Ctl, what: &Break) {
    let net = ctl.net();
    let db = ctl.db();
    match what {
        Break::Partition(a, b) => net.partition(a, b),
        Break::PartitionOneWay(a, b) => net.partition_oneway(a, b),
        Break::SlowLink(a, b, ms) => {
            net.latency(a, b, Duration::from_millis(*ms)..=Duration::from_millis(ms * 2));
        }
        Break::Loss(a, b, share) => net.loss(a, b, *share),
        Break::Refuse(host) => net.refuse(host, true),
        Break::PspOutage => {
            for host in ctl.hosts().iter().filter(|host| *host != PSP) {
                net.partition(PSP, host);
            }
        }
        Break::DatabaseSlow(host, ms) => {
            let range = Duration::from_millis(*ms)..=Duration::from_millis(ms * 2);
            db.latency(service_of(host), host, range);
        }
        Break::DatabaseOutage(host) => db.outage(service_of(host), host, true),
        Break::DatabaseCut(host, share) => db.cut(service_of(host), host, *share),
        Break::DatabaseNoCommit(host, share) => db.cut_commit(service_of(host), host, *share),
        Break::DatabaseLostRequest(host, share) => {
            db.lose_request(service_of(host), host, *share);
        }
        Break::DatabaseLostAnswer(host, share) => db.lose_answer(service_of(host), host, *share),
        Break::DatabaseStall(host, share, ms) => {
            db.stall(service_of(host), host, *share, Duration::from_millis(*ms));
        }
        Break::ClockSkew(host, ms) => ctl.set_skew(host, jiff::SignedDuration::from_millis(*ms)),
        Break::SkewApart(one, other, ms) => {
            ctl.set_skew(one, jiff::SignedDuration::from_millis(*ms));
            ctl.set_skew(other, jiff::SignedDuration::from_millis(-*ms));
        }
        Break::Crash(_)
        | Break::MachineCrash(_)
        | Break::Reset(..)
        | Break::Rewind { .. }
        | Break::Stall(_) => {}
    }
}

/// Puts a follower's cursor back, between two transactions of the service: within one, it would
/// share the transaction's fate. Where transactions never pause, it gives up after a second.
async fn rewind(ctl: &Ctl, service: &str, source: &str, events: u64) {
    let db = ctl.db();
    let made = "SELECT 1 FROM sqlite_master WHERE name = 'feed_cursor'";
    for _ in 0..100 {
        if !db.is_held(service) {
            if !db.query(service, made).is_empty() {
                let sql = format!(
                    "UPDATE feed_cursor SET position = MAX(0, position - {events}) \
                     WHERE source = '{source}'"
                );
                let rows = db.tamper(service, &sql);
                tracing::info!(service, source, events, rows, "a cursor is put back");
            }
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

async fn crash(ctl: &Ctl, host: &str, how: Crash, orphans: &mut Orphans) {
    if ctl.is_up(host) {
        let left = ctl.crash(host, how).await;
        *orphans.entry(host.to_owned()).or_default() += left;
    }
}

/// Mends one fault and leaves the others as they are: mending makes a whole link or host well, so
/// that what still stands there is set again before anything can pass, and a host that has been
/// stopped twice goes on when both times are over.
fn mend_but(ctl: &Ctl, what: &Break, standing: &[&Break]) {
    let stops = |other: &Break| match (what, other) {
        (Break::Stall(a), Break::Stall(b)) => a == b,
        (Break::Crash(a) | Break::MachineCrash(a), Break::Crash(b) | Break::MachineCrash(b)) => {
            a == b
        }
        _ => false,
    };
    if !standing.iter().any(|other| stops(other)) {
        mend(ctl, what);
    }
    let hosts = what.hosts();
    let near = |other: &&&Break| other.hosts().iter().any(|host| hosts.contains(host));
    standing.iter().filter(near).for_each(|other| set(ctl, other));
    ctl.net().release();
}

fn mend(ctl: &Ctl, what: &Break) {
    let net = ctl.net();
    let db = ctl.db();
    match what {
        Break::Partition(a, b)
        | Break::PartitionOneWay(a, b)
        | Break::SlowLink(a, b, _)
        | Break::Loss(a, b, _) => net.clear(a, b),
        Break::Reset(..) | Break::Rewind { .. } => {}
        Break::Stall(host) => ctl.resume(host),
        Break::Refuse(host) => net.refuse(host, false),
        Break::Crash(host) | Break::MachineCrash(host) => {
            if !ctl.is_up(host) {
                ctl.restart(host);
            }
        }
        Break::PspOutage => {
            for host in ctl.hosts().iter().filter(|host| *host != PSP) {
                net.clear(PSP, host);
            }
        }
        Break::DatabaseSlow(host, _)
        | Break::DatabaseOutage(host)
        | Break::DatabaseCut(host, _)
        | Break::DatabaseNoCommit(host, _)
        | Break::DatabaseLostRequest(host, _)
        | Break::DatabaseLostAnswer(host, _)
        | Break::DatabaseStall(host, ..) => heal_database(db, host),
        Break::ClockSkew(host, _) => ctl.set_skew(host, jiff::SignedDuration::ZERO),
        Break::SkewApart(one, other, _) => {
            ctl.set_skew(one, jiff::SignedDuration::ZERO);
            ctl.set_skew(other, jiff::SignedDuration::ZERO);
        }
    }
}

/// A host's link to its database is as at the start.
fn heal_database(db: Db, host: &str) {
    let service = service_of(host);
    db.latency(service, host, Duration::from_micros(200)..=Duration::from_millis(1));
    db.outage(service, host, false);
    db.cut(service, host, 0.0);
    db.cut_commit(service, host, 0.0);
    db.lose_request(service, host, 0.0);
    db.lose_answer(service, host, 0.0);
    db.stall(service, host, 0.0, Duration::ZERO);
}

/// Everything heals: links, databases, clocks; and what is down comes up.
pub async fn heal(ctl: &Ctl) {
    ctl.net().heal_all();
    ctl.db().heal_all();
    for host in ctl.hosts() {
        ctl.resume(&host);
        ctl.set_skew(&host, jiff::SignedDuration::ZERO);
        if !ctl.is_up(&host) {
            ctl.restart(&host);
        }
    }
    // One round trip for those who were waiting.
    sleep(Duration::from_secs(1)).await;
}
