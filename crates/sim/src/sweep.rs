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
    plan,
    run::{self, Outcome, Verdict},
    scenario::Scenario,
};

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Summary {
    pub seeds: u64,
    pub passed: u64,
    pub payments: u64,
    pub simulated_s: u64,
    /// Seed → its verdict and the first broken invariant, for those that did not pass.
    pub failures: BTreeMap<u64, (Verdict, String)>,
    /// Why a seed could not be run; says nothing of the others.
    pub refused: Option<String>,
}

/// Runs `seeds` on `jobs` threads. `progress` is called after each seed, from any thread.
pub fn sweep(
    scenario: &Scenario,
    seeds: Range<u64>,
    jobs: usize,
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
                    let outcome = one(scenario, seed);
                    progress(seed, &outcome);
                    summary.lock().unwrap_or_else(PoisonError::into_inner).add(seed, &outcome);
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

/// A trace of which only the fingerprint is kept.
pub fn quick() -> TraceConfig {
    TraceConfig { keep: Keep::Nothing, level: tracing::Level::INFO }
}

impl Summary {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.seeds += 1;
        self.payments += outcome.numbers.payments.values().map(|n| *n as u64).sum::<u64>();
        self.simulated_s += outcome.numbers.simulated_s;
        if let Some(why) = &outcome.refused {
            self.refused.get_or_insert_with(|| why.clone());
            return;
        }
        match outcome.violations.first() {
            None => self.passed += 1,
            Some(first) => {
                self.failures.insert(seed, (outcome.verdict, first.invariant.to_owned()));
            }
        }
    }

    /// Broken invariants and how often each was the verdict.
    pub fn by_invariant(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (_, invariant) in self.failures.values() {
            *counts.entry(invariant.as_str()).or_default() += 1;
        }
        counts
    }
}
