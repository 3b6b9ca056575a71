//! What follows from money having moved: a line in the book, a transaction and a settlement row,
//! always the three together.

use std::{collections::BTreeMap, ops::Bound};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    BookEntry, BookKind, Cause, Config,
    data::{List, Parts},
    model::{Cancel, Currency, Method, Payment, State},
    settlement::{SettlementRow, Settlements},
    table::Table,
};

/// A row of `GET /v1/transactions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) key: String,
    pub(crate) payment_key: String,
    pub(crate) order_id: String,
    pub(crate) customer_key: Option<String>,
    pub(crate) method: Method,
    pub(crate) currency: Currency,
    pub(crate) use_escrow: bool,
    pub(crate) status: State,
    pub(crate) at: Timestamp,
    /// Positive; `given_back` tells the direction.
    pub(crate) amount: i64,
    pub(crate) given_back: bool,
}

/// Place in time (whole seconds, as shown) and in order of arrival.
pub(crate) type Position = (Timestamp, u64);

#[derive(Debug, Default)]
pub(crate) struct Records {
    book: List<BookEntry>,
    transactions: Table<Transaction, Position>,
    /// By the number that a key spells.
    by_key: BTreeMap<u128, Position>,
    /// What is not yet in `by_key`: few ever ask, so it is put there when somebody does.
    unsorted: Vec<(u128, Position)>,
    pub(crate) settlements: Settlements,
}

/// A movement of money to be recorded.
pub(crate) struct Movement<'a> {
    pub(crate) payment: &'a Payment,
    pub(crate) transaction_key: &'a str,
    pub(crate) kind: BookKind,
    pub(crate) amount: i64,
    pub(crate) cause: Cause,
    pub(crate) at: Timestamp,
    /// The cancel, if the money went back by one.
    pub(crate) cancel: Option<&'a Cancel>,
    /// The how-manieth transaction of its payment.
    pub(crate) nth: u32,
}

impl Records {
    pub(crate) fn book(&self) -> &[BookEntry] {
        &self.book
    }

    pub(crate) fn add(&mut self, config: &Config, movement: &Movement<'_>) {
        let seq = self.book.len() as u64;
        let entry = movement.book_entry(seq);
        let (order, kind, amount, cause) =
            (&*entry.order_id, entry.kind, entry.amount, entry.cause);
        tracing::info!(order, ?kind, amount, ?cause, "written into the PSP's book");
        self.book.push(entry);
        self.list(movement.transaction());
        let payment = movement.payment;
        let waits = config.manual_settlement
            && payment.method() == Method::Card
            && !payment.settling.handed_in;
        self.settlements.add(SettlementRow::of(movement, seq, config), waits);
    }

    /// Lists that a virtual account was issued or given up. No money has moved: neither the book
    /// nor the settlements know of it.
    pub(crate) fn note(&mut self, payment: &Payment, transaction_key: &str, at: Timestamp) {
        let nothing = Movement {
            payment,
            transaction_key,
            kind: BookKind::Captured,
            amount: 0,
            cause: Cause::Confirm,
            at,
            cancel: None,
            nth: payment.transactions,
        };
        self.list(Transaction { status: payment.state, ..nothing.transaction() });
    }

    fn list(&mut self, transaction: Transaction) {
        let second = Timestamp::from_second(transaction.at.as_second()).expect("a timestamp");
        let position = (second, self.transactions.len() as u64);
        self.unsorted.push((number(&transaction.key), position));
        self.transactions.insert(position, transaction);
    }

    /// Where a transaction is in the list.
    pub(crate) fn position_of(&mut self, transaction_key: &str) -> Option<Position> {
        self.by_key.extend(self.unsorted.drain(..));
        let position = *self.by_key.get(&number(transaction_key))?;
        let found = self.transactions.get(&position)?;
        (found.key == transaction_key).then_some(position)
    }

    /// The transactions of a stretch of time, both ends included, after `after`.
    pub(crate) fn transactions(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<Position>,
    ) -> impl Iterator<Item = &Transaction> {
        let start = match after {
            Some(position) if position >= (from, 0) => Bound::Excluded(position),
            _ => Bound::Included((from, 0)),
        };
        let end = (to, u64::MAX);
        // A range that ends before it starts would panic; it is simply empty.
        let empty = match start {
            Bound::Excluded(position) | Bound::Included(position) => position > end,
            Bound::Unbounded => false,
        };
        let range = (!empty).then(|| self.transactions.range((start, Bound::Included(end))));
        range.into_iter().flatten().map(|(_, transaction)| transaction)
    }

    /// Another number after every change that the console shows.
    pub(crate) fn revision(&self) -> u64 {
        self.book.revision()
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { book, transactions, by_key: _, unsorted: _, settlements } = self;
        let mut parts: Parts<'_> = vec![("book_entry", book), ("transaction", transactions)];
        parts.extend(settlements.parts());
        parts
    }

    pub(crate) fn rebuild(&mut self) {
        let by_key = self.transactions.iter().map(|(position, row)| (number(&row.key), *position));
        self.by_key = by_key.collect();
        self.unsorted.clear();
        self.settlements.rebuild();
    }
}

/// A transaction key is 32 hexadecimal digits; numbers are found faster than text.
fn number(transaction_key: &str) -> u128 {
    u128::from_str_radix(transaction_key, 16).unwrap_or_default()
}

impl Movement<'_> {
    fn book_entry(&self, seq: u64) -> BookEntry {
        BookEntry {
            seq,
            at: self.at,
            kind: self.kind,
            order_id: self.payment.order_id.clone(),
            order_name: self.payment.order_name.clone(),
            payment_key: self.payment.key.clone(),
            transaction_key: self.transaction_key.to_owned(),
            currency: self.payment.currency,
            amount: self.amount,
            cause: self.cause,
        }
    }

    fn transaction(&self) -> Transaction {
        let given_back = self.kind == BookKind::GivenBack;
        Transaction {
            key: self.transaction_key.to_owned(),
            payment_key: self.payment.key.clone(),
            order_id: self.payment.order_id.clone(),
            customer_key: self.payment.customer_key.clone(),
            method: self.payment.method(),
            currency: self.payment.currency,
            use_escrow: self.payment.use_escrow,
            status: if given_back { self.payment.state } else { State::Done },
            at: self.at,
            amount: self.amount,
            given_back,
        }
    }
}
