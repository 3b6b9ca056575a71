//! Reconciliation: every planted difference has been reported under its right name, every repair
//! has ended, and nothing was reported that is not so.

use std::collections::{BTreeMap, BTreeSet};

use fake_psp::{BookEntry, Endpoint, Verdict};

use super::{Facts, Violation, facts::DifferenceRow, reported, sold::sold_on};

const ID: &str = "reconciliation";

/// When all is quiet, reports against what was planted.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let mut found = unreported(facts);
    found.extend(false_alarms(facts));
    for difference in &facts.differences {
        let name = format!("{} of {} ({})", difference.kind, difference.subject, difference.day);
        if class_of(&difference.kind) != Some(&difference.class) {
            let detail = format!("{name} is classified as {}", difference.class);
            found.push(Violation::new(ID, None, detail));
        }
        if difference.class == "REPAIRABLE" && !matches!(&*difference.repair, "REPAIRED" | "GONE") {
            let detail = format!("{name} is not repaired: {}", difference.repair);
            found.push(Violation::new(ID, Some(&difference.subject), detail));
        }
    }
    found
}

/// The judge's own table of classes.
fn class_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "unknown_but_taken" | "failed_but_taken" | "unresolved" | "not_booked" => "REPAIRABLE",
        "amount_mismatch"
        | "charged_twice"
        | "missing_at_psp"
        | "canceled_at_psp"
        | "settlement_missing"
        | "settlement_duplicated"
        | "settlement_amount"
        | "settlement_late"
        | "wallet_ledger_mismatch" => "MANUAL",
        "unknown_order" | "taken_but_not_started" | "settlement_unknown" => "UNKNOWN",
        _ => return None,
    })
}

/// Transaction → what its settlement row was planted with, and the day whose report must tell it.
type Planted<'a> = BTreeMap<&'a str, BTreeSet<(&'static str, String)>>;

fn planted(facts: &Facts) -> Planted<'_> {
    // Rows of an order are numbered in the order of the book: its approval, then its cancels.
    let mut rows: BTreeMap<&str, Vec<&BookEntry>> = BTreeMap::new();
    for entry in &facts.book {
        rows.entry(&entry.order_id).or_default().push(entry);
    }
    let paid: BTreeSet<_> =
        facts.payments.iter().filter(|p| p.status == "SUCCESS").map(|p| &*p.order_id).collect();
    let mut planted = Planted::new();
    for applied in facts.applied.iter().filter(|a| a.endpoint == Endpoint::SettlementFile) {
        let Some(order_id) = applied.order_id.as_deref() else { continue };
        let nth = (applied.nth as usize).saturating_sub(1);
        let Some(entry) = rows.get(order_id).and_then(|rows| rows.get(nth)) else { continue };
        let due = sold_on(facts, entry, 0);
        let kinds = planted.entry(&entry.transaction_key).or_default();
        // Money that was given back is not missed.
        let is_missed = nth == 0 && paid.contains(order_id);
        match applied.verdict {
            Verdict::Missing if is_missed => _ = kinds.insert(("settlement_missing", due)),
            Verdict::Late { days } => {
                let late = sold_on(facts, entry, days);
                // Late within its week or month is not late.
                if late != due {
                    kinds.insert(("settlement_late", late));
                    is_missed.then(|| kinds.insert(("settlement_missing", due)));
                }
            }
            Verdict::Duplicate { .. } => _ = kinds.insert(("settlement_duplicated", due)),
            Verdict::OffBy { .. } | Verdict::PayOutOff { .. } => {
                kinds.insert(("settlement_amount", due));
            }
            _ => {}
        }
    }
    planted
}

pub(super) fn unreported(facts: &Facts) -> Vec<Violation> {
    let row = |d: &DifferenceRow| (d.subject.clone(), d.kind.clone(), d.day.clone());
    let reported: BTreeSet<_> = facts.differences.iter().map(row).collect();
    let mut found = Vec::new();
    for (transaction, kinds) in planted(facts) {
        for (kind, day) in kinds {
            // A late line stands in the file of a day that may not be over yet.
            let is_due = kind != "settlement_late" || facts.reports.get(&day) == Some(&true);
            if is_due && !reported.contains(&(transaction.into(), kind.into(), day.clone())) {
                let detail = format!(
                    "{kind} was planted on {transaction}, and the report of {day} lacks it"
                );
                let entry = facts.book.iter().find(|entry| entry.transaction_key == transaction);
                let order = entry.map(|entry| entry.order_id.as_str());
                found.push(Violation::new(ID, order, detail));
            }
        }
    }
    found
}

/// The days whose reports must be made before what was planted in settlement lines can be told.
pub(super) fn days(facts: &Facts) -> impl Iterator<Item = String> {
    let planted = planted(facts).into_values().flatten();
    planted.filter(|(kind, _)| *kind != "settlement_late").map(|(_, day)| day)
}

pub(super) fn false_alarms(facts: &Facts) -> Vec<Violation> {
    let planted = planted(facts);
    let order_of: BTreeMap<_, _> =
        facts.book.iter().map(|e| (e.transaction_key.as_str(), e.order_id.as_str())).collect();
    let truths = reported::truths(facts);
    let lied = reported::lists_lied(&facts.applied);
    let mut found = Vec::new();
    for difference in &facts.differences {
        let (kind, subject) = (difference.kind.as_str(), difference.subject.as_str());
        let explained = match kind {
            // Of a list that broke off, and looked at again since.
            _ if lied && difference.repair == "GONE" => true,
            "settlement_missing"
            | "settlement_duplicated"
            | "settlement_amount"
            | "settlement_late" => planted.get(subject).is_some_and(|kinds| {
                kinds.iter().any(|planted| *planted == (kind, difference.day.clone()))
            }),
            // Passing states; that they end is judged above.
            "unknown_but_taken" | "failed_but_taken" | "unresolved" | "not_booked" => true,
            // Two books read at two moments may differ for a moment.
            "wallet_ledger_mismatch" => difference.repair == "GONE",
            _ => truths.iter().any(|truth| truth.kind == kind && truth.order == subject),
        };
        if !explained {
            let detail =
                format!("{kind} of {subject} ({}) was reported, but is not so", difference.day);
            let order = order_of.get(subject).copied().or(Some(subject));
            found.push(Violation::new(ID, order, detail));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::tests::{booked, capture, give_back, payment};

    fn facts(verdict: Verdict) -> Facts {
        let applied = fake_psp::Applied {
            seq: 0,
            at: jiff::Timestamp::UNIX_EPOCH,
            rule: "r".into(),
            endpoint: Endpoint::SettlementFile,
            order_id: Some("o".into()),
            payment_key: None,
            nth: 1,
            verdict,
        };
        Facts {
            payments: vec![payment("o", 500, "SUCCESS")],
            book: booked([capture("o", 500)]),
            applied: vec![applied],
            ..Facts::default()
        }
    }

    fn difference(kind: &str, class: &str, repair: &str) -> DifferenceRow {
        DifferenceRow {
            day: "1970-01-01".into(),
            kind: kind.into(),
            subject: "tx-0".into(),
            class: class.into(),
            repair: repair.into(),
        }
    }

    #[test]
    fn a_planted_difference_must_be_reported() {
        let mut facts = facts(Verdict::Missing);
        assert_eq!(judge(&facts).len(), 1);
        facts.differences = vec![difference("settlement_missing", "MANUAL", "NONE")];
        assert_eq!(judge(&facts), []);
    }

    #[test]
    fn a_difference_of_a_cancels_row_is_of_that_row() {
        let mut facts = facts(Verdict::OffBy { won: 1 });
        facts.book = booked([capture("o", 500), give_back("o", 500)]);
        facts.applied[0].nth = 2;
        let mut said = difference("settlement_amount", "MANUAL", "NONE");
        facts.differences = vec![said.clone()];
        assert_eq!(judge(&facts).len(), 2, "the approval's was right");
        said.subject = "tx-1".into();
        facts.differences = vec![said];
        assert_eq!(judge(&facts), []);
    }

    #[test]
    fn a_difference_is_told_in_the_report_of_the_day_on_which_it_was_sold() {
        let mut facts = facts(Verdict::Missing);
        facts.plan.cluster.settlement_cycle = fake_psp::SettlementCycle::Weekly;
        let mut said = difference("settlement_missing", "MANUAL", "NONE");
        facts.differences = vec![said.clone()];
        assert_eq!(judge(&facts).len(), 2, "a Thursday is not the day, and Sunday lacks it");
        said.day = "1970-01-04".into();
        facts.differences = vec![said];
        assert_eq!(judge(&facts), []);
    }

    #[test]
    fn a_late_line_is_missed_and_recognised_when_it_comes() {
        let mut facts = facts(Verdict::Late { days: 2 });
        let missed = difference("settlement_missing", "MANUAL", "NONE");
        facts.differences = vec![missed.clone()];
        assert_eq!(judge(&facts), [], "the day on which it comes is not over");
        facts.reports = [("1970-01-03".to_owned(), true)].into();
        assert_eq!(judge(&facts).len(), 1);
        let mut late = difference("settlement_late", "MANUAL", "NONE");
        late.day = "1970-01-03".into();
        facts.differences.push(late);
        assert_eq!(judge(&facts), []);
        facts.plan.cluster.settlement_cycle = fake_psp::SettlementCycle::Weekly;
        assert_eq!(judge(&facts).len(), 2, "within its week it is not late");
    }

    #[test]
    fn a_wrong_name_is_a_miss_and_a_false_alarm() {
        let mut facts = facts(Verdict::OffBy { won: 1 });
        facts.differences = vec![difference("settlement_missing", "MANUAL", "NONE")];
        assert_eq!(judge(&facts).len(), 2);
    }

    #[test]
    fn a_wrong_class_and_an_unfinished_repair_are_seen() {
        for (class, repair) in [("MANUAL", "REPAIRED"), ("REPAIRABLE", "PENDING")] {
            let differences = vec![difference("unresolved", class, repair)];
            assert_eq!(judge(&Facts { differences, ..Facts::default() }).len(), 1);
        }
    }

    #[test]
    fn a_payment_that_is_said_to_be_missing_and_is_not_is_a_false_alarm() {
        let differences = vec![difference("missing_at_psp", "MANUAL", "NONE")];
        assert_eq!(judge(&Facts { differences, ..Facts::default() }).len(), 1);
    }
}
