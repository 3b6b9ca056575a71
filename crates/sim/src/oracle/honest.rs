//! Honest answers: what buyers were told against the PSP's book.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Facts, TellTale, Violation};

const ID: &str = "honest-answers";

/// At any time: whoever was told SUCCESS was charged, and who was told a final status is never
/// told otherwise, unless after a failure by having paid otherwise. (An answer to a question that was
/// asked before may still say less.)
pub(super) fn success(facts: &Facts) -> Vec<Violation> {
    let money = facts.money();
    let mut found = Vec::new();
    let mut heard: BTreeMap<&str, Heard> = BTreeMap::new();
    for line in &facts.history {
        let (Some(order), Some(key)) = (&line.order_id, &line.payment_key) else { continue };
        heard.entry(order).or_default().payments.insert(key);
    }
    for line in &facts.history {
        let (Some(order_id), Some(status)) = (line.order_id.as_deref(), line.told.status()) else {
            continue;
        };
        if status == "SUCCESS" && money.get(order_id).is_none_or(|m| m.captures.is_empty()) {
            let detail = format!("{} was told SUCCESS, but the PSP took nothing", line.purchase);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
        if let Some(before) = heard.entry(order_id).or_default().contradicts(line, status) {
            let detail = format!("{} was told {before}, then {status}", line.purchase);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
    }
    found
}

/// What was told of an order.
#[derive(Default)]
struct Heard<'a> {
    /// With which it was confirmed, in all.
    payments: BTreeSet<&'a str>,
    /// How often a failure was followed by something else.
    taken_back: usize,
    /// The last final status, and when it was told.
    last: Option<(&'a str, Timestamp)>,
    /// When a failure was last followed by something else.
    since: Timestamp,
}

impl<'a> Heard<'a> {
    /// Hears another status; what it contradicts, if it does.
    fn contradicts(&mut self, line: &TellTale, status: &'a str) -> Option<&'a str> {
        let is_final = matches!(status, "SUCCESS" | "FAILURE");
        let now = is_final.then_some((status, line.at));
        let several = self.payments.len() > 1;
        let Some((before, at)) = self.last else {
            // Of an attempt that is over, if it was asked before the next one was heard of.
            let is_old = several && line.asked_at < self.since;
            self.last = now.filter(|_| !is_old);
            return None;
        };
        let is_old = line.asked_at < at;
        if before == status || (is_old && !is_final) || (is_old && several && status == "FAILURE") {
            return None;
        }
        if before == "FAILURE" && self.taken_back + 1 < self.payments.len() {
            (self.taken_back, self.since, self.last) = (self.taken_back + 1, line.at, now);
            return None;
        }
        Some(before)
    }
}

/// When all is quiet: whoever was told FAILURE has their money, or has it back.
pub(super) fn failure(facts: &Facts) -> Vec<Violation> {
    let money = facts.money();
    // Paid in the end, by another attempt.
    let paid: BTreeSet<_> =
        facts.payments.iter().filter(|p| p.status == "SUCCESS").map(|p| &*p.order_id).collect();
    let mut found = Vec::new();
    for line in &facts.history {
        let (Some(order_id), Some(status)) = (line.order_id.as_deref(), line.told.status()) else {
            continue;
        };
        let kept = money.get(order_id).map_or(0, super::facts::Money::kept);
        if status == "FAILURE" && kept > 0 && !paid.contains(order_id) {
            let detail = format!("{} was told FAILURE, but the PSP keeps {kept}", line.purchase);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
        let by_hand = money.get(order_id).map_or(0, |money| money.by_hand);
        if status == "SUCCESS" && kept + by_hand == 0 {
            let detail = format!("{} was told SUCCESS, but the PSP keeps nothing", line.purchase);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::tests::{booked, capture, give_back, status, told};

    fn facts(statuses: &[&str], book: Vec<fake_psp::BookEntry>) -> Facts {
        let line = |word: &&str| told("o", status(word));
        Facts { history: statuses.iter().map(line).collect(), book, ..Facts::default() }
    }

    #[test]
    fn a_success_that_did_not_happen_is_seen() {
        assert_eq!(success(&facts(&["SUCCESS"], booked([capture("o", 1)]))), []);
        assert_eq!(success(&facts(&["SUCCESS"], vec![])).len(), 1);
    }

    #[test]
    fn a_changed_mind_is_seen() {
        let book = || booked([capture("o", 1)]);
        assert_eq!(success(&facts(&["UNKNOWN", "SUCCESS"], book())), []);
        assert_eq!(success(&facts(&["FAILURE", "SUCCESS"], book())).len(), 1);
        assert_eq!(success(&facts(&["SUCCESS", "UNKNOWN"], book())).len(), 1);
    }

    #[test]
    fn an_answer_to_an_older_question_may_say_less() {
        let mut facts = facts(&["SUCCESS", "EXECUTING"], booked([capture("o", 1)]));
        facts.history[0].at += jiff::SignedDuration::from_secs(1);
        assert_eq!(success(&facts), []);
        facts.history[1].asked_at += jiff::SignedDuration::from_secs(1);
        assert_eq!(success(&facts).len(), 1);
    }

    #[test]
    fn a_failure_that_was_charged_is_seen_until_it_is_given_back() {
        assert_eq!(failure(&facts(&["FAILURE"], booked([capture("o", 1)]))).len(), 1);
        let back = booked([capture("o", 1), give_back("o", 1)]);
        assert_eq!(failure(&facts(&["FAILURE"], back)), []);
    }

    #[test]
    fn a_failure_may_be_followed_by_another_payment_and_by_nothing_else() {
        let told = |words: &[&str], keys: &[&str]| {
            let mut facts = facts(words, booked([capture("o", 1)]));
            for (line, key) in facts.history.iter_mut().zip(keys) {
                line.payment_key = Some((*key).to_owned());
            }
            success(&facts).len()
        };
        assert_eq!(told(&["FAILURE", "SUCCESS"], &["one", "two"]), 0);
        assert_eq!(told(&["FAILURE", "EXECUTING", "SUCCESS"], &["one", "two"]), 0);
        assert_eq!(told(&["FAILURE", "SUCCESS"], &["one", "one"]), 1);
        assert_eq!(told(&["FAILURE", "SUCCESS", "FAILURE"], &["one", "two"]), 1);
        assert_eq!(told(&["SUCCESS", "EXECUTING"], &["one", "two"]), 1);
    }

    #[test]
    fn a_failure_of_what_was_paid_in_the_end_was_true() {
        let mut facts = facts(&["FAILURE"], booked([capture("o", 1)]));
        facts.payments = vec![crate::oracle::facts::tests::payment("o", 1, "SUCCESS")];
        assert_eq!(failure(&facts), []);
    }
}
