//! `sim replay`. It only reads: the file that is replayed may have been edited by hand.

use std::path::PathBuf;

use sim::{
    report::{Conclusion, Replay},
    sweep,
};
use system::transport::did_you_mean;

use super::{
    End, progress,
    run::{Show, show},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sim replay replays/storm-303-1f0c2d3e.toml          what failed, again
  sim replay replays/storm-303-1f0c2d3e.toml --full   every violation and the whole story")]
pub(super) struct Args {
    /// A replay file, as a failing run or `run --save` writes it. It is only read.
    file: PathBuf,
    #[command(flatten)]
    show: Show,
}

impl Args {
    pub(super) fn run(self) -> Result<End, String> {
        let shown = self.file.display();
        let text = std::fs::read_to_string(&self.file);
        let text = text.map_err(|e| format!("cannot read {shown}: {e}"))?;
        let replay: Replay = toml::from_str(&text)
            .map_err(|e| format!("{shown}: {}", did_you_mean(&e.to_string())))?;
        replay.scenario.check(&shown.to_string()).map_err(|e| e.to_string())?;
        let Replay { scenario, seed, plan, .. } = &replay;
        let (bar, trace) = progress::watch(scenario);
        let outcome = sweep::guarded(scenario, *seed, plan, trace);
        bar.finish_and_clear();
        show(scenario, *seed, plan, &outcome, &self.show)?;
        Ok(Conclusion::of(scenario, &outcome).into())
    }
}
