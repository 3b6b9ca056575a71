//! What was reached against all that there is to reach. What never is needs a written reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Counts, Coverage, POINTS, Point, expected};
use crate::oracle::INVARIANTS;

/// All that runs can reach, by name.
#[derive(Debug, Clone, Default)]
pub struct Reachable {
    pub points: Vec<String>,
    pub transitions: Vec<String>,
    pub judges: Vec<String>,
}

impl Reachable {
    /// Everything in this build.
    pub fn all() -> Self {
        Self {
            points: POINTS.iter().map(Point::name).collect(),
            transitions: expected::transitions(),
            judges: INVARIANTS.iter().map(|invariant| invariant.id.to_owned()).collect(),
        }
    }
}

/// What need not be reached: name → reason.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accepted {
    pub points: BTreeMap<String, String>,
    pub transitions: BTreeMap<String, String>,
    /// Kinds of faults and rules that are planned.
    pub planned: BTreeMap<String, String>,
}

impl Accepted {
    /// Reads a list.
    ///
    /// # Errors
    /// If it is no TOML, has another section, or lacks a reason; says where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let accepted: Self = toml::from_str(text)
            .map_err(|error| system::transport::did_you_mean(&error.to_string()))?;
        for (name, reason) in
            accepted.points.iter().chain(&accepted.transitions).chain(&accepted.planned)
        {
            if reason.trim().is_empty() {
                return Err(format!("{name}: write down why it need not be reached"));
            }
        }
        Ok(accepted)
    }

    /// The list of this build, `accepted.toml`.
    ///
    /// # Panics
    /// If it cannot be read: a test holds that it can.
    pub fn own() -> Self {
        Self::parse(include_str!("accepted.toml")).unwrap_or_else(|e| panic!("accepted.toml: {e}"))
    }
}

/// Everything that `--check` does not let pass; none: all is well.
pub fn problems(coverage: &Coverage, all: &Reachable, accepted: &Accepted) -> Vec<String> {
    let mut found = section("point", &all.points, &coverage.points, &accepted.points);
    found.extend(section(
        "transition",
        &all.transitions,
        &coverage.transitions,
        &accepted.transitions,
    ));
    found.extend(unforeseen(coverage, all));
    let planned: Vec<_> = coverage.planned.keys().cloned().collect();
    found.extend(section("planned", &planned, &coverage.struck, &accepted.planned));
    found.extend(idle_judges(&coverage.judged, all));
    for run in coverage.unexpected.keys() {
        found.push(format!("a run did not end as it should: {run}"));
    }
    found
}

/// A section's names against its counts and its accepted gaps.
fn section(
    kind: &str,
    all: &[String],
    counts: &Counts,
    accepted: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for name in all {
        let reached = counts.get(name).is_some_and(|count| *count > 0);
        match (reached, accepted.contains_key(name)) {
            (false, false) => found.push(format!(
                "{kind} never reached: {name}. Let a scenario reach it, or accept it with a reason"
            )),
            (true, true) => found.push(format!(
                "{kind} accepted as never reached, but it was: {name}. Take it from accepted.toml"
            )),
            _ => {}
        }
    }
    let known: BTreeSet<_> = all.iter().collect();
    for name in accepted.keys().filter(|name| !known.contains(name)) {
        found.push(format!(
            "{kind} accepted, but there is none of this name: {name}. Take it from accepted.toml"
        ));
    }
    found
}

/// A transition that the table does not know is a mistake of the table or of the services.
fn unforeseen(coverage: &Coverage, all: &Reachable) -> Vec<String> {
    let known: BTreeSet<_> = all.transitions.iter().collect();
    let strange = coverage.transitions.keys().filter(|name| !known.contains(name));
    let say = |name| {
        format!("transition not in the table: {name}. Is it a bug? Else add it to expected.rs")
    };
    strange.map(say).collect()
}

fn idle_judges(judged: &Counts, all: &Reachable) -> Vec<String> {
    let say = |id: &String| match judged.get(id) {
        Some(0) => Some(format!("judge without anything to judge: {id}")),
        None => Some(format!("judge that does not count: {id}. Note it in oracle/looked.rs")),
        Some(_) => None,
    };
    all.judges.iter().filter_map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Reachable {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Reachable {
            points: names(&["p"]),
            transitions: names(&["m: a → b"]),
            judges: names(&["j"]),
        }
    }

    fn full() -> Coverage {
        let once = |name: &str| Counts::from([(name.to_owned(), 1)]);
        Coverage {
            runs: 1,
            points: once("p"),
            transitions: once("m: a → b"),
            planned: once("rule r"),
            struck: once("rule r"),
            judged: once("j"),
            ..Coverage::default()
        }
    }

    #[track_caller]
    fn only(coverage: &Coverage, accepted: &str, problem: &str) {
        let accepted = Accepted::parse(accepted).unwrap();
        let found = problems(coverage, &all(), &accepted);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(problem), "{found:?}");
    }

    #[test]
    fn all_reached_and_nothing_accepted_passes() {
        assert_eq!(problems(&full(), &all(), &Accepted::default()), Vec::<String>::new());
    }

    #[test]
    fn what_was_never_reached_fails_unless_it_is_accepted() {
        let lacking = Coverage { points: Counts::new(), ..full() };
        only(&lacking, "", "point never reached: p");
        let accepted = Accepted::parse("[points]\np = \"cannot be\"").unwrap();
        assert_eq!(problems(&lacking, &all(), &accepted), Vec::<String>::new());
        let lacking = Coverage { transitions: Counts::new(), ..full() };
        only(&lacking, "", "transition never reached: m: a → b");
        let lacking = Coverage { struck: Counts::new(), ..full() };
        only(&lacking, "", "planned never reached: rule r");
    }

    #[test]
    fn a_stale_acceptance_fails() {
        only(&full(), "[points]\np = \"cannot be\"", "point accepted as never reached, but it was");
        only(&full(), "[points]\nq = \"gone\"", "point accepted, but there is none of this name");
        only(&full(), "[planned]\nx = \"gone\"", "planned accepted, but there is none");
    }

    #[test]
    fn an_idle_judge_a_silent_judge_and_a_strange_transition_fail() {
        let idle = Coverage { judged: [("j".to_owned(), 0)].into(), ..full() };
        only(&idle, "", "judge without anything to judge: j");
        let silent = Coverage { judged: Counts::new(), ..full() };
        only(&silent, "", "judge that does not count: j");
        let mut strange = full();
        strange.transitions.insert("m: b → a".to_owned(), 1);
        only(&strange, "", "transition not in the table: m: b → a");
    }

    #[test]
    fn an_acceptance_needs_a_reason_and_a_known_section() {
        assert!(Accepted::parse("[points]\np = \" \"").unwrap_err().contains("write down why"));
        let error = Accepted::parse("[point]\np = \"x\"").unwrap_err();
        assert!(error.contains("did you mean `points`?"), "{error}");
        let own = Accepted::own();
        assert!(!own.points.is_empty());
    }
}
