//! The coverage for a person.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Counts, Coverage, check::Reachable};

/// The whole report: section by section, what was reached and what was not.
pub fn text(coverage: &Coverage) -> String {
    let reachable = Reachable::all();
    let mut out = String::new();
    let _ = writeln!(out, "{} runs", coverage.runs);
    if !coverage.unexpected.is_empty() {
        let _ = writeln!(out, "\nRuns that did not end as they should");
        for run in coverage.unexpected.keys() {
            let _ = writeln!(out, "  {run}");
        }
    }
    listed(&mut out, "Named points", &coverage.points, &reachable.points);
    listed(&mut out, "Transitions", &coverage.transitions, &reachable.transitions);
    grouped(&mut out, "Faults of the PSP, by the operation's state", &coverage.strikes, " while ");
    grouped(&mut out, "Faults of the world, by service", &coverage.breaks, " ");
    grouped(&mut out, "Error codes, by send", &coverage.codes, " on send ");
    let planned: Vec<_> = coverage.planned.keys().cloned().collect();
    listed(&mut out, "Kinds of faults and rules that are planned", &coverage.struck, &planned);
    listed(&mut out, "What judges had to judge", &coverage.judged, &reachable.judges);
    out
}

/// Everything of a section, with what was never reached at its end.
fn listed(out: &mut String, title: &str, counts: &Counts, all: &[String]) {
    let reached = |name: &&String| counts.get(*name).is_some_and(|count| *count > 0);
    let _ = writeln!(out, "\n{title}: {} of {}", all.iter().filter(reached).count(), all.len());
    for (name, count) in counts.iter().filter(|(_, count)| **count > 0) {
        let _ = writeln!(out, "{count:>10}  {name}");
    }
    for name in all.iter().filter(|name| counts.get(*name).copied().unwrap_or(0) == 0) {
        let _ = writeln!(out, "     never  {name}");
    }
}

/// One line for what stands before `separator`, with the counts of what comes after it.
fn grouped(out: &mut String, title: &str, counts: &Counts, separator: &str) {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, count) in counts {
        let (group, rest) = name.split_once(separator).unwrap_or((name, ""));
        groups.entry(group).or_default().push(format!("{rest} {count}"));
    }
    let _ = writeln!(out, "\n{title}: {} kinds, {} places", groups.len(), counts.len());
    for (group, places) in groups {
        let _ = writeln!(out, "  {group}: {}", places.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_reached_stands_below_what_was() {
        let mut out = String::new();
        let all = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let counts = [("b".to_owned(), 7), ("c".to_owned(), 0)].into();
        listed(&mut out, "Things", &counts, &all);
        let lines: Vec<_> = out.lines().map(str::trim).collect();
        assert_eq!(lines, ["", "Things: 1 of 3", "7  b", "never  a", "never  c"]);
    }

    #[test]
    fn places_of_one_kind_share_a_line() {
        let mut out = String::new();
        let counts = [("crash executor".to_owned(), 2), ("crash ledger".to_owned(), 1)].into();
        grouped(&mut out, "Faults", &counts, " ");
        assert!(out.ends_with("\n  crash: executor 2, ledger 1\n"), "{out}");
    }
}
