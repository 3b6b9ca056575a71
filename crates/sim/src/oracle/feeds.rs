//! Feed order: places become visible in order, without gaps, and are kept.

use std::collections::BTreeMap;

use super::Violation;
use crate::engine::db::{Commit, Op};

/// The feeds of all databases.
#[derive(Debug, Default)]
pub struct Feeds {
    /// Database → row → place.
    places: BTreeMap<String, BTreeMap<i64, i64>>,
    /// Database → the highest place that is visible.
    head: BTreeMap<String, i64>,
    found: Vec<Violation>,
}

impl Feeds {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["event"];

    /// Takes a commit into the book: the places that it makes visible must be the next ones.
    pub fn observe(&mut self, commit: &Commit) {
        let places = self.places.entry(commit.db.clone()).or_default();
        let mut wrong = Vec::new();
        let mut fresh = Vec::new();
        for change in commit.changes.iter().filter(|c| c.table == "event") {
            let place = change.row.as_ref().and_then(|row| row["seq"].as_i64());
            let at = change.row.as_ref().and_then(|row| row["at"].as_i64());
            let before = places.get(&change.rowid).copied();
            match (before, place) {
                _ if change.op == Op::Delete => wrong.push("an event was deleted".to_owned()),
                (None, Some(place)) => {
                    places.insert(change.rowid, place);
                    fresh.push((place, at));
                }
                (Some(before), after) if after != Some(before) => {
                    wrong.push(format!("the event at {before} is now at {after:?}"));
                }
                _ => {}
            }
        }
        fresh.sort_unstable();
        // Of those that become visible together, what was written earlier comes first.
        if !fresh.is_sorted_by_key(|(_, at)| *at) {
            wrong.push(format!("the places {fresh:?} are not in the order of their times"));
        }
        let head = self.head.entry(commit.db.clone()).or_default();
        for (place, _) in fresh {
            if place != *head + 1 {
                wrong.push(format!("{place} became visible after {head}"));
            }
            *head = (*head).max(place);
        }
        let say =
            |w: String| Violation::new("feed-order", None, format!("feed of {}: {w}", commit.db));
        self.found.extend(wrong.into_iter().map(say));
    }

    /// How many places it has seen.
    pub fn looked(&self) -> usize {
        self.places.values().map(BTreeMap::len).sum()
    }

    /// What was seen so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::db::Value,
        oracle::legal::tests::{commit, row},
    };

    fn judged(commits: &[&[(i64, Option<i64>)]]) -> usize {
        let mut oracle = Feeds::default();
        for changes in commits {
            let changes = changes.iter().map(|(rowid, place)| {
                let place = place.map_or(Value::Null, Value::from);
                row("event", Op::Update, *rowid, &[("seq", place), ("at", 0.into())])
            });
            oracle.observe(&commit(changes.collect()));
        }
        oracle.found().len()
    }

    #[test]
    fn events_that_are_stamped_together_are_in_the_order_of_their_times() {
        for (times, found) in [([5, 5], 0), ([5, 6], 0), ([6, 5], 1)] {
            let stamped = |place: i64| {
                let at = times[place as usize - 1].into();
                row("event", Op::Update, place, &[("seq", place.into()), ("at", at)])
            };
            let mut oracle = Feeds::default();
            oracle.observe(&commit(vec![stamped(2), stamped(1)]));
            assert_eq!(oracle.found().len(), found);
        }
    }

    #[test]
    fn places_in_order_are_fine() {
        assert_eq!(
            judged(&[&[(1, None), (2, None)], &[(2, Some(1)), (1, Some(2))], &[(3, Some(3))]]),
            0
        );
    }

    #[test]
    fn a_gap_a_late_place_and_a_moved_place_are_seen() {
        assert_eq!(judged(&[&[(1, Some(2))]]), 1);
        assert_eq!(judged(&[&[(1, Some(1))], &[(2, Some(3))], &[(3, Some(2))]]), 2);
        assert_eq!(judged(&[&[(1, Some(1))], &[(1, Some(2))]]), 1);
    }
}
