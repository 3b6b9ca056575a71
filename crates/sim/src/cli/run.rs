//! `sim run`.

use std::path::PathBuf;

use sim::{
    plan::{self, Plan},
    report::{self, Json, Paint},
    run::{self, Outcome, Verdict},
    scenario::Scenario,
    story, sweep,
};

use super::{End, load};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A scenario file, or the name of one in scenarios/.
    scenario: PathBuf,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the plan (what will be bought and what will break) as TOML instead of running it.
    #[arg(long)]
    plan: bool,
    /// Print the final ledger, too.
    #[arg(long)]
    ledger: bool,
    /// For machines: one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let scenario = load(&self.scenario)?;
        let plan = plan::generate(&scenario, self.seed);
        if self.plan {
            print!("{}", toml::to_string(&plan).map_err(|e| e.to_string())?);
            return Ok(End::Passed);
        }
        let outcome = run::run(&scenario, self.seed, &plan, sweep::quick());
        show(&scenario, self.seed, &plan, &outcome, self.json)?;
        if self.ledger && !self.json {
            println!("\n{}", outcome.books);
        }
        Ok(outcome.verdict.into())
    }
}

/// Prints an outcome; for a failure also the payment's story, the replay file and its command.
pub(super) fn show(
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
    outcome: &Outcome,
    json: bool,
) -> Result<(), String> {
    if let Some(why) = &outcome.refused {
        return Err(why.clone());
    }
    if json {
        let json = Json::new(scenario, seed, plan, outcome);
        println!("{}", serde_json::to_string(&json).map_err(|e| e.to_string())?);
    } else {
        let paint = Paint::of_stdout();
        print!("{}", report::text(scenario, seed, plan, outcome, paint));
        let order = outcome.violations.iter().find_map(|v| v.order_id.as_deref());
        if let Some(order) = order {
            println!("\nThe story of {order}:");
            let lines = story::of(scenario, seed, plan, order);
            for line in lines.iter().take(60) {
                println!("  {line}");
            }
            if lines.len() > 60 {
                println!("  … {} more lines", lines.len() - 60);
            }
        }
    }
    if outcome.verdict != Verdict::Passed {
        let because = outcome.violations.first().map_or("", |v| v.invariant);
        let path = report::keep(scenario, seed, plan, because)
            .map_err(|e| format!("cannot write the replay file: {e}"))?;
        if !json {
            println!("\nReplay it: cargo sim replay {}", path.display());
        }
    }
    Ok(())
}
