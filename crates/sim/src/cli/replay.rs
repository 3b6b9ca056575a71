//! `sim replay`.

use std::path::PathBuf;

use sim::{report::Replay, run, sweep};
use system::transport::did_you_mean;

use super::{End, run::show};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A replay file, as a failing run writes it.
    file: PathBuf,
    /// For machines: one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let shown = self.file.display();
        let text = std::fs::read_to_string(&self.file);
        let text = text.map_err(|e| format!("cannot read {shown}: {e}"))?;
        let replay: Replay = toml::from_str(&text)
            .map_err(|e| format!("{shown}: {}", did_you_mean(&e.to_string())))?;
        replay.scenario.check(&shown.to_string()).map_err(|e| e.to_string())?;
        let outcome = run::run(&replay.scenario, replay.seed, &replay.plan, sweep::quick());
        show(&replay.scenario, replay.seed, &replay.plan, &outcome, self.json)?;
        Ok(outcome.verdict.into())
    }
}
