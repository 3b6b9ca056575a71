//! The command line.

mod meta;
mod replay;
mod run;
mod sweep;
mod zoo;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use sim::{
    run::Verdict,
    scenario::{Scenario, ScenarioError},
};

/// Runs the real payment services in a simulated world, breaks everything under a seed, and proves
/// that every buyer is charged exactly once.
///
/// Exit codes: 0 passed; 1 an invariant was broken; 2 usage; 3 did not converge;
/// 4 not deterministic. The same scenario and seed always give the same history.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one seed of a scenario and print the verdict.
    Run(run::Args),
    /// Run many seeds on all cores; stop at the first failures and say how to replay them.
    Sweep(sweep::Args),
    /// Run a replay file again: a plan that was saved, perhaps edited.
    Replay(replay::Args),
    /// Check determinism: one seed in two processes, traces compared line by line.
    Meta(meta::Args),
    /// Plant bugs into a copy of the services, one at a time, and see which judge names them.
    Zoo(zoo::Args),
    /// List the scenarios.
    List(List),
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Passed = 0,
    Broken = 1,
    Usage = 2,
    NotConverged = 3,
    NotDeterministic = 4,
}

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => End::Passed,
            Verdict::Broken => End::Broken,
            Verdict::NotConverged => End::NotConverged,
        }
    }
}

impl Cli {
    pub(crate) fn run(self) -> ExitCode {
        let end = match self.command {
            Command::Run(args) => args.run(),
            Command::Sweep(args) => args.run(),
            Command::Replay(args) => args.run(),
            Command::Meta(args) => args.run(),
            Command::Zoo(args) => args.run(),
            Command::List(args) => args.run(),
        };
        let end = end.unwrap_or_else(|message| {
            eprintln!("error: {message}");
            End::Usage
        });
        ExitCode::from(end as u8)
    }
}

/// A scenario by its file, or by its name in `scenarios/`.
pub(crate) fn load(given: &Path) -> Result<Scenario, String> {
    let named = PathBuf::from("scenarios").join(given).with_extension("toml");
    let path = if !given.exists() && named.exists() { &named } else { given };
    Scenario::load(path).map_err(|error| match error {
        ScenarioError::Io { .. } => format!("{error}. `sim list` shows the scenarios"),
        other => other.to_string(),
    })
}

/// Reads `A..B`.
pub(crate) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds such as 0..100");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let range = from.parse().map_err(|_| wrong())?..to.parse().map_err(|_| wrong())?;
    if range.is_empty() { Err(format!("the range {text} is empty")) } else { Ok(range) }
}

#[derive(Debug, clap::Args)]
struct List {
    /// Where to look.
    #[arg(default_value = "scenarios")]
    folder: PathBuf,
    /// For machines.
    #[arg(long)]
    json: bool,
}

impl List {
    fn run(self) -> Result<End, String> {
        let folder = self.folder.display();
        let entries = std::fs::read_dir(&self.folder)
            .map_err(|e| format!("cannot read {folder}: {e}. Run from the project's root"))?;
        let mut paths: Vec<_> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
        paths.sort();
        let mut listed = Vec::new();
        for path in &paths {
            listed.push(Scenario::load(path).map_err(|e| e.to_string())?);
        }
        if self.json {
            let rows = listed.iter().map(
                |s| serde_json::json!({ "name": s.name, "about": s.about, "expect": s.expect }),
            );
            println!("{}", serde_json::Value::from_iter(rows));
            return Ok(End::Passed);
        }
        for scenario in listed {
            let expect = match scenario.is_canary() {
                true => format!(" (must break {})", scenario.expect),
                false => String::new(),
            };
            println!("{:<22} {}{expect}", scenario.name, scenario.about);
        }
        Ok(End::Passed)
    }
}
