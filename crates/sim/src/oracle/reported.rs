//! Reported rightly: what the PSP did of its own accord is in the report of its day, under its
//! right name. Judged in every run, those of canaries too: a PSP that cheats is the reason why
//! there are reports.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    DifferenceRow, Facts, PaymentRow, Violation, apart, books, convergence::korean_day,
    facts::Money,
};
use fake_psp::{Applied, BookEntry, BookKind, Cause, Endpoint, Verdict};

pub(super) const ID: &str = "reported-rightly";

/// A difference between our orders and the PSP's book, as a report must name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Truth<'a> {
    pub(super) kind: &'static str,
    pub(super) order: &'a str,
    /// The Korean day whose report must have it.
    pub(super) day: String,
}

/// Whatever state the run ended in: every true difference whose day has its report.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let mut found = unbooked(facts);
    found.extend(apart::judge(facts));
    // While a list of the PSP's may have hidden it, it is waited for: see `convergence::pending`.
    if !lists_lied(&facts.applied) {
        found.extend(missing(facts));
        found.extend(unequal_books(facts));
    }
    found
}

/// What was paid before a day's first report was begun, and not in both books when it was made.
fn unbooked(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for payment in &facts.payments {
        let order = payment.order_id.as_str();
        let day = korean_day(payment.day_at);
        let (Some(begun), Some(made)) =
            (facts.times.claims.get(&day), facts.times.reports.get(&day))
        else {
            continue;
        };
        let Some(times) = facts.times.orders.get(order) else { continue };
        if times.came_to("SUCCESS").is_none_or(|paid| paid >= *begun) {
            continue;
        }
        let parts: BTreeSet<_> = times.wallet.keys().chain(times.ledger.keys()).collect();
        for part in parts {
            let late =
                |book: &BTreeMap<String, Timestamp>| book.get(part).is_none_or(|at| at > made);
            let same = |d: &DifferenceRow| d.kind == "not_booked" && d.subject == *part;
            if (late(&times.wallet) || late(&times.ledger)) && !facts.differences.iter().any(same) {
                let detail =
                    format!("{part} was not booked yet, and the report of {day} has no word");
                found.push(Violation::new(ID, Some(order), detail));
            }
        }
    }
    found
}

/// Wallets that differ from the ledger at the end, and of which no report says so.
fn unequal_books(facts: &Facts) -> Vec<Violation> {
    if !facts.reports.values().any(|finished| *finished) {
        return Vec::new();
    }
    let said = |seller: &str| {
        // Amounts are of won, where no currency is named.
        let currency = if seller.contains(' ') { "" } else { " KRW" };
        let subject = format!("{seller}{currency}");
        let same = |d: &DifferenceRow| d.kind == "wallet_ledger_mismatch" && d.subject == subject;
        facts.differences.iter().any(same)
    };
    let unsaid = |seller: &str| {
        let has = facts.wallet.get(seller).copied().unwrap_or(0);
        let owed = books::owed(facts, seller);
        (has != owed && !said(seller)).then(|| {
            let detail = format!(
                "{seller} has {has} in the wallet, the ledger owes {owed}, and no report says so"
            );
            Violation::new(ID, None, detail)
        })
    };
    books::sellers(facts).into_iter().filter_map(unsaid).collect()
}

/// What is so, and in no report whose time has come.
pub(super) fn missing(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for truth in truths(facts).iter().filter(|truth| is_due(facts, truth)) {
        let Truth { kind, order, day } = truth;
        let same = |d: &&DifferenceRow| d.kind == *kind && d.subject == **order;
        match facts.differences.iter().find(same) {
            None => {
                let detail =
                    format!("{kind} is so by the PSP's book, and not in the report of {day}");
                found.push(Violation::new(ID, Some(order), detail));
            }
            Some(said) if said.repair == "GONE" => {
                let detail = format!("{kind} is so by the PSP's book, and is reported as gone");
                found.push(Violation::new(ID, Some(order), detail));
            }
            Some(_) => {}
        }
    }
    found
}

/// Everything that is so by the PSP's book.
pub(super) fn truths(facts: &Facts) -> BTreeSet<Truth<'_>> {
    let money = facts.money();
    let nothing = Money::default();
    let mut truths = BTreeSet::new();
    for payment in &facts.payments {
        let order = payment.order_id.as_str();
        let Some(kind) = kind_of(payment, money.get(order).unwrap_or(&nothing)) else { continue };
        let last =
            facts.book.iter().rev().find(|entry| entry.order_id == order && shows(kind, entry));
        let day = last.map_or(payment.day_at, |entry| entry.at.as_microsecond());
        truths.insert(Truth { kind, order, day: korean_day(day) });
    }
    for entry in facts.book.iter().filter(|entry| entry.kind == BookKind::Captured) {
        let order = entry.order_id.as_str();
        if !facts.payments.iter().any(|payment| payment.order_id == order) {
            let day = korean_day(entry.at.as_microsecond());
            truths.insert(Truth { kind: "unknown_order", order, day });
        }
    }
    truths
}

fn kind_of(payment: &PaymentRow, money: &Money) -> Option<&'static str> {
    let taken: i64 = money.captures.iter().sum();
    match (payment.status.as_str(), money.captures.len()) {
        (_, 2..) => Some("charged_twice"),
        (_, 1) if taken != payment.amount => Some("amount_mismatch"),
        ("SUCCESS", 0) => Some("missing_at_psp"),
        ("SUCCESS", 1) if money.by_hand > 0 => Some("canceled_at_psp"),
        ("NOT_STARTED", 1) if money.kept() > 0 => Some("taken_but_not_started"),
        _ => None,
    }
}

/// Whether an entry of the book is what shows a difference of this kind.
fn shows(kind: &str, entry: &BookEntry) -> bool {
    match kind {
        "canceled_at_psp" => entry.cause == Cause::Console,
        _ => entry.kind == BookKind::Captured,
    }
}

/// Whether the day's report is made, and could know: what we call paid had to be called so by then.
fn is_due(facts: &Facts, truth: &Truth<'_>) -> bool {
    let made = facts.times.reports.get(&truth.day).copied();
    let paid = facts.times.orders.get(truth.order).and_then(|times| times.came_to("SUCCESS"));
    let finished = facts.reports.get(&truth.day).copied().unwrap_or(false);
    finished && made.is_some_and(|made| paid.is_none_or(|paid| paid < made))
}

/// Whether the PSP's lists of the night were made to break off, or to be another's or an old one.
pub fn lists_lied(applied: &[Applied]) -> bool {
    applied.iter().any(is_lie)
}

/// Whether a list was made to say something else than the truth.
pub(super) fn is_lie(applied: &Applied) -> bool {
    let list = matches!(applied.endpoint, Endpoint::Transactions | Endpoint::Settlements);
    let lie = matches!(
        applied.verdict,
        Verdict::ListCut { .. } | Verdict::StaleAnswer | Verdict::OtherAnswer
    );
    list && lie
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{
        DifferenceRow,
        facts::tests::{booked, capture, give_back, payment},
    };

    const DAY: &str = "1970-01-01";

    fn facts(status: &str, book: Vec<BookEntry>) -> Facts {
        let mut facts = Facts {
            payments: vec![payment("o", 500, status)],
            book,
            reports: [(DAY.to_owned(), true)].into(),
            ..Facts::default()
        };
        facts.times.reports.insert(DAY.to_owned(), Timestamp::UNIX_EPOCH);
        facts
    }

    fn difference(kind: &str, repair: &str) -> DifferenceRow {
        DifferenceRow {
            day: DAY.into(),
            kind: kind.into(),
            subject: "o".into(),
            class: "MANUAL".into(),
            repair: repair.into(),
        }
    }

    #[test]
    fn a_wallet_that_differs_from_the_ledger_is_in_a_report() {
        let mut facts = facts("SUCCESS", booked([capture("o", 500)]));
        facts.wallet = [("s".to_owned(), 501), ("s USD".to_owned(), 7)].into();
        facts.ledger =
            [("seller_payable:s".to_owned(), -500), ("seller_payable:s USD".to_owned(), -7)].into();
        assert_eq!(judge(&facts).len(), 1);
        let mut said = difference("wallet_ledger_mismatch", "NONE");
        said.subject = "s USD".into();
        facts.differences = vec![said.clone()];
        assert_eq!(judge(&facts).len(), 1, "another currency");
        said.subject = "s KRW".into();
        facts.differences.push(said);
        assert_eq!(judge(&facts), []);
        facts.differences.clear();
        facts.reports = [(DAY.to_owned(), false)].into();
        assert_eq!(judge(&facts), [], "no report was made");
        facts.reports = [(DAY.to_owned(), true)].into();
        facts.wallet.clear();
        assert_eq!(judge(&facts).len(), 2, "both sellers lack a wallet");
    }

    #[test]
    fn what_is_not_booked_when_the_report_is_made_is_in_it() {
        let at = |s| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(s);
        let mut facts = facts("SUCCESS", booked([capture("o", 500)]));
        let mut times = super::super::times::OrderTimes::new();
        times.moves.push((at(10), "SUCCESS".to_owned()));
        times.wallet.insert("o-1".into(), at(12));
        times.ledger.insert("o-1".into(), at(70));
        facts.times.orders.insert("o".into(), times);
        facts.times.claims.insert(DAY.into(), at(60));
        facts.times.reports.insert(DAY.into(), at(65));
        assert_eq!(judge(&facts).len(), 1);
        let mut said = difference("not_booked", "REPAIRED");
        said.subject = "o-1".into();
        facts.differences = vec![said];
        assert_eq!(judge(&facts), []);
        facts.differences.clear();
        facts.times.reports.insert(DAY.into(), at(75));
        assert_eq!(judge(&facts), [], "both had it by then");
    }

    fn by_hand() -> Vec<BookEntry> {
        let mut book = booked([capture("o", 500), give_back("o", 200)]);
        book[1].cause = Cause::Console;
        book
    }

    #[test]
    fn each_thing_that_a_cheating_psp_does_has_its_name() {
        for (status, book, kind) in [
            ("SUCCESS", booked([capture("o", 500), capture("o", 500)]), "charged_twice"),
            ("SUCCESS", booked([capture("o", 5)]), "amount_mismatch"),
            ("SUCCESS", booked([]), "missing_at_psp"),
            ("SUCCESS", by_hand(), "canceled_at_psp"),
            ("NOT_STARTED", booked([capture("o", 500)]), "taken_but_not_started"),
            ("SUCCESS", booked([capture("o", 500), capture("x", 1)]), "unknown_order"),
        ] {
            let mut facts = facts(status, book);
            assert_eq!(judge(&facts).len(), 1, "{kind}");
            let mut said = difference(kind, "NONE");
            if kind == "unknown_order" {
                said.subject = "x".into();
            }
            facts.differences = vec![said];
            assert_eq!(judge(&facts), [], "{kind}");
            facts.differences[0].repair = "GONE".into();
            assert_eq!(judge(&facts).len(), 1, "{kind} is not gone");
        }
    }

    #[test]
    fn what_is_as_it_should_be_is_not_asked_for() {
        assert_eq!(judge(&facts("SUCCESS", booked([capture("o", 500)]))), []);
        assert_eq!(judge(&facts("FAILURE", booked([]))), []);
        assert_eq!(judge(&facts("FAILURE", booked([capture("o", 500), give_back("o", 500)]))), []);
    }

    #[test]
    fn a_report_that_is_not_made_yet_owes_nothing() {
        let mut facts = facts("SUCCESS", booked([]));
        facts.reports.clear();
        assert_eq!(judge(&facts), []);
    }
}
