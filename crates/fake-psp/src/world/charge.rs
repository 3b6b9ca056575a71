//! The end of an authenticated payment: approved, refused or expired.

use jiff::Timestamp;

use super::{Core, World, next_transaction_key, settling};
use crate::{
    BookKind, Cause,
    api::error::Refusal,
    clock::korean_day,
    model::{Discount, Event, Failure, Method},
    records::Movement,
};

impl World {
    /// Charges the buyer. Without `booked` it only says so. With a virtual account, nothing is
    /// taken yet: it is issued.
    pub(crate) fn approve(&mut self, core: &Core, key: &str, booked: bool, at: Timestamp) {
        let Some(payment) = self.store.set_deadline(key, None) else { return };
        if payment.method() == Method::VirtualAccount {
            return self.issue_account(core, key, at);
        }
        if !payment.apply(Event::Approve) {
            return;
        }
        payment.held = false;
        payment.unbooked = !booked;
        payment.approved_at = Some(at);
        payment.discount = core.config.promotions.off(payment, &self.discounts, korean_day(at));
        if let Some(Discount { code, amount }) = &payment.discount {
            self.discounts.give(code, *amount);
        }
        let order_id = payment.order_id.clone();
        self.take(core, key, Cause::Confirm, at);
        self.store.mark_approved(&order_id, key);
        self.announce(core, key, at);
    }

    /// The money of a payment comes in, and is written down unless the fake cheats.
    pub(crate) fn take(&mut self, core: &Core, key: &str, cause: Cause, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let transaction_key = next_transaction_key(core, payment);
        payment.approval_key = Some(transaction_key.clone());
        if payment.unbooked {
            return;
        }
        let movement = Movement {
            transaction_key: &transaction_key,
            kind: BookKind::Captured,
            amount: payment.amount,
            cause,
            at,
            cancel: None,
            nth: payment.transactions,
            payment,
        };
        self.records.add(&core.config, &movement);
        self.cash_receipts.issue_for(core, &mut self.agenda, payment, at);
        settling::after_charge(core, &mut self.agenda, payment, at);
    }

    /// The approval is refused: ABORTED, with the reason.
    pub(crate) fn abort(&mut self, core: &Core, key: &str, why: &Refusal, at: Timestamp) {
        self.fail(core, key, Event::Refuse, why, at);
    }

    pub(crate) fn expire(&mut self, core: &Core, key: &str, at: Timestamp) {
        self.fail(core, key, Event::Expire, &Refusal::new("EXPIRED_PAYMENT"), at);
    }

    fn fail(&mut self, core: &Core, key: &str, event: Event, why: &Refusal, at: Timestamp) {
        let Some(payment) = self.store.set_deadline(key, None) else { return };
        if payment.apply(event) {
            payment.held = false;
            payment.failed_at = Some(at);
            payment.failure = Some(Failure {
                code: why.code().to_owned(),
                message: why.message(false).to_owned(),
            });
            self.announce(core, key, at);
        }
    }
}
