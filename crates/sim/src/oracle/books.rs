//! Wallet = ledger = what buyers paid, per seller.

use std::collections::{BTreeMap, BTreeSet};

use fake_psp::BookKind;
use jiff::Timestamp;

use super::{Facts, Violation, times::OrderTimes};

const ID: &str = "wallet-ledger";

/// When all is quiet.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
    for order in facts.payment_orders.iter().filter(|o| o.status == "SUCCESS") {
        *paid.entry(&order.seller_id).or_default() += order.amount;
    }
    let sellers: BTreeSet<_> = paid.keys().copied().chain(sellers(facts)).collect();
    let mut found = Vec::new();
    for seller in sellers {
        let all = (
            paid.get(seller).copied().unwrap_or(0),
            facts.wallet.get(seller).copied().unwrap_or(0),
            owed(facts, seller),
        );
        if all.0 != all.1 || all.1 != all.2 {
            let detail = format!(
                "{seller}: buyers paid {}, the wallet has {}, the ledger owes {}",
                all.0, all.1, all.2
            );
            found.push(Violation::new(ID, None, detail));
        }
    }
    // Sellers and accounts are named with their currency, unless it is won.
    let currency =
        |name: &str| name.split_once(' ').map_or(String::new(), |(_, c)| format!(" {c}"));
    let currencies: BTreeSet<_> =
        paid.keys().copied().chain(facts.ledger.keys().map(String::as_str)).map(currency).collect();
    for named in currencies {
        let receivable = facts.ledger.get(&format!("psp_receivable{named}")).copied().unwrap_or(0);
        let mine = paid.iter().filter(|(seller, _)| currency(seller) == named);
        let all_paid: i64 = mine.map(|(_, amount)| amount).sum();
        if receivable != all_paid {
            let detail =
                format!("the PSP owes {receivable}{named} by the ledger, buyers paid {all_paid}");
            found.push(Violation::new(ID, None, detail));
        }
    }
    found.extend(facts.times.orders.iter().filter_map(|(order, times)| {
        let detail = wrong_time(facts, order, times)?;
        Some(Violation::new(ID, Some(order), detail))
    }));
    found
}

/// Both books have the sale at the time at which the PSP took the money, to the second: by it, a day
/// is counted.
fn wrong_time(facts: &Facts, order: &str, times: &OrderTimes) -> Option<String> {
    let taken = |e: &&fake_psp::BookEntry| e.order_id == order && e.kind == BookKind::Captured;
    let taken: Vec<_> = facts.book.iter().filter(taken).map(|e| e.at).collect();
    let right = |at: &Timestamp| taken.iter().any(|taken| taken.as_second() == at.as_second());
    let (book, wrong) = times.effective.iter().find(|(_, at)| !right(at))?;
    Some(format!("the {book} has it at {wrong}, the PSP took the money at {taken:?}"))
}

/// What the ledger owes a seller.
pub(super) fn owed(facts: &Facts, seller: &str) -> i64 {
    -facts.ledger.get(&format!("seller_payable:{seller}")).copied().unwrap_or(0)
}

/// Everyone who has a wallet or an account in the ledger.
pub(super) fn sellers(facts: &Facts) -> BTreeSet<&str> {
    let in_ledger =
        facts.ledger.keys().filter_map(|account| account.strip_prefix("seller_payable:"));
    facts.wallet.keys().map(String::as_str).chain(in_ledger).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::PaymentOrderRow;

    fn facts() -> Facts {
        let order = PaymentOrderRow {
            id: "o-1".into(),
            order_id: "o".into(),
            seller_id: "s".into(),
            amount: 500,
            status: "SUCCESS".into(),
        };
        Facts {
            payment_orders: vec![order],
            wallet: [("s".to_owned(), 500)].into(),
            ledger: [("seller_payable:s".to_owned(), -500), ("psp_receivable".to_owned(), 500)]
                .into(),
            ..Facts::default()
        }
    }

    #[test]
    fn three_books_that_agree_are_fine() {
        assert_eq!(judge(&facts()), []);
    }

    #[test]
    fn currencies_are_not_added_up() {
        let mut abroad = facts();
        abroad.ledger.insert("psp_receivable USD".to_owned(), 1);
        assert_eq!(judge(&abroad).len(), 1);
        abroad.wallet.insert("s USD".to_owned(), 1);
        abroad.ledger.insert("seller_payable:s USD".to_owned(), -1);
        assert_eq!(judge(&abroad).len(), 2, "nobody paid a dollar");
    }

    #[test]
    fn each_book_that_differs_is_seen() {
        let mut wrong = facts();
        wrong.wallet.insert("s".to_owned(), 501);
        assert_eq!(judge(&wrong).len(), 1);
        let mut wrong = facts();
        wrong.ledger.remove("seller_payable:s");
        assert_eq!(judge(&wrong).len(), 1);
        let mut wrong = facts();
        wrong.payment_orders.clear();
        assert_eq!(judge(&wrong).len(), 2);
    }

    #[test]
    fn both_books_have_the_psps_time() {
        let mut facts = crate::oracle::stories::paid();
        let of_time = |facts: &Facts| {
            let found = judge(facts);
            found.iter().filter(|v| v.detail.contains("the PSP took the money at")).count()
        };
        assert_eq!(of_time(&facts), 0);
        let times = facts.times.orders.values_mut().next().expect("it is there");
        times.effective[1].1 += jiff::SignedDuration::from_secs(2);
        assert_eq!(of_time(&facts), 1);
    }
}
