//! The PSP's settlement lines of a day against what they must be. Pure.
//!
//! Every payment *expects* its line on the day on which it counts as sold, whatever the file
//! contains; and lines are counted, never made a set.

use std::collections::BTreeMap;

use super::{
    compare::{Ours, difference},
    wire::{Difference, Kind},
};
use crate::{
    executor::wire::{Settlement, Transaction},
    payment::wire::Status,
};

/// A line as it must be.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    transaction_key: String,
    order_id: String,
    /// Minor units; negative when money was given back.
    amount: i64,
    /// Whether it is missed: a payment that is paid.
    is_owed: bool,
}

/// The lines that a day's transactions will have, on the day on which they count as sold.
pub(super) fn expected<'a>(
    ours: &'a BTreeMap<String, Ours>,
    transactions: &'a [Transaction],
) -> impl Iterator<Item = Expected> + 'a {
    transactions.iter().map(|transaction| {
        let paid = |ours: &Ours| ours.payment.status == Status::Success;
        let sign = if transaction.cancel { -1 } else { 1 };
        Expected {
            transaction_key: transaction.transaction_key.clone(),
            order_id: transaction.order_id.clone(),
            amount: sign * transaction.amount,
            is_owed: !transaction.cancel && ours.get(&transaction.order_id).is_some_and(paid),
        }
    })
}

/// The lines sold on a day against those that are expected then.
pub(super) fn settlements(expected: &[Expected], lines: &[Settlement]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<&str, Vec<&Settlement>> = BTreeMap::new();
    for line in lines {
        seen.entry(&line.transaction_key).or_default().push(line);
    }
    let mut explained: BTreeMap<&str, i64> = BTreeMap::new();
    for Expected { transaction_key, order_id, amount, is_owed } in expected {
        explained.insert(transaction_key, *amount);
        if *is_owed && !seen.contains_key(transaction_key.as_str()) {
            let detail = format!("order {order_id}: no settlement line");
            found.push(difference(Kind::SettlementMissing, transaction_key, detail));
        }
    }
    for (key, lines) in seen {
        let about = format!("order {}", lines[0].order_id);
        if lines.len() > 1 {
            let detail = format!("{about}: {} settlement lines", lines.len());
            found.push(difference(Kind::SettlementDuplicated, key, detail));
        }
        let Some(&amount) = explained.get(key) else {
            let detail = format!("{about}: a settlement line without a transaction");
            found.push(difference(Kind::SettlementUnknown, key, detail));
            continue;
        };
        let wrong = lines.iter().find(|line| !adds_up(line, amount));
        found.extend(wrong.map(|line| {
            let detail = format!(
                "{about}: settled {} less {} is {}, the transaction is {amount}",
                line.amount, line.fee, line.pay_out_amount
            );
            difference(Kind::SettlementAmount, key, detail)
        }));
    }
    found
}

fn adds_up(line: &Settlement, amount: i64) -> bool {
    line.amount == amount && line.pay_out_amount == line.amount - line.fee
}

#[cfg(test)]
mod tests {
    use super::{
        super::compare::tests::{kinds, moved, ours},
        *,
    };

    fn line(key: &str, amount: i64, fee: i64, pay_out_amount: i64) -> Settlement {
        Settlement {
            transaction_key: key.into(),
            payment_key: "p".into(),
            order_id: "o".into(),
            amount,
            fee,
            pay_out_amount,
            currency: "KRW".into(),
            sold_on: "2026-03-02".into(),
            paid_out_on: "2026-03-04".into(),
        }
    }

    fn judged(status: Status, theirs: &[Transaction], lines: &[Settlement]) -> Vec<(Kind, String)> {
        let expected: Vec<_> = expected(&ours(status), theirs).collect();
        let found = settlements(&expected, lines);
        kinds(&found).into_iter().map(|(kind, subject)| (kind, subject.to_owned())).collect()
    }

    #[test]
    fn every_paid_transaction_expects_its_line() {
        let theirs = [moved("t", false, 1_000)];
        assert_eq!(judged(Status::Success, &theirs, &[line("t", 1_000, 30, 970)]), []);
        let missing = [(Kind::SettlementMissing, "t".to_owned())];
        assert_eq!(judged(Status::Success, &theirs, &[]), missing);
        assert_eq!(judged(Status::Failure, &theirs, &[]), []);
        assert_eq!(judged(Status::Success, &[moved("c", true, 1_000)], &[]), []);
    }

    #[test]
    fn lines_are_counted_and_must_add_up() {
        let theirs = [moved("t", false, 1_000), moved("c", true, 400)];
        let judged = |lines: &[Settlement]| judged(Status::Success, &theirs, lines);
        let right = || line("t", 1_000, 30, 970);
        let back = || line("c", -400, -12, -388);
        assert_eq!(judged(&[right(), back()]), []);
        let twice = (Kind::SettlementDuplicated, "t".to_owned());
        assert_eq!(judged(&[right(), right(), back()]), [twice]);
        for wrong in [line("t", 999, 30, 969), line("t", 1_000, 30, 971)] {
            let amount = (Kind::SettlementAmount, "t".to_owned());
            assert_eq!(judged(&[wrong, back()]), [amount]);
        }
        let amount = (Kind::SettlementAmount, "c".to_owned());
        assert_eq!(judged(&[right(), line("c", 400, 12, 388)]), [amount]);
        let unknown = (Kind::SettlementUnknown, "x".to_owned());
        assert_eq!(judged(&[right(), back(), line("x", 1, 0, 1)]), [unknown]);
    }
}
