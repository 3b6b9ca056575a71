//! Convergence: when all is quiet, our books and the PSP's agree; and what is still pending.

use std::collections::BTreeSet;

use super::{
    Facts, Violation,
    facts::{DifferenceRow, Money},
    reconciled, reported,
};

const ID: &str = "convergence";

/// When all is quiet: a success is money that the PSP has, anything else is money that it has not.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let money = facts.money();
    let mut found = Vec::new();
    for payment in &facts.payments {
        let money = money.get(payment.order_id.as_str());
        // A success that somebody took back by hand is for the report, and for people.
        let (kept, should) = match payment.status.as_str() {
            "SUCCESS" => (money.map_or(0, Money::kept_but_for_hands), payment.amount),
            _ => (money.map_or(0, Money::kept), 0),
        };
        if kept != should {
            let detail = format!(
                "we say {} over {}, the PSP's book says that it kept {kept}",
                payment.status, payment.amount
            );
            found.push(Violation::new(ID, Some(&payment.order_id), detail));
        }
    }
    for order_id in money.keys() {
        if !facts.payments.iter().any(|payment| payment.order_id == **order_id) {
            let detail = "the PSP has a payment for an order that we do not have";
            found.push(Violation::new(ID, Some(order_id), detail));
        }
    }
    found
}

/// What must still happen before all is quiet, each with its order if it has one.
pub fn pending(facts: &Facts) -> Vec<(Option<String>, String)> {
    let mut reasons = Vec::new();
    for payment in &facts.payments {
        let order = Some(payment.order_id.clone());
        match payment.status.as_str() {
            "EXECUTING" | "UNKNOWN" => {
                reasons
                    .push((order, format!("payment {} is {}", payment.order_id, payment.status)));
            }
            "SUCCESS" if !payment.is_done => {
                let why = "is paid, but not booked in wallet and ledger";
                reasons.push((order, format!("payment {} {why}", payment.order_id)));
            }
            _ => {}
        }
    }
    for order in &facts.dead_letters {
        reasons.push((Some(order.clone()), format!("order {order} lies in the dead-letter queue")));
    }
    for order in &facts.still_asked {
        let why = format!("payment {order} is final, and the executor is still asked about it");
        reasons.push((Some(order.clone()), why));
    }
    if facts.webhooks_due > 0 {
        reasons.push((None, format!("{} webhooks are not looked into", facts.webhooks_due)));
    }
    let mut days: BTreeSet<_> =
        facts.payments.iter().map(|payment| korean_day(payment.day_at)).collect();
    // What the PSP did by itself, perhaps days later, must be told, too.
    days.extend(reported::truths(facts).into_iter().map(|truth| truth.day));
    days.extend(reconciled::days(facts));
    for day in days {
        if !facts.reports.get(&day).copied().unwrap_or(false) {
            reasons.push((None, format!("the report of {day} is not made")));
        }
    }
    if facts.shopping > 0 {
        reasons.push((None, format!("{} buyers are still shopping", facts.shopping)));
    }
    let passing = |kind: &str, repair: &str| kind == "wallet_ledger_mismatch" && repair == "NONE";
    let open = |d: &&DifferenceRow| d.repair == "PENDING" || passing(&d.kind, &d.repair);
    for difference in facts.differences.iter().filter(open) {
        let what = format!("{} of {}", difference.kind, difference.subject);
        reasons
            .push((Some(difference.subject.clone()), format!("the repair of {what} is pending")));
    }
    let money = facts.money();
    for payment in facts.payments.iter().filter(|p| p.status == "FAILURE") {
        if money.get(payment.order_id.as_str()).is_some_and(|m| m.kept() > 0) {
            let order = Some(payment.order_id.clone());
            reasons.push((order, format!("failed order {} is not given back", payment.order_id)));
        }
    }
    reasons.extend(hidden(facts));
    reasons
}

/// What a list of the PSP's that broke off in the night hid, or made up, must come right in another.
fn hidden(facts: &Facts) -> Vec<(Option<String>, String)> {
    if !reported::lists_lied(&facts.applied) {
        return Vec::new();
    }
    let all = reported::missing(facts).into_iter().chain(reconciled::unreported(facts));
    all.chain(reconciled::false_alarms(facts)).map(|v| (v.order_id, v.detail)).collect()
}

/// The day in Korea; computed here, not by the judged code.
pub fn korean_day(micros: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(micros).expect("a time of this age of the world");
    (at + jiff::SignedDuration::from_hours(9)).to_string()[..10].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::tests::{booked, capture, give_back, payment};

    fn judged(status: &str, book: Vec<fake_psp::BookEntry>) -> Vec<Violation> {
        judge(&Facts { payments: vec![payment("o", 500, status)], book, ..Facts::default() })
    }

    #[test]
    fn success_without_money_and_money_without_success_are_seen() {
        assert_eq!(judged("SUCCESS", booked([capture("o", 500)])), []);
        assert_eq!(judged("SUCCESS", vec![]).len(), 1);
        assert_eq!(judged("FAILURE", booked([capture("o", 500)])).len(), 1);
        assert_eq!(judged("FAILURE", booked([capture("o", 500), give_back("o", 500)])), []);
        assert_eq!(judged("NOT_STARTED", booked([capture("o", 500)])).len(), 1);
    }

    #[test]
    fn money_of_an_order_that_we_do_not_have_is_seen() {
        let facts = Facts { book: booked([capture("x", 500)]), ..Facts::default() };
        assert_eq!(judge(&facts).len(), 1);
    }

    #[test]
    fn what_is_open_is_named() {
        let facts = Facts { payments: vec![payment("o", 500, "UNKNOWN")], ..Facts::default() };
        assert_eq!(pending(&facts)[0].1, "payment o is UNKNOWN");
        let facts = Facts { still_asked: vec!["o".to_owned()], ..Facts::default() };
        assert!(pending(&facts)[0].1.ends_with("still asked about it"));
    }

    #[test]
    fn a_korean_day_begins_nine_hours_early() {
        let day = |at: &str| korean_day(at.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        assert_eq!(day("2026-03-01T15:00:00Z"), "2026-03-02");
        assert_eq!(day("2026-03-01T14:59:59Z"), "2026-03-01");
    }
}
