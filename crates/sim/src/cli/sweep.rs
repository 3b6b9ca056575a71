//! `sim sweep`.

use std::{ops::Range, path::PathBuf, thread::available_parallelism};

use indicatif::{ProgressBar, ProgressStyle};
use sim::{
    plan,
    report::{self, Paint},
    run::Verdict,
    scenario::Scenario,
    sweep::{self, Summary},
};

use super::{End, load, seeds};

/// Failures that are shown with their replay commands.
const SHOWN: usize = 5;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A scenario file, or the name of one in scenarios/.
    scenario: PathBuf,
    /// Which seeds, from (included) to (excluded).
    #[arg(long, value_name = "A..B", default_value = "0..100", value_parser = seeds)]
    seeds: Range<u64>,
    /// Worlds at once; by default one per core.
    #[arg(long)]
    jobs: Option<usize>,
    /// For machines: one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let scenario = load(&self.scenario)?;
        let jobs = self.jobs.unwrap_or_else(|| available_parallelism().map_or(1, |n| n.get()));
        let bar = bar(self.seeds.end - self.seeds.start);
        let summary = sweep::sweep(&scenario, self.seeds.clone(), jobs, &|seed, outcome| {
            if let (Some(first), false) = (outcome.violations.first(), scenario.is_canary()) {
                bar.suspend(|| eprintln!("seed {seed}: {} {}", first.invariant, first.detail));
            }
            bar.inc(1);
        });
        bar.finish_and_clear();
        if let Some(why) = &summary.refused {
            return Err(why.clone());
        }
        if self.json {
            println!("{}", json(&scenario, &summary));
        } else {
            print(&scenario, &summary)?;
        }
        Ok(end(&summary))
    }
}

fn bar(seeds: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left");
    ProgressBar::new(seeds).with_style(style.expect("a fixed template"))
}

fn end(summary: &Summary) -> End {
    let verdicts: Vec<_> = summary.failures.values().map(|(verdict, _)| *verdict).collect();
    match () {
        () if verdicts.contains(&Verdict::Broken) => End::Broken,
        () if verdicts.contains(&Verdict::NotConverged) => End::NotConverged,
        () => End::Passed,
    }
}

fn print(scenario: &Scenario, summary: &Summary) -> Result<(), String> {
    let paint = Paint::of_stdout();
    let title = match summary.failures.is_empty() {
        true => paint.good("PASSED"),
        false => paint.bad("FAILED"),
    };
    let days = summary.simulated_s / 86_400;
    println!(
        "{title}  {}: {} of {} seeds passed; {} payments in {days} simulated days",
        scenario.name, summary.passed, summary.seeds, summary.payments
    );
    for (invariant, count) in summary.by_invariant() {
        println!("  {} broke on {count} seeds", paint.bad(invariant));
    }
    for (seed, (_, invariant)) in summary.failures.iter().take(SHOWN) {
        let plan = plan::generate(scenario, *seed);
        let path = report::keep(scenario, *seed, &plan, invariant)
            .map_err(|e| format!("cannot write the replay file: {e}"))?;
        println!("  seed {seed}: {invariant}. Replay it: cargo sim replay {}", path.display());
    }
    if scenario.is_canary() {
        let caught = summary.failures.values().filter(|(_, i)| *i == scenario.expect).count();
        println!("  a canary: {caught} of {} seeds broke {}", summary.seeds, scenario.expect);
    }
    Ok(())
}

fn json(scenario: &Scenario, summary: &Summary) -> serde_json::Value {
    serde_json::json!({
        "scenario": scenario.name,
        "seeds": summary.seeds,
        "passed": summary.passed,
        "payments": summary.payments,
        "simulated_s": summary.simulated_s,
        "failures": summary.failures.iter().map(|(seed, (verdict, invariant))| {
            serde_json::json!({ "seed": seed, "verdict": verdict, "invariant": invariant })
        }).collect::<Vec<_>>(),
    })
}
