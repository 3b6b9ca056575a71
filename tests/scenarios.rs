//! Every scenario, on several seeds, has the verdict that its file expects; and what once failed
//! stays mended.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sim::{
    report::Replay,
    run::{self, Verdict},
    scenario::Scenario,
    sweep,
};

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let entries = fs::read_dir(&folder).expect("a folder of this repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(!paths.is_empty(), "{name} has files");
    paths
}

fn scenarios() -> Vec<Scenario> {
    let load = |path: &PathBuf| Scenario::load(path).unwrap_or_else(|e| panic!("{e}"));
    folder("scenarios").iter().map(load).collect()
}

fn judge(scenario: &Scenario, seed: u64) {
    let outcome = sweep::one(scenario, seed);
    let first = outcome.violations.first();
    let said =
        format!("{scenario} seed {seed}: {first:?}. Run: cargo sim run {scenario} --seed {seed}");
    if scenario.is_canary() {
        assert_eq!(outcome.verdict, Verdict::Broken, "{said}");
        assert_eq!(first.map(|v| v.invariant), Some(scenario.expect.as_str()), "{said}");
    } else {
        assert_eq!(outcome.verdict, Verdict::Passed, "{said}");
        assert!(outcome.numbers.payments.contains_key("SUCCESS"), "nothing was paid: {said}");
    }
}

#[test]
fn every_scenario_has_its_verdict() {
    for scenario in scenarios().iter().filter(|s| s.name != "month") {
        // Each world has a thread of its own.
        std::thread::scope(|scope| {
            for seed in 1..=4 {
                scope.spawn(move || judge(scenario, seed));
            }
        });
    }
}

/// A week of the month, so that the test stays short; the whole of it is run by the benchmark.
#[test]
fn a_month_begins_well() {
    let month = scenarios().into_iter().find(|s| s.name == "month");
    let mut month = month.expect("scenarios/month.toml");
    month.length.minutes /= 4;
    month.workload.payments /= 4;
    judge(&month, 1);
}

#[test]
fn names_are_those_of_the_files_and_no_canary_is_missing() {
    let names: Vec<_> = scenarios().into_iter().map(|s| s.name).collect();
    let files: Vec<_> = folder("scenarios")
        .iter()
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, files);
    for invariant in ["exactly-once", "zero-sum", "convergence"] {
        let sung = scenarios().into_iter().any(|s| s.expect == invariant);
        assert!(sung, "no canary for {invariant}");
    }
}

/// Every history that once broke an invariant, named for its story. The plan is in the file, so it
/// stays the same when the generator changes.
#[test]
fn what_once_failed_stays_mended() {
    for path in folder("tests/regressions") {
        let text = fs::read_to_string(&path).expect("readable");
        let replay: Replay = toml::from_str(&text).expect("a replay file");
        let outcome = run::run(&replay.scenario, replay.seed, &replay.plan, sweep::quick());
        let story = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert_eq!(outcome.verdict, Verdict::Passed, "{story}: {:?}", outcome.violations.first());
    }
}
