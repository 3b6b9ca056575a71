//! What the link between a host and a database does to one call.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;

use super::{link::Place, store::DbIndex};
use crate::engine::{
    streams::{Chance, Streams, uniform},
    trace::Field,
    world::{HostIndex, WorldState},
};

/// A database's link, as one host or as all hosts see it.
pub(super) type LinkKey = (DbIndex, Option<HostIndex>);

/// How a link treats calls. Times in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinkRule {
    /// Bounds of the time that a call takes, there and back.
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) lose_request: Chance,
    pub(super) lose_answer: Chance,
    /// On top of `lose_answer`, for COMMIT only.
    pub(super) lose_commit_answer: Chance,
    pub(super) cut: Chance,
    /// Like `cut`, for COMMIT only.
    pub(super) cut_commit: Chance,
    pub(super) outage: bool,
    /// This share of calls waits for so long, on the way there or on the way back.
    pub(super) stall: Chance,
    pub(super) stall_for: u64,
    /// How long the caller waits for the error of a lost call.
    pub(super) error_after: u64,
}

impl Default for LinkRule {
    fn default() -> Self {
        Self {
            low: 200_000,
            high: 1_000_000,
            lose_request: Chance::NEVER,
            lose_answer: Chance::NEVER,
            lose_commit_answer: Chance::NEVER,
            cut: Chance::NEVER,
            cut_commit: Chance::NEVER,
            outage: false,
            stall: Chance::NEVER,
            stall_for: 0,
            error_after: 1_000_000_000,
        }
    }
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Pass,
    /// The database never hears of it; the caller gets an error late.
    RequestLost,
    /// The database does it; the caller gets an error late.
    AnswerLost,
    /// The connection breaks before it: at once for both sides.
    Cut,
    /// The database cannot be reached.
    Outage,
}

impl Fate {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::RequestLost => "request-lost",
            Self::AnswerLost => "answer-lost",
            Self::Cut => "cut",
            Self::Outage => "outage",
        }
    }
}

/// A call's fate and its travelling times in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) fate: Fate,
    pub(super) there: u64,
    pub(super) back: u64,
}

/// Streams per (database, host, life): latencies must not change when faults are switched on, nor
/// other faults when statements stall.
struct Draws {
    latency: ChaCha8Rng,
    fate: ChaCha8Rng,
    stall: ChaCha8Rng,
    commit: ChaCha8Rng,
}

#[derive(Default)]
pub(super) struct Links {
    rules: BTreeMap<LinkKey, LinkRule>,
    draws: BTreeMap<Place, Draws>,
}

impl Links {
    fn rule(&self, place: Place) -> LinkRule {
        let own = place.owner.map(|owner| (place.db, Some(owner.host)));
        own.and_then(|key| self.rules.get(&key))
            .or_else(|| self.rules.get(&(place.db, None)))
            .copied()
            .unwrap_or_default()
    }

    /// The rule to change; a host's own rule starts as a copy of the database's.
    pub(super) fn rule_mut(&mut self, key: LinkKey) -> &mut LinkRule {
        let base = self.rules.get(&(key.0, None)).copied().unwrap_or_default();
        self.rules.entry(key).or_insert(base)
    }

    /// Ends the faults of one link, or of all. What is set for all hosts keeps its times.
    pub(super) fn heal(&mut self, which: Option<LinkKey>) {
        let healed = |key: &LinkKey| which.is_none_or(|which| which == *key);
        self.rules.retain(|key, rule| {
            if key.1.is_none() && healed(key) {
                *rule = LinkRule {
                    low: rule.low,
                    high: rule.high,
                    error_after: rule.error_after,
                    ..LinkRule::default()
                };
            }
            key.1.is_none() || !healed(key)
        });
    }

    /// Decides what becomes of a call. The number of draws never depends on the rules.
    pub(super) fn plan(&mut self, w: &WorldState, place: Place, is_commit: bool) -> Plan {
        let rule = self.rule(place);
        let draws = self.draws.entry(place).or_insert_with(|| Draws::new(w, &w.streams, place));
        let there = uniform(&mut draws.latency, rule.low, rule.high) / 2;
        let back = uniform(&mut draws.latency, rule.low, rule.high) / 2;
        let request = rule.lose_request.strikes(&mut draws.fate);
        let answer = rule.lose_answer.strikes(&mut draws.fate);
        let commit = rule.lose_commit_answer.strikes(&mut draws.fate) && is_commit;
        let cut = rule.cut.strikes(&mut draws.fate);
        let cut = (is_commit && rule.cut_commit.strikes(&mut draws.commit)) || cut;
        let stalls = rule.stall.strikes(&mut draws.stall);
        let before = Chance::HALF.strikes(&mut draws.stall);
        let (fate, mut there, mut back) = if rule.outage {
            (Fate::Outage, rule.error_after, 0)
        } else if request {
            (Fate::RequestLost, rule.error_after, 0)
        } else if cut {
            (Fate::Cut, there, 0)
        } else if answer || commit {
            (Fate::AnswerLost, there, rule.error_after)
        } else {
            (Fate::Pass, there, back)
        };
        if stalls {
            *(if before { &mut there } else { &mut back }) += rule.stall_for;
            w.line(
                place.owner.map(|owner| owner.host),
                "db.stall",
                &[
                    ("db", Field::Number(place.db.0.into())),
                    ("before", Field::Number(before.into())),
                ],
            );
        }
        Plan { fate, there, back }
    }
}

impl Draws {
    fn new(w: &WorldState, streams: &Streams, place: Place) -> Self {
        let name = match place.owner {
            Some(owner) => {
                let host = w.host_name(owner.host);
                format!("db/{}/{host}/{}", place.db.0, owner.incarnation)
            }
            None => format!("db/{}", place.db.0),
        };
        Self {
            latency: streams.stream(&name),
            fate: streams.stream(&format!("{name}/fate")),
            stall: streams.stream(&format!("{name}/stall")),
            commit: streams.stream(&format!("{name}/commit")),
        }
    }
}
