//! `sim coverage`.

use std::{ops::Range, path::PathBuf, thread::available_parallelism};

use sim::{
    coverage::{self, Coverage, check},
    look::Paint,
    scenario::Scenario,
};

use super::{End, list, load, out::say, seeds, sweep::bar};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, or names of such in scenarios/; by default all that are no canaries.
    scenarios: Vec<PathBuf>,
    /// Names of scenarios that are left out.
    #[arg(long, value_name = "NAME")]
    except: Vec<String>,
    /// Which seeds of each, from (included) to (excluded).
    #[arg(long, value_name = "A..B", default_value = "0..20", value_parser = seeds)]
    seeds: Range<u64>,
    /// Worlds at once; by default one per core.
    #[arg(long)]
    jobs: Option<usize>,
    /// For machines: one JSON object on standard output.
    #[arg(long)]
    json: bool,
    /// Fail if something was never reached that is not accepted with a reason in
    /// crates/sim/src/coverage/accepted.toml, or is accepted and was reached.
    #[arg(long)]
    check: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let scenarios = self.chosen()?;
        let jobs = self.jobs.unwrap_or_else(|| available_parallelism().map_or(1, |n| n.get()));
        let seeds = self.seeds.end - self.seeds.start;
        let bar = bar(seeds * scenarios.len() as u64);
        let coverage =
            coverage::runs::run_all(&scenarios, self.seeds.clone(), jobs, &|| bar.inc(1));
        bar.finish_and_clear();
        let problems =
            check::problems(&coverage, &check::Reachable::all(), &check::Accepted::own());
        if self.json {
            say(json(&coverage, &problems)?)?;
        } else {
            say(coverage::text(&coverage).trim_end())?;
            tell(&problems, self.check)?;
        }
        Ok(if self.check && !problems.is_empty() { End::Broken } else { End::Passed })
    }

    fn chosen(&self) -> Result<Vec<Scenario>, String> {
        let mut chosen: Vec<_> = if self.scenarios.is_empty() {
            list::known()?.into_values().filter(|scenario| !scenario.is_canary()).collect()
        } else {
            self.scenarios.iter().map(|given| load(given)).collect::<Result<_, _>>()?
        };
        let is_there = |name: &&String| chosen.iter().any(|scenario| scenario.name == **name);
        if let Some(name) = self.except.iter().find(|name| !is_there(name)) {
            return Err(format!(
                "--except {name}: it is not among the scenarios. `sim list` shows them"
            ));
        }
        chosen.retain(|scenario| !self.except.contains(&scenario.name));
        if chosen.is_empty() {
            return Err("--except leaves no scenario".to_owned());
        }
        Ok(chosen)
    }
}

fn tell(problems: &[String], check: bool) -> Result<(), String> {
    let paint = Paint::of_stdout();
    if problems.is_empty() {
        return say(format!(
            "\n{}  everything was reached that is not accepted with a reason",
            paint.good("PASSED")
        ));
    }
    let title = if check { paint.bad("FAILED") } else { "--check would fail".to_owned() };
    say(format!("\n{title}: {} problems\n  {}", problems.len(), problems.join("\n  ")))
}

fn json(coverage: &Coverage, problems: &[String]) -> Result<String, String> {
    let mut value = serde_json::to_value(coverage).map_err(|e| e.to_string())?;
    value["problems"] = problems.into();
    Ok(value.to_string())
}
