//! One order with everything that is known of it from outside: what its buyer meant to do and was
//! told, what was planted on it, what the PSP was asked and what its book says.

use std::collections::BTreeMap;

use fake_psp::{Applied, Call, Cause, Endpoint, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{
    Asked, Facts, PaymentRow, TellTale, Told, codes,
    facts::Money,
    times::OrderTimes,
    trouble::{Way, is_about_payment, lasts},
};
use crate::plan::Purchase;

/// Between a buyer's approval in the PSP's window and the end of the confirmation's time, as Toss
/// documents it.
const TO_CONFIRM: SignedDuration = SignedDuration::from_mins(10);

/// Everything about one order.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts,
    pub(super) payment: &'a PaymentRow,
    pub(super) purchase: Option<&'a Purchase>,
    pub(super) times: &'a OrderTimes,
    pub(super) lines: Vec<&'a TellTale>,
    pub(super) calls: Vec<&'a Call>,
    pub(super) struck: Vec<&'a Applied>,
    pub(super) money: Money,
}

/// All orders, as cases.
pub(super) fn all<'a>(facts: &'a Facts) -> Vec<Case<'a>> {
    static NOTHING: OrderTimes = OrderTimes::new();
    let mut lines = by_order(&facts.history, |line| line.order_id.as_deref());
    // The PSP does not know whose payment it is that does not exist; who was asked to pay with it does.
    let acts = facts
        .calls
        .iter()
        .filter_map(|call| Some((call.payment_key.as_deref()?, call.order_id.as_deref()?)));
    let owners: BTreeMap<_, _> = acts.collect();
    let owner = |call: &'a Call| owners.get(call.payment_key.as_deref()?).copied();
    let mut calls = by_order(&facts.calls, |call| call.order_id.as_deref().or_else(|| owner(call)));
    let mut struck = by_order(&facts.applied, |applied| {
        applied.order_id.as_deref().filter(|_| applied.endpoint.is_request())
    });
    let mut money = facts.money();
    let purchases: BTreeMap<_, _> = facts.plan.purchases.iter().map(|p| (&*p.name, p)).collect();
    let case = |payment: &'a PaymentRow| {
        let order = payment.order_id.as_str();
        Case {
            facts,
            payment,
            purchase: purchases.get(payment.order_name.as_str()).copied(),
            times: facts.times.orders.get(order).unwrap_or(&NOTHING),
            lines: lines.remove(order).unwrap_or_default(),
            calls: calls.remove(order).unwrap_or_default(),
            struck: struck.remove(order).unwrap_or_default(),
            money: money.remove(order).unwrap_or_default(),
        }
    };
    facts.payments.iter().map(case).collect()
}

fn by_order<'a, T>(
    items: &'a [T],
    order: impl Fn(&'a T) -> Option<&'a str>,
) -> BTreeMap<&'a str, Vec<&'a T>> {
    let mut found: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for item in items {
        if let Some(order) = order(item) {
            found.entry(order).or_default().push(item);
        }
    }
    found
}

impl<'a> Case<'a> {
    pub(super) fn id(&self) -> &'a str {
        &self.payment.order_id
    }

    /// What the buyer asked for, in the order of asking.
    pub(super) fn asked(&self, what: Asked) -> impl Iterator<Item = &'a TellTale> {
        self.lines.iter().copied().filter(move |line| line.asked == what)
    }

    /// The buyer's first true confirmation.
    pub(super) fn confirmed_at(&self) -> Option<Timestamp> {
        self.asked(Asked::Confirm).map(|line| line.asked_at).min()
    }

    /// When the buyer approved, and the payment that the PSP named; the last tab's last.
    pub(super) fn approvals(&self) -> impl Iterator<Item = (Timestamp, &'a str)> {
        self.asked(Asked::Window).filter_map(|line| match &line.told {
            Told::Approved(key) => Some((line.at, key.as_str())),
            _ => None,
        })
    }

    /// Until when a payment that the buyer approved can be confirmed.
    pub(super) fn expires(&self, payment_key: &str) -> Option<Timestamp> {
        let approved = self.approvals().find(|(_, key)| *key == payment_key);
        approved.map(|(at, _)| at + TO_CONFIRM)
    }

    /// Whether the buyer came too late for the PSP, or so nearly that it does not matter.
    pub(super) fn came_too_late(&self) -> bool {
        let last = self.approvals().map(|(at, _)| at + TO_CONFIRM).max();
        let came = self.confirmed_at();
        let spare = SignedDuration::from_secs(40);
        came.zip(last).is_some_and(|(came, last)| came + spare >= last)
    }

    /// Whether a fault of the PSP struck this endpoint of the order, of a kind.
    pub(super) fn was_struck(&self, endpoint: Endpoint, kind: impl Fn(&Verdict) -> bool) -> bool {
        self.struck.iter().any(|a| a.endpoint == endpoint && kind(&a.verdict))
    }

    /// Whether the bank was made to say no, or the PSP to say so with a final code.
    pub(super) fn was_refused(&self) -> bool {
        self.was_struck(Endpoint::Confirm, |verdict| match verdict {
            Verdict::Decline { .. } | Verdict::HoldThenDecline { .. } => true,
            Verdict::Refuse { code, .. } | Verdict::ActThenError { code, .. } => {
                codes::is_final(code)
            }
            _ => false,
        })
    }

    /// Whether the PSP was made to take the money and say that it did not.
    pub(super) fn was_lied_to(&self) -> bool {
        self.was_struck(Endpoint::Confirm, |verdict| {
            matches!(verdict, Verdict::ActThenError { code, .. } if codes::is_final(code))
        })
    }

    /// Whether the PSP was made to keep it in review, or to act long after it was asked.
    pub(super) fn was_held(&self) -> bool {
        self.struck.iter().any(|a| {
            let late = lasts(a) >= a.at + SignedDuration::from_secs(3);
            late && !matches!(a.verdict, Verdict::TooMany { .. })
        })
    }

    /// Whether somebody cancelled it by hand at the PSP.
    pub(super) fn was_canceled_by_hand(&self) -> bool {
        let mut mine = self.facts.book.iter().filter(|entry| entry.order_id == self.id());
        mine.any(|entry| entry.cause == Cause::Console)
    }

    /// The calls about the payment in a stretch of time that nothing planted explains.
    pub(super) fn honest_calls(&self, from: Timestamp, to: Timestamp) -> Vec<&'a Call> {
        let excused = |call: &Call| {
            let within = |a: &&Applied| a.at <= call.at && call.at <= lasts(a);
            call.fault.is_some()
                || call.replayed
                || call.status == Some(429)
                || self.struck.iter().any(within)
        };
        let mine = self.calls.iter().copied();
        mine.filter(|call| is_about_payment(call.endpoint))
            .filter(|call| (from..=to).contains(&call.at) && !excused(call))
            .collect()
    }

    /// How many calls about the payment in a stretch of time were planted to go wrong.
    pub(super) fn spoilt_calls(&self, from: Timestamp, to: Timestamp) -> usize {
        let about = self.calls.iter().filter(|call| is_about_payment(call.endpoint));
        let all = about.filter(|call| (from..=to).contains(&call.at)).count();
        all - self.honest_calls(from, to).len()
    }

    /// When the last call about the payment in a stretch of time that was planted to go wrong was
    /// over; calls that were only slow, but well within the patience of whoever asks, are not.
    pub(super) fn last_spoilt(&self, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
        let patience = self.facts.plan.cluster.psp_deadline_ms;
        let slow = |call: &Call| {
            self.struck.iter().any(|a| {
                let short = matches!(a.verdict, Verdict::Delay { ms } if ms * 2 <= patience);
                short && (a.endpoint, a.at) == (call.endpoint, call.at)
            })
        };
        let honest = self.honest_calls(from, to);
        let about = self.calls.iter().filter(|call| is_about_payment(call.endpoint));
        let spoilt = about.filter(|call| {
            (from..=to).contains(&call.at)
                && !honest.iter().any(|h| h.seq == call.seq)
                && !slow(call)
        });
        let until = |call: &Call| {
            let struck =
                self.struck.iter().filter(|a| (a.endpoint, a.at) == (call.endpoint, call.at));
            struck.map(|a| lasts(a)).max().unwrap_or(call.at)
        };
        spoilt.map(|call| until(call)).max()
    }

    /// When the last thing that was planted on this order's way to its end, after `from`, was not
    /// felt any more; `from` if nothing was.
    pub(super) fn last_trouble(&self, from: Timestamp, to: Timestamp) -> Timestamp {
        let world = self.facts.trouble(Way::EXECUTE, from, to);
        let psp = self.struck.iter().map(|a| lasts(a)).filter(|end| *end >= from).max();
        [Some(from), world, psp].into_iter().flatten().max().expect("from is there")
    }
}
