//! Which parts of the world break when, and which kinds of faults are on at all.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::{Break, FOLLOWS, Fault};
use crate::{
    cast::hosts,
    engine::Streams,
    scenario::{Cluster, Nemesis, Scenario},
};

/// Which kinds of faults a seed has drawn, and how strong each is.
///
/// A run in which everything breaks a little finds less than many runs in each of which a few
/// things break a lot.
#[derive(Debug, Clone)]
pub(super) struct Swarm(BTreeMap<String, f64>);

impl Swarm {
    pub(super) fn draw(scenario: &Scenario, streams: &Streams) -> Self {
        let mut kinds = BTreeMap::new();
        for (kind, amount) in amounts(&scenario.psp).into_iter().chain(kinds_of(&scenario.nemesis))
        {
            if amount <= 0.0 {
                continue;
            }
            let mut draw = streams.stream(&format!("swarm/{kind}"));
            let (on, strength) = (draw.random_bool(0.5), draw.random_range(0.5..2.5));
            match scenario.nemesis.swarm {
                false => kinds.insert(kind, 1.0),
                true if on => kinds.insert(kind, strength),
                true => None,
            };
        }
        Self(kinds)
    }

    /// How strong a kind is: 0 is off.
    pub(super) fn strength(&self, kind: &str) -> f64 {
        self.0.get(kind).copied().unwrap_or(0.0)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// The settings of a section that are chances or averages, by name.
fn amounts(section: &impl serde::Serialize) -> Vec<(String, f64)> {
    let value = serde_json::to_value(section).expect("plain data");
    let fields = value.as_object().expect("a section is an object");
    let numbers = fields.iter().filter(|(_, v)| v.is_f64());
    numbers.filter_map(|(k, v)| Some((k.clone(), v.as_f64()?))).collect()
}

/// The kinds of faults of the world, and how many of each there are.
fn kinds_of(nemesis: &Nemesis) -> Vec<(String, f64)> {
    let mut kinds = amounts(nemesis);
    kinds.retain(|(kind, _)| kind != "lasting"); // A setting of all kinds.
    kinds
}

/// The faults of a run, in the order of their times.
pub(super) fn faults(
    scenario: &Scenario,
    cluster: &Cluster,
    swarm: &Swarm,
    streams: &Streams,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let hosts = Hosts::of(cluster);
    for (kind, amount) in kinds_of(&scenario.nemesis) {
        // A stream of its own: how long some last leaves where and when they strike alone.
        let mut long = streams.stream(&format!("plan/nemesis/{kind}/lasting"));
        let mut draw = streams.stream(&format!("plan/nemesis/{kind}"));
        let expected = amount * swarm.strength(&kind);
        let certain = expected as u64;
        let one_more = draw.random_bool((expected - certain as f64).clamp(0.0, 1.0));
        for _ in 0..certain + u64::from(one_more) {
            let end_ms = scenario.length.minutes * 60_000;
            let at_ms = draw.random_range(0..end_ms.max(1));
            let short = duration(&mut draw);
            let for_ms = match long_duration(&kind, scenario.nemesis.lasting, &mut long) {
                Some(long) => long,
                None => short,
            };
            faults.push(Fault { at_ms, for_ms, what: hosts.pick(&kind, &mut draw) });
        }
    }
    faults.extend(fixed(scenario, cluster));
    faults.sort_by_key(|fault| fault.at_ms);
    faults
}

/// The faults at fixed times. Where a seed has drawn fewer replicas, those of the others are left
/// out.
fn fixed(scenario: &Scenario, cluster: &Cluster) -> Vec<Fault> {
    let end_s = scenario.length.minutes * 60;
    let there = scenario.nemesis.at.iter().filter(|at| at.what.check(cluster).is_ok());
    let faults = there.flat_map(|at| {
        at.seconds(end_s).into_iter().map(|second| Fault {
            at_ms: second * 1000,
            for_ms: at.for_s * 1000,
            what: at.what.clone(),
        })
    });
    faults.collect()
}

/// How long a fault lasts if it is one of the long ones. Draws the same whatever the settings.
fn long_duration(kind: &str, lasting: f64, draw: &mut impl Rng) -> Option<u64> {
    let (word, hours) =
        (draw.random_range(0.0..1.0), log_uniform(draw, MINUTE_MS, 120 * MINUTE_MS));
    let (slow, minutes) =
        (draw.random_bool(0.25), log_uniform(draw, 5 * MINUTE_MS, 30 * MINUTE_MS));
    let stalled = log_uniform(draw, 5_000, 5 * MINUTE_MS);
    match kind {
        _ if word < lasting => Some(hours),
        "database_slow" if slow => Some(minutes),
        "stall" => Some(stalled),
        _ => None,
    }
}

const MINUTE_MS: u64 = 60_000;

/// Every order of magnitude is as likely as another.
fn log_uniform(draw: &mut impl Rng, low: u64, high: u64) -> u64 {
    let (low, high) = (low as f64, high as f64);
    (low * (high / low).powf(draw.random_range(0.0..1.0))) as u64
}

/// Mostly seconds, sometimes minutes.
fn duration(draw: &mut impl Rng) -> u64 {
    match draw.random_range(0..10) {
        0..4 => draw.random_range(200..5_000),
        4..8 => draw.random_range(5_000..60_000),
        _ => draw.random_range(60_000..300_000),
    }
}

struct Hosts {
    services: Vec<String>,
    everyone: Vec<String>,
}

impl Hosts {
    fn of(cluster: &Cluster) -> Self {
        let services = hosts::services(cluster);
        let mut everyone = services.clone();
        everyone.push(hosts::PSP.to_owned());
        everyone.extend(hosts::buyers());
        Self { services, everyone }
    }

    /// The first two replicas of a service that has two; or else two services.
    fn two_replicas(&self, service: String, draw: &mut impl Rng) -> (String, String) {
        let seconds: Vec<_> = self.services.iter().filter(|host| host.ends_with("-2")).collect();
        let nth = draw.random_range(0..seconds.len().max(1));
        match seconds.get(nth) {
            Some(second) => (format!("{}-1", hosts::service_of(second)), (*second).clone()),
            None => {
                let other = self.services.iter().find(|host| **host != service);
                let other = other.cloned().unwrap_or_else(|| hosts::PSP.to_owned());
                (service, other)
            }
        }
    }

    fn pick(&self, kind: &str, draw: &mut impl Rng) -> Break {
        let service = self.services[draw.random_range(0..self.services.len())].clone();
        let mut other = self.everyone[draw.random_range(0..self.everyone.len())].clone();
        if other == service {
            other = hosts::PSP.to_owned();
        }
        let share = draw.random_range(0.02..0.25);
        let skew = draw.random_range(-120_000..120_000);
        let slow = draw.random_range(100..4_000);
        match kind {
            "partition" => Break::Partition(service, other),
            "partition_one_way" if draw.random_bool(0.5) => Break::PartitionOneWay(other, service),
            "partition_one_way" => Break::PartitionOneWay(service, other),
            "slow_link" => Break::SlowLink(service, other, slow),
            "loss" => Break::Loss(service, other, share),
            "reset" => Break::Reset(service, other),
            "refuse" => Break::Refuse(other),
            "crash" => Break::Crash(service),
            "machine_crash" => Break::MachineCrash(service),
            "psp_outage" => Break::PspOutage,
            "database_slow" => Break::DatabaseSlow(service, slow / 4),
            "database_outage" => Break::DatabaseOutage(service),
            "database_cut" => Break::DatabaseCut(service, share),
            "database_no_commit" => Break::DatabaseNoCommit(service, share * 4.0),
            "database_lost_request" => Break::DatabaseLostRequest(service, share),
            "database_lost_answer" => Break::DatabaseLostAnswer(service, share),
            "clock_skew" => Break::ClockSkew(service, skew),
            "database_stall" => {
                let (share, ms) =
                    (draw.random_range(0.002..0.03), log_uniform(draw, 5_000, 300_000));
                Break::DatabaseStall(service, share, ms)
            }
            "stall" => Break::Stall(service),
            "skew_apart" => {
                let (one, other) = self.two_replicas(service, draw);
                Break::SkewApart(one, other, draw.random_range(60_000..600_000))
            }
            "rewind" => {
                let (service, source) = FOLLOWS[draw.random_range(0..FOLLOWS.len())];
                let (all, some) = (draw.random_bool(0.25), draw.random_range(1..20));
                let events = if all { u64::from(u32::MAX) } else { some };
                Break::Rewind { service: service.into(), source: source.into(), events }
            }
            other => unreachable!("a number in [nemesis] that is no fault: {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Psp;

    #[test]
    fn every_setting_of_the_nemesis_is_a_fault() {
        let scenario = Scenario::parse("x", "name = \"x\"\nabout = \"y\"\n").unwrap();
        let hosts = Hosts::of(&scenario.cluster);
        for (kind, _) in kinds_of(&Nemesis::default()) {
            hosts.pick(&kind, &mut Streams::new(1).stream(&kind));
        }
        assert!(amounts(&Psp::default()).len() >= 10);
    }

    fn plan(text: &str, seed: u64) -> Vec<Fault> {
        let text = format!("name = \"x\"\nabout = \"y\"\n{text}");
        crate::plan::generate(&Scenario::parse("x", &text).unwrap(), seed).faults
    }

    #[test]
    fn faults_at_fixed_times_are_in_the_plan_as_often_as_told() {
        let at = "[length]\nminutes = 5\n[[nemesis.at]]\nat_s = 60\nevery_s = 60\nfor_s = 5\n\
                  what = { crash = \"executor-1\" }\n";
        let times = |text: &str| plan(text, 1).iter().map(|f| f.at_ms).collect::<Vec<_>>();
        assert_eq!(times(at), [60_000, 120_000, 180_000, 240_000]);
        assert_eq!(times(&at.replace("for_s", "times = 2\nfor_s")), [60_000, 120_000]);
        assert_eq!(times(&at.replace("every_s = 60", "")), [60_000]);
        assert_eq!(plan(at, 1)[0].what, Break::Crash("executor-1".into()));
        assert_eq!(plan(at, 1)[0].for_ms, 5_000);
    }

    #[test]
    fn lasting_changes_how_long_and_nothing_else() {
        let text = "[nemesis]\npartition = 20\ncrash = 20\n";
        let (short, long) = (plan(text, 3), plan(&format!("{text}lasting = 1.0\n"), 3));
        let rest = |faults: &[Fault]| -> Vec<_> {
            faults.iter().map(|fault| (fault.at_ms, fault.what.clone())).collect()
        };
        assert_eq!(rest(&short), rest(&long));
        assert!(long.iter().all(|f| (60_000..=7_200_000).contains(&f.for_ms)));
        assert!(long.iter().any(|fault| fault.for_ms > 3_600_000));
    }
}
