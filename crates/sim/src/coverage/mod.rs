//! Was it tried at all? What many runs reached, merged into one [`Coverage`].
//!
//! Nothing here runs unless it is asked for: [`runs::run_all`] looks on ([`Onlooker`]), an ordinary
//! run has no onlooker. [`check`] compares what was reached with what there is to reach.

pub mod check;
mod codes;
mod expected;
mod points;
mod report;
pub mod runs;
#[cfg(test)]
mod scan;
mod strikes;
mod transitions;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use serde::Serialize;

use crate::{
    engine::Ctl,
    oracle::{Facts, Looked},
    plan,
    run::{self, Onlooker},
    scenario::Scenario,
    sweep,
};
use transitions::Transitions;

pub use points::{POINTS, Point};
pub use report::text;

/// Name → how often.
pub type Counts = BTreeMap<String, u64>;

/// What runs reached. Merging is adding, so the order of runs does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    pub runs: u64,
    /// Runs that did not end as their scenario expects: `SCENARIO seed N`.
    pub unexpected: Counts,
    /// Call sites, by [`Point::name`].
    pub points: Counts,
    /// `MACHINE: FROM → TO`.
    pub transitions: Counts,
    /// `ENDPOINT FAULT while STATE`: what the PSP was told to do, by the operation's state then.
    pub strikes: Counts,
    /// `FAULT SERVICE`: what broke in the world.
    pub breaks: Counts,
    /// `OPERATION CODE on send N (with or without effect)`.
    pub codes: Counts,
    /// Kinds of faults and rules that struck, and those that scenarios plan.
    pub struck: Counts,
    pub planned: Counts,
    /// Invariant → what its judge had before it.
    pub judged: Counts,
}

impl Coverage {
    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        for (mine, theirs) in [
            (&mut self.unexpected, other.unexpected),
            (&mut self.points, other.points),
            (&mut self.transitions, other.transitions),
            (&mut self.strikes, other.strikes),
            (&mut self.breaks, other.breaks),
            (&mut self.codes, other.codes),
            (&mut self.struck, other.struck),
            (&mut self.planned, other.planned),
            (&mut self.judged, other.judged),
        ] {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
    }
}

/// Adds to a count.
fn add(counts: &mut Counts, name: impl Into<String>, n: u64) {
    *counts.entry(name.into()).or_default() += n;
}

/// Runs one seed and tells what it reached.
pub fn of_run(scenario: &Scenario, seed: u64) -> Coverage {
    let plan = plan::generate(scenario, seed);
    let eye = Eye { scenario, coverage: RefCell::default(), transitions: Rc::default() };
    let outcome = run::run_before(Some(&eye), scenario, seed, &plan, sweep::quick());
    let mut coverage = eye.coverage.into_inner();
    coverage.runs = 1;
    let first = outcome.violations.first().map_or("pass", |violation| violation.invariant);
    if first != scenario.expect {
        add(&mut coverage.unexpected, format!("{} seed {seed}: {first}", scenario.name), 1);
    }
    strikes::planned(&mut coverage.planned, scenario, &plan);
    strikes::of_world(&mut coverage, scenario, &plan);
    coverage
}

/// Sees one run.
struct Eye<'a> {
    scenario: &'a Scenario,
    coverage: RefCell<Coverage>,
    transitions: Rc<RefCell<Transitions>>,
}

impl Onlooker for Eye<'_> {
    fn set(&self, ctl: &Ctl) {
        for (database, tables) in transitions::TABLES {
            let shared = self.transitions.clone();
            let judge = move |commit: &_| shared.borrow_mut().observe(commit);
            ctl.db().observe(database, tables, Box::new(judge));
        }
    }

    fn judged(&self, facts: &Facts, looked: &Looked) {
        let mut coverage = self.coverage.borrow_mut();
        for (id, count) in &looked.counts {
            add(&mut coverage.judged, *id, *count);
        }
        strikes::at_the_psp(&mut coverage, self.scenario, facts, &self.transitions.borrow());
        codes::of(&mut coverage.codes, facts);
    }

    fn over(&self, hits: &BTreeMap<&'static str, u64>) {
        let mut coverage = self.coverage.borrow_mut();
        for (callsite, count) in hits {
            if let Some(point) = points::at(callsite) {
                add(&mut coverage.points, point.name(), *count);
            }
        }
        coverage.transitions = std::mem::take(&mut self.transitions.borrow_mut().counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smoke() -> Scenario {
        let text = include_str!("../../../../scenarios/smoke.toml");
        Scenario::parse("smoke.toml", text).unwrap()
    }

    fn with(name: &str, count: u64) -> Coverage {
        let counts = Counts::from([(name.to_owned(), count)]);
        Coverage { runs: 1, points: counts.clone(), judged: counts, ..Coverage::default() }
    }

    #[test]
    fn merging_adds_and_its_order_does_not_matter() {
        let all = [with("a", 1), with("b", 2), with("a", 3)];
        let merged = |order: [usize; 3]| {
            let mut sum = Coverage::default();
            order.into_iter().for_each(|n| sum.merge(all[n].clone()));
            sum
        };
        let sum = merged([0, 1, 2]);
        assert_eq!(sum, merged([2, 0, 1]));
        assert_eq!(sum.runs, 3);
        assert_eq!(sum.points, [("a".to_owned(), 4), ("b".to_owned(), 2)].into());
        assert_eq!(sum.points, sum.judged);
    }

    #[test]
    fn smoke_reaches_the_obvious() {
        let coverage = of_run(&smoke(), 1);
        assert_eq!((coverage.runs, coverage.unexpected.len()), (1, 0));
        for transition in [
            "payment order: NOT_STARTED → EXECUTING",
            "payment order: EXECUTING → SUCCESS",
            "payment order: booked in the wallet",
            "operation CONFIRM: PENDING → SENDING",
            "operation CONFIRM: SENDING → APPROVED",
            "idempotency key: in flight → answered",
            "webhook: due → not due",
            "report: new → being made",
        ] {
            assert!(coverage.transitions.contains_key(transition), "{transition}");
        }
        let settled = "crates/system/src/payment/settle.rs: payment settled";
        assert!(coverage.points.contains_key(settled));
        assert!(coverage.judged["exactly-once"] > 0);
        assert_eq!(coverage.judged["no-orphans"], 0, "nothing crashes in smoke");
        assert_eq!((coverage.struck.len(), coverage.planned.len()), (0, 0));
    }

    #[test]
    fn threads_do_not_change_what_is_merged_and_looking_on_does_not_change_history() {
        let scenario = smoke();
        let both = runs::run_all(std::slice::from_ref(&scenario), 1..3, 2, &|| {});
        let mut one_by_one = of_run(&scenario, 2);
        one_by_one.merge(of_run(&scenario, 1));
        assert_eq!(both, one_by_one);

        let plan = plan::generate(&scenario, 1);
        let eye =
            Eye { scenario: &scenario, coverage: RefCell::default(), transitions: Rc::default() };
        let seen = run::run_before(Some(&eye), &scenario, 1, &plan, sweep::quick());
        assert_eq!(seen.fingerprint, sweep::one(&scenario, 1).fingerprint);
    }
}
