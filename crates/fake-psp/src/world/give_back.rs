//! Money goes back.

use jiff::Timestamp;

use super::{Core, World, next_transaction_key, settling};
use crate::{
    BookKind, Cause, Config,
    model::{Cancel, CancelStatus, Event, Payment, State},
    records::Movement,
};

/// A cancel that was found to be allowed.
pub(crate) struct GiveBack<'a> {
    pub(crate) amount: i64,
    pub(crate) reason: &'a str,
    pub(crate) tax_free_amount: i64,
    pub(crate) tax_exemption_amount: i64,
    /// The merchant's own id of an asynchronous cancel.
    pub(crate) request_id: Option<&'a str>,
    pub(crate) cause: Cause,
    /// Does the money really go back?
    pub(crate) booked: bool,
}

impl<'a> GiveBack<'a> {
    /// By hand, in Toss's console. The last of the money takes all with it that is free of tax.
    pub(crate) fn from_console(payment: &Payment, amount: i64, reason: &'a str) -> Self {
        let is_last = amount == payment.balance;
        Self {
            amount,
            reason,
            tax_free_amount: payment.tax_free_of(amount, 0),
            tax_exemption_amount: if is_last { payment.tax_exemption_left() } else { 0 },
            request_id: None,
            cause: Cause::Console,
            booked: true,
        }
    }
}

impl GiveBack<'_> {
    /// The cancel of it. The balance after it is the payment's now.
    pub(super) fn cancel(
        &self,
        core: &Core,
        payment: &mut Payment,
        status: CancelStatus,
        at: Timestamp,
    ) -> Cancel {
        // What was taken off goes back with the last of the money.
        let discount = payment.discount.as_ref().filter(|_| payment.balance == 0);
        Cancel {
            card_discount_amount: discount.map_or(0, |discount| discount.amount),
            transaction_key: next_transaction_key(core, payment),
            reason: self.reason.to_owned(),
            amount: self.amount,
            balance_after: payment.balance,
            tax_free_amount: self.tax_free_amount,
            tax_exemption_amount: self.tax_exemption_amount,
            at,
            status,
            request_id: self.request_id.map(str::to_owned),
            receipt_key: None,
        }
    }
}

/// Does this amount, given back, end the payment in CANCELED?
pub(super) fn event_of(config: &Config, payment: &Payment, amount: i64) -> Event {
    let can_end = payment.state == State::Done || config.last_part_makes_canceled;
    let whole = can_end && amount == payment.balance;
    if whole { Event::CancelWhole } else { Event::CancelPart }
}

impl World {
    /// Gives money back, whole or in part: at once, or overseas after a while.
    pub(crate) fn give_back(&mut self, core: &Core, key: &str, back: &GiveBack<'_>, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if let Some(takes) = super::overseas::takes(&core.config, payment) {
            return self.request_cancel(core, key, back, at, takes);
        }
        if !payment.apply(event_of(&core.config, payment, back.amount)) {
            return;
        }
        payment.balance -= back.amount;
        let cancel = back.cancel(core, payment, CancelStatus::Done, at);
        payment.cancels.push(cancel);
        let newest = payment.cancels.len() - 1;
        self.after_cancel(core, key, newest, back.booked.then_some(back.cause), at);
    }

    /// A cancel in the merchant's console that nobody's servers asked for. Nothing, if so much is
    /// not left.
    pub(super) fn cancel_unasked(
        &mut self,
        core: &Core,
        key: &str,
        amount: Option<i64>,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get(key).filter(|payment| payment.was_charged()) else {
            return;
        };
        let left = payment.cancelable();
        let amount = amount.unwrap_or(left);
        if !(1..=left).contains(&amount) {
            return;
        }
        let back = GiveBack::from_console(payment, amount, "관리자 취소");
        self.give_back(core, key, &back, at);
    }

    /// What follows from a cancel that is done: everybody writes it down, everybody is told.
    /// Without a cause, nobody writes it down.
    pub(super) fn after_cancel(
        &mut self,
        core: &Core,
        key: &str,
        nth: usize,
        cause: Option<Cause>,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let amount = payment.cancels[nth].amount;
        payment.cancels[nth].receipt_key =
            self.cash_receipts.cancel_for(core, &mut self.agenda, payment, amount, at);
        if let Some(discount) = payment.discount.as_ref().filter(|_| payment.balance == 0) {
            self.discounts.give(&discount.code, -discount.amount);
        }
        if let Some(cause) = cause.filter(|_| !payment.unbooked) {
            let cancel = &payment.cancels[nth];
            // Cancels that are not done have keys, but no money has moved by them.
            let undone = payment.cancels.iter().filter(|one| one.status != CancelStatus::Done);
            let undone = u32::try_from(undone.count()).unwrap_or(0);
            self.records.add(
                &core.config,
                &Movement {
                    transaction_key: &cancel.transaction_key,
                    kind: BookKind::GivenBack,
                    amount,
                    cause,
                    at,
                    cancel: Some(cancel),
                    nth: payment.transactions - undone,
                    payment,
                },
            );
        }
        if payment.state == State::Canceled {
            settling::after_cancel(core, &mut self.agenda, payment, at);
        }
        if payment.account().is_some() {
            self.send_refund(core, key, at);
        }
        self.announce(core, key, at);
    }

    /// Moves the money of the payment's latest transaction once more, and does not say so: the
    /// payment looks as before, only the book, the transactions and the settlements know.
    pub(crate) fn cheat(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.cancels.last().is_some_and(|cancel| cancel.status != CancelStatus::Done) {
            return;
        }
        let transaction_key = next_transaction_key(core, payment);
        let again = payment
            .cancels
            .last()
            .map(|cancel| Cancel { transaction_key: transaction_key.clone(), ..cancel.clone() });
        self.records.add(
            &core.config,
            &Movement {
                transaction_key: &transaction_key,
                kind: if again.is_some() { BookKind::GivenBack } else { BookKind::Captured },
                amount: again.as_ref().map_or(payment.amount, |cancel| cancel.amount),
                cause: Cause::Cheat,
                at,
                cancel: again.as_ref(),
                nth: payment.transactions,
                payment,
            },
        );
    }

    /// Takes another amount than the payment says, which nobody is told of.
    pub(crate) fn take_off_by(&mut self, core: &Core, key: &str, won: i64, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let transaction_key = next_transaction_key(core, payment);
        self.records.add(
            &core.config,
            &Movement {
                transaction_key: &transaction_key,
                kind: BookKind::Captured,
                amount: payment.amount + won,
                cause: Cause::Cheat,
                at,
                cancel: None,
                nth: payment.transactions,
                payment,
            },
        );
    }
}
