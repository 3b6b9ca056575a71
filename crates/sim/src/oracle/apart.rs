//! Reported rightly: wallet and ledger that are apart all the while that a report is made.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    DifferenceRow, Facts, PaymentOrderRow, Violation, convergence::korean_day, reported::ID,
};
use crate::plan::KRW;

/// A payment order as both books have it.
struct Part<'a> {
    /// With the currency, as a report names them.
    seller: String,
    /// The Korean day whose balances it belongs to.
    day: String,
    amount: i64,
    ledger: Option<&'a Timestamp>,
    wallet: Option<&'a Timestamp>,
}

impl Part<'_> {
    /// What the ledger has of it and the wallet has not, all the while; `None`: it may be either.
    fn apart(&self, begun: &Timestamp, made: &Timestamp) -> Option<i64> {
        let had = |at: Option<&Timestamp>| match at {
            Some(at) if at < begun => Some(self.amount),
            Some(at) if at <= made => None,
            _ => Some(0),
        };
        Some(had(self.ledger)? - had(self.wallet)?)
    }
}

fn parts<'a>(facts: &'a Facts) -> Vec<Part<'a>> {
    let payments: BTreeMap<_, _> = facts.payments.iter().map(|p| (&p.order_id, p)).collect();
    let currencies: BTreeMap<_, _> =
        facts.plan.purchases.iter().map(|p| (&p.name, p.currency.as_str())).collect();
    let part = |row: &'a PaymentOrderRow| {
        let payment = payments.get(&row.order_id)?;
        let times = facts.times.orders.get(&row.order_id)?;
        let currency = currencies.get(&payment.order_name).copied().unwrap_or(KRW);
        Some(Part {
            seller: format!("{} {currency}", row.seller_id),
            day: korean_day(payment.day_at),
            amount: row.amount,
            ledger: times.ledger.get(&row.id),
            wallet: times.wallet.get(&row.id),
        })
    };
    facts.payment_orders.iter().filter_map(part).collect()
}

/// Sellers of whom wallet and ledger differed all the while that a day's first report was made, and
/// whom no report names.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let parts = parts(facts);
    let mut found = BTreeMap::new();
    for (day, made) in &facts.times.reports {
        let Some(begun) = facts.times.claims.get(day) else { continue };
        let mut sums: BTreeMap<&str, Option<i64>> = BTreeMap::new();
        // Both books are asked for what they had at the day's end.
        for part in parts.iter().filter(|part| part.day <= *day) {
            let sum = sums.entry(&part.seller).or_insert(Some(0));
            *sum = sum.zip(part.apart(begun, made)).map(|(sum, apart)| sum + apart);
        }
        for (seller, sum) in sums {
            let same =
                |d: &DifferenceRow| d.kind == "wallet_ledger_mismatch" && d.subject == seller;
            if sum.is_some_and(|sum| sum != 0) && !facts.differences.iter().any(same) {
                let detail = format!(
                    "wallet and ledger of {seller} differed in the night after {day}, and no \
                     report says so"
                );
                found.entry(seller).or_insert_with(|| Violation::new(ID, None, detail));
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{stories::at, stories::paid};

    /// The story's credit and entry, and the report of its day.
    fn booked(ledger: i64, wallet: i64) -> Facts {
        let mut facts = paid();
        facts.payment_orders = vec![PaymentOrderRow {
            id: "o-1".into(),
            order_id: "o".into(),
            seller_id: "seller-1".into(),
            amount: 500,
            status: "SUCCESS".into(),
        }];
        let times = facts.times.orders.get_mut("o").expect("it is there");
        times.ledger.insert("o-1".into(), at(ledger));
        times.wallet.insert("o-1".into(), at(wallet));
        let day = korean_day(facts.payments[0].day_at);
        facts.times.claims.insert(day.clone(), at(60_000));
        facts.times.reports.insert(day, at(65_000));
        facts
    }

    #[test]
    fn books_that_differ_all_night_are_in_the_report() {
        for (ledger, wallet, seen) in [
            (12_000, 80_000, 1),
            (80_000, 12_000, 1),
            (12_000, 66_000, 1),
            (12_000, 62_000, 0),
            (12_000, 59_000, 0),
            (70_000, 80_000, 0),
        ] {
            assert_eq!(judge(&booked(ledger, wallet)).len(), seen, "{ledger} {wallet}");
        }
        let mut said = booked(12_000, 80_000);
        said.differences = vec![DifferenceRow {
            day: said.times.reports.keys().next().expect("there is one").clone(),
            kind: "wallet_ledger_mismatch".into(),
            subject: "seller-1 KRW".into(),
            class: "MANUAL".into(),
            repair: "GONE".into(),
        }];
        assert_eq!(judge(&said), []);
        let mut tomorrow = booked(12_000, 80_000);
        tomorrow.payments[0].day_at += 86_400_000_000;
        assert_eq!(judge(&tomorrow), []);
    }
}
