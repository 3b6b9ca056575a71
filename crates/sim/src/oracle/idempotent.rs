//! Idempotent answers: the same request under the same key is answered the same.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Facts, Told, Violation};

const ID: &str = "idempotent-answers";

/// Compares all final answers under each key. 429 (in flight) and 5xx say nothing and bind nobody.
/// Of two requests that race for a key, the one that loses may hear of it first.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let mut winners: BTreeMap<&str, (&str, u16, &str)> = BTreeMap::new();
    let mut losers: Vec<(&str, &str, Option<&str>)> = Vec::new();
    let mut found = Vec::new();
    for line in &facts.history {
        let Told::Keyed { key, request, status, body, .. } = &line.told else { continue };
        let order = line.order_id.as_deref();
        match *status {
            429 | 500.. => {}
            422 => losers.push((key, request, order)),
            _ => {
                let (first_request, first_status, first_body) =
                    *winners.entry(key).or_insert((request, *status, body));
                let detail = if first_request != request {
                    format!("key {key} with another body was answered {status}, not 422")
                } else if (first_status, first_body) != (*status, body.as_str()) {
                    format!(
                        "key {key} was answered {first_status} {first_body}, then {status} {body}"
                    )
                } else {
                    continue;
                };
                found.push(Violation::new(ID, order, detail));
            }
        }
    }
    found.extend(one_order_each(facts));
    for (key, request, order) in losers {
        if winners.get(key).is_some_and(|(winner, ..)| *winner == request) {
            let detail = format!("key {key} was answered 422, and otherwise for the same request");
            found.push(Violation::new(ID, order, detail));
        }
    }
    found
}

/// A key opens one order, whatever became of its answer.
fn one_order_each(facts: &Facts) -> Vec<Violation> {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in facts.history.iter().filter(|line| line.asked == Asked::Checkout) {
        let keys = keys.entry(&line.purchase).or_default();
        match &line.told {
            Told::Keyed { key, .. } => {
                keys.remove("");
                keys.insert(key);
            }
            // Perhaps another key, if none that is known is asked for again.
            _ => {
                keys.insert("");
            }
        }
    }
    let mut orders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for payment in &facts.payments {
        orders.entry(&payment.order_name).or_default().push(&payment.order_id);
    }
    let mut found = Vec::new();
    for (name, orders) in orders {
        let keys = keys.get(name).map_or(1, |keys| keys.len().max(1));
        if orders.len() > keys {
            let detail = format!("{name} asked under {keys} keys, and has the orders {orders:?}");
            found.push(Violation::new(ID, orders.last().copied(), detail));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{
        PaymentRow,
        facts::tests::{payment, told},
    };

    fn facts(answers: &[(&str, u16, &str)]) -> Facts {
        let line = |(request, status, body): &(&str, u16, &str)| {
            let (request, body) = ((*request).to_owned(), (*body).to_owned());
            let key = "k".to_owned();
            let told_ = Told::Keyed { key, request, status: *status, body, retry_after: None };
            told("o", told_)
        };
        Facts { history: answers.iter().map(line).collect(), ..Facts::default() }
    }

    #[test]
    fn the_same_answer_is_fine_and_another_is_seen() {
        assert_eq!(judge(&facts(&[("r", 201, "a"), ("r", 429, "x"), ("r", 201, "a")])), []);
        assert_eq!(judge(&facts(&[("r", 201, "a"), ("r", 201, "b")])).len(), 1);
    }

    #[test]
    fn a_key_opens_one_order() {
        let mut facts = facts(&[("r", 503, "later"), ("r", 201, "a")]);
        for line in &mut facts.history {
            (line.asked, line.purchase) = (Asked::Checkout, "p".to_owned());
        }
        let order = |id: &str| PaymentRow { order_name: "p".into(), ..payment(id, 500, "SUCCESS") };
        facts.payments = vec![order("o")];
        assert_eq!(judge(&facts), []);
        facts.payments.push(order("lost"));
        assert!(judge(&facts)[0].detail.contains("p asked under 1 keys"));
    }

    #[test]
    fn another_body_must_be_refused() {
        assert_eq!(judge(&facts(&[("r", 201, "a"), ("s", 422, "no")])), []);
        assert_eq!(judge(&facts(&[("r", 201, "a"), ("s", 201, "b")])).len(), 1);
        assert_eq!(judge(&facts(&[("s", 422, "no"), ("r", 201, "a")])), []);
        assert_eq!(judge(&facts(&[("r", 422, "no"), ("r", 201, "a")])).len(), 1);
    }
}
