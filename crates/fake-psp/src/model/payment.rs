//! One payment, from the opening of the window on.

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cancel, CancelStatus, Currency, Event, Means, Method, ReceiptWish, Settling, State,
    VirtualAccount,
};
use crate::window::Checkout;

/// How a payment came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Kind {
    /// By the window, by key-in or by the API.
    Normal,
    /// By a billing key.
    Billing,
}

/// Why a payment failed, as shown in `failure`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// What the buyer's test card or account does when the merchant confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Planned {
    /// The approval is refused with this code.
    Decline(String),
    /// Refused with this code so many times, then approved; the payment stays IN_PROGRESS.
    DeclineFirst(String, u32),
    /// Approved, but no answer ever comes.
    Hang,
    /// Kept for review until the fake's control API decides.
    Review,
}

/// An amount that a card company has taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Discount {
    pub(crate) code: String,
    pub(crate) amount: i64,
}

/// What a payment is opened with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) key: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) customer_key: Option<String>,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_mobile_phone: Option<String>,
    /// The page's key that opened the window.
    pub(crate) client_key: Option<String>,
    /// Where the window sends the buyer. None where no window is, or where the page wants a promise.
    pub(crate) success_url: Option<String>,
    pub(crate) fail_url: Option<String>,
    /// What the shop's page wants of the window besides, if anything.
    pub(crate) checkout: Option<Box<Checkout>>,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    pub(crate) approve_no: String,
    pub(crate) secret: String,
}

/// One payment. Amounts are whole numbers of the currency's smallest unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payment {
    /// What it was opened with. It never changes, and so is shared with `before`.
    pub(crate) terms: Arc<Terms>,
    pub(crate) kind: Kind,
    /// What it is paid with, shared with `before` likewise until it changes.
    pub(crate) means: Arc<Means>,
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
    pub(crate) balance: i64,
    pub(crate) tax_free_amount: i64,
    pub(crate) tax_exemption_amount: i64,
    pub(crate) use_escrow: bool,
    pub(crate) culture_expense: bool,
    pub(crate) state: State,
    pub(crate) requested_at: Timestamp,
    pub(crate) authenticated_at: Option<Timestamp>,
    pub(crate) approved_at: Option<Timestamp>,
    /// When it becomes EXPIRED unless something happens before.
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) approval_key: Option<String>,
    /// The transaction that left a virtual account waiting: its issue, or the reversal of its deposit.
    pub(crate) waiting_key: Option<String>,
    pub(crate) cancels: Vec<Cancel>,
    /// What the card company has taken off.
    pub(crate) discount: Option<Discount>,
    /// The cash receipt that the buyer wants with the payment.
    pub(crate) cash_receipt_wish: Option<ReceiptWish>,
    /// Keys of its cash receipts, issued and given back.
    pub(crate) cash_receipts: Vec<String>,
    pub(crate) settling: Settling,
    pub(crate) failure: Option<Failure>,
    /// When it became ABORTED or EXPIRED.
    pub(crate) failed_at: Option<Timestamp>,
    pub(crate) planned: Option<Planned>,
    /// A confirm is being reviewed: neither approved nor refused yet.
    pub(crate) held: bool,
    /// A cheat: shown as approved, but no money was ever taken.
    pub(crate) unbooked: bool,
    /// How many transaction keys were given to it.
    pub(crate) transactions: u32,
    /// How many webhooks were made of it.
    pub(crate) webhooks: u32,
    /// The payment before its last change, for stale answers.
    #[serde(skip)]
    pub(crate) before: Option<Box<Payment>>,
}

impl Deref for Payment {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

impl Payment {
    /// Moves the payment and keeps what it was before; `false` where the event cannot happen.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        let Some(next) = self.state.after(event) else { return false };
        self.remember();
        self.state = next;
        true
    }

    /// Keeps what it was before a change.
    pub(crate) fn remember(&mut self) {
        self.before = None;
        self.before = Some(Box::new(self.clone()));
    }

    pub(crate) fn method(&self) -> Method {
        self.means.method()
    }

    /// Was money ever taken? Not for a virtual account that was given up before a deposit.
    pub(crate) fn was_charged(&self) -> bool {
        self.state.was_approved() && self.approval_key.is_some()
    }

    /// The key of the latest transaction.
    pub(crate) fn last_transaction_key(&self) -> Option<&str> {
        match self.done_cancels().next_back() {
            Some(cancel) => Some(&cancel.transaction_key),
            None => self.approval_key.as_deref().or(self.waiting_key.as_deref()),
        }
    }

    /// The cancels that have moved money.
    fn done_cancels(&self) -> impl DoubleEndedIterator<Item = &Cancel> {
        self.cancels.iter().filter(|cancel| cancel.status == CancelStatus::Done)
    }

    /// The position of a cancel that is in progress: the one of a transaction, or the oldest.
    pub(crate) fn cancel_in_progress(&self, transaction: Option<&str>) -> Option<usize> {
        self.cancels.iter().position(|cancel| {
            cancel.status == CancelStatus::InProgress
                && transaction.is_none_or(|key| key == cancel.transaction_key)
        })
    }

    /// What is left and not yet asked for by a cancel in progress.
    pub(crate) fn cancelable(&self) -> i64 {
        let asked = self.cancels.iter().filter(|cancel| cancel.status == CancelStatus::InProgress);
        self.balance - asked.map(|cancel| cancel.amount).sum::<i64>()
    }

    /// The tax-free part of what is left: cancels give back what they say of it.
    pub(crate) fn tax_free_left(&self) -> i64 {
        let given_back: i64 = self.done_cancels().map(|cancel| cancel.tax_free_amount).sum();
        (self.tax_free_amount - given_back).clamp(0, self.balance)
    }

    /// How much that is free of tax goes back with an amount: what was asked for, and what the taxed
    /// part has not.
    pub(crate) fn tax_free_of(&self, amount: i64, asked: i64) -> i64 {
        let taxed = self.balance - self.tax_free_left();
        asked.max(amount - taxed)
    }

    /// What is left that is exempt from tax, as [`Self::tax_free_left`].
    pub(crate) fn tax_exemption_left(&self) -> i64 {
        let given_back: i64 = self.done_cancels().map(|cancel| cancel.tax_exemption_amount).sum();
        (self.tax_exemption_amount - given_back).clamp(0, self.balance)
    }

    /// Can a part of it be given back? Not with escrow, nor of a card payment with an amount exempt
    /// from tax.
    pub(crate) fn is_partial_cancelable(&self) -> bool {
        !self.use_escrow && (self.method() != Method::Card || self.tax_exemption_amount == 0)
    }

    /// The virtual account it is paid into.
    pub(crate) fn account(&self) -> Option<&VirtualAccount> {
        match &*self.means {
            Means::VirtualAccount(account) => Some(account),
            _ => None,
        }
    }

    pub(crate) fn account_mut(&mut self) -> Option<&mut VirtualAccount> {
        match Arc::make_mut(&mut self.means) {
            Means::VirtualAccount(account) => Some(account),
            _ => None,
        }
    }
}
