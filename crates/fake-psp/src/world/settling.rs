//! From the charge to the merchant's account: the card company buys the sale, Toss pays it out.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Agenda, Core, Duty, World};
use crate::{
    clock::{from_korea, korean_day},
    model::{AcquireStatus, Method, Payment},
    settlement::{Days, business_days_after},
};

/// Puts on the agenda what follows by itself from a charge.
pub(super) fn after_charge(core: &Core, agenda: &mut Agenda, payment: &Payment, at: Timestamp) {
    let day = korean_day(at);
    match (payment.method(), &payment.approval_key) {
        (Method::Card, _) if core.config.card_acquisition && !core.config.manual_settlement => {
            let requested = midnight(day.saturating_add(1.day()), at);
            agenda.add(requested, Duty::Acquire(payment.key.clone()));
        }
        // What has no `settlementStatus` to show.
        (Method::Card | Method::EasyPay | Method::ForeignEasyPay, _) | (_, None) => {}
        (_, Some(transaction)) => {
            let paid_out = midnight(Days::of(day, &core.config).paid_out, at);
            let (key, transaction) = (payment.key.clone(), transaction.clone());
            agenda.add(paid_out, Duty::PaidOut { key, transaction });
        }
    }
}

/// A card payment was wholly cancelled: the card company hears of it.
pub(super) fn after_cancel(core: &Core, agenda: &mut Agenda, payment: &mut Payment, at: Timestamp) {
    let acquire = &mut payment.settling.acquire;
    *acquire = acquire.given_back();
    if *acquire == AcquireStatus::CancelRequested {
        let day = business_days_after(korean_day(at), 1, &core.config.holidays);
        agenda.add(midnight(day, at), Duty::Acquire(payment.key.clone()));
    }
}

/// When a Korean day begins.
fn midnight(day: Date, otherwise: Timestamp) -> Timestamp {
    from_korea(day.at(0, 0, 0, 0)).unwrap_or(otherwise)
}

impl World {
    /// The next step between Toss and the card company. It answers a request on the next business
    /// day.
    pub(super) fn acquire(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let acquire = &mut payment.settling.acquire;
        *acquire = acquire.next();
        if *acquire == AcquireStatus::Requested {
            let day = business_days_after(korean_day(at), 1, &core.config.holidays);
            self.agenda.add(midnight(day, at), Duty::Acquire(key.to_owned()));
        }
    }

    /// The merchant has the money of this charge.
    pub(super) fn pay_out(&mut self, key: &str, transaction: &str) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.approval_key.as_deref() == Some(transaction) {
            payment.settling.paid_out = true;
        }
    }

    /// The merchant asks for the settlement of a card payment, from today on.
    pub(crate) fn hand_in(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        payment.settling.handed_in = true;
        let open = payment.settling.acquire == AcquireStatus::Ready;
        self.records.settlements.hand_in(key, korean_day(at), &core.config);
        if core.config.card_acquisition && open {
            self.acquire(core, key, at);
        }
    }
}
