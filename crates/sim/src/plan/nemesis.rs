//! Which parts of the world break when, and which kinds of faults are on at all.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::{Break, Fault};
use crate::{
    cast::hosts,
    engine::Streams,
    scenario::{Cluster, Scenario},
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
        for (kind, amount) in amounts(&scenario.psp).into_iter().chain(amounts(&scenario.nemesis)) {
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

/// The faults of a run, in the order of their times.
pub(super) fn faults(
    scenario: &Scenario,
    cluster: &Cluster,
    swarm: &Swarm,
    streams: &Streams,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let hosts = Hosts::of(cluster);
    for (kind, amount) in amounts(&scenario.nemesis) {
        let mut draw = streams.stream(&format!("plan/nemesis/{kind}"));
        let expected = amount * swarm.strength(&kind);
        let certain = expected as u64;
        let one_more = draw.random_bool((expected - certain as f64).clamp(0.0, 1.0));
        for _ in 0..certain + u64::from(one_more) {
            let end_ms = scenario.length.minutes * 60_000;
            let at_ms = draw.random_range(0..end_ms.max(1));
            let for_ms = duration(&mut draw);
            faults.push(Fault { at_ms, for_ms, what: hosts.pick(&kind, &mut draw) });
        }
    }
    faults.sort_by_key(|fault| fault.at_ms);
    faults
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
            "database_lost_request" => Break::DatabaseLostRequest(service, share),
            "database_lost_answer" => Break::DatabaseLostAnswer(service, share),
            "clock_skew" => Break::ClockSkew(service, skew),
            other => unreachable!("a number in [nemesis] that is no fault: {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Nemesis, Psp};

    #[test]
    fn every_setting_of_the_nemesis_is_a_fault() {
        let scenario = Scenario::parse("x", "name = \"x\"\nabout = \"y\"\n").unwrap();
        let hosts = Hosts::of(&scenario.cluster);
        for (kind, _) in amounts(&Nemesis::default()) {
            hosts.pick(&kind, &mut Streams::new(1).stream(&kind));
        }
        assert!(amounts(&Psp::default()).len() >= 10);
    }
}
