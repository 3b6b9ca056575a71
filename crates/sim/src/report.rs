//! What a run says to its reader: a verdict, and for a failure the invariant, the payment's story
//! and the one command that replays it.

use std::{fmt::Write as _, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    oracle,
    plan::Plan,
    run::{Outcome, Verdict},
    scenario::Scenario,
};

/// Everything that a run depends on, as a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Why it was kept.
    pub because: String,
    pub seed: u64,
    pub scenario: Scenario,
    pub plan: Plan,
}

/// The machine-readable form of an outcome.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    pub scenario: &'a str,
    pub seed: u64,
    pub verdict: Verdict,
    pub violations: &'a [oracle::Violation],
    pub numbers: &'a crate::run::Numbers,
    pub swarm: &'a [String],
    pub fingerprint: &'a str,
}

impl<'a> Json<'a> {
    /// Of an outcome.
    pub fn new(scenario: &'a Scenario, seed: u64, plan: &'a Plan, outcome: &'a Outcome) -> Self {
        Self {
            scenario: &scenario.name,
            seed,
            verdict: outcome.verdict,
            violations: &outcome.violations,
            numbers: &outcome.numbers,
            swarm: &plan.swarm,
            fingerprint: &outcome.fingerprint,
        }
    }
}

/// Writes the replay file; returns its path.
///
/// # Errors
/// If the file cannot be written.
pub fn keep(
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
    because: &str,
) -> std::io::Result<PathBuf> {
    let replay = Replay {
        because: because.to_owned(),
        seed,
        scenario: scenario.clone(),
        plan: plan.clone(),
    };
    let folder = PathBuf::from("replays");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}-{seed}.toml", scenario.name));
    let text = toml::to_string(&replay).expect("plans are TOML");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// How text is marked on a terminal; nothing in a pipe.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    pub colour: bool,
}

impl Paint {
    /// Coloured if standard output is a terminal and NO_COLOR is not set.
    pub fn of_stdout() -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        Self { colour: terminal && std::env::var_os("NO_COLOR").is_none() }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn good(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }
}

/// One line about rules of the plan that met nothing.
fn never_struck(names: &[String]) -> String {
    let first: Vec<_> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > first.len() { ", …" } else { "" };
    format!("{} rules never struck: {}{more}", names.len(), first.join(", "))
}

/// The verdict for a person.
pub fn text(
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
    outcome: &Outcome,
    paint: Paint,
) -> String {
    let mut out = String::new();
    let title = match outcome.verdict {
        Verdict::Passed => paint.good("PASSED"),
        Verdict::Broken => paint.bad("BROKEN"),
        Verdict::NotConverged => paint.bad("DID NOT CONVERGE"),
    };
    let _ = writeln!(out, "{title}  {} seed {seed}: {}", scenario.name, scenario.about);
    let n = &outcome.numbers;
    let statuses: Vec<_> =
        n.payments.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let (hours, minutes) = (n.simulated_s / 3600, n.simulated_s / 60 % 60);
    let _ = writeln!(out, "  payments    {}", statuses.join(", "));
    let _ = writeln!(
        out,
        "  broken      {} faults in the world, {} at the PSP ({})",
        n.faults,
        n.psp_faults,
        if plan.swarm.is_empty() { "none planned".to_owned() } else { plan.swarm.join(", ") }
    );
    let _ = writeln!(
        out,
        "  reconciled  {} differences found, {} of them repaired by the system itself",
        n.differences, n.repaired
    );
    let _ = writeln!(
        out,
        "  simulated   {hours} h {minutes:02} min: {} PSP calls, {} packets, {} SQL statements",
        n.psp_calls, n.packets, n.statements
    );
    if !n.never_struck.is_empty() {
        let _ = writeln!(out, "  untried     {}", never_struck(&n.never_struck));
    }
    let _ = writeln!(out, "  history     {}", paint.faint(&outcome.fingerprint));
    if outcome.verdict == Verdict::Passed {
        let _ = writeln!(
            out,
            "  Every buyer was charged exactly once or not at all, every ledger entry sums to zero, and\n  \
             our books, the PSP's and what buyers were told agree ({} invariants held).",
            oracle::INVARIANTS.len()
        );
    }
    for violation in outcome.violations.iter().take(8) {
        let sentence = oracle::sentence(violation.invariant).unwrap_or_default();
        let _ = writeln!(out, "\n{} {sentence}", paint.bad(violation.invariant));
        let _ = writeln!(out, "  {}", violation.detail);
        if let Some(order) = &violation.order_id {
            let _ = writeln!(out, "  order {order}");
        }
    }
    if outcome.violations.len() > 8 {
        let _ = writeln!(out, "\n… and {} more", outcome.violations.len() - 8);
    }
    out
}
