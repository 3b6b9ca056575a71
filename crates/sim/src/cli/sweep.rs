//! `sim sweep`.

use std::{ops::Range, path::PathBuf, thread::available_parallelism};

use indicatif::{ProgressBar, ProgressStyle};
use sim::{
    look::{Look, Paint},
    plan,
    report::Conclusion,
    scenario::Scenario,
    sweep::{self, Failure, Summary},
};

use super::{
    End, load,
    out::{note, say},
    run::keep,
    seeds,
};

/// Failures that are shown with their replay commands.
const SHOWN: usize = 5;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sim sweep storm                        seeds 0 to 99 on all cores
  sim sweep storm --seeds 0..2000        many more
  sim sweep canary_zero_sum --jobs 1     a canary: every seed must be caught")]
pub(super) struct Args {
    /// A scenario file, or the name of one (see `sim list`).
    scenario: PathBuf,
    /// Which seeds, from (included) to (excluded).
    #[arg(long, value_name = "A..B", default_value = "0..100", value_parser = seeds)]
    seeds: Range<u64>,
    /// Worlds at once; by default one per core.
    #[arg(long, value_parser = jobs)]
    jobs: Option<usize>,
    /// Begin no more seeds once one has failed.
    #[arg(long)]
    fail_fast: bool,
    /// For machines: one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let scenario = load(&self.scenario)?;
        let jobs = self.jobs.unwrap_or_else(|| available_parallelism().map_or(1, |n| n.get()));
        let look = Look::of_stdout(false);
        let bar = bar(self.seeds.end - self.seeds.start);
        let pace = (jobs, self.fail_fast);
        let summary = sweep::sweep(&scenario, self.seeds.clone(), pace, &|seed, outcome| {
            if let (Some(first), false) = (outcome.violations.first(), scenario.is_canary()) {
                let line = format!("seed {seed}: {} {}", first.invariant, first.detail);
                bar.suspend(|| note(look.cut(&line)));
            }
            bar.inc(1);
        });
        bar.finish_and_clear();
        if let Some(why) = &summary.refused {
            return Err(why.clone());
        }
        if self.json {
            say(json(&scenario, &summary))?;
        } else {
            print(&scenario, &summary)?;
        }
        Ok(end(&scenario, &summary))
    }
}

pub(super) fn bar(seeds: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left");
    ProgressBar::new(seeds).with_style(style.expect("a fixed template"))
}

/// Reads a number of worlds.
fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("no world would run: give 1 or more, or leave it out for one per core".into()),
        Ok(jobs) => Ok(jobs),
        Err(_) => Err("it is a whole number, such as 4".into()),
    }
}

fn end(scenario: &Scenario, summary: &Summary) -> End {
    let ends: Vec<_> =
        summary.failures.values().map(|failure| End::from(failure.verdict)).collect();
    match () {
        () if ends.contains(&End::Broken) || !summary.is_goodput_held(scenario) => End::Broken,
        () if ends.contains(&End::NotConverged) => End::NotConverged,
        () => End::Passed,
    }
}

fn is_good(scenario: &Scenario, summary: &Summary) -> bool {
    summary.failures.is_empty() && summary.is_goodput_held(scenario)
}

/// The share of buyers who were paid, and the floor that it must not fall below.
fn goodput(scenario: &Scenario, summary: &Summary) -> String {
    let (paid, approved) = (summary.paid, summary.approved);
    let share = format!("{:.1} % of {approved} approved buyers paid", summary.goodput() * 100.0);
    let Some(floor) = scenario.goodput else { return share };
    let floor = (floor * 1000.0).round() / 10.0;
    match summary.is_goodput_held(scenario) {
        true => format!("{share}, at least {floor} % must be"),
        false => format!("only {paid} of {approved} approved buyers were paid, {floor} % must be"),
    }
}

/// The conclusion over all seeds, in capitals and in a participle.
fn title(scenario: &Scenario, summary: &Summary) -> (&'static str, &'static str) {
    match (scenario.is_canary(), is_good(scenario, summary)) {
        (false, true) => ("PASSED", "passed"),
        (false, false) => ("FAILED", "passed"),
        (true, true) => (Conclusion::Caught.title(), "caught"),
        (true, false) => (Conclusion::NotCaught.title(), "caught"),
    }
}

fn print(scenario: &Scenario, summary: &Summary) -> Result<(), String> {
    let paint = Paint::of_stdout();
    let (title, participle) = title(scenario, summary);
    let title = if is_good(scenario, summary) { paint.good(title) } else { paint.bad(title) };
    say(format!(
        "{title}  {}: {} of {} seeds {participle}; {} payments in {} simulated days",
        scenario.name,
        summary.good,
        summary.seeds,
        summary.payments,
        summary.simulated_s / 86_400
    ))?;
    if summary.approved > 0 && !scenario.is_canary() {
        let line = goodput(scenario, summary);
        say(match summary.is_goodput_held(scenario) {
            true => format!("  {line}"),
            false => format!("  {} broke: {line}", paint.bad("goodput")),
        })?;
    }
    for (invariant, count) in &summary.broke {
        let must = if scenario.expect == *invariant { ", as it must" } else { "" };
        say(format!("  {} broke on {count} seeds{must}", paint.bad(invariant)))?;
    }
    for (seed, Failure { because, .. }) in summary.failures.iter().take(SHOWN) {
        let plan = plan::generate(scenario, *seed);
        let path = keep(scenario, *seed, &plan, because)?;
        say(format!("  seed {seed}: {because}. Replay it: cargo sim replay {}", path.display()))?;
    }
    if summary.failures.len() > SHOWN {
        say(format!("  … and {} more seeds; --json has them all", summary.failures.len() - SHOWN))?;
    }
    Ok(())
}

fn json(scenario: &Scenario, summary: &Summary) -> serde_json::Value {
    serde_json::json!({
        "scenario": scenario.name,
        "verdict": title(scenario, summary).0.to_lowercase().replace(' ', "_"),
        "seeds": summary.seeds,
        (title(scenario, summary).1): summary.good,
        "payments": summary.payments,
        "simulated_s": summary.simulated_s,
        "goodput": {
            "approved": summary.approved,
            "paid": summary.paid,
            "share": summary.goodput(),
            "floor": scenario.goodput,
            "held": summary.is_goodput_held(scenario),
        },
        "broke": summary.broke,
        "cpu_s": cpu_s(),
        "failures": summary.failures.iter().map(|(seed, failure)| {
            let mut failure = serde_json::json!(failure);
            failure["seed"] = (*seed).into();
            failure
        }).collect::<Vec<_>>(),
    })
}

/// CPU time of this process, in seconds; `None` where `/proc` does not tell.
fn cpu_s() -> Option<f64> {
    // Fields 14 and 15; the second, a name, ends with the last bracket and may hold blanks.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    // In hundredths of a second, on every Linux that Rust is built for.
    Some((user + system) as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn time_that_was_spent_is_counted() {
        let before = super::cpu_s().unwrap();
        let mut n = 0_u64;
        while super::cpu_s().unwrap() < before + 0.02 {
            n = std::hint::black_box(n + 1);
        }
        assert!(n > 0);
    }
}
