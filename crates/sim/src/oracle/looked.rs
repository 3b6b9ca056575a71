//! How often each judge had something to judge. A judge that never had proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use fake_psp::Endpoint;

use super::{Facts, Told, convergence, goodput::goodput, reported};

/// Invariant → what its judge looked at, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    pub counts: BTreeMap<&'static str, u64>,
}

impl Looked {
    /// Adds `n` things that the judge of `id` had before it.
    pub fn note(&mut self, id: &'static str, n: usize) {
        *self.counts.entry(id).or_default() += n as u64;
    }
}

/// What the judges of a finished run had before them. What watchers saw is added by who has them.
///
/// Judges of quiet runs count nothing while something is pending: they were not asked.
pub fn looked(facts: &Facts) -> Looked {
    let mut looked = Looked::default();
    looked.note("exactly-once", captured_orders(facts));
    looked.note("honest-answers", final_answers(facts));
    looked.note("idempotent-answers", repeated_keys(facts));
    // A host that crashed is listed, with the tasks that were left: most often none.
    looked.note("no-orphans", facts.orphans.len());
    looked.note("retry-discipline", counted_calls(facts));
    looked.note("told-rightly", facts.history.len());
    looked.note("necessary", wants_a_cause(facts));
    looked.note("reported-rightly", reported::truths(facts).len());
    looked.note("on-time", facts.times.orders.len());
    looked.note("goodput", goodput(facts).0);
    looked.note("liveness", started(facts));
    if convergence::pending(facts).is_empty() {
        looked.note("convergence", facts.payments.len());
        looked.note("wallet-ledger", facts.wallet.len());
        looked.note("reconciliation", facts.differences.len());
    }
    looked
}

/// Orders of which the PSP took money.
fn captured_orders(facts: &Facts) -> usize {
    facts.money().values().filter(|money| !money.captures.is_empty()).count()
}

/// Times that a buyer was told how it ended.
fn final_answers(facts: &Facts) -> usize {
    let statuses = facts.history.iter().filter_map(|line| line.told.status());
    statuses.filter(|status| matches!(*status, "SUCCESS" | "FAILURE")).count()
}

/// Answers under a key that had been answered before. (The first has nothing to be compared with.)
fn repeated_keys(facts: &Facts) -> usize {
    let keys = facts.history.iter().filter_map(|line| match &line.told {
        Told::Keyed { key, status, .. } if *status != 429 && *status < 500 => Some(key.as_str()),
        _ => None,
    });
    let mut seen = BTreeSet::new();
    keys.filter(|key| !seen.insert(*key)).count()
}

/// Calls that a retry makes.
fn counted_calls(facts: &Facts) -> usize {
    let counts =
        |endpoint| matches!(endpoint, Endpoint::Confirm | Endpoint::Read | Endpoint::Cancel);
    let calls = facts.calls.iter();
    calls.filter(|call| counts(call.endpoint) && call.order_id.is_some()).count()
}

/// What needs a cause: ends other than SUCCESS, differences, refusals.
fn wants_a_cause(facts: &Facts) -> usize {
    let unpaid = facts.payments.iter().filter(|payment| payment.status != "SUCCESS").count();
    let refused = facts.history.iter().filter(|line| matches!(line.told, Told::Refused(_))).count();
    unpaid + refused + facts.differences.len()
}

/// Payments that had to become final.
fn started(facts: &Facts) -> usize {
    facts.payments.iter().filter(|payment| payment.status != "NOT_STARTED").count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{
        INVARIANTS, PaymentRow,
        facts::tests::{booked, capture, payment, status, told},
    };

    fn keyed(status: u16) -> Told {
        Told::Keyed {
            key: "k".into(),
            request: "r".into(),
            status,
            body: "b".into(),
            retry_after: None,
        }
    }

    #[test]
    fn nothing_to_judge_counts_nothing() {
        let looked = looked(&Facts::default());
        assert!(looked.counts.values().all(|count| *count == 0), "{looked:?}");
        assert!(looked.counts.keys().all(|id| INVARIANTS.iter().any(|i| i.id == *id)));
    }

    #[test]
    fn each_judge_counts_what_it_compares() {
        let paid = payment("o", 500, "SUCCESS");
        let facts = Facts {
            book: booked([capture("o", 500)]),
            payments: vec![PaymentRow { is_done: true, ..paid }, payment("p", 1, "NOT_STARTED")],
            reports: [("1970-01-01".to_owned(), true)].into(),
            history: vec![
                told("o", status("EXECUTING")),
                told("o", status("SUCCESS")),
                told("o", keyed(200)),
                told("o", keyed(429)),
                told("o", keyed(200)),
            ],
            orphans: [("executor-1".to_owned(), 0)].into(),
            ..Facts::default()
        };
        let counts = looked(&facts).counts;
        for (id, count) in [
            ("exactly-once", 1),
            ("honest-answers", 1),
            ("idempotent-answers", 1),
            ("no-orphans", 1),
            ("liveness", 1),
            ("convergence", 2),
        ] {
            assert_eq!(counts.get(id), Some(&count), "{id}");
        }
    }

    #[test]
    fn judges_of_quiet_runs_count_nothing_in_a_run_that_is_not_quiet() {
        let facts = Facts { payments: vec![payment("o", 1, "UNKNOWN")], ..Facts::default() };
        assert_eq!(looked(&facts).counts.get("convergence"), None);
    }
}
