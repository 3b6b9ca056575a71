//! Scenarios: what can be run. A TOML file, documented in `scenarios/README.md`.

mod check;
mod cluster;

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

use fake_psp::Rule;

use crate::plan::Break;

pub use cluster::Cluster;

/// A scenario as its file has it. Unknown keys are refused with the nearest valid one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, which is also its file's.
    pub name: String,
    /// One sentence for `sim list`.
    pub about: String,
    /// `"pass"`, or the id of the invariant that must break (a canary).
    #[serde(default = "pass")]
    pub expect: String,
    /// Of the buyers who approved and came back, the share that must be paid, over all seeds of a
    /// sweep (of [`crate::sweep::ENOUGH`] seeds or more); by default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goodput: Option<f64>,
    #[serde(default)]
    pub length: Length,
    #[serde(default)]
    pub cluster: Cluster,
    #[serde(default)]
    pub workload: Workload,
    #[serde(default)]
    pub psp: Psp,
    #[serde(default)]
    pub nemesis: Nemesis,
    /// Statements by which a database cheats, for canaries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cheat: Vec<Cheat>,
}

fn pass() -> String {
    "pass".to_owned()
}

/// How long it takes, in simulated time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Length {
    /// The day in Korea on which it starts: by default a Monday, so that weekends come late in a
    /// month.
    pub day: jiff::civil::Date,
    /// The Korean time of day at which it starts.
    pub start: String,
    /// One seed in this many starts just before midnight instead (0: none does).
    pub across_midnight_one_in: u64,
    /// The safety phase: shoppers shop and things break.
    pub minutes: u64,
    /// The liveness phase: everything heals, and within this time everything must converge.
    pub quiet_hours: u64,
}

impl Default for Length {
    fn default() -> Self {
        Self {
            day: jiff::civil::date(2026, 3, 2),
            start: "22:30".into(),
            across_midnight_one_in: 0,
            minutes: 15,
            quiet_hours: 60,
        }
    }
}

/// What buyers can pay with: all that settle at once.
pub const METHODS: [&str; 5] =
    ["CARD", "TRANSFER", "EASY_PAY", "MOBILE_PHONE", "CULTURE_GIFT_CERTIFICATE"];

/// The shoppers. Numbers from 0 to 1 are chances per purchase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Workload {
    pub payments: usize,
    /// Buyers come in the first so many minutes only. Without, in all of the length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_minutes: Option<u64>,
    pub sellers: usize,
    /// The most items in one checkout.
    pub items_max: usize,
    /// Amounts in won, from and to.
    pub amount: [i64; 2],
    /// Pays with a card in dollars; amounts are then cents.
    pub dollars: f64,
    /// What everything costs instead: prices that many orders share. Empty: none are shared.
    pub prices: Vec<i64>,
    /// What buyers pay with; each draws one. Of [`METHODS`].
    pub methods: Vec<String>,
    /// Sends a request twice at once: the checkout, or the confirmation.
    pub double_click: f64,
    /// Opens the PSP's window in two tabs and approves both.
    pub two_tabs: f64,
    /// Leaves before paying, or in the PSP's window.
    pub walk_away: f64,
    /// Is declined in the PSP's window.
    pub declined: f64,
    /// Comes back from the window after minutes; sometimes too late for the PSP.
    pub late_return: f64,
    /// Gives up waiting for the confirmation and looks at the status instead.
    pub impatient: f64,
    /// Changes the amount on the way back, then tries the right one.
    pub tampered: f64,
    /// Buys again after being told that it failed.
    pub buy_again: f64,
    /// Pays for the same order with another card after being told that it failed.
    pub second_card: f64,
    /// Reuses the checkout's idempotency key for another body.
    pub key_reused: f64,
    /// The same, at another replica, while the first request is on its way.
    pub key_raced: f64,
    /// Confirms first with somebody else's payment.
    pub foreign_key: f64,
    /// Confirms with a payment that does not exist.
    pub bogus_key: f64,
    /// Asks for an order that nobody opened.
    pub unknown_order: f64,
    /// Tells the shop in the PSP's name that the order is paid.
    pub false_webhook: f64,
    /// Sends the same checkout again when all is over.
    pub checkout_again: f64,
    /// Uses the shop's pages, and not its API.
    pub browser: f64,
    /// Has the order taken back by the shop within two minutes, if it is unpaid then.
    pub voided: f64,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            payments: 30,
            open_minutes: None,
            sellers: 5,
            items_max: 3,
            amount: [1_000, 300_000],
            dollars: 0.0,
            prices: Vec::new(),
            methods: vec![crate::plan::CARD.to_owned()],
            double_click: 0.0,
            two_tabs: 0.0,
            walk_away: 0.0,
            declined: 0.0,
            late_return: 0.0,
            impatient: 0.0,
            tampered: 0.0,
            buy_again: 0.5,
            second_card: 0.0,
            key_reused: 0.0,
            key_raced: 0.0,
            foreign_key: 0.0,
            bogus_key: 0.0,
            unknown_order: 0.0,
            false_webhook: 0.0,
            checkout_again: 0.0,
            browser: 0.0,
            voided: 0.0,
        }
    }
}

/// How the PSP misbehaves: chances that a purchase meets a fault of the kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Psp {
    /// Calls fail without effect: refused for now, dropped, reset, hanging.
    pub no_effect: f64,
    /// Calls have their effect, and the answer is lost: closed, reset, cut, hanging.
    pub lost_answer: f64,
    /// Calls have their effect, and the answer says something else: errors, garbage, stale
    /// answers, other payments' answers.
    pub wrong_answer: f64,
    /// Effects and answers come late.
    pub late: f64,
    /// The same answer twice.
    pub duplicate_answer: f64,
    /// The bank says no.
    pub declined: f64,
    /// The confirmation is held for minutes.
    pub held: f64,
    /// Webhooks are delayed, duplicated, dropped, reordered.
    pub webhook: f64,
    /// False webhooks come in besides the true ones.
    pub forged_webhook: f64,
    /// Settlement rows are missing, doubled, off by some won, or late.
    pub settlement: f64,
    /// Any error code of the PSP's tables for confirm, read or cancel, with and without effect.
    pub codes: f64,
    /// A 200 that is not true: another payment's, an old one, a wrong echo, a success without
    /// effect.
    pub false_success: f64,
    /// The payment is cancelled by hand at the PSP within half an hour, whole or in part.
    pub console_cancel: f64,
    /// Per run and list: the night's first or second answer is empty, cut, old or none. Not healed.
    pub lists: f64,
    /// Confirms and reads go on failing for 12 to 40 calls each. Not healed.
    pub stubborn: f64,
    /// The PSP answers 429 above so many requests a minute to one of its APIs. Without, there is
    /// no limit. It is the PSP's way, no fault: it does not heal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// Rules of the fake PSP's own programme, never healed: how a PSP is told to cheat.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What people give back in the PSP's console at a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<ByHand>,
}

/// Payments that are cancelled by hand at the PSP, whatever anybody was told of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// When, in seconds after the start.
    pub at_s: u64,
    /// How the orders are named from the beginning, e.g. `purchase-1`.
    pub order: String,
    /// So much of each, in the currency's smallest unit. Without, all that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

/// How many of each fault there are in a run, on average.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nemesis {
    /// Each seed draws which kinds are on, and how strongly.
    pub swarm: bool,
    pub partition: f64,
    pub partition_one_way: f64,
    pub slow_link: f64,
    pub loss: f64,
    pub reset: f64,
    pub refuse: f64,
    pub crash: f64,
    pub machine_crash: f64,
    pub psp_outage: f64,
    pub database_slow: f64,
    pub database_outage: f64,
    pub database_cut: f64,
    pub database_no_commit: f64,
    pub database_lost_request: f64,
    pub database_lost_answer: f64,
    pub clock_skew: f64,
    pub stall: f64,
    pub database_stall: f64,
    pub rewind: f64,
    pub skew_apart: f64,
    /// The share of all these that lasts from a minute to two hours.
    pub lasting: f64,
    /// Faults at fixed times on named hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<At>,
}

/// A fault at a time, or again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// When it strikes first, in seconds after the start.
    pub at_s: u64,
    /// And again after each so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_s: Option<u64>,
    /// How often in all; by default until the safety phase is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// For how long, in seconds.
    #[serde(default)]
    pub for_s: u64,
    /// What breaks, in the words of a plan.
    pub what: Break,
}

impl At {
    /// The seconds at which it strikes in a safety phase of `end_s` seconds.
    pub fn seconds(&self, end_s: u64) -> Vec<u64> {
        let most = if self.every_s.is_some() { self.times.unwrap_or(u64::MAX) } else { 1 };
        let at = |n: u64| self.at_s.saturating_add(n.saturating_mul(self.every_s.unwrap_or(0)));
        (0..most).map(at).take_while(|at| *at < end_s).collect()
    }
}

/// A statement that a database runs behind its service's back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cheat {
    /// When, in seconds after the start.
    pub at_s: u64,
    /// Which service's database.
    pub database: String,
    /// What.
    pub sql: String,
}

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("cannot read {path}: {error}")]
    Io { path: String, error: std::io::Error },
    #[error("{path}: {message}")]
    Toml { path: String, message: String },
    #[error("{path}: {field}: {message}")]
    Range { path: String, field: &'static str, message: String },
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// Names the file, the line and the nearest valid key.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path);
        let shown = path.display().to_string();
        let text = text.map_err(|error| ScenarioError::Io { path: shown.clone(), error })?;
        Self::parse(&shown, &text)
    }

    /// Reads a scenario from text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(path: &str, text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError::Toml {
            path: path.to_owned(),
            message: system::transport::did_you_mean(&error.to_string()),
        })?;
        scenario.check(path)?;
        Ok(scenario)
    }

    /// Whether it passes when everything holds.
    pub fn is_canary(&self) -> bool {
        self.expect != "pass"
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_line_and_nearest_key() {
        let text = "name = \"x\"\nabout = \"y\"\n[workload]\ndouble_clik = 0.5\n";
        let error = Scenario::parse("x.toml", text).unwrap_err().to_string();
        assert!(error.contains("line 4"), "{error}");
        assert!(error.contains("did you mean `double_click`?"), "{error}");
    }
}
