//! The hunt for a planted bug: seeds of its scenarios, then its tests, until something fails.

use std::{cell::Cell, collections::BTreeMap, ops::Range, path::Path, process::Command};

use serde::Deserialize;

use super::{
    patch::Patch,
    scratch::{Scratch, run},
};
use crate::sweep::ENOUGH;

/// Seeds between two looks at what came of them: so many that goodput is judged.
const CHUNK: u64 = ENOUGH;

/// How far a hunt goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Seeds of each scenario.
    pub seeds: u64,
    /// Worlds at once.
    pub jobs: usize,
    /// Whether to go on after the first failing seed, to learn how many fail.
    pub share: bool,
}

impl Limits {
    /// The seeds between two looks.
    fn looks(&self) -> impl Iterator<Item = Range<u64>> {
        let end = self.seeds;
        (0..end).step_by(CHUNK as usize).map(move |from| from..end.min(from + CHUNK))
    }
}

/// A bug that was caught.
#[derive(Debug, Clone, PartialEq)]
pub struct Catch {
    /// The judges that named it on the first failing seed, most telling first; or `test:NAME`, or
    /// how the program ended.
    pub judges: Vec<String>,
    /// Scenario and first failing seed; none for a test.
    pub place: Option<(String, u64)>,
    /// Failing seeds, of how many that were tried in this scenario.
    pub share: (u64, u64),
    /// CPU time spent until then, in seconds, over all scenarios tried; builds do not count.
    pub cpu_s: Option<f64>,
}

/// What came of a hunt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hunted {
    pub caught: Option<Catch>,
    /// Regressions that pass with the bug, although it is what they are kept against.
    pub blind: Vec<String>,
}

/// What `sim sweep --json` says; whatever else it says is not for us.
#[derive(Debug, Deserialize)]
struct Swept {
    verdict: String,
    /// How many were run.
    seeds: u64,
    failures: Vec<Failure>,
    goodput: Goodput,
    /// Judge → on how many seeds it found something.
    broke: BTreeMap<String, u64>,
    /// CPU seconds; none where the system does not tell.
    cpu_s: Option<f64>,
}

impl Swept {
    /// Whether it was a canary's: that something broke says nothing then, but what did.
    fn is_canary(&self) -> bool {
        matches!(self.verdict.as_str(), "caught" | "not_caught")
    }
}

#[derive(Debug, Deserialize)]
struct Goodput {
    held: bool,
}

#[derive(Debug, Deserialize)]
struct Failure {
    seed: u64,
    broke: Vec<String>,
}

/// Hunts for a planted bug with the `program` that has it, `first` in the scenario in which it was
/// caught the last time. `at` is told what is being tried.
///
/// # Errors
/// If something cannot be run, or fails without the bug, too.
pub fn hunt(
    scratch: &Scratch,
    program: &Path,
    patch: &Patch,
    (limits, first): (Limits, Option<&str>),
    at: &dyn Fn(&str),
) -> Result<Hunted, String> {
    let caught = catch(scratch, program, patch, (limits, first), at)?;
    let mut blind = Vec::new();
    for regression in &patch.header.regressions {
        at(regression);
        if replay_passes(scratch, program, regression)? {
            blind.push(regression.clone());
        }
    }
    Ok(Hunted { caught, blind })
}

fn catch(
    scratch: &Scratch,
    program: &Path,
    patch: &Patch,
    (limits, first): (Limits, Option<&str>),
    at: &dyn Fn(&str),
) -> Result<Option<Catch>, String> {
    let cpu_s = Cell::new(Some(0.0));
    for scenario in begun_with(first, &patch.header.scenarios) {
        at(scenario);
        let mut caught: Option<Catch> = None;
        for seeds in limits.looks() {
            if caught.is_some() && !limits.share {
                break;
            }
            let begun = seeds.start;
            let (failures, run) = swept(scratch, program, scenario, seeds, (limits, &cpu_s))?;
            if let (None, Some(first)) = (&caught, failures.first()) {
                caught = Some(Catch {
                    judges: first.broke.clone(),
                    place: Some((scenario.clone(), first.seed)),
                    share: (0, 0),
                    cpu_s: cpu_s.get(),
                });
            }
            if let Some(caught) = &mut caught {
                caught.share = (caught.share.0 + failures.len() as u64, begun + run);
            }
        }
        if let Some(caught) = caught {
            let seed = caught.place.as_ref().map_or(0, |(_, seed)| *seed);
            // Goodput is a matter of all of them.
            let goodput = caught.judges.iter().any(|judge| judge == "goodput");
            let seeds = seed..seed + if goodput { CHUNK } else { 1 };
            passes_as_it_is(scratch, scenario, seeds, limits.jobs)?;
            return Ok(Some(caught));
        }
    }
    for test in &patch.header.tests {
        at(test);
        if !Test::read(test).passes(scratch)? {
            let judges = vec![format!("test:{test}")];
            return Ok(Some(Catch { judges, place: None, share: (1, 1), cpu_s: cpu_s.get() }));
        }
    }
    Ok(None)
}

/// The same scenarios, one of them first; the others as they were.
fn begun_with<'a>(first: Option<&str>, scenarios: &'a [String]) -> Vec<&'a String> {
    let mut ordered: Vec<_> = scenarios.iter().collect();
    ordered.sort_by_key(|scenario| first != Some(scenario.as_str()));
    ordered
}

/// Whether these seeds pass in the tree without any bug.
///
/// # Errors
/// "The tree itself is red", with scenario and seed: nothing that fails there proves anything.
pub fn passes_as_it_is(
    scratch: &Scratch,
    scenario: &str,
    seeds: Range<u64>,
    jobs: usize,
) -> Result<(), String> {
    let nobodys = Cell::new(None);
    let limits = Limits { seeds: seeds.end, jobs, share: false };
    match swept(scratch, &scratch.control, scenario, seeds, (limits, &nobodys))?.0.first() {
        None => Ok(()),
        Some(Failure { seed, broke }) => Err(format!(
            "the tree itself is red: {scenario} seed {seed} breaks {} without any bug \
             planted. Mend it first: cargo sim run {scenario} --seed {seed}",
            broke.join(", ")
        )),
    }
}

/// The failing seeds of a program, and how many were run; of a canary, what breaks besides what
/// breaks without the bug. Adds to the CPU time.
fn swept(
    scratch: &Scratch,
    program: &Path,
    scenario: &str,
    seeds: Range<u64>,
    (limits, cpu_s): (Limits, &Cell<Option<f64>>),
) -> Result<(Vec<Failure>, u64), String> {
    let from = seeds.start;
    let all = |broke| vec![Failure { seed: from, broke }];
    let found = match sweep(scratch, program, scenario, seeds.clone(), limits)? {
        Ok(found) => found,
        Err(crash) => return Ok((all(vec![crash]), 1)),
    };
    cpu_s.set(cpu_s.get().zip(found.cpu_s).map(|(before, more)| before + more));
    if found.is_canary() {
        let control = sweep(scratch, &scratch.control, scenario, seeds, limits)?;
        let usual = control.map_err(|crash| format!("{scenario} without a bug: {crash}"))?.broke;
        let new: Vec<_> = found.broke.into_keys().filter(|id| !usual.contains_key(id)).collect();
        return Ok((if new.is_empty() { vec![] } else { all(new) }, found.seeds));
    }
    if !found.goodput.held && found.failures.is_empty() {
        // No seed by itself: all of them together.
        return Ok((all(vec!["goodput".to_owned()]), found.seeds));
    }
    Ok((found.failures, found.seeds))
}

/// What a sweep says; the inner error is how the process ended instead.
fn sweep(
    scratch: &Scratch,
    program: &Path,
    scenario: &str,
    seeds: Range<u64>,
    limits: Limits,
) -> Result<Result<Swept, String>, String> {
    let mut command = Command::new(program);
    command.current_dir(&scratch.tree).args(["sweep", scenario, "--json"]);
    command.args(["--seeds", &format!("{}..{}", seeds.start, seeds.end)]);
    command.args(["--jobs", &limits.jobs.to_string()]);
    // One failing seed will do; unless it is to be known how many there are.
    command.args((!limits.share).then_some("--fail-fast"));
    let output = run(command)?;
    if let Ok(swept) = serde_json::from_slice::<Swept>(&output.stdout) {
        return Ok(Ok(swept));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.is_empty()).unwrap_or_default().to_owned();
    match output.status.code() {
        // It refuses the scenario or the flags: no fault of the bug's.
        Some(2) => Err(format!("sim sweep {scenario}: {last}")),
        // The whole process went down, and took the seeds' verdicts with it.
        _ => Ok(Err(format!("crash ({})", output.status))),
    }
}

/// Whether a history that once failed passes with this program.
fn replay_passes(scratch: &Scratch, program: &Path, name: &str) -> Result<bool, String> {
    let mut command = Command::new(program);
    command.current_dir(&scratch.tree);
    command.args(["replay", &format!("tests/regressions/{name}.toml"), "--json"]);
    let output = run(command)?;
    match output.status.code() {
        Some(0) => Ok(true),
        Some(2) => Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        _ => Ok(false),
    }
}

/// A test by which a bug is known: `NAME` is one of `system`'s unit tests, `FILE/NAME` one of
/// `tests/FILE.rs`; as for `cargo test`, a part of the name will do.
#[derive(Debug)]
pub struct Test<'a> {
    file: Option<&'a str>,
    name: &'a str,
}

impl<'a> Test<'a> {
    /// Reads what stands after `test:`.
    pub fn read(text: &'a str) -> Self {
        match text.split_once('/') {
            Some((file, name)) => Self { file: Some(file), name },
            None => Self { file: None, name: text },
        }
    }

    fn passes(&self, scratch: &Scratch) -> Result<bool, String> {
        let place = match self.file {
            Some(file) => vec!["test", "--package", "hanbeon", "--test", file],
            None => vec!["test", "--package", "system", "--lib"],
        };
        let mut build = scratch.cargo(&place);
        build.arg("--no-run");
        let built = run(build)?;
        if !built.status.success() {
            return Err(format!("the tests of `{self:?}` do not compile"));
        }
        let mut test = scratch.cargo(&place);
        test.args(["--", self.name]);
        let output = run(test)?;
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("running 0 tests") && output.status.success() {
            return Err(format!("there is no test called `{}`", self.name));
        }
        Ok(output.status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunt_begins_where_it_ended_the_last_time() {
        let scenarios = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(begun_with(Some("b"), &scenarios), ["b", "a", "c"]);
        assert_eq!(begun_with(Some("a, b"), &scenarios), ["a", "b", "c"]);
        assert_eq!(begun_with(None, &scenarios), ["a", "b", "c"]);
    }

    #[test]
    fn a_hunt_looks_after_every_twenty_seeds() {
        let looks = |seeds| Limits { seeds, jobs: 1, share: false }.looks().collect::<Vec<_>>();
        assert_eq!(looks(50), [0..20, 20..40, 40..50]);
        assert_eq!(looks(21), [0..20, 20..21]);
    }

    #[test]
    fn a_test_is_one_of_systems_or_of_a_file() {
        let unit = Test::read("money::tests");
        assert_eq!((unit.file, unit.name), (None, "money::tests"));
        let outside = Test::read("ledger_constraints/append");
        assert_eq!((outside.file, outside.name), (Some("ledger_constraints"), "append"));
    }

    #[test]
    fn what_else_a_sweep_says_does_not_disturb() {
        let text = r#"{"scenario":"smoke","new":1,"verdict":"failed","seeds":4,"broke":{"zero-sum":1},"goodput":{"held":true,"share":1.0},"failures":[{"seed":3,"verdict":"broken","broke":["zero-sum"]}]}"#;
        let swept: Swept = serde_json::from_str(text).unwrap();
        assert_eq!((swept.failures[0].seed, &*swept.failures[0].broke[0]), (3, "zero-sum"));
    }
}
