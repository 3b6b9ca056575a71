//! `sim zoo`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread::{self, available_parallelism},
};

use indicatif::{ProgressBar, ProgressStyle};
use sim::{
    look::Paint,
    zoo::{
        hunt::{self, Catch, Hunted, Limits},
        matrix::{self, Row, Standing},
        patch::{self, Patch},
        scratch::Scratch,
    },
};

use super::{
    End, load,
    out::{note, say},
};

const ZOO: &str = "zoo";
const MATRIX: &str = "docs/zoo.md";

/// Seeds that must pass without any bug before one is planted; whatever fails with a bug must pass
/// without it, too.
const CONTROL_SEEDS: u64 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Numbers of patches; all of them if none is given.
    numbers: Vec<u32>,
    /// Only one part of so many, e.g. 3/10: for CI, which cannot do all of it every time.
    #[arg(long, value_name = "K/N", value_parser = part)]
    rotate: Option<(usize, usize)>,
    /// Only patches that docs/zoo.md has as caught on every seed: for CI, which must notice when a
    /// judge has grown blind.
    #[arg(long)]
    known: bool,
    /// Seeds of each scenario, until one fails.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Run all of the seeds, to learn how many fail.
    #[arg(long)]
    share: bool,
    /// Bugs at once, each in a copy of the tree with a target of its own; by default one per core, but
    /// not more than four.
    #[arg(long)]
    lanes: Option<usize>,
    /// Worlds at once of each bug; by default the cores, divided among the lanes.
    #[arg(long)]
    jobs: Option<usize>,
    /// Say which patches there are, and do nothing.
    #[arg(long)]
    list: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let all = patch::load_all(Path::new(ZOO))?;
        let chosen = self.choose(&all)?;
        if self.list {
            for patch in chosen {
                let header = &patch.header;
                say(format!("{:>3} {:<36} {}", patch.number, header.name, header.story))?;
            }
            return Ok(End::Passed);
        }
        let cores = available_parallelism().map_or(1, |n| n.get());
        let lanes = self.lanes.unwrap_or(cores.min(4)).clamp(1, chosen.len().max(1));
        let jobs = self.jobs.unwrap_or(cores.div_ceil(lanes));
        let limits = Limits { seeds: self.seeds, jobs, share: self.share };
        let bar = bar(chosen.len() as u64);
        let first = control(&chosen, Limits { jobs: cores, ..limits }, &bar)?;
        let work = Work {
            all: &all,
            rows: matrix::read(&fs::read_to_string(MATRIX).unwrap_or_default()),
            limits,
            bar: &bar,
            left: Mutex::new(chosen),
            ended: Mutex::default(),
        };
        thread::scope(|scope| {
            for nth in 1..lanes {
                let (work, first) = (&work, &first);
                scope.spawn(move || match Scratch::new(Path::new("."), nth) {
                    Ok(beside) => {
                        beside.warm(first);
                        work.hunt(&beside);
                    }
                    Err(error) => work.bar.suspend(|| note(format!("error: {error}"))),
                });
            }
            work.hunt(&first);
        });
        bar.finish_and_clear();
        let Ended { survivors, trouble } =
            work.ended.into_inner().unwrap_or_else(PoisonError::into_inner);
        end(&survivors, &trouble)
    }

    fn choose<'a>(&self, all: &'a [Patch]) -> Result<Vec<&'a Patch>, String> {
        if let Some(missing) = self.numbers.iter().find(|n| !all.iter().any(|p| p.number == **n)) {
            return Err(format!("there is no patch {missing}; `sim zoo --list` shows them"));
        }
        let named =
            all.iter().filter(|p| self.numbers.is_empty() || self.numbers.contains(&p.number));
        let rows = matrix::read(&fs::read_to_string(MATRIX).unwrap_or_default());
        let settled = |patch: &&Patch| {
            let row = rows.get(&(patch.number, patch.header.name.clone()));
            !self.known || row.is_some_and(Row::is_settled)
        };
        let named = named.filter(settled);
        let mine = |place: usize| self.rotate.is_none_or(|(k, n)| place % n == k - 1);
        Ok(named.enumerate().filter(|(place, _)| mine(*place)).map(|(_, patch)| patch).collect())
    }
}

/// What all lanes share: each takes the next patch when it is done with one.
struct Work<'a> {
    all: &'a [Patch],
    /// What the page said before.
    rows: BTreeMap<(u32, String), Row>,
    limits: Limits,
    bar: &'a ProgressBar,
    left: Mutex<Vec<&'a Patch>>,
    ended: Mutex<Ended>,
}

/// Numbers of patches.
#[derive(Default)]
struct Ended {
    survivors: Vec<u32>,
    trouble: Vec<u32>,
}

impl Work<'_> {
    /// Plants one bug and hunts for it.
    fn try_one(&self, scratch: &Scratch, patch: &Patch) -> Result<Hunted, String> {
        let name = &patch.header.name;
        let about = |e| format!("{} {name}: {e}", patch.number);
        scratch.restore()?;
        scratch.plant(patch)?;
        let program = scratch.build().map_err(about)?;
        let at = |place: &str| self.bar.set_message(format!("{name}: {place}"));
        let row = self.rows.get(&(patch.number, name.clone()));
        let first = row.map(|row| row.scenario.as_str());
        hunt::hunt(scratch, &program, patch, (self.limits, first), &at).map_err(about)
    }

    /// Hunts in one copy until nothing is left.
    fn hunt(&self, scratch: &Scratch) {
        loop {
            let next = {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                if left.is_empty() { None } else { Some(left.remove(0)) }
            };
            let Some(patch) = next else { break };
            self.bar.set_message(patch.header.name.clone());
            let hunted = self.try_one(scratch, patch);
            // One at a time from here on: what is said, and the page.
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let error = match hunted {
                Ok(hunted) => {
                    if Standing::of(patch, &hunted).is_failure() {
                        ended.survivors.push(patch.number);
                    }
                    let told = self.bar.suspend(|| say(line(patch, &hunted)));
                    let kept = told.and_then(|()| keep(self.all, patch, &hunted));
                    if kept.is_err() {
                        // Nobody reads on, or nothing can be kept: hours for nothing.
                        self.left.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    }
                    kept.err()
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                self.bar.suspend(|| note(format!("error: {error}")));
                ended.trouble.push(patch.number);
            }
            self.bar.inc(1);
        }
        if let Err(error) = scratch.restore() {
            self.bar.suspend(|| note(format!("error: {error}")));
        }
    }
}

/// Makes the scratch copy, and has it pass what the bugs will be judged by.
fn control(chosen: &[&Patch], limits: Limits, bar: &ProgressBar) -> Result<Scratch, String> {
    let scenarios: BTreeSet<_> = chosen.iter().flat_map(|patch| &patch.header.scenarios).collect();
    for scenario in &scenarios {
        load(&PathBuf::from(scenario))?;
    }
    bar.set_message("building the tree as it is");
    let scratch = Scratch::new(Path::new("."), 0)?;
    scratch.build_control()?;
    for scenario in scenarios {
        bar.set_message(format!("{scenario}, without a bug"));
        let seeds = 0..CONTROL_SEEDS.min(limits.seeds);
        hunt::passes_as_it_is(&scratch, scenario, seeds, limits.jobs)?;
    }
    Ok(scratch)
}

/// Writes the page after each patch: a run that is stopped has not been in vain.
fn keep(all: &[Patch], patch: &Patch, hunted: &Hunted) -> Result<(), String> {
    let mut rows = matrix::read(&fs::read_to_string(MATRIX).unwrap_or_default());
    rows.insert((patch.number, patch.header.name.clone()), Row::new(patch, hunted));
    fs::write(MATRIX, matrix::page(all, &rows)).map_err(|e| format!("cannot write {MATRIX}: {e}"))
}

fn line(patch: &Patch, hunted: &Hunted) -> String {
    let paint = Paint::of_stdout();
    let standing = Standing::of(patch, hunted);
    let word = match standing {
        Standing::Killed => paint.good("caught"),
        Standing::KilledByAnother => paint.good("caught by another"),
        Standing::Harmless => paint.faint("harmless by itself"),
        Standing::HarmfulAfterAll => paint.bad("caught, though called harmless"),
        Standing::Survived => paint.bad("SURVIVED"),
        Standing::RegressionIsBlind => paint.bad("caught, but not by its regression"),
    };
    let how = match &hunted.caught {
        None => String::new(),
        Some(Catch { judges, place, share, .. }) => {
            let place = place
                .as_ref()
                .map(|(s, seed)| format!(", {s} seed {seed} ({} of {} seeds)", share.0, share.1));
            format!(": {}{}", judges.join(", "), place.unwrap_or_default())
        }
    };
    format!("{:>3} {:<36} {word}{how}", patch.number, patch.header.name)
}

fn end(survivors: &[u32], trouble: &[u32]) -> Result<End, String> {
    let list = |numbers: &[u32]| {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    };
    if !survivors.is_empty() {
        say(format!("Survived without a reason, or their regression did: {}", list(survivors)))?;
    }
    if !trouble.is_empty() {
        return Err(format!("not judged, see above: {}", list(trouble)));
    }
    Ok(if survivors.is_empty() { End::Passed } else { End::Broken })
}

fn bar(patches: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    ProgressBar::new(patches).with_style(style.expect("a fixed template"))
}

/// Reads `K/N`.
fn part(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((k, n)) if (1..=n).contains(&k) => Ok((k, n)),
        _ => Err(format!("`{text}` is no part such as 3/10 (from 1/10 to 10/10)")),
    }
}
