//! The command line.

mod coverage;
mod list;
mod meta;
mod out;
mod progress;
mod replay;
mod run;
mod sweep;
mod zoo;

use std::{ops::Range, path::Path, process::ExitCode};

use clap::{Parser, Subcommand};
use sim::{report::Conclusion, scenario::Scenario, scenarios};

/// Runs the real payment services in a simulated world, breaks everything under a seed, and proves
/// that every buyer is charged exactly once.
///
/// Exit codes: 0 passed, or a canary was caught; 1 an invariant was broken, or a canary was not
/// caught; 2 usage; 3 did not converge; 4 not deterministic. The same scenario and seed always give the same history.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Examples:
  sim list                             what can be run
  sim run storm --seed 7               one history in which everything breaks, with a verdict
  sim sweep storm --seeds 0..100       many, on all cores
  sim replay replays/FILE.toml         a failure, again"
)]
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
    /// Run many seeds of many scenarios and report what was tried, and what never was.
    Coverage(coverage::Args),
    /// Plant bugs into a copy of the services, one at a time, and see which judge names them.
    Zoo(zoo::Args),
    /// List the scenarios.
    List(list::Args),
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

impl From<Conclusion> for End {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Passed | Conclusion::Caught => End::Passed,
            Conclusion::Broken | Conclusion::NotCaught => End::Broken,
            Conclusion::NotConverged => End::NotConverged,
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
            Command::Coverage(args) => args.run(),
            Command::Zoo(args) => args.run(),
            Command::List(args) => args.run(),
        };
        let end = end.unwrap_or_else(|message| {
            out::note(format!("error: {message}"));
            End::Usage
        });
        ExitCode::from(end as u8)
    }
}

/// The largest seed: replay files are TOML, whose integers have a sign.
const SEED_MAX: u64 = i64::MAX as u64;

/// A scenario by its file; or by its name, from `./scenarios/`, or as this program was built with.
pub(crate) fn load(given: &Path) -> Result<Scenario, String> {
    let named = Path::new("scenarios").join(given);
    let named = named.with_extension("toml");
    let found = [given, &named].into_iter().find(|path| path.is_file());
    if let Some(path) = found {
        return Scenario::load(path).map_err(|e| e.to_string());
    }
    let name = given.to_string_lossy();
    if let Some(text) = scenarios::text(&name) {
        return Scenario::parse(&name, text).map_err(|e| e.to_string());
    }
    let names = scenarios::EMBEDDED.iter().map(|(name, _)| *name);
    let near = names
        .max_by(|a, b| strsim::jaro_winkler(a, &name).total_cmp(&strsim::jaro_winkler(b, &name)));
    let near = near.filter(|near| strsim::jaro_winkler(near, &name) > 0.8);
    let hint = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    Err(format!("there is no file and no scenario `{name}`.{hint} `sim list` shows the scenarios"))
}

/// Reads `A..B`.
pub(crate) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds such as 0..100");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (from, to) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    match () {
        () if from > to => Err(format!("it ends before it begins; did you mean {to}..{from}?")),
        () if from == to => Err("it is empty: the last seed is not included".to_owned()),
        () if to > SEED_MAX => Err(format!("seeds go up to {SEED_MAX}")),
        () => Ok(from..to),
    }
}
