//! What happens by itself at a set time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Core, World};
use crate::{Cause, SellerStatus, data::Parts, table::Table};

/// Something to do when its time has come. It looks whether it still applies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Duty {
    /// A virtual account's due date passes.
    AccountOverdue(String),
    /// The refund of a virtual account reaches the buyer, unless there were more cancels since.
    RefundArrives { key: String, cancels: usize },
    /// Half an hour after the window was opened, the account for refunds cannot be read any more.
    RefundAccountHidden(String),
    /// The next step between Toss and the card company about a payment.
    Acquire(String),
    /// A charge is paid out to the merchant, unless it was taken back since.
    PaidOut { key: String, transaction: String },
    /// A cancel overseas is done.
    CancelEnds { key: String, transaction: String, cause: Cause },
    /// The tax office answers about a cash receipt.
    CashReceiptEnds(String),
    /// Somebody cancels in the merchant's console, as the fault programme wants it.
    ConsoleCancel { key: String, amount: Option<i64> },
    /// The PSP cheats: the money moves once more.
    ChargesAgain(String),
    /// A deposit arrives that was late.
    DepositArrives { key: String, depositor: Option<String> },
    /// The bank takes a deposit back, unless it is another one by now.
    DepositReversed { key: String, transaction: Option<String> },
    /// Toss has come further in verifying a seller.
    SellerBecomes(String, SellerStatus),
    /// A payout goes to the bank.
    PayoutStarts(String),
    /// The bank answers.
    PayoutEnds(String),
}

/// Duties by time and order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    duties: Table<Duty, (Timestamp, u64)>,
    next: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Timestamp, duty: Duty) {
        self.duties.insert((at, self.next), duty);
        self.next += 1;
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { duties, next: _ } = self;
        vec![("duty", duties)]
    }

    pub(crate) fn rebuild(&mut self) {
        self.next = self.duties.keys().map(|(_, order)| order + 1).max().unwrap_or(0);
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.duties.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn take_first(&mut self) -> Option<(Timestamp, Duty)> {
        self.duties.pop_first().map(|((at, _), duty)| (at, duty))
    }
}

impl World {
    pub(super) fn do_duty(&mut self, core: &Core, duty: &Duty, at: Timestamp) {
        match duty {
            Duty::AccountOverdue(key) => self.expire_account(key),
            Duty::RefundArrives { key, cancels } => self.refund_arrives(key, *cancels),
            Duty::RefundAccountHidden(key) => self.hide_refund_account(key),
            Duty::Acquire(key) => self.acquire(core, key, at),
            Duty::PaidOut { key, transaction } => self.pay_out(key, transaction),
            Duty::CancelEnds { key, transaction, cause } => {
                self.cancel_ends(core, key, transaction, *cause, at);
            }
            Duty::CashReceiptEnds(key) => self.cash_receipts.end(key),
            Duty::ConsoleCancel { key, amount } => self.cancel_unasked(core, key, *amount, at),
            Duty::ChargesAgain(key) => self.cheat(core, key, at),
            Duty::DepositArrives { key, depositor } => {
                self.deposit_arrives(core, key, depositor.as_deref(), at);
            }
            Duty::DepositReversed { key, transaction } => {
                self.deposit_reversed(core, key, transaction.as_deref(), at);
            }
            Duty::SellerBecomes(id, status) => {
                self.change_seller(core, id, *status, at);
            }
            Duty::PayoutStarts(id) => self.start_payout(core, id, at),
            Duty::PayoutEnds(id) => self.end_payout(core, id, at),
        }
    }
}
