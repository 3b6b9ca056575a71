//! Goodput: of the buyers who approved, how many were paid. A system that sells nothing breaks no
//! other law, so the share has a floor: the scenario's, over all seeds of a sweep.

use std::collections::BTreeSet;

use super::{Asked, Facts, Told};

/// How many orders were approved in the PSP's window by buyers who then came back to confirm, and
/// how many of these ended as paid.
pub fn goodput(facts: &Facts) -> (usize, usize) {
    let orders = |is_it: &dyn Fn(&super::TellTale) -> bool| -> BTreeSet<&str> {
        let lines = facts.history.iter().filter(|line| is_it(line));
        lines.filter_map(|line| line.order_id.as_deref()).collect()
    };
    let approved = orders(&|line| matches!(line.told, Told::Approved(_)));
    let confirmed = orders(&|line| line.asked == Asked::Confirm);
    let came_back: BTreeSet<_> = approved.intersection(&confirmed).copied().collect();
    let paid = facts.payments.iter().filter(|payment| {
        payment.status == "SUCCESS" && came_back.contains(payment.order_id.as_str())
    });
    (came_back.len(), paid.count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::tests::{payment, status, told};

    #[test]
    fn who_approved_and_came_back_counts_and_nobody_else() {
        let approved = |order| told(order, Told::Approved("key".into()));
        let confirms = |order| super::super::TellTale {
            asked: Asked::Confirm,
            ..told(order, status("UNKNOWN"))
        };
        let facts = Facts {
            payments: vec![
                payment("paid", 1, "SUCCESS"),
                payment("failed", 1, "FAILURE"),
                payment("walked-away", 1, "NOT_STARTED"),
                payment("never-approved", 1, "FAILURE"),
            ],
            history: vec![
                approved("paid"),
                confirms("paid"),
                confirms("paid"),
                approved("failed"),
                confirms("failed"),
                approved("walked-away"),
                confirms("never-approved"),
            ],
            ..Facts::default()
        };
        assert_eq!(goodput(&facts), (2, 1));
    }
}
