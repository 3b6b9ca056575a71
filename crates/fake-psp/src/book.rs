//! The book: what was really taken and given back. It is only ever appended to, and it is the
//! truth against which a simulation judges the shop.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Currency;

/// Which way the money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookKind {
    /// The buyer was charged.
    Captured,
    /// The buyer got money back.
    GivenBack,
}

/// Who caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The merchant's confirm.
    Confirm,
    /// The merchant's cancel.
    Cancel,
    /// The buyer paid into a virtual account.
    Deposit,
    /// The bank took such a deposit back.
    Reversal,
    /// A cancel by hand in Toss's console, which the merchant's servers did not ask for.
    Console,
    /// The fault programme made the PSP cheat (`act_twice`).
    Cheat,
}

/// One line of the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEntry {
    /// Position in the book, from 0 without gaps.
    pub seq: u64,
    /// When the money moved, by the PSP's clock.
    pub at: Timestamp,
    /// Which way.
    pub kind: BookKind,
    /// The merchant's order.
    pub order_id: String,
    /// The name of the order.
    pub order_name: String,
    /// The PSP's payment.
    pub payment_key: String,
    /// The PSP's transaction; one line has one.
    pub transaction_key: String,
    /// What it is counted in.
    pub currency: Currency,
    /// Always positive; whole numbers of the currency's smallest unit.
    pub amount: i64,
    /// Who caused it.
    pub cause: Cause,
}

impl BookEntry {
    /// Positive when taken, negative when given back.
    pub fn signed_amount(&self) -> i64 {
        match self.kind {
            BookKind::Captured => self.amount,
            BookKind::GivenBack => -self.amount,
        }
    }
}
