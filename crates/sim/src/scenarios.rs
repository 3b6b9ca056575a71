//! The scenarios of this repository, inside the binary, so that `sim` works in any directory.

/// Name and text of each file of `scenarios/`.
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../scenarios/", $name, ".toml")))),*]
    };
}

/// All of them, by name, in alphabetical order: the name and the text of the file.
pub const EMBEDDED: &[(&str, &str)] = embedded![
    "after_midnight",
    "broken_night",
    "busy_at_midnight",
    "busy_day",
    "canary_amount",
    "canary_charged_again",
    "canary_convergence",
    "canary_exactly_once",
    "canary_wallet",
    "canary_zero_sum",
    "canceled_unseen",
    "closed_day",
    "codes",
    "console_cancels",
    "crowded_night",
    "cut_lists",
    "database_cuts",
    "dies_over_the_report",
    "double_click",
    "duplicate_answers",
    "executor_crash",
    "expiry",
    "false_success",
    "forged_then_true",
    "half_away",
    "half_blind",
    "half_given_back",
    "hiccups",
    "hidden_again",
    "hidden_twice",
    "kill_every_minute",
    "last_line_missing",
    "late_unknown",
    "late_webhooks",
    "long_outages",
    "lost_answer",
    "many_followers",
    "midnight_rush",
    "month",
    "never_asked",
    "night_unread",
    "nobody_waits",
    "psp_outage",
    "rate_limited",
    "refused_lists",
    "refused_refunds",
    "refused_twice",
    "restarts_beside",
    "rewind",
    "second_card",
    "second_night_cut",
    "settlement_errors",
    "settlement_monthly",
    "settlement_weekly",
    "slow_clock",
    "slow_crowd",
    "slow_database",
    "slow_refunds",
    "smoke",
    "spent_keys",
    "split_ledger",
    "stalls",
    "stopped_bodies",
    "storm",
    "strangers_answers",
    "stubborn",
    "unwritten",
    "wallet_behind",
    "webhook_crowd",
    "webhook_unread",
    "webhooks_halfway",
    "webhooks_only",
];

/// The text of one; `None` if there is none of this name.
pub fn text(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded_and_nothing_else() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).expect("the repository has scenarios/") {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                names.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
            }
        }
        names.sort();
        let embedded: Vec<_> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, names, "bring the list in crates/sim/src/scenarios.rs up to date");
    }
}
