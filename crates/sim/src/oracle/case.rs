//! One order with everything that is known of it from outside: what its buyer meant to do and was
//! told, what was planted on it, what the PSP was asked and what its book says.
//!
//! An order that was paid for in several attempts is a case for each: each has its own beginning, its
//! own end and its own reasons.

use std::{borrow::Cow, collections::BTreeMap};

use fake_psp::{Applied, BookEntry, BookKind, Call, Cause, Endpoint, Verdict};
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

/// Everything about one order, or about one of several attempts to pay for it.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts,
    pub(super) payment: &'a PaymentRow,
    pub(super) purchase: Option<&'a Purchase>,
    /// Of the attempt.
    pub(super) times: Cow<'a, OrderTimes>,
    /// Of the whole order.
    pub(super) whole: &'a OrderTimes,
    /// Which attempt it is, from 0.
    attempt: usize,
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
        let whole = facts.times.orders.get(order).unwrap_or(&NOTHING);
        let case = Case {
            facts,
            payment,
            purchase: purchases.get(payment.order_name.as_str()).copied(),
            times: Cow::Borrowed(whole),
            whole,
            attempt: 0,
            lines: lines.remove(order).unwrap_or_default(),
            calls: calls.remove(order).unwrap_or_default(),
            struck: struck.remove(order).unwrap_or_default(),
            money: money.remove(order).unwrap_or_default(),
        };
        case.by_attempt()
    };
    facts.payments.iter().flat_map(case).collect()
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

    /// The cases of the attempts that it is made of.
    fn by_attempt(self) -> Vec<Self> {
        if self.whole.attempts.len() < 2 {
            return vec![self];
        }
        (0..self.whole.attempts.len()).map(|n| self.of_attempt(n)).collect()
    }

    fn of_attempt(&self, n: usize) -> Self {
        let whole = self.whole;
        let is_mine = |key: Option<&str>, at| whole.attempt_of(key, at) == n;
        let key = whole.attempts[n].1.as_str();
        let mut money = Money::default();
        let book = self.facts.book.iter();
        book.filter(|e| e.order_id == self.id() && e.payment_key == key).for_each(|e| money.add(e));
        // Who comes back with a payment that is over is told how the order stands.
        let is_over = |line: &TellTale| {
            let next =
                whole.attempts.get(whole.attempt_of(line.payment_key.as_deref(), line.at) + 1);
            next.is_some_and(|(began, _)| *began <= line.asked_at)
        };
        let line = |line: &&&TellTale| match &line.told {
            Told::Approved(key) => is_mine(Some(key), line.asked_at),
            _ if is_over(line) => is_mine(None, line.asked_at),
            _ => is_mine(line.payment_key.as_deref(), line.asked_at),
        };
        let call = |call: &&&Call| is_mine(call.payment_key.as_deref(), call.at);
        let struck = |applied: &&&Applied| is_mine(applied.payment_key.as_deref(), applied.at);
        Self {
            times: Cow::Owned(whole.of_attempt(n)),
            attempt: n,
            lines: self.lines.iter().filter(line).copied().collect(),
            calls: self.calls.iter().filter(call).copied().collect(),
            struck: self.struck.iter().filter(struck).copied().collect(),
            money,
            ..*self
        }
    }

    /// Whether a line is about another payment than the one of this attempt.
    pub(super) fn is_of_another(&self, line: &TellTale) -> bool {
        let mine = self.times.attempts.first().map(|(_, key)| key);
        self.is_one_of_several() && line.payment_key.is_some() && line.payment_key.as_ref() != mine
    }

    /// Whether it is one of several attempts.
    pub(super) fn is_one_of_several(&self) -> bool {
        self.whole.attempts.len() > 1
    }

    /// How the attempt ended, or stands; without several, how the order does.
    pub(super) fn status(&self) -> &'a str {
        match self.attempt + 1 < self.whole.attempts.len() {
            // Nothing else lets a next one begin.
            true => "FAILURE",
            false => &self.payment.status,
        }
    }

    /// The PSP's book, as far as it is about this attempt.
    pub(super) fn book(&self) -> impl Iterator<Item = &'a BookEntry> {
        let key = self.is_one_of_several().then(|| self.whole.attempts[self.attempt].1.as_str());
        let of_key = move |entry: &&BookEntry| key.is_none_or(|key| entry.payment_key == key);
        self.order_book().filter(of_key)
    }

    /// The PSP's book, as far as it is about the order.
    fn order_book(&self) -> impl Iterator<Item = &'a BookEntry> {
        let order = self.id();
        self.facts.book.iter().filter(move |entry| entry.order_id == order)
    }

    /// Whether the PSP had taken money for the order by a time, by whatever payment.
    pub(super) fn was_taken_by(&self, at: Timestamp) -> bool {
        self.order_book().any(|entry| entry.kind == BookKind::Captured && entry.at <= at)
    }

    /// Whether the PSP has taken money for the order by another attempt: it confirms none after that.
    pub(super) fn was_taken_otherwise(&self) -> bool {
        let key = self.times.attempts.first().map_or("", |(_, key)| key.as_str());
        let captures = self.order_book().filter(|entry| entry.kind == BookKind::Captured);
        self.is_one_of_several() && captures.into_iter().any(|entry| entry.payment_key != key)
    }

    /// When nobody can begin to pay for the order any more, and by how much that may be off: the clock
    /// that says so may be.
    fn expires_at(&self) -> Option<(Timestamp, SignedDuration)> {
        let (opened, _) = self.whole.moves.first()?;
        let ms = self.facts.plan.cluster.order_lifetime_ms;
        let lifetime = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX / 4));
        let off = self.facts.clocks_off(Way::PAY, *opened, *opened + lifetime);
        Some((*opened + lifetime, off * 2 + SignedDuration::from_secs(1)))
    }

    /// Whether the order may have expired by a time.
    pub(super) fn may_have_expired(&self, at: Timestamp) -> bool {
        self.expires_at().is_some_and(|(end, off)| at >= end - off)
    }

    /// Whether the shop had taken the order back by a time.
    pub(super) fn was_voided(&self, at: Timestamp) -> bool {
        self.whole.voided_at.is_some_and(|voided| voided <= at)
    }

    /// What had certainly come to the order before a time, so that nobody may begin to pay for it.
    pub(super) fn was_closed(&self, at: Timestamp) -> Option<&'static str> {
        let expired = self.expires_at().is_some_and(|(end, off)| at > end + off);
        let voided = self.whole.voided_at.is_some_and(|voided| voided < at);
        if voided { Some("voided") } else { expired.then_some("expired") }
    }

    /// Whether the buyer could begin to pay all the time between two moments: for the first time, or
    /// again after a failure that took nothing.
    pub(super) fn was_payable(&self, from: Timestamp, to: Timestamp) -> bool {
        if self.was_voided(to) || self.may_have_expired(to) {
            return false;
        }
        match self.whole.stood(from, to) {
            Some("NOT_STARTED") => true,
            Some("FAILURE") => !self.was_taken_by(to),
            _ => false,
        }
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

    /// Until when the payment can be confirmed that was begun or, if none was, the last one that the
    /// buyer approved.
    pub(super) fn confirmable_until(&self) -> Option<Timestamp> {
        let begun = self.times.attempts.first().and_then(|(_, key)| self.expires(key));
        begun.or_else(|| self.approvals().map(|(at, _)| at + TO_CONFIRM).max())
    }

    /// Whether the buyer came too late for the PSP, or so nearly that it does not matter.
    pub(super) fn came_too_late(&self) -> bool {
        let last = self.confirmable_until();
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
        self.book().any(|entry| entry.cause == Cause::Console)
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

#[cfg(test)]
mod tests;
