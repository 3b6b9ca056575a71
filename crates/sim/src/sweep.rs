//! Many seeds, one world per thread, on all cores.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    engine::{Keep, TraceConfig},
    oracle::Violation,
    plan::{self, Plan},
    report::{self, Conclusion},
    run::{self, Numbers, Outcome, Verdict},
    scenario::Scenario,
    snapshot::Books,
};

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Summary {
    pub seeds: u64,
    /// Seeds that passed; of a canary, those that were caught.
    pub good: u64,
    pub payments: u64,
    pub simulated_s: u64,
    /// Buyers who approved and came back, and those of them who were paid.
    pub approved: u64,
    pub paid: u64,
    /// The seeds that were not good.
    pub failures: BTreeMap<u64, Failure>,
    /// Invariant → on how many seeds it broke, first or not.
    pub broke: BTreeMap<&'static str, u64>,
    /// Why a seed could not be run; says nothing of the others.
    pub refused: Option<String>,
}

/// A seed that was not good.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Failure {
    pub verdict: Conclusion,
    /// In a few words: the first broken invariant, or what a canary should have broken.
    pub because: String,
    /// All that broke, most telling first.
    pub broke: Vec<&'static str>,
}

/// Runs `seeds` on `jobs` threads; with `fail_fast` no more of them once one was not good.
/// `progress` is called after each seed, from any thread.
pub fn sweep(
    scenario: &Scenario,
    seeds: Range<u64>,
    (jobs, fail_fast): (usize, bool),
    progress: &(dyn Fn(u64, &Outcome) + Sync),
) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let outcome = apart(|| one(scenario, seed));
                    progress(seed, &outcome);
                    let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                    summary.add(scenario, seed, &outcome);
                    if fail_fast && !summary.failures.is_empty() {
                        next.store(seeds.end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs one seed, for its verdict.
pub fn one(scenario: &Scenario, seed: u64) -> Outcome {
    let plan = plan::generate(scenario, seed);
    run::run(scenario, seed, &plan, quick())
}

/// Runs a plan, for its verdict; a panic of the run itself is a verdict, too.
pub fn guarded(scenario: &Scenario, seed: u64, plan: &Plan, trace: TraceConfig) -> Outcome {
    apart(|| run::run(scenario, seed, plan, trace))
}

/// Runs a world on a thread of its own: should it panic outside its hosts, nothing that it left
/// behind on its thread meets the next one, and the panic is the outcome.
fn apart(world: impl FnOnce() -> Outcome + Send) -> Outcome {
    let ended = std::thread::scope(|scope| scope.spawn(world).join());
    ended.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        let detail = format!("the run itself panicked: {}", text.unwrap_or("(no message)"));
        Outcome {
            verdict: Verdict::Broken,
            violations: vec![Violation::new("no-panics", None, detail)],
            numbers: Numbers::default(),
            books: Books::default(),
            fingerprint: String::new(),
            trace: Vec::new(),
            refused: None,
        }
    })
}

/// A trace of which only the fingerprint is kept.
pub fn quick() -> TraceConfig {
    TraceConfig { keep: Keep::Nothing, level: tracing::Level::INFO }
}

/// In fewer seeds than these, a share says too little to be judged.
pub const ENOUGH: u64 = 20;

impl Summary {
    /// Whether enough of the buyers were paid, if the scenario says what is enough, and there were
    /// enough seeds.
    pub fn is_goodput_held(&self, scenario: &Scenario) -> bool {
        let floor = scenario.goodput.filter(|_| self.seeds >= ENOUGH && !scenario.is_canary());
        floor.is_none_or(|floor| self.paid as f64 >= floor * self.approved as f64)
    }

    /// Of the buyers who approved and came back, the share that was paid.
    pub fn goodput(&self) -> f64 {
        if self.approved == 0 { 0.0 } else { self.paid as f64 / self.approved as f64 }
    }

    fn add(&mut self, scenario: &Scenario, seed: u64, outcome: &Outcome) {
        self.seeds += 1;
        self.payments += outcome.numbers.payments.values().map(|n| *n as u64).sum::<u64>();
        self.simulated_s += outcome.numbers.simulated_s;
        if let Some(why) = &outcome.refused {
            self.refused.get_or_insert_with(|| why.clone());
            return;
        }
        self.approved += outcome.numbers.approved as u64;
        self.paid += outcome.numbers.paid as u64;
        let mut broke: Vec<_> = outcome.violations.iter().map(|v| v.invariant).collect();
        broke.dedup();
        for invariant in &broke {
            *self.broke.entry(invariant).or_default() += 1;
        }
        let conclusion = Conclusion::of(scenario, outcome);
        if conclusion.is_good() {
            self.good += 1;
        } else {
            let because = report::because(scenario, outcome);
            self.failures.insert(seed, Failure { verdict: conclusion, because, broke });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_paid_buyers_are_seen_once_there_are_enough_seeds() {
        let text = "name = \"x\"\nabout = \"y\"\ngoodput = 0.9\n[workload]\npayments = 1\n";
        let scenario = Scenario::parse("x.toml", text).expect("a scenario");
        let swept = |seeds, paid| Summary { seeds, approved: 100, paid, ..Summary::default() };
        assert!(swept(ENOUGH, 90).is_goodput_held(&scenario));
        assert!(!swept(ENOUGH, 89).is_goodput_held(&scenario));
        assert!(swept(ENOUGH - 1, 89).is_goodput_held(&scenario));
        let nobody = Summary { seeds: ENOUGH, ..Summary::default() };
        assert!(nobody.is_goodput_held(&scenario), "nobody approved");
        assert!((swept(1, 50).goodput() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_panic_of_the_run_itself_is_its_verdict() {
        let outcome = apart(|| panic!("the stage fell down"));
        assert_eq!(outcome.verdict, Verdict::Broken);
        assert_eq!(outcome.violations[0].invariant, "no-panics");
        assert!(outcome.violations[0].detail.ends_with("the stage fell down"), "{outcome:?}");
    }

    /// A cheat in a database that is not there panics the stage, on every seed.
    #[test]
    fn a_sweep_survives_its_seeds() {
        let text = "name = \"x\"\nabout = \"y\"\n[workload]\npayments = 1\n";
        let mut scenario = Scenario::parse("x.toml", text).expect("a scenario");
        let nowhere = crate::scenario::Cheat {
            at_s: 1,
            database: "nowhere".to_owned(),
            sql: "SELECT 1".to_owned(),
        };
        scenario.cheat.push(nowhere);
        let summary = sweep(&scenario, 0..3, (2, false), &|_, _| {});
        assert_eq!((summary.seeds, summary.good), (3, 0));
        assert_eq!(summary.broke.get("no-panics"), Some(&3));
        let summary = sweep(&scenario, 0..3, (1, true), &|_, _| {});
        assert_eq!((summary.seeds, summary.good), (1, 0), "the first one will do");
    }
}
