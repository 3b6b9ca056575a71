//! Many scenarios, many seeds, on all cores, into one coverage.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Coverage;
use crate::scenario::Scenario;

/// Runs `seeds` of every scenario on `jobs` threads. `progress` is called after each run, from any
/// thread.
pub fn run_all(
    scenarios: &[Scenario],
    seeds: Range<u64>,
    jobs: usize,
    progress: &(dyn Fn() + Sync),
) -> Coverage {
    // One seed of each scenario after the other, so that long scenarios do not all come last.
    let of_seed = |seed| scenarios.iter().map(move |scenario| (scenario, seed));
    let all: Vec<(&Scenario, u64)> = seeds.flat_map(of_seed).collect();
    let next = AtomicUsize::new(0);
    let merged = Mutex::new(Coverage::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some((scenario, seed)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let coverage = super::of_run(scenario, *seed);
                    merged.lock().unwrap_or_else(PoisonError::into_inner).merge(coverage);
                    progress();
                }
            });
        }
    });
    merged.into_inner().unwrap_or_else(PoisonError::into_inner)
}
