//! Virtual accounts: issued, paid into, overdue, and a deposit taken back.

use jiff::{SignedDuration, Timestamp};

use super::{Core, Duty, World, next_transaction_key};
use crate::{
    BookKind, Cause, Config,
    model::{Event, State},
    records::Movement,
};

impl World {
    /// Issues the virtual account of an authenticated payment: WAITING_FOR_DEPOSIT.
    pub(crate) fn issue_account(&mut self, core: &Core, key: &str, at: Timestamp) {
        self.store.set_deadline(key, None);
        let Some(payment) = self.store.get_mut(key) else { return };
        if !payment.apply(Event::Issue) {
            return;
        }
        payment.held = false;
        payment.approved_at = core.config.account_issue_is_approval.then_some(at);
        let number = core.entropy.draw(&format!("psp/account/{key}")) % 10_000_000_000_000;
        let order_id = payment.order_id.clone();
        if let Some(account) = payment.account_mut() {
            if account.account_number.is_empty() {
                account.account_number = format!("X{number:013}");
            }
            let week = SignedDuration::from_hours(account.valid_hours);
            let due = *account.due.get_or_insert(at + week);
            self.agenda.add(due, Duty::AccountOverdue(key.to_owned()));
        }
        if core.config.account_issue_is_transaction {
            let transaction_key = next_transaction_key(core, payment);
            self.records.note_issue(&core.config, payment, &transaction_key, at);
            payment.waiting_key = Some(transaction_key);
        }
        self.store.mark_approved(&order_id, key);
        self.announce(core, key, at);
    }

    /// The buyer pays the whole amount in: DONE.
    pub(crate) fn deposit(
        &mut self,
        core: &Core,
        key: &str,
        depositor: Option<&str>,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if !payment.apply(Event::Deposit) {
            return;
        }
        payment.approved_at.get_or_insert(at);
        if let Some(account) = payment.account_mut() {
            let name = depositor.unwrap_or(&account.customer_name);
            account.depositor_name = Some(name.to_owned());
        }
        self.take(core, key, Cause::Deposit, at);
        self.announce(core, key, at);
    }

    /// The bank takes the deposit back: the account waits again, or in old versions of the API the
    /// payment is over.
    pub(crate) fn reverse_deposit(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let for_good = reverses_for_good(&core.config);
        if !payment.apply(if for_good { Event::ReverseForGood } else { Event::Reverse }) {
            return;
        }
        if for_good {
            payment.balance = 0;
        } else if !core.config.account_issue_is_approval {
            payment.approved_at = None;
        }
        payment.approval_key = None;
        let transaction_key = next_transaction_key(core, payment);
        payment.waiting_key = Some(transaction_key.clone());
        if let Some(account) = payment.account_mut() {
            account.depositor_name = None;
            account.expired = account.due.is_some_and(|due| due <= at);
        }
        let movement = Movement {
            transaction_key: &transaction_key,
            kind: BookKind::GivenBack,
            amount: payment.amount,
            cause: Cause::Reversal,
            at,
            cancel: None,
            nth: payment.transactions,
            payment,
        };
        self.records.add(&core.config, &movement);
        self.announce(core, key, at);
    }

    /// The due date has passed: the status stays, nobody is told.
    pub(super) fn expire_account(&mut self, key: &str) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.state != State::WaitingForDeposit {
            return;
        }
        if let Some(account) = payment.account_mut() {
            account.expired = true;
        }
    }
}

/// In versions 1.0 to 1.4 a reversed deposit is the end of a payment. Later versions are dates.
fn reverses_for_good(config: &Config) -> bool {
    config.api_version.starts_with("1.")
}
