//! Whether a scenario can be run: values out of range are refused by name.

use serde::Serialize;

use super::{At, Cluster, METHODS, Scenario, ScenarioError};
use crate::cast::hosts;

impl At {
    /// What is wrong with it.
    fn fault(&self, cluster: &Cluster, end_s: u64) -> Option<String> {
        let last = self.every_s.unwrap_or(0).saturating_mul(self.times.unwrap_or(1).max(1) - 1);
        let last = self.at_s.saturating_add(last);
        match (self.every_s, self.times) {
            (Some(0), _) => Some("every_s must be at least 1".to_owned()),
            (_, Some(0)) => Some("times must be at least 1".to_owned()),
            (None, Some(2..)) => Some("times needs every_s: how far apart are they?".to_owned()),
            _ if last >= end_s => Some(format!(
                "strikes at {last} s, but the safety phase is over after {end_s} s \
                 (length.minutes)"
            )),
            _ => self.what.check(cluster).err(),
        }
    }
}

impl Scenario {
    /// Whether its values can be run with; `path` is for messages.
    ///
    /// # Errors
    /// Names the field and what it may be.
    pub fn check(&self, path: &str) -> Result<(), ScenarioError> {
        let wrong = |field, message: String| {
            Err(ScenarioError::Range { path: path.to_owned(), field, message })
        };
        if self.expect != "pass" && crate::oracle::sentence(&self.expect).is_none() {
            let ids: Vec<_> = crate::oracle::INVARIANTS.iter().map(|i| i.id).collect();
            return wrong("expect", format!("must be \"pass\" or one of {}", ids.join(", ")));
        }
        if self.goodput.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return wrong("goodput", "must be a share between 0.0 and 1.0".to_owned());
        }
        for (field, time) in [
            ("length.start", &self.length.start),
            ("cluster.reconcile_at", &self.cluster.reconcile_at),
        ] {
            if let Err(e) = time.parse::<system::kernel::NightTime>() {
                return wrong(field, e);
            }
        }
        let cluster = &self.cluster;
        for (field, replicas) in [
            ("cluster.payment", cluster.payment),
            ("cluster.executor", cluster.executor),
            ("cluster.wallet", cluster.wallet),
            ("cluster.ledger", cluster.ledger),
            ("cluster.reconciler", cluster.reconciler),
        ] {
            if !(1..=3).contains(&replicas) {
                return wrong(field, format!("must be 1 to 3 replicas, not {replicas}"));
            }
        }
        let work = &self.workload;
        if work.sellers == 0 || work.items_max == 0 {
            return wrong("workload", "there must be a seller and an item".to_owned());
        }
        let minutes = self.length.minutes;
        if work.open_minutes.is_some_and(|open| !(1..=minutes).contains(&open)) {
            return wrong("workload.open_minutes", format!("must be 1 to {minutes}, the length"));
        }
        if work.amount[0] < 100 || work.amount[0] > work.amount[1] {
            return wrong(
                "workload.amount",
                "must be [from, to] with 100 <= from <= to".to_owned(),
            );
        }
        if let Some(price) = work.prices.iter().find(|price| **price < 100) {
            return wrong("workload.prices", format!("must be 100 won or more, not {price}"));
        }
        if let Err(why) = check_methods(&work.methods) {
            return wrong("workload.methods", why);
        }
        if self.psp.rate_limit == Some(0) {
            return wrong("psp.rate_limit", "must be at least 1; leave it out for none".to_owned());
        }
        let (work, psp) = (chances(work), chances(&self.psp));
        if let Some((key, value)) = work.iter().chain(&psp).find(|(_, v)| !(0.0..=1.0).contains(v))
        {
            return wrong("workload, psp", format!("{key} is a chance from 0 to 1, not {value}"));
        }
        for (at, n) in self.nemesis.at.iter().zip(1..) {
            if let Some(why) = at.fault(cluster, self.length.minutes * 60) {
                return wrong("nemesis.at", format!("number {n}: {why}"));
            }
        }
        if !(0.0..=1.0).contains(&self.nemesis.lasting) {
            return wrong("nemesis.lasting", "must be a share from 0 to 1".to_owned());
        }
        let known = hosts::DATABASES;
        if let Some(cheat) = self.cheat.iter().find(|c| !known.contains(&c.database.as_str())) {
            let (given, known) = (&cheat.database, known.join(", "));
            return wrong("cheat.database", format!("is one of {known}; `{given}` is none"));
        }
        if self.psp.by_hand.iter().any(|by_hand| by_hand.at_s >= minutes * 60) {
            return wrong("psp.by_hand", format!("`at_s` must be within the {minutes} minutes"));
        }
        if self.psp.by_hand.iter().any(|by_hand| by_hand.amount.is_some_and(|a| a < 1)) {
            return wrong("psp.by_hand", "`amount` must be 1 or more".to_owned());
        }
        let programme = fake_psp::Programme { rules: self.psp.rules.clone() };
        if let Err(e) = programme.check() {
            return wrong("psp.rules", e.to_string());
        }
        Ok(())
    }
}

fn check_methods(methods: &[String]) -> Result<(), String> {
    let known = METHODS.join(", ");
    match methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
        Some(method) => Err(format!("there is no \"{method}\"; write some of {known}")),
        None if methods.is_empty() => Err(format!("must not be empty; write some of {known}")),
        None => Ok(()),
    }
}

/// The fractional settings of a section, by name.
fn chances(section: &impl Serialize) -> Vec<(String, f64)> {
    let value = serde_json::to_value(section).expect("plain data");
    let fields = value.as_object().expect("a section is an object");
    fields
        .iter()
        .filter(|(_, v)| v.is_f64())
        .map(|(k, v)| (k.clone(), v.as_f64().unwrap_or(0.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (section, field) in [
            ("[workload]\nimpatient = 1.5\n", "impatient"),
            ("goodput = 1.5\n", "goodput"),
            ("[cluster]\npayment = 0\n", "cluster.payment"),
            ("[length]\nstart = \"25:00\"\n", "length.start"),
            ("[workload]\namount = [10, 5]\n", "workload.amount"),
            ("[workload]\nmethods = [\"CRAD\"]\n", "workload.methods"),
            ("[workload]\nmethods = []\n", "workload.methods"),
            ("[psp]\nrate_limit = 0\n", "psp.rate_limit"),
            ("[workload]\nopen_minutes = 0\n", "workload.open_minutes"),
            ("[workload]\nopen_minutes = 99\n", "workload.open_minutes"),
            ("[[psp.by_hand]]\nat_s = 900\norder = \"p\"\n", "psp.by_hand"),
            ("[[psp.by_hand]]\nat_s = 9\norder = \"p\"\namount = 0\n", "psp.by_hand"),
            ("[psp]\ncodes = 2.0\n", "codes"),
            ("[nemesis]\nlasting = 2.0\n", "nemesis.lasting"),
            ("[[cheat]]\nat_s = 1\ndatabase = \"book\"\nsql = \"\"\n", "payment, executor"),
            ("[[nemesis.at]]\nat_s = 9\nwhat = { crash = \"x\" }\n", "payment-1"),
            ("[[nemesis.at]]\nat_s = 9\nevery_s = 0\nwhat = \"psp_outage\"\n", "every_s"),
            ("[[nemesis.at]]\nat_s = 900\nwhat = \"psp_outage\"\n", "safety phase"),
        ] {
            let text = format!("name = \"x\"\nabout = \"y\"\n{section}");
            let error = Scenario::parse("x.toml", &text).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
