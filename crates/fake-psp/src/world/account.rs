//! Virtual accounts: issued, paid into, overdue.

use jiff::{SignedDuration, Timestamp};

use super::{Core, Duty, World};
use crate::model::{Event, Means, State};

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
        if let Means::VirtualAccount(account) = &mut payment.means {
            if account.account_number.is_empty() {
                account.account_number = format!("X{number:013}");
            }
            let week = SignedDuration::from_hours(account.valid_hours);
            let due = *account.due.get_or_insert(at + week);
            self.agenda.add(due, Duty::AccountOverdue(key.to_owned()));
        }
        self.store.mark_approved(&order_id, key);
        self.announce(core, key, at);
    }

    /// The due date has passed: the status stays, nobody is told.
    pub(super) fn expire_account(&mut self, key: &str) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.state != State::WaitingForDeposit {
            return;
        }
        if let Means::VirtualAccount(account) = &mut payment.means {
            account.expired = true;
        }
    }
}
