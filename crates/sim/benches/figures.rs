//! The figures of the README: `cargo bench -p sim --bench figures`.
//!
//! CPU time, not wall time: the machine may be busy with other things.

use std::{fs, path::Path};

use sim::{plan, run, scenario::Scenario, sweep};

/// Allocates as the `sim` binary does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Storm seeds measured in a round.
const SEEDS: u64 = 40;

/// Rounds; the median counts.
const ROUNDS: usize = 5;

/// A canary must be caught within so many seeds.
const CANARY_SEEDS: u64 = 20;

fn main() {
    storm();
    month();
    canaries();
}

fn scenario(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    Scenario::load(&folder.join(name).with_extension("toml")).expect("a scenario")
}

/// Nanoseconds of CPU that this thread has used.
fn cpu_ns() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells CPU time");
    let first = text.split_whitespace().next().expect("its first number");
    first.parse().expect("is nanoseconds")
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

fn storm() {
    let storm = scenario("storm");
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let begin = cpu_ns();
        let mut payments = 0;
        for seed in 0..SEEDS {
            let outcome = sweep::one(&storm, seed);
            assert!(outcome.violations.is_empty(), "storm seed {seed} must pass");
            payments += outcome.numbers.payments.values().sum::<usize>();
        }
        let rate = payments as f64 / seconds(cpu_ns() - begin);
        println!("storm     round {}: {rate:.0} payments per CPU second", round + 1);
        rates.push(rate);
    }
    rates.sort_by(f64::total_cmp);
    let (low, median, high) = (rates[0], rates[ROUNDS / 2], rates[ROUNDS - 1]);
    println!(
        "storm     {median:.0} payments per CPU second, all judges on [{low:.0}..{high:.0}] (goal 500)"
    );
}

fn month() {
    let month = scenario("month");
    let begin = cpu_ns();
    let plan = plan::generate(&month, 1);
    let outcome = run::run(&month, 1, &plan, sweep::quick());
    assert!(outcome.violations.is_empty(), "month must pass: {:?}", outcome.violations.first());
    let used = seconds(cpu_ns() - begin);
    let payments: usize = outcome.numbers.payments.values().sum();
    let days = outcome.numbers.simulated_s / 86_400;
    println!("month     {used:.1} CPU seconds for {payments} payments in {days} days (goal 60)");
}

fn canaries() {
    for name in ["canary_exactly_once", "canary_zero_sum", "canary_convergence"] {
        let canary = scenario(name);
        let caught = (0..CANARY_SEEDS).find(|seed| {
            let outcome = sweep::one(&canary, *seed);
            outcome.violations.first().is_some_and(|v| v.invariant == canary.expect)
        });
        match caught {
            Some(seed) => println!("{name:<20} caught at seed {seed} (goal: below {CANARY_SEEDS})"),
            None => println!("{name:<20} NOT caught in {CANARY_SEEDS} seeds"),
        }
    }
}
