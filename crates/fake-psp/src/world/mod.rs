//! The whole state of the fake, and what can be done to it. Nothing here waits: an act, once
//! begun, is done.

mod account;
mod agenda;
mod billing;
mod charge;
mod give_back;
mod open;
mod overseas;
mod settling;

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    Call, Clock, Config, Entropy,
    api::{late::Late, quota::Quota},
    cash_receipt::CashReceipts,
    data::{Kept, List},
    fault::Faults,
    idempotency::Idempotency,
    model::{AuthKey, BillingAuth, BillingKey, Payment},
    payout::{Payout, Seller},
    promotion::Discounts,
    records::Records,
    store::Store,
    table::Table,
    webhook::{Announcer, Hook, Notice, Outbox},
};
pub(crate) use account::no_deposit;
pub(crate) use agenda::{Agenda, Duty};
pub(crate) use billing::BillingOpening;
pub(crate) use give_back::GiveBack;
pub(crate) use open::Opening;
pub use overseas::NoCancelInProgress;

/// What does not change by anything that happens.
pub(crate) struct Core {
    pub(crate) config: Arc<Config>,
    /// Another number after every change of the configuration.
    pub(crate) revision: u64,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

/// What does.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) records: Records,
    /// Billing windows, by id.
    pub(crate) billing_auths: Table<BillingAuth>,
    /// One-time keys that were not redeemed yet.
    pub(crate) auth_keys: Table<AuthKey>,
    pub(crate) billing_keys: Table<BillingKey>,
    pub(crate) cash_receipts: CashReceipts,
    pub(crate) discounts: Discounts,
    pub(crate) faults: Faults,
    pub(crate) idempotency: Idempotency,
    pub(crate) quota: Quota,
    /// Where webhooks go.
    pub(crate) hooks: Kept<Vec<Hook>>,
    pub(crate) outbox: Outbox,
    /// Acts that will happen later, by time and order of arrival.
    pub(crate) late: Table<Late, (Timestamp, u64)>,
    /// What else will happen by itself.
    pub(crate) agenda: Agenda,
    pub(crate) sellers: Table<Seller>,
    pub(crate) payouts: Table<Payout>,
    /// Those of encrypted bodies, and when they were used.
    pub(crate) nonces: Table<Timestamp>,
    pub(crate) calls: List<Call>,
    /// How far the fake's clock is ahead of the one it was handed, in milliseconds.
    pub(crate) ahead_ms: Kept<i64>,
}

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            store: Store::default(),
            records: Records::default(),
            billing_auths: Table::default(),
            auth_keys: Table::default(),
            billing_keys: Table::default(),
            cash_receipts: CashReceipts::default(),
            discounts: Discounts::default(),
            faults: Faults::default(),
            idempotency: Idempotency::new(config.idempotency_days),
            quota: Quota::default(),
            hooks: Kept::new(Hook::all_to(&config.webhook_urls)),
            outbox: Outbox::default(),
            late: Table::default(),
            agenda: Agenda::default(),
            sellers: Table::default(),
            payouts: Table::default(),
            nonces: Table::default(),
            calls: List::default(),
            ahead_ms: Kept::default(),
        }
    }

    /// The next moment at which something happens by itself.
    pub(crate) fn next_event(&self) -> Option<Timestamp> {
        let late = self.late.keys().next().map(|(at, _)| *at);
        let deadline = self.store.first_deadline().map(|(at, _)| at);
        let due = [late, deadline, self.agenda.next_due(), self.outbox.next_due()];
        due.into_iter().flatten().min()
    }

    /// As [`Self::next_event`], but not what is due already and waits for somebody to carry it.
    pub(crate) fn next_event_after(&self, now: Timestamp) -> Option<Timestamp> {
        let late = self.late.keys().next().map(|(at, _)| *at);
        let deadline = self.store.first_deadline().map(|(at, _)| at);
        let due = [late, deadline, self.agenda.next_due(), self.outbox.next_after(now)];
        due.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Lets everything happen that is due by `now`, each at its own time.
    pub(crate) fn tick(&mut self, core: &Core, now: Timestamp) {
        loop {
            let late = self.late.keys().next().copied().filter(|(at, _)| *at <= now);
            let deadline = self.store.first_deadline().map(|(at, _)| at).filter(|at| *at <= now);
            let duty = self.agenda.next_due().filter(|at| *at <= now);
            let late_at = late.map(|(at, _)| at);
            let Some(first) = [late_at, deadline, duty].into_iter().flatten().min() else { return };
            if late_at == Some(first) {
                late.inspect(|id| self.run_late(core, *id));
            } else if deadline == Some(first) {
                let key = self.store.first_deadline().map(|(_, key)| key.to_owned());
                key.inspect(|key| self.expire(core, key, first));
            } else if let Some((at, duty)) = self.agenda.take_first() {
                self.do_duty(core, &duty, at);
            }
        }
    }

    /// What it takes to announce, and beside it the payments.
    pub(crate) fn announcer<'a>(
        &'a mut self,
        core: &'a Core,
        at: Timestamp,
    ) -> (Announcer<'a>, &'a mut Store) {
        let announcer = Announcer {
            config: &core.config,
            entropy: &*core.entropy,
            at,
            hooks: &self.hooks,
            receipts: &self.cash_receipts,
            faults: &mut self.faults,
            outbox: &mut self.outbox,
        };
        (announcer, &mut self.store)
    }

    /// Tells something that is no change of a payment's status.
    pub(crate) fn tell(&mut self, core: &Core, notice: &Notice<'_>, at: Timestamp) {
        self.announcer(core, at).0.tell(notice);
    }

    pub(crate) fn announce(&mut self, core: &Core, key: &str, at: Timestamp) {
        if self.hooks.is_empty() {
            return;
        }
        let (announcer, store) = self.announcer(core, at);
        if let Some(payment) = store.get_mut(key) {
            announcer.announce(payment);
        }
    }
}

/// 32 upper-case hexadecimal digits, as in real records.
pub(crate) fn next_transaction_key(core: &Core, payment: &mut Payment) -> String {
    payment.transactions += 1;
    let half = |half| {
        let name = format!("psp/transaction/{}/{}/{half}", payment.key, payment.transactions);
        u128::from(core.entropy.draw(&name))
    };
    format!("{:032X}", half("high") << 64 | half("low"))
}
