//! Honest answers: what buyers were told against the PSP's book.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Facts, Violation};

const ID: &str = "honest-answers";

/// At any time: whoever was told SUCCESS was charged, and who was told a final status is never
/// told otherwise. (An answer to a question that was asked before may still say less.)
pub(super) fn success(facts: &Facts) -> Vec<Violation> {
    let money = facts.money();
    let mut found = Vec::new();
    let mut told: BTreeMap<&str, (&str, Timestamp)> = BTreeMap::new();
    for line in &facts.history {
        let (Some(order_id), Some(status)) = (line.order_id.as_deref(), line.told.status()) else {
            continue;
        };
        if status == "SUCCESS" && money.get(order_id).is_none_or(|m| m.captures.is_empty()) {
            let detail = format!("{} was told SUCCESS, but the PSP took nothing", line.purchase);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
        let is_final = matches!(status, "SUCCESS" | "FAILURE");
        let Some(&(before, at)) = told.get(order_id) else {
            if is_final {
                told.insert(order_id, (status, line.at));
            }
            continue;
        };
        if before != status && (is_final || line.asked_at >= at) {
            let detail = format!("{} was told {before}, then {status}", line.purchase);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
    }
    found
}

/// When all is quiet: whoever was told FAILURE has their money, or has it back.
pub(super) fn failure(facts: &Facts) -> Vec<Violation> {
    let money = facts.money();
    let mut found = Vec::new();
    for line in &facts.history {
        let (Some(order_id), Some(status)) = (line.order_id.as_deref(), line.told.status()) else {
            continue;
        };
        let kept = money.get(order_id).map_or(0, super::facts::Money::kept);
        if status == "FAILURE" && kept > 0 {
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
}
