//! Exactly-once: the PSP's own book against the orders.

use super::{Facts, Violation};

const ID: &str = "exactly-once";

/// At any time: no order is charged twice, and none is charged another amount.
pub(super) fn at_most_once(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    let amounts: std::collections::BTreeMap<_, _> =
        facts.payments.iter().map(|p| (p.order_id.as_str(), p.amount)).collect();
    for (order_id, money) in facts.money() {
        if money.captures.len() > 1 {
            let detail =
                format!("the PSP charged {:?}: {} times", money.captures, money.captures.len());
            found.push(Violation::new(ID, Some(order_id), detail));
        }
        let asked = amounts.get(order_id).copied();
        if money.captures.first().is_some_and(|taken| Some(*taken) != asked) {
            let detail = format!("the PSP charged {:?}, the order is {asked:?}", money.captures);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
        if money.given_back > money.captures.iter().sum() {
            let detail = format!("{} given back of {:?}", money.given_back, money.captures);
            found.push(Violation::new(ID, Some(order_id), detail));
        }
    }
    found
}

/// When all is quiet: each purchase of a buyer was charged for at most once in all, however many
/// orders it took.
pub(super) fn exactly_once(facts: &Facts) -> Vec<Violation> {
    let money = facts.money();
    let mut kept: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for payment in &facts.payments {
        if money.get(payment.order_id.as_str()).is_some_and(|m| m.kept() > 0) {
            kept.entry(&payment.order_name).or_default().push(&payment.order_id);
        }
    }
    let twice = kept.into_iter().filter(|(_, orders)| orders.len() > 1);
    twice
        .map(|(name, orders)| {
            Violation::new(ID, orders.first().copied(), format!("{name} was paid by {orders:?}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::tests::{booked, capture, give_back, payment};

    #[test]
    fn a_second_charge_is_seen() {
        let mut facts = Facts { payments: vec![payment("o", 500, "SUCCESS")], ..Facts::default() };
        facts.book = booked([capture("o", 500)]);
        assert_eq!(at_most_once(&facts), []);
        facts.book = booked([capture("o", 500), capture("o", 500)]);
        assert_eq!(at_most_once(&facts)[0].invariant, ID);
    }

    #[test]
    fn another_amount_and_a_refund_of_more_are_seen() {
        let mut facts = Facts { payments: vec![payment("o", 500, "SUCCESS")], ..Facts::default() };
        facts.book = booked([capture("o", 501)]);
        assert_eq!(at_most_once(&facts).len(), 1);
        facts.book = booked([capture("o", 500), give_back("o", 600)]);
        assert_eq!(at_most_once(&facts).len(), 1);
    }

    #[test]
    fn a_purchase_paid_by_two_orders_is_seen() {
        let mut facts = Facts {
            payments: vec![payment("o", 500, "SUCCESS"), payment("p", 500, "SUCCESS")],
            book: booked([capture("o", 500), capture("p", 500)]),
            ..Facts::default()
        };
        facts.payments[1].order_name = facts.payments[0].order_name.clone();
        assert_eq!(exactly_once(&facts).len(), 1);
        facts.book = booked([capture("o", 500), capture("p", 500), give_back("o", 500)]);
        assert_eq!(exactly_once(&facts), []);
    }
}
