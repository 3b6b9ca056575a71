//! Our books against theirs: lists in, differences out. Pure.

use std::collections::BTreeMap;

use super::wire::{Difference, Kind, Repair};
use crate::{
    executor::wire::{Settlement, Transaction},
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

/// A difference as it is first seen.
pub(super) fn difference(kind: Kind, subject: &str, detail: impl Into<String>) -> Difference {
    let class = kind.class();
    Difference {
        kind,
        class,
        subject: subject.to_owned(),
        detail: detail.into(),
        repair: Repair::None,
    }
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

/// Settlement lines against what they must be: every payment of the day *expects* its line,
/// whatever the file contains, and lines are counted, never made a set.
pub(super) fn settlements(
    ours: &BTreeMap<String, Ours>,
    transactions: &[Transaction],
    lines: &[Settlement],
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<&str, Vec<&Settlement>> = BTreeMap::new();
    for line in lines {
        seen.entry(&line.transaction_key).or_default().push(line);
    }
    let mut explained: BTreeMap<&str, i64> = BTreeMap::new();
    for transaction in transactions {
        let sign = if transaction.cancel { -1 } else { 1 };
        explained.insert(&transaction.transaction_key, sign * transaction.amount);
        let Some(ours) = ours.get(&transaction.order_id) else { continue };
        let expected = !transaction.cancel && ours.payment.status == Status::Success;
        if expected && !seen.contains_key(transaction.transaction_key.as_str()) {
            let detail = format!("order {}: no settlement line", transaction.order_id);
            found.push(difference(Kind::SettlementMissing, &transaction.transaction_key, detail));
        }
    }
    for (key, lines) in seen {
        let line = lines[0];
        let about = format!("order {}", line.order_id);
        if lines.len() > 1 {
            let detail = format!("{about}: {} settlement lines", lines.len());
            found.push(difference(Kind::SettlementDuplicated, key, detail));
        }
        match explained.get(key) {
            None => {
                let detail = format!("{about}: a settlement line without a transaction");
                found.push(difference(Kind::SettlementUnknown, key, detail));
            }
            Some(&amount) => {
                let wrong = lines.iter().find(|line| !adds_up(line, amount));
                found.extend(wrong.map(|line| {
                    let detail = format!(
                        "{about}: settled {} less {} is {}, the transaction is {amount}",
                        line.amount, line.fee, line.pay_out_amount
                    );
                    difference(Kind::SettlementAmount, key, detail)
                }));
            }
        }
    }
    found
}

fn adds_up(line: &Settlement, amount: i64) -> bool {
    line.amount == amount && line.pay_out_amount == line.amount - line.fee
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
