//! Asks the rules, and writes down what fired.

use jiff::Timestamp;

use super::{Endpoint, Match, Programme, Verdict, glob};
use crate::{
    Applied,
    clock::Entropy,
    data::{Kept, List, Parts},
    model::Payment,
    table::Table,
};

/// What a request, a webhook or a row is about, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) order_id: Option<&'a str>,
    pub(crate) order_name: Option<&'a str>,
    pub(crate) payment_key: Option<&'a str>,
    pub(crate) amount: Option<i64>,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(payment: &'a Payment) -> Self {
        Self {
            order_id: Some(&payment.order_id),
            order_name: Some(&payment.order_name),
            payment_key: Some(&payment.key),
            amount: Some(payment.amount),
        }
    }
}

/// The installed programme, the counts that `nth` needs, and the record of what fired.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    programme: Kept<Programme>,
    counts: Table<u32, (Endpoint, String)>,
    rows_told: Table<(), (usize, String)>,
    applied: List<Applied>,
}

impl Faults {
    /// Replaces the programme; counting starts anew.
    pub(crate) fn install(&mut self, programme: Programme) {
        *self.programme = programme;
        self.counts.clear();
        self.rows_told.clear();
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
        let Self { programme, counts, rows_told, applied } = self;
        vec![
            ("fault_programme", programme),
            ("fault_count", counts),
            ("fault_row_told", rows_told),
            ("fault_applied", applied),
        ]
    }

    /// The verdict on a request or a webhook.
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
        let Some(position) = self.first_match(entropy, endpoint, subject, nth, None) else {
            return Verdict::Pass;
        };
        self.record(at, position, endpoint, subject, nth)
    }

    /// The verdict on one row of the settlement list. It depends on the row alone, so that all
    /// pages of a file, and the same file read twice, agree.
    pub(crate) fn judge_row(
        &mut self,
        entropy: &dyn Entropy,
        at: Timestamp,
        subject: Subject<'_>,
        nth: u32,
        transaction_key: &str,
    ) -> Verdict {
        let endpoint = Endpoint::SettlementFile;
        let found = self.first_match(entropy, endpoint, subject, nth, Some(transaction_key));
        let Some(position) = found else { return Verdict::Pass };
        if self.rows_told.insert((position, transaction_key.to_owned()), ()).is_none() {
            return self.record(at, position, endpoint, subject, nth);
        }
        self.programme.rules[position].then.clone()
    }

    /// The most days by which a row may come late: so much earlier a file has to look for rows.
    pub(crate) fn latest_row_days(&self) -> u32 {
        let late = self.programme.rules.iter().map(|rule| match rule.then {
            Verdict::Late { days } => days,
            _ => 0,
        });
        late.max().unwrap_or(0)
    }

    fn first_match(
        &self,
        entropy: &dyn Entropy,
        endpoint: Endpoint,
        subject: Subject<'_>,
        nth: u32,
        row: Option<&str>,
    ) -> Option<usize> {
        self.programme.rules.iter().enumerate().position(|(position, rule)| {
            rule.then != Verdict::Pass
                && rule.on.is_about(endpoint, subject, nth)
                && rule.on.probability.is_none_or(|probability| {
                    let order = subject.order_id.unwrap_or_default();
                    let label = rule.label(position);
                    let which = row.map_or_else(|| nth.to_string(), str::to_owned);
                    let name = format!("psp/fault/{label}/{}/{order}/{which}", endpoint.as_str());
                    strikes(entropy.draw(&name), probability)
                })
        })
    }

    fn record(
        &mut self,
        at: Timestamp,
        position: usize,
        endpoint: Endpoint,
        subject: Subject<'_>,
        nth: u32,
    ) -> Verdict {
        let rule = &self.programme.rules[position];
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

/// A draw is spread evenly over all of u64; the upper 53 bits are exact in a float.
#[expect(clippy::float_arithmetic, reason = "a probability is compared, no money is computed")]
fn strikes(draw: u64, probability: f64) -> bool {
    const STEPS: f64 = 9_007_199_254_740_992.0; // 2^53
    ((draw >> 11) as f64) < probability * STEPS
}

impl Match {
    fn is_about(&self, endpoint: Endpoint, subject: Subject<'_>, nth: u32) -> bool {
        let everywhere = self.endpoint == Endpoint::Any
            && !matches!(endpoint, Endpoint::Webhook | Endpoint::SettlementFile);
        (everywhere || self.endpoint == endpoint)
            && self.nth.is_none_or(|wanted| wanted == nth)
            && self.amount.is_none_or(|wanted| subject.amount == Some(wanted))
            && self.payment_key.as_deref().is_none_or(|wanted| subject.payment_key == Some(wanted))
            && self.order.as_deref().is_none_or(|pattern| {
                [subject.order_id, subject.order_name]
                    .into_iter()
                    .any(|name| glob::matches(pattern, name.unwrap_or_default()))
            })
    }
}
