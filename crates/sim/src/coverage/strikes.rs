//! Which faults struck where, and which the scenarios plan.

use fake_psp::Applied;
use serde::Serialize;
use serde_json::Value;

use super::{Counts, Coverage, add, transitions::Transitions};
use crate::{cast::hosts, oracle::Facts, plan::Plan, scenario::Scenario};

/// A plain value as its one word in TOML: `act_then_close`, `settlement_file`.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(fields)) if fields.len() == 1 => {
            fields.into_iter().next().expect("there is one").0
        }
        other => unreachable!("a word, not {other:?}"),
    }
}

/// Faults of the PSP, each with how the order's operation stood then.
pub(super) fn at_the_psp(
    coverage: &mut Coverage,
    scenario: &Scenario,
    facts: &Facts,
    transitions: &Transitions,
) {
    for applied in &facts.applied {
        let order = applied.order_id.as_deref();
        let state = order.and_then(|order| transitions.operation_at(order, applied.at));
        let (endpoint, fault) = (word(&applied.endpoint), applied.verdict.name());
        let state = state.unwrap_or("no operation");
        add(&mut coverage.strikes, format!("{endpoint} {fault} while {state}"), 1);
        add(&mut coverage.struck, format!("fault {fault} at {endpoint}"), 1);
        add(&mut coverage.struck, rule_of(scenario, applied), 1);
    }
}

/// The rule's kind. The plan's rules are named `KIND PURCHASE`; a scenario's own rules have a name
/// of their own, or only their place.
fn rule_of(scenario: &Scenario, applied: &Applied) -> String {
    if let Some(own) = own_rules(scenario).find(|own| *own == applied.rule) {
        return own_rule(scenario, &own);
    }
    let kind = applied.rule.split_once(' ').map(|(kind, _)| kind);
    format!("rule {}", kind.unwrap_or(&applied.rule))
}

/// What the PSP calls the scenario's own rules: they come first in its programme.
fn own_rules(scenario: &Scenario) -> impl Iterator<Item = String> {
    let rules = scenario.psp.rules.iter().enumerate();
    rules.map(|(place, rule)| rule.name.clone().unwrap_or(place.to_string()))
}

fn own_rule(scenario: &Scenario, given: &str) -> String {
    format!("rule {given} of {}", scenario.name)
}

/// Faults of the world, each with the service or the peer that it struck.
pub(super) fn of_world(coverage: &mut Coverage, scenario: &Scenario, plan: &Plan) {
    let end_ms = scenario.length.minutes * 60_000;
    for fault in plan.faults.iter().filter(|fault| fault.at_ms < end_ms) {
        let kind = word(&fault.what);
        add(&mut coverage.struck, format!("world {kind}"), 1);
        for host in fault.what.hosts() {
            let service = hosts::service_of(host);
            add(&mut coverage.breaks, format!("{kind} {service}"), 1);
        }
    }
}

/// Every kind of fault and rule that a scenario speaks of, and every fault that its plan has.
pub(super) fn planned(counts: &mut Counts, scenario: &Scenario, plan: &Plan) {
    for kind in switched_on(&scenario.psp) {
        add(counts, format!("rule {kind}"), 1);
    }
    for kind in switched_on(&scenario.nemesis) {
        add(counts, format!("world {kind}"), 1);
    }
    for given in own_rules(scenario) {
        add(counts, own_rule(scenario, &given), 1);
    }
    for rule in plan.psp.iter().chain(&scenario.psp.rules) {
        add(counts, format!("fault {} at {}", rule.then.name(), word(&rule.on.endpoint)), 1);
    }
}

/// The settings of a section that are numbers above nought, by name.
fn switched_on(section: &impl Serialize) -> Vec<String> {
    let value = serde_json::to_value(section).expect("plain data");
    let fields = value.as_object().expect("a section is an object");
    let on = fields.iter().filter(|(_, value)| value.as_f64().is_some_and(|amount| amount > 0.0));
    // How long faults last, and how many calls are too many, are no kinds of faults.
    let is_kind = |kind: &&String| !matches!(kind.as_str(), "lasting" | "rate_limit");
    on.map(|(kind, _)| kind).filter(is_kind).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{self, Break};

    const TEXT: &str = "name = \"x\"\nabout = \"y\"\n[psp]\nheld = 1.0\n\
                        rules = [{ on = { endpoint = \"confirm\" }, then = \"act_twice\" }]\n\
                        [nemesis]\ncrash = 2\n";

    #[test]
    fn what_a_scenario_speaks_of_is_planned() {
        let scenario = Scenario::parse("x", TEXT).unwrap();
        let mut counts = Counts::new();
        planned(&mut counts, &scenario, &plan::generate(&scenario, 1));
        let names: Vec<_> = counts.keys().map(String::as_str).collect();
        let expected = [
            "fault act_twice at confirm",
            "fault hold at confirm",
            "rule 0 of x",
            "rule held",
            "world crash",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn faults_of_the_world_are_counted_by_service() {
        let scenario = Scenario::parse("x", TEXT).unwrap();
        let mut plan = plan::generate(&scenario, 1);
        plan.faults[0].what = Break::Crash("executor-1".into());
        plan.faults[1].what = Break::Partition("wallet-1".into(), "psp".into());
        plan.faults[1].at_ms = 3_600_000;
        let mut coverage = Coverage::default();
        of_world(&mut coverage, &scenario, &plan);
        assert_eq!(coverage.breaks, [("crash executor".to_owned(), 1)].into());
        assert_eq!(coverage.struck, [("world crash".to_owned(), 1)].into());
    }
}
