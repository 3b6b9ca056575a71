//! Our books against theirs: lists in, differences out. Pure.

use std::collections::BTreeMap;

use super::wire::{Class, Difference, Kind, Repair};
use crate::{
    executor::wire::Transaction,
    payment::wire::{Payment, Status},
};

/// One of our payments, with its amount in minor units.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    pub(super) payment: Payment,
    pub(super) amount: i64,
    /// Whether it belongs to the day: others are known only because the PSP speaks of them.
    pub(super) of_day: bool,
}

/// A difference as it is first seen: what can be repaired has its repair before it.
pub(super) fn difference(kind: Kind, subject: &str, detail: impl Into<String>) -> Difference {
    let class = kind.class();
    let repair = if class == Class::Repairable { Repair::Pending } else { Repair::None };
    Difference { kind, class, subject: subject.to_owned(), detail: detail.into(), repair }
}

/// What the PSP's transactions of a day say of one order.
#[derive(Debug, Default)]
struct Theirs {
    captures: Vec<i64>,
    given_back: i64,
    currency: String,
}

/// Payments against the PSP's transactions of the day.
pub(super) fn transactions(
    ours: &BTreeMap<String, Ours>,
    theirs: &[Transaction],
) -> Vec<Difference> {
    let mut by_order: BTreeMap<&str, Theirs> = BTreeMap::new();
    for transaction in theirs {
        let entry = by_order.entry(&transaction.order_id).or_default();
        entry.currency.clone_from(&transaction.currency);
        match transaction.cancel {
            true => entry.given_back += transaction.amount,
            false => entry.captures.push(transaction.amount),
        }
    }
    let mut found = Vec::new();
    for (order_id, theirs) in &by_order {
        match ours.get(*order_id) {
            None => {
                let detail =
                    format!("the PSP took {:?} for an order that we do not have", theirs.captures);
                found.push(difference(Kind::UnknownOrder, order_id, detail));
            }
            Some(ours) => found.extend(both(order_id, ours, theirs)),
        }
    }
    for (order_id, ours) in ours {
        if ours.of_day && !by_order.contains_key(order_id.as_str()) {
            found.extend(only_ours(order_id, ours));
        }
    }
    found
}

fn both(order_id: &str, ours: &Ours, theirs: &Theirs) -> Option<Difference> {
    let status = ours.payment.status;
    let taken: i64 = theirs.captures.iter().sum();
    let told = |kind, detail: String| Some(difference(kind, order_id, detail));
    if theirs.captures.len() > 1 {
        return told(Kind::ChargedTwice, format!("the PSP took {:?}", theirs.captures));
    }
    // Ours belongs to the day on which it was approved.
    if status == Status::Success && !ours.of_day && taken != 0 {
        return told(Kind::ChargedTwice, format!("the PSP took {taken} on another day, too"));
    }
    if taken != 0 && (taken != ours.amount || theirs.currency != ours.payment.currency) {
        let detail =
            format!("the PSP took {taken} {}, the order is {}", theirs.currency, ours.amount);
        return told(Kind::AmountMismatch, detail);
    }
    let kept = taken - theirs.given_back;
    match status {
        Status::Success if theirs.given_back > 0 => {
            told(Kind::CanceledAtPsp, format!("the PSP gave {} back", theirs.given_back))
        }
        Status::Success => None,
        Status::Executing | Status::Unknown if kept > 0 => {
            told(Kind::UnknownButTaken, format!("the PSP took {kept}; we had no answer"))
        }
        Status::Executing | Status::Unknown => {
            told(Kind::Unresolved, "the PSP has given it back; we had no answer".to_owned())
        }
        Status::Failure if kept > 0 => {
            told(Kind::FailedButTaken, format!("the PSP took {kept}; the buyer was told it failed"))
        }
        Status::Failure => None,
        Status::NotStarted => {
            told(Kind::TakenButNotStarted, format!("the PSP took {kept}; we never asked for it"))
        }
    }
}

fn only_ours(order_id: &str, ours: &Ours) -> Option<Difference> {
    match ours.payment.status {
        Status::Success => {
            let detail = format!("we say {} was paid; the PSP knows of nothing", ours.amount);
            Some(difference(Kind::MissingAtPsp, order_id, detail))
        }
        Status::Executing | Status::Unknown => {
            let detail = "not known whether it was paid; the PSP has no transaction";
            Some(difference(Kind::Unresolved, order_id, detail))
        }
        Status::NotStarted | Status::Failure => None,
    }
}

/// What of a paid order is not in wallet or ledger yet.
pub(super) fn bookings(ours: &BTreeMap<String, Ours>) -> Vec<Difference> {
    let mut found = Vec::new();
    for order in ours.values().filter(|ours| ours.of_day).flat_map(|o| &o.payment.payment_orders) {
        if order.status == Status::Success && !(order.wallet_updated && order.ledger_updated) {
            let detail =
                format!("wallet {}, ledger {}", order.wallet_updated, order.ledger_updated);
            found.push(difference(Kind::NotBooked, &order.id, detail));
        }
    }
    found
}

/// Sellers' balances in the wallet against the ledger, both of the same moment. A balance that
/// moves while both are read differs by a booking that [`bookings`] names.
pub(super) fn balances(
    wallet: &BTreeMap<(String, String), i64>,
    ledger: &BTreeMap<(String, String), i64>,
) -> Vec<Difference> {
    let mut sellers: Vec<_> = wallet.keys().chain(ledger.keys()).collect();
    sellers.sort();
    sellers.dedup();
    let mut found = Vec::new();
    for seller in sellers {
        let (in_wallet, in_ledger) =
            (wallet.get(seller).copied().unwrap_or(0), ledger.get(seller).copied().unwrap_or(0));
        if in_wallet != in_ledger {
            let subject = format!("{} {}", seller.0, seller.1);
            let detail = format!("wallet {in_wallet}, ledger {in_ledger}");
            found.push(difference(Kind::WalletLedgerMismatch, &subject, detail));
        }
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::payment::wire::PaymentOrder;

    const ALL: [Status; 5] =
        [Status::NotStarted, Status::Executing, Status::Unknown, Status::Success, Status::Failure];

    /// Order `o` over 1,000 won at a status, of the day.
    pub(in crate::reconciler) fn ours(status: Status) -> BTreeMap<String, Ours> {
        let part = PaymentOrder {
            id: "o-1".into(),
            seller_id: "s".into(),
            amount: "1000".into(),
            status,
            wallet_updated: true,
            ledger_updated: true,
        };
        let payment = Payment {
            order_id: "o".into(),
            order_name: "name".into(),
            buyer_id: "b".into(),
            status,
            is_payment_done: true,
            amount: "1000".into(),
            currency: "KRW".into(),
            failure: None,
            approved_at: None,
            created_at: 0,
            expires_at: 0,
            voided_at: None,
            checkout_url: String::new(),
            payment_orders: vec![part],
        };
        [("o".to_owned(), Ours { payment, amount: 1_000, of_day: true })].into()
    }

    pub(in crate::reconciler) fn moved(key: &str, cancel: bool, amount: i64) -> Transaction {
        Transaction {
            transaction_key: key.into(),
            payment_key: "p".into(),
            order_id: "o".into(),
            cancel,
            amount,
            currency: "KRW".into(),
            at: 0,
        }
    }

    pub(in crate::reconciler) fn kinds(found: &[Difference]) -> Vec<(Kind, &str)> {
        found.iter().map(|d| (d.kind, d.subject.as_str())).collect()
    }

    /// What is told of the order at each status, in the order of [`ALL`].
    fn told(theirs: &[Transaction]) -> Vec<Option<Kind>> {
        let one = |status| transactions(&ours(status), theirs).first().map(|d| d.kind);
        ALL.into_iter().map(one).collect()
    }

    #[test]
    fn each_status_against_what_the_psp_has() {
        use Kind::{
            AmountMismatch, CanceledAtPsp, ChargedTwice, FailedButTaken, MissingAtPsp,
            TakenButNotStarted, UnknownButTaken, Unresolved,
        };
        let nothing = [None, Some(Unresolved), Some(Unresolved), Some(MissingAtPsp), None];
        assert_eq!(told(&[]), nothing);
        let taken = moved("t", false, 1_000);
        let unknown = Some(UnknownButTaken);
        let expected = [Some(TakenButNotStarted), unknown, unknown, None, Some(FailedButTaken)];
        assert_eq!(told(std::slice::from_ref(&taken)), expected);
        let given_back = [taken.clone(), moved("c", true, 1_000)];
        let unresolved = Some(Unresolved);
        let expected =
            [Some(TakenButNotStarted), unresolved, unresolved, Some(CanceledAtPsp), None];
        assert_eq!(told(&given_back), expected);
        let part = [taken.clone(), moved("c", true, 400)];
        assert_eq!(told(&part)[3..], [Some(CanceledAtPsp), Some(FailedButTaken)]);
        assert_eq!(told(&[taken.clone(), taken]), [Some(ChargedTwice); 5]);
        assert_eq!(told(&[moved("t", false, 999)]), [Some(AmountMismatch); 5]);
        let dollars = Transaction { currency: "USD".into(), ..moved("t", false, 1_000) };
        assert_eq!(told(&[dollars]), [Some(AmountMismatch); 5]);
    }

    #[test]
    fn what_can_be_repaired_is_pending_until_it_is() {
        let repair = |status| {
            let found = transactions(&ours(status), &[moved("t", false, 1_000)]);
            found.first().map(|difference| difference.repair)
        };
        assert_eq!(repair(Status::Failure), Some(Repair::Pending));
        assert_eq!(repair(Status::NotStarted), Some(Repair::None));
    }

    #[test]
    fn what_is_of_another_day_is_not_missed_and_not_taken_again() {
        let mut ours = ours(Status::Success);
        ours.get_mut("o").expect("it is there").of_day = false;
        assert_eq!(transactions(&ours, &[]), []);
        assert_eq!(transactions(&ours, &[moved("c", true, 1_000)])[0].kind, Kind::CanceledAtPsp);
        assert_eq!(transactions(&ours, &[moved("t", false, 1_000)])[0].kind, Kind::ChargedTwice);
    }

    #[test]
    fn an_order_that_we_do_not_have_is_told() {
        let found = transactions(&BTreeMap::new(), &[moved("t", false, 5)]);
        assert_eq!(kinds(&found), [(Kind::UnknownOrder, "o")]);
        assert_eq!((found[0].class, found[0].repair), (Kind::UnknownOrder.class(), Repair::None));
    }

    #[test]
    fn a_paid_order_is_in_both_books() {
        let with = |status, wallet, ledger, of_day| {
            let mut ours = ours(status);
            let order = ours.get_mut("o").expect("it is there");
            order.of_day = of_day;
            order.payment.payment_orders[0].wallet_updated = wallet;
            order.payment.payment_orders[0].ledger_updated = ledger;
            bookings(&ours).len()
        };
        let paid = Status::Success;
        let booked = [(true, true), (false, true), (true, false), (false, false)];
        assert_eq!(booked.map(|(w, l)| with(paid, w, l, true)), [0, 1, 1, 1]);
        assert_eq!(with(paid, false, false, false), 0, "of another day");
        assert_eq!(with(Status::Unknown, false, false, true), 0, "not paid");
    }

    #[test]
    fn sellers_that_only_one_book_knows_are_compared_too() {
        let book = |rows: &[(&str, i64)]| -> BTreeMap<(String, String), i64> {
            rows.iter().map(|(s, n)| (((*s).to_owned(), "KRW".to_owned()), *n)).collect()
        };
        let judged = |wallet: &[(&str, i64)], ledger: &[(&str, i64)]| {
            let found = balances(&book(wallet), &book(ledger));
            found.into_iter().map(|d| d.subject).collect::<Vec<_>>()
        };
        assert_eq!(judged(&[("a", 1), ("b", 2)], &[("a", 1), ("b", 2)]), [""; 0]);
        assert_eq!(judged(&[("a", 1)], &[("a", 2)]), ["a KRW"]);
        assert_eq!(judged(&[("a", 1)], &[("b", 2)]), ["a KRW", "b KRW"]);
        assert_eq!(judged(&[("a", 0)], &[]), [""; 0]);
    }
}
