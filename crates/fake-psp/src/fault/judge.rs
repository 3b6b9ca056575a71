//! Asks the rules, and writes down what fired.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Endpoint, Programme, Rule, Verdict};
use crate::{
    Applied, EventType, State,
    clock::Entropy,
    data::{Kept, List, Parts},
    model::{Method, Payment},
    table::Table,
};

/// What a request, a webhook, a row or a deposit is about, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) order_id: Option<&'a str>,
    pub(crate) order_name: Option<&'a str>,
    pub(crate) payment_key: Option<&'a str>,
    pub(crate) amount: Option<i64>,
    pub(crate) cancel_amount: Option<i64>,
    pub(crate) method: Option<Method>,
    pub(crate) status: Option<State>,
    pub(crate) event: Option<EventType>,
    pub(crate) api_key: Option<&'a str>,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(payment: &'a Payment) -> Self {
        Self {
            order_id: Some(&payment.order_id),
            order_name: Some(&payment.order_name),
            payment_key: Some(&payment.key),
            amount: Some(payment.amount),
            method: payment.authenticated_at.map(|_| payment.method()),
            status: Some(payment.state),
            ..Self::default()
        }
    }
}

/// The installed programme, what its matchers count, and the record of what fired.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    programme: Kept<Programme>,
    /// Requests and webhooks by endpoint and order.
    counts: Table<u32, (Endpoint, String)>,
    /// What each rule with `every` was found to be about, by the rule's position.
    met: Table<u32, usize>,
    /// How often each rule struck.
    struck: Table<u32, usize>,
    /// The settlement rows that each rule struck.
    rows_told: Table<(), (usize, String)>,
    applied: List<Applied>,
}

impl Faults {
    /// Replaces the programme; counting starts anew.
    pub(crate) fn install(&mut self, programme: Programme) {
        *self.programme = programme;
        self.counts.clear();
        self.met.clear();
        self.struck.clear();
        self.rows_told.clear();
    }

    /// Adds a rule, under a name that no other has: at a position, or after all others. Counting
    /// goes on.
    pub(crate) fn add(&mut self, mut rule: Rule, position: Option<usize>) -> String {
        let wanted = rule.name.take().unwrap_or_else(|| rule.then.name().to_owned());
        let taken = |name: &String| self.programme.position(name).is_some();
        let others = (2..).map(|n: u32| format!("{wanted}-{n}"));
        let free = std::iter::once(wanted.clone()).chain(others).find(|name| !taken(name));
        let name = free.expect("numbers do not end");
        let rule = Rule { name: Some(name.clone()), ..rule };
        let Some(place) = position.filter(|place| *place < self.programme.rules.len()) else {
            self.programme.rules.push(rule);
            return name;
        };
        self.name_all();
        self.programme.rules.insert(place, rule);
        self.renumber(|position| Some(if position < place { position } else { position + 1 }));
        name
    }

    /// Takes a rule out.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let Some(gone) = self.programme.position(name) else { return false };
        self.name_all();
        self.programme.rules.remove(gone);
        self.renumber(|position| match position.cmp(&gone) {
            Ordering::Less => Some(position),
            Ordering::Equal => None,
            Ordering::Greater => Some(position - 1),
        });
        true
    }

    /// Takes out every rule of which `keep` says no.
    pub(crate) fn keep(&mut self, keep: impl Fn(usize, &Rule) -> bool) {
        self.name_all();
        let rules = self.programme.rules.iter().enumerate();
        let kept: Vec<bool> = rules.map(|(at, rule)| keep(at, rule)).collect();
        let mut stays = kept.iter().copied();
        self.programme.rules.retain(|_| stays.next() == Some(true));
        self.renumber(|at| kept[at].then(|| kept[..at].iter().filter(|stays| **stays).count()));
    }

    /// Those without a name get their position as one, so that their counts and draws stay the same
    /// when it changes.
    fn name_all(&mut self) {
        for (position, rule) in self.programme.rules.iter_mut().enumerate() {
            rule.name = Some(rule.label(position));
        }
    }

    /// Counts go to where their rules have gone.
    fn renumber(&mut self, moved: impl Fn(usize) -> Option<usize>) {
        for counts in [&mut self.met, &mut self.struck] {
            let kept = counts.iter().filter_map(|(at, count)| Some((moved(*at)?, *count)));
            let kept: Vec<_> = kept.collect();
            counts.clear();
            for (at, count) in kept {
                counts.insert(at, count);
            }
        }
        let told = self.rows_told.keys();
        let told = told.filter_map(|(at, row)| Some((moved(*at)?, row.clone())));
        let told: Vec<_> = told.collect();
        self.rows_told.clear();
        for row in told {
            self.rows_told.insert(row, ());
        }
    }

    pub(crate) fn programme(&self) -> &Programme {
        &self.programme
    }

    pub(crate) fn applied(&self) -> &[Applied] {
        &self.applied
    }

    /// Another number after every change that the console shows.
    pub(crate) fn revision(&self) -> u64 {
        self.programme.revision() + self.applied.revision()
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { programme, counts, met, struck, rows_told, applied } = self;
        vec![
            ("fault_programme", programme),
            ("fault_count", counts),
            ("fault_met", met),
            ("fault_struck", struck),
            ("fault_row_told", rows_told),
            ("fault_applied", applied),
        ]
    }

    /// The verdict on a request, a webhook or a deposit.
    pub(crate) fn judge(
        &mut self,
        entropy: &dyn Entropy,
        at: Timestamp,
        endpoint: Endpoint,
        subject: Subject<'_>,
    ) -> Verdict {
        if self.programme.rules.is_empty() {
            return Verdict::Pass;
        }
        let order = subject.order_id.unwrap_or_default();
        let counted = (endpoint, order.to_owned());
        let nth = self.counts.get(&counted).map_or(1, |count| count + 1);
        self.counts.insert(counted, nth);
        let thing = Thing { endpoint, subject, nth, at, row: None };
        let Some(position) = self.first_match(entropy, thing) else { return Verdict::Pass };
        self.record(at, position, thing)
    }

    /// The verdict on one row of the settlement list. It depends on the row alone, so that all
    /// pages of a file, and the same file read twice, agree. `settled` is the moment that its rule
    /// goes by.
    pub(crate) fn judge_row(
        &mut self,
        entropy: &dyn Entropy,
        (at, settled): (Timestamp, Timestamp),
        subject: Subject<'_>,
        nth: u32,
        transaction_key: &str,
    ) -> Verdict {
        let endpoint = Endpoint::SettlementFile;
        let thing = Thing { endpoint, subject, nth, at: settled, row: Some(transaction_key) };
        let Some(position) = self.first_match(entropy, thing) else { return Verdict::Pass };
        if self.rows_told.insert((position, transaction_key.to_owned()), ()).is_none() {
            return self.record(at, position, thing);
        }
        self.programme.rules[position].then.clone()
    }

    /// The most days by which a row may come late, and early: so much further a file has to look
    /// for rows.
    pub(crate) fn most_row_days(&self) -> (u32, u32) {
        let days = |rule: &Rule| match rule.then {
            Verdict::Late { days } => (days, 0),
            Verdict::Early { days } => (0, days),
            _ => (0, 0),
        };
        let most = |(a, b): (u32, u32), (c, d): (u32, u32)| (a.max(c), b.max(d));
        self.programme.rules.iter().map(days).fold((0, 0), most)
    }

    fn first_match(&mut self, entropy: &dyn Entropy, thing: Thing<'_>) -> Option<usize> {
        (0..self.programme.rules.len()).find(|position| self.strikes(entropy, *position, thing))
    }

    fn strikes(&mut self, entropy: &dyn Entropy, position: usize, thing: Thing<'_>) -> bool {
        if !self.may_strike(entropy, position, thing) {
            return false;
        }
        let Some(every) = self.programme.rules[position].on.every else { return true };
        let met = self.met.get(&position).map_or(1, |met| met + 1);
        self.met.insert(position, met);
        met.is_multiple_of(every.max(1))
    }

    /// Which rule strikes a row of the settlement list, and how, without anything being counted.
    pub(crate) fn outlook(
        &self,
        entropy: &dyn Entropy,
        settled: Timestamp,
        subject: Subject<'_>,
        nth: u32,
        transaction_key: &str,
    ) -> Option<(String, Verdict)> {
        let endpoint = Endpoint::SettlementFile;
        let thing = Thing { endpoint, subject, nth, at: settled, row: Some(transaction_key) };
        let mut rules = self.programme.rules.iter().enumerate();
        let (position, rule) = rules.find(|(position, rule)| {
            let told = (*position, transaction_key.to_owned());
            let known = rule.on.every.is_none() || self.rows_told.get(&told).is_some();
            known && self.may_strike(entropy, *position, thing)
        })?;
        Some((rule.label(position), rule.then.clone()))
    }

    /// Does everything hold that does not depend on how often the rule was met?
    fn may_strike(&self, entropy: &dyn Entropy, position: usize, thing: Thing<'_>) -> bool {
        let rule = &self.programme.rules[position];
        let Thing { endpoint, subject, nth, at, row } = thing;
        if rule.then == Verdict::Pass || !rule.on.is_about(endpoint, subject, nth, at) {
            return false;
        }
        let probably = rule.on.probability.is_none_or(|probability| {
            let order = subject.order_id.unwrap_or_default();
            let label = rule.label(position);
            let which = row.map_or_else(|| nth.to_string(), str::to_owned);
            let name = format!("psp/fault/{label}/{}/{order}/{which}", endpoint.as_str());
            strikes(entropy.draw(&name), probability)
        });
        // Exhausted, but for a row that it struck before.
        let told = |key: &str| self.rows_told.get(&(position, key.to_owned())).is_some();
        let exhausted =
            rule.on.times.is_some_and(|times| {
                self.struck.get(&position).is_some_and(|struck| *struck >= times)
            }) && !row.is_some_and(told);
        probably && !exhausted
    }

    fn record(&mut self, at: Timestamp, position: usize, thing: Thing<'_>) -> Verdict {
        let Thing { endpoint, subject, nth, .. } = thing;
        let rule = &self.programme.rules[position];
        if rule.on.times.is_some() {
            let struck = self.struck.get(&position).map_or(1, |struck| struck + 1);
            self.struck.insert(position, struck);
        }
        let (at_endpoint, order) = (endpoint.as_str(), subject.order_id);
        tracing::info!(order, endpoint = at_endpoint, nth, verdict = ?rule.then, "fault applied");
        self.applied.push(Applied {
            seq: self.applied.len() as u64,
            at,
            rule: rule.label(position),
            endpoint,
            order_id: subject.order_id.map(str::to_owned),
            payment_key: subject.payment_key.map(str::to_owned),
            nth,
            verdict: rule.then.clone(),
        });
        rule.then.clone()
    }
}

/// What is judged.
#[derive(Clone, Copy)]
struct Thing<'a> {
    endpoint: Endpoint,
    subject: Subject<'a>,
    /// The how-manieth of its endpoint and order.
    nth: u32,
    /// The moment that counts.
    at: Timestamp,
    /// The transaction key of a settlement row.
    row: Option<&'a str>,
}

/// A draw is spread evenly over all of u64; the upper 53 bits are exact in a float.
#[expect(clippy::float_arithmetic, reason = "a probability is compared, no money is computed")]
fn strikes(draw: u64, probability: f64) -> bool {
    const STEPS: f64 = 9_007_199_254_740_992.0; // 2^53
    ((draw >> 11) as f64) < probability * STEPS
}
