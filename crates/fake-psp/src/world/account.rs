//! Virtual accounts: issued, paid into, overdue, given up; a deposit taken back or refunded.

use jiff::{SignedDuration, Timestamp};

use super::{Core, Duty, World, next_transaction_key};
use crate::{
    BookKind, Cause, Config, Endpoint, Verdict,
    clock::{from_korea, in_korea, later},
    fault::Subject,
    model::{Cancel, CancelStatus, Event, Payment, RefundStatus, State, VirtualAccount},
    records::Movement,
    settlement::business_days_after,
};

impl World {
    /// Issues the virtual account of an authenticated payment: WAITING_FOR_DEPOSIT.
    pub(crate) fn issue_account(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.set_deadline(key, None) else { return };
        if !payment.apply(Event::Issue) {
            return;
        }
        payment.held = false;
        payment.approved_at = core.config.account_issue_is_approval.then_some(at);
        let order_id = payment.order_id.clone();
        if let Some(account) = payment.account_mut() {
            account.account_number = account_number(core, key, account);
            let week = SignedDuration::from_hours(account.valid_hours);
            let due = *account.due.get_or_insert(at + week);
            self.agenda.add(due, Duty::AccountOverdue(key.to_owned()));
        }
        if core.config.account_issue_is_transaction {
            let transaction_key = next_transaction_key(core, payment);
            self.records.note(payment, &transaction_key, at);
            payment.waiting_key = Some(transaction_key);
        }
        self.store.mark_approved(&order_id, key);
        self.announce(core, key, at);
    }

    /// The buyer pays the whole amount in, and the bank does with it what the fault programme
    /// says.
    pub(crate) fn deposit(
        &mut self,
        core: &Core,
        key: &str,
        depositor: Option<&str>,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get(key) else { return };
        let subject = Subject::of(payment);
        let verdict = self.faults.judge(&*core.entropy, at, Endpoint::Deposit, subject);
        if let Verdict::Delay { ms } = verdict {
            let (key, depositor) = (key.to_owned(), depositor.map(str::to_owned));
            self.agenda.add(later(at, ms), Duty::DepositArrives { key, depositor });
            return;
        }
        let booked = verdict != Verdict::ActWithoutBook;
        self.pay_in(core, key, depositor, booked, at);
        match verdict {
            Verdict::ActTwice => self.cheat(core, key, at),
            Verdict::ReverseDeposit { ms } => {
                let payment = self.store.get(key);
                let transaction = payment.and_then(|payment| payment.approval_key.clone());
                let duty = Duty::DepositReversed { key: key.to_owned(), transaction };
                self.agenda.add(later(at, ms), duty);
            }
            _ => {}
        }
    }

    /// A late deposit, if the bank still takes it.
    pub(super) fn deposit_arrives(
        &mut self,
        core: &Core,
        key: &str,
        depositor: Option<&str>,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get(key) else { return };
        if no_deposit(payment, payment.amount).is_none() {
            self.pay_in(core, key, depositor, true, at);
        }
    }

    pub(super) fn deposit_reversed(
        &mut self,
        core: &Core,
        key: &str,
        transaction: Option<&str>,
        at: Timestamp,
    ) {
        let payment = self.store.get(key);
        if payment.is_some_and(|payment| payment.approval_key.as_deref() == transaction) {
            self.reverse_deposit(core, key, at);
        }
    }

    /// The whole amount is there: DONE. Without `booked` it only looks so.
    fn pay_in(
        &mut self,
        core: &Core,
        key: &str,
        depositor: Option<&str>,
        booked: bool,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if !payment.apply(Event::Deposit) {
            return;
        }
        payment.unbooked = !booked;
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
        }
        payment.approval_key = None;
        payment.settling.paid_out = false;
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
        if !payment.unbooked {
            self.records.add(&core.config, &movement);
        }
        // Only now: the row of the reversal tells of the deposit that it takes back.
        if !for_good && !core.config.account_issue_is_approval {
            payment.approved_at = None;
        }
        let amount = payment.amount;
        self.cash_receipts.cancel_for(core, &mut self.agenda, payment, amount, at);
        self.announce(core, key, at);
    }

    /// Nobody has paid in, and nobody shall: CANCELED, and no money goes anywhere.
    pub(crate) fn give_up(&mut self, core: &Core, key: &str, reason: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if !payment.apply(Event::GiveUp) {
            return;
        }
        let transaction_key = next_transaction_key(core, payment);
        if core.config.account_issue_is_transaction {
            self.records.note(payment, &transaction_key, at);
        }
        let amount = std::mem::take(&mut payment.balance);
        payment.cancels.push(Cancel {
            transaction_key,
            reason: reason.to_owned(),
            amount,
            balance_after: 0,
            tax_free_amount: payment.tax_free_amount,
            tax_exemption_amount: payment.tax_exemption_amount,
            at,
            status: CancelStatus::Done,
            card_discount_amount: 0,
            request_id: None,
            receipt_key: None,
        });
        self.announce(core, key, at);
    }

    /// A cancel of a deposited payment: the bank needs some days to bring the money back.
    pub(super) fn send_refund(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let cancels = payment.cancels.len();
        let Some(account) = payment.account_mut() else { return };
        account.refund_status = RefundStatus::Pending;
        let (days, holidays) = (core.config.refund_business_days, &core.config.holidays);
        let sent = in_korea(at).datetime();
        let arrives = business_days_after(sent.date(), days, holidays).to_datetime(sent.time());
        let duty = Duty::RefundArrives { key: key.to_owned(), cancels };
        self.agenda.add(from_korea(arrives).unwrap_or(at), duty);
    }

    pub(super) fn refund_arrives(&mut self, key: &str, cancels: usize) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.cancels.len() != cancels {
            return;
        }
        if let Some(account) = payment.account_mut() {
            account.refund_status = RefundStatus::Completed;
        }
    }

    pub(super) fn hide_refund_account(&mut self, key: &str) {
        if let Some(account) = self.store.get_mut(key).and_then(Payment::account_mut) {
            account.refund_receive = None;
        }
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

/// Begins with X in the test environment. A buyer's fixed account is the same for every payment.
fn account_number(core: &Core, key: &str, account: &VirtualAccount) -> String {
    let name = match &account.account_key {
        Some(buyer) if account.fixed => format!("psp/account/{}/{buyer}", account.bank_code),
        _ => format!("psp/account/{key}"),
    };
    format!("X{:013}", core.entropy.draw(&name) % 10_000_000_000_000)
}

/// In versions 1.0 to 1.4 a reversed deposit is the end of a payment. Later versions are dates.
fn reverses_for_good(config: &Config) -> bool {
    config.api_version.starts_with("1.")
}

/// Why a bank would not take a deposit.
pub(crate) fn no_deposit(payment: &Payment, amount: i64) -> Option<String> {
    let Some(account) = payment.account() else {
        let method = payment.method().name(true);
        return Some(format!("it is paid by {method}, not into a virtual account"));
    };
    if payment.state != State::WaitingForDeposit {
        let status = payment.state.as_str();
        return Some(format!("it is {status}; only WAITING_FOR_DEPOSIT takes a deposit"));
    }
    if account.expired {
        return Some("the account's due date has passed; issue another one".to_owned());
    }
    (amount != payment.amount).then(|| format!("the account takes exactly {}", payment.amount))
}
