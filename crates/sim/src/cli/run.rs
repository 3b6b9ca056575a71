//! `sim run`.

use std::path::{Path, PathBuf};

use sim::{
    look::Look,
    plan::{self, Plan},
    report::{self, Conclusion, Json, Replay},
    run::Outcome,
    scenario::Scenario,
    story, sweep,
};

use super::{End, SEED_MAX, load, out::say, progress};

/// Lines of a story, unless all are asked for.
const STORY: usize = 60;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sim run storm --seed 7                     one history, with a verdict
  sim run storm --seed 7 --plan              what would be bought and what would break
  sim run my.toml --full                     every violation and the whole story, uncut
  sim run storm --seed 7 --save mine.toml    keep it, edit it, then: sim replay mine.toml")]
pub(super) struct Args {
    /// A scenario file, or the name of one (see `sim list`).
    scenario: PathBuf,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: u64,
    /// Print the plan (what will be bought and what will break) as TOML instead of running it.
    #[arg(long)]
    plan: bool,
    /// Write scenario, seed and plan into this file for `sim replay`, whatever the verdict.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Let --save overwrite a file that has other content.
    #[arg(long, requires = "save")]
    force: bool,
    /// Print the final ledger, too.
    #[arg(long)]
    ledger: bool,
    #[command(flatten)]
    show: Show,
}

/// How an outcome is shown.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// Show every violation and the whole story, and cut no line.
    #[arg(long)]
    full: bool,
    /// For machines: one JSON object on standard output. It always has everything.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let scenario = load(&self.scenario)?;
        let plan = plan::generate(&scenario, self.seed);
        if let Some(path) = &self.save {
            // Before the run: a refusal should not cost the minutes of a long one.
            let replay = Replay::new(&scenario, self.seed, &plan, "saved by hand");
            report::save(path, &replay, self.force)?;
        }
        if self.plan {
            say(toml::to_string(&plan).map_err(|e| e.to_string())?.trim_end())?;
            return Ok(End::Passed);
        }
        let (bar, trace) = progress::watch(&scenario);
        let outcome = sweep::guarded(&scenario, self.seed, &plan, trace);
        bar.finish_and_clear();
        show(&scenario, self.seed, &plan, &outcome, &self.show)?;
        let conclusion = Conclusion::of(&scenario, &outcome);
        let path = match &self.save {
            Some(path) => Some(path.clone()),
            None if conclusion.is_good() => None,
            None => {
                let because = report::because(&scenario, &outcome);
                Some(keep(&scenario, self.seed, &plan, &because)?)
            }
        };
        if !self.show.json {
            if let Some(path) = path {
                say(format!("\nReplay it: cargo sim replay {}", path.display()))?;
            }
            if self.ledger {
                say(format!("\n{}", outcome.books))?;
            }
        }
        Ok(conclusion.into())
    }
}

/// Writes what failed into `replays/`.
pub(super) fn keep(
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
    because: &str,
) -> Result<PathBuf, String> {
    report::keep(Path::new("replays"), &Replay::new(scenario, seed, plan, because))
        .map_err(|e| format!("cannot write the replay file: {e}"))
}

/// Prints an outcome; if something broke, also the story of the first payment concerned.
pub(super) fn show(
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
    outcome: &Outcome,
    how: &Show,
) -> Result<(), String> {
    if let Some(why) = &outcome.refused {
        return Err(why.clone());
    }
    if how.json {
        let json = Json::new(scenario, seed, plan, outcome);
        return say(serde_json::to_string(&json).map_err(|e| e.to_string())?);
    }
    let look = Look::of_stdout(how.full);
    say(report::text(scenario, seed, plan, outcome, look).trim_end())?;
    // Of a canary, the story of what it is there to break.
    let expected = |v: &&sim::oracle::Violation| v.invariant == scenario.expect;
    let violations = || outcome.violations.iter().filter(|v| v.order_id.is_some());
    let told = violations().find(expected).or_else(|| violations().next());
    let Some(order) = told.and_then(|v| v.order_id.as_deref()) else { return Ok(()) };
    say(format!("\nThe story of {order}:"))?;
    let lines = story::of(scenario, seed, plan, order);
    let shown = if look.is_full() { lines.len() } else { STORY };
    // The order stands in the heading; in a short line its place is for what happened.
    let order = format!(" order={order}");
    for line in lines.iter().take(shown) {
        let line = if look.is_full() { line.clone() } else { line.replace(&order, "") };
        say(look.cut(&format!("  {line}")))?;
    }
    if lines.len() > shown {
        say(format!("  … {} more lines; --full shows them", lines.len() - shown))?;
    }
    Ok(())
}
