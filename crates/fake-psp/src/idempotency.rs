//! Idempotency keys: the first answer is the answer for fifteen days.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    api::{answer::Answer, route::Method},
    data::Parts,
    table::Table,
};

/// The longest key Toss takes, in characters.
pub(crate) const LONGEST: usize = 300;

/// What a key is bound to. The body is not part of it: the same key with another body gets the
/// first answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Scope {
    pub(crate) key: String,
    pub(crate) api_key: String,
    pub(crate) path: String,
    pub(crate) method: Method,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Bound {
    Running,
    /// Acted; whoever asks before this moment is told that it is still being processed.
    Answered(Answer, Timestamp),
}

/// What is known of a key.
pub(crate) enum Known {
    Nothing,
    Running,
    Answer(Answer),
}

#[derive(Debug)]
pub(crate) struct Idempotency {
    lifetime: SignedDuration,
    keys: Table<(Timestamp, Bound), Scope>,
    by_age: VecDeque<(Timestamp, Scope)>,
}

impl Idempotency {
    pub(crate) fn new(days: i64) -> Self {
        Self {
            lifetime: SignedDuration::from_hours(24 * days),
            keys: Table::default(),
            by_age: VecDeque::new(),
        }
    }

    pub(crate) fn look(&mut self, scope: &Scope, now: Timestamp) -> Known {
        self.forget_old(now);
        match self.keys.get(scope) {
            None => Known::Nothing,
            Some((_, Bound::Answered(answer, from))) if *from <= now => {
                Known::Answer(answer.clone())
            }
            Some(_) => Known::Running,
        }
    }

    /// Marks a key as in use before its answer is known.
    pub(crate) fn begin(&mut self, scope: &Scope, now: Timestamp) {
        self.set(scope, now, Bound::Running);
    }

    /// Binds an answer, to be had from `from` on.
    pub(crate) fn bind(&mut self, scope: &Scope, now: Timestamp, answer: Answer, from: Timestamp) {
        self.set(scope, now, Bound::Answered(answer, from));
    }

    /// Frees a key whose answer is not to be bound.
    pub(crate) fn release(&mut self, scope: &Scope) {
        self.keys.remove(scope);
    }

    fn set(&mut self, scope: &Scope, now: Timestamp, bound: Bound) {
        if let Some(entry) = self.keys.get_mut(scope) {
            entry.1 = bound;
            return;
        }
        self.keys.insert(scope.clone(), (now, bound));
        self.by_age.push_back((now, scope.clone()));
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { lifetime: _, keys, by_age: _ } = self;
        vec![("idempotency_key", keys)]
    }

    pub(crate) fn rebuild(&mut self) {
        let mut by_age: Vec<_> =
            self.keys.iter().map(|(scope, (since, _))| (*since, scope.clone())).collect();
        by_age.sort();
        self.by_age = by_age.into();
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some((since, _)) = self.by_age.front() {
            if now.duration_since(*since) < self.lifetime {
                return;
            }
            let (since, scope) = self.by_age.pop_front().expect("looked at just now");
            // A released key may have been used anew since.
            if self.keys.get(&scope).is_some_and(|(first_use, _)| *first_use == since) {
                self.keys.remove(&scope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(key: &str) -> Scope {
        Scope {
            key: key.to_owned(),
            api_key: "test_sk_a".to_owned(),
            path: "/v1/payments/confirm".to_owned(),
            method: Method::Post,
        }
    }

    #[test]
    fn a_key_is_forgotten_after_fifteen_days() {
        let mut keys = Idempotency::new(15);
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        keys.bind(&scope("k"), start, Answer::json(200, &"first"), start);
        let almost = start + SignedDuration::from_hours(24 * 15) - SignedDuration::from_secs(1);
        assert!(matches!(keys.look(&scope("k"), almost), Known::Answer(_)));
        let after = almost + SignedDuration::from_secs(1);
        assert!(matches!(keys.look(&scope("k"), after), Known::Nothing));
    }

    #[test]
    fn a_key_is_processing_until_it_is_answered() {
        let mut keys = Idempotency::new(15);
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        keys.begin(&scope("k"), start);
        assert!(matches!(keys.look(&scope("k"), start), Known::Running));
        let later = start + SignedDuration::from_secs(5);
        keys.bind(&scope("k"), start, Answer::json(200, &"late"), later);
        assert!(matches!(keys.look(&scope("k"), start), Known::Running));
        assert!(matches!(keys.look(&scope("k"), later), Known::Answer(_)));
        assert!(matches!(keys.look(&scope("other"), later), Known::Nothing));
    }
}
