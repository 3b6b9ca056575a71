//! What a run says to its reader: a conclusion, the numbers, and what broke.

use std::fmt::Write as _;

use serde::Serialize;

pub use crate::keep::{Replay, keep, save};
use crate::{
    look::Look,
    oracle::{self, Violation},
    plan::Plan,
    run::{Outcome, Verdict},
    scenario::Scenario,
};

/// Details that are shown of one invariant, unless all are asked for.
const DETAILS: usize = 3;

/// What a run's verdict means for its scenario: a canary is there to be caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Everything held.
    Passed,
    /// An invariant was broken.
    Broken,
    /// Nothing was broken, but not everything came to its end in time.
    NotConverged,
    /// A canary: the invariant that it must break is among the broken ones.
    Caught,
    /// A canary whose invariant held: the alarm is broken.
    NotCaught,
}

impl Conclusion {
    /// Of an outcome.
    pub fn of(scenario: &Scenario, outcome: &Outcome) -> Self {
        if scenario.is_canary() {
            let caught = outcome.violations.iter().any(|v| v.invariant == scenario.expect);
            return if caught { Self::Caught } else { Self::NotCaught };
        }
        match outcome.verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Broken => Self::Broken,
            Verdict::NotConverged => Self::NotConverged,
        }
    }

    /// Whether it is what the scenario is there to show.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Passed | Self::Caught)
    }

    /// In capitals, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Broken => "BROKEN",
            Self::NotConverged => "DID NOT CONVERGE",
            Self::Caught => "CAUGHT",
            Self::NotCaught => "NOT CAUGHT",
        }
    }
}

/// Why a run is no success, in a few words: the first broken invariant, or the one that a canary
/// should have broken.
pub fn because(scenario: &Scenario, outcome: &Outcome) -> String {
    if scenario.is_canary() {
        return format!("{} was not caught", scenario.expect);
    }
    outcome.violations.first().map_or_else(String::new, |v| v.invariant.to_owned())
}

/// The machine-readable form of an outcome; it always has everything.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    pub scenario: &'a str,
    pub seed: u64,
    pub verdict: Conclusion,
    pub violations: &'a [Violation],
    pub numbers: &'a crate::run::Numbers,
    pub swarm: &'a [String],
    pub fingerprint: &'a str,
}

impl<'a> Json<'a> {
    /// Of an outcome.
    pub fn new(scenario: &'a Scenario, seed: u64, plan: &'a Plan, outcome: &'a Outcome) -> Self {
        Self {
            scenario: &scenario.name,
            seed,
            verdict: Conclusion::of(scenario, outcome),
            violations: &outcome.violations,
            numbers: &outcome.numbers,
            swarm: &plan.swarm,
            fingerprint: &outcome.fingerprint,
        }
    }
}

/// One line about rules of the plan that met nothing.
fn never_struck(names: &[String]) -> String {
    let first: Vec<_> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > first.len() { ", …" } else { "" };
    format!("{} rules never struck: {}{more}", names.len(), first.join(", "))
}

/// The conclusion for a person.
pub fn text(scenario: &Scenario, seed: u64, plan: &Plan, outcome: &Outcome, look: Look) -> String {
    let mut out = String::new();
    let conclusion = Conclusion::of(scenario, outcome);
    let title = match conclusion.is_good() {
        true => look.paint.good(conclusion.title()),
        false => look.paint.bad(conclusion.title()),
    };
    let first = format!("{title}  {} seed {seed}: {}", scenario.name, scenario.about);
    let _ = writeln!(out, "{}", look.cut(&first));
    numbers(&mut out, plan, outcome, look);
    let groups = groups(&outcome.violations);
    if conclusion == Conclusion::Passed {
        let _ = writeln!(
            out,
            "  Every buyer was charged exactly once or not at all, every ledger entry sums to zero, and\n  \
             our books, the PSP's and what buyers were told agree ({} invariants held).",
            oracle::INVARIANTS.len()
        );
    }
    if scenario.is_canary() {
        let _ = writeln!(out, "  canary      {}", canary(scenario, &groups));
    }
    for (invariant, violations) in groups {
        group(&mut out, invariant, &violations, look);
    }
    out
}

fn numbers(out: &mut String, plan: &Plan, outcome: &Outcome, look: Look) {
    let n = &outcome.numbers;
    let statuses: Vec<_> =
        n.payments.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let _ = writeln!(out, "  payments    {}", statuses.join(", "));
    if n.approved > 0 {
        let _ = writeln!(out, "  goodput     {} of {} approved buyers paid", n.paid, n.approved);
    }
    let planned =
        if plan.swarm.is_empty() { "none planned".to_owned() } else { plan.swarm.join(", ") };
    let broken = format!(
        "  broken      {} faults in the world, {} at the PSP ({planned})",
        n.faults, n.psp_faults
    );
    let _ = writeln!(out, "{}", look.cut(&broken));
    let _ = writeln!(
        out,
        "  reconciled  {} differences found, {} of them repaired by the system itself",
        n.differences, n.repaired
    );
    let (hours, minutes) = (n.simulated_s / 3600, n.simulated_s / 60 % 60);
    let _ = writeln!(
        out,
        "  simulated   {hours} h {minutes:02} min: {} PSP calls, {} packets, {} SQL statements",
        n.psp_calls, n.packets, n.statements
    );
    if !n.never_struck.is_empty() {
        let line = format!("  untried     {}", never_struck(&n.never_struck));
        let _ = writeln!(out, "{}", look.cut(&line));
    }
    let _ = writeln!(out, "  history     {}", look.paint.faint(&outcome.fingerprint));
}

/// Violations by invariant, most telling first.
fn groups(violations: &[Violation]) -> Vec<(&str, Vec<&Violation>)> {
    let mut groups: Vec<(&str, Vec<&Violation>)> = Vec::new();
    for violation in violations {
        match groups.iter_mut().find(|(invariant, _)| *invariant == violation.invariant) {
            Some((_, group)) => group.push(violation),
            None => groups.push((violation.invariant, vec![violation])),
        }
    }
    groups
}

/// What a canary broke, besides what it must.
fn canary(scenario: &Scenario, groups: &[(&str, Vec<&Violation>)]) -> String {
    let expect = &scenario.expect;
    let broken: Vec<_> = groups.iter().map(|(invariant, _)| *invariant).collect();
    let others: Vec<_> = broken.iter().copied().filter(|id| id != expect).collect();
    let others = others.join(", ");
    match (broken.contains(&expect.as_str()), others.is_empty()) {
        (true, true) => format!("{expect} broke, as it must, and nothing else"),
        (true, false) => format!("{expect} broke, as it must; so did {others}"),
        (false, true) => format!("{expect} must break, and nothing did"),
        (false, false) => format!("{expect} must break, and held; what broke is {others}"),
    }
}

/// One heading with its sentence, then the details.
fn group(out: &mut String, invariant: &str, violations: &[&Violation], look: Look) {
    let times = match violations.len() {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let sentence = oracle::sentence(invariant).unwrap_or_default();
    let _ = writeln!(out, "\n{}, {times}\n  {sentence}", look.paint.bad(invariant));
    let shown = if look.is_full() { violations.len() } else { DETAILS };
    for violation in violations.iter().take(shown) {
        let line = match &violation.order_id {
            Some(order) => format!("  - {order}: {}", violation.detail),
            None => format!("  - {}", violation.detail),
        };
        let _ = writeln!(out, "{}", look.cut(&line));
    }
    if violations.len() > shown {
        let _ = writeln!(out, "  … and {} more like it", violations.len() - shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Paint;

    #[test]
    fn the_same_is_said_once_with_three_details() {
        let violations: Vec<_> = (0..25)
            .map(|n| Violation::new("zero-sum", Some("ord-1"), format!("{n} {}", "x".repeat(200))))
            .collect();
        let groups = groups(&violations);
        let said = |width| {
            let mut out = String::new();
            let look = Look { paint: Paint { colour: false }, width };
            groups.iter().for_each(|(id, found)| group(&mut out, id, found, look));
            out
        };
        let cut = said(Some(100));
        assert_eq!(cut.matches("zero-sum").count(), 1, "{cut}");
        assert!(cut.contains("zero-sum, 25 times") && cut.contains("… and 22 more like it"));
        assert!(cut.lines().all(|line| line.chars().count() <= 100), "{cut}");
        let full = said(None);
        assert_eq!(full.matches(&"x".repeat(200)).count(), 25, "{full}");
    }
}
