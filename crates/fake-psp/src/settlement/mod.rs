//! Settlement rows: what Toss pays out for each transaction.

mod days;
mod fee;
mod file;
mod preview;

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    BookKind, Config,
    clock::korean_day,
    data::Parts,
    fault::Subject,
    model::{Cancel, Currency, Method},
    records::Movement,
    table::Table,
    view::vat_of,
};
pub(crate) use days::{Days, business_days_after, is_business_day};
pub use days::{HolidaysError, SettlementCycle, korean_holidays, read_holidays};
pub(crate) use fee::Fees;
pub(crate) use file::{DateType, FileRequest};
pub use preview::SettlementPreview;

/// One row. Amounts in the currency's smallest unit, negative for cancels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SettlementRow {
    pub(crate) seq: u64,
    pub(crate) payment_key: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) transaction_key: String,
    pub(crate) currency: Currency,
    /// The total amount of its payment, for the fault rules.
    total: i64,
    /// Likewise.
    method: Method,
    nth: u32,
    pub(crate) amount: i64,
    pub(crate) fees: Fees,
    /// What is wrong about the pay-out: nothing, unless the fault programme says so.
    pay_out_off: i64,
    pub(crate) approved_at: Timestamp,
    /// The Korean day from which the other days are counted: of the transaction, or of the request
    /// for a manual settlement.
    day: Date,
    pub(crate) sold: Date,
    pub(crate) paid_out: Date,
    pub(crate) cancel: Option<Box<Cancel>>,
}

impl SettlementRow {
    pub(crate) fn of(movement: &Movement<'_>, seq: u64, config: &Config) -> Self {
        let payment = movement.payment;
        let (amount, fees) = match movement.kind {
            BookKind::Captured => (movement.amount, Fees::taken(movement.amount, payment, config)),
            BookKind::GivenBack => {
                let fees = Fees::given_back(movement.amount, movement.cancel, payment, config);
                (-movement.amount, fees)
            }
        };
        let day = korean_day(movement.at);
        let Days { sold, paid_out } = Days::of(day, config);
        Self {
            seq,
            payment_key: payment.key.clone(),
            order_id: payment.order_id.clone(),
            order_name: payment.order_name.clone(),
            transaction_key: movement.transaction_key.to_owned(),
            currency: payment.currency,
            total: payment.amount,
            method: payment.method(),
            nth: movement.nth,
            amount,
            fees,
            pay_out_off: 0,
            approved_at: payment.approved_at.unwrap_or(movement.at),
            day,
            sold,
            paid_out,
            cancel: movement.cancel.cloned().map(Box::new),
        }
    }

    pub(crate) fn fee(&self) -> i64 {
        self.fees.sum()
    }

    pub(crate) fn vat(&self) -> i64 {
        vat_of(self.fee())
    }

    pub(crate) fn pay_out(&self) -> i64 {
        self.amount - self.fee() + self.pay_out_off
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            order_id: Some(&self.order_id),
            order_name: Some(&self.order_name),
            payment_key: Some(&self.payment_key),
            amount: Some(self.total),
            cancel_amount: self.cancel.as_ref().map(|cancel| cancel.amount),
            method: Some(self.method),
            ..Subject::default()
        }
    }

    fn moved_to(mut self, day: Date, config: &Config) -> Self {
        self.day = day;
        Days { sold: self.sold, paid_out: self.paid_out } = Days::of(day, config);
        self
    }

    fn moved_by(self, days: i64, config: &Config) -> Self {
        let day = self.day.saturating_add(days.days());
        self.moved_to(day, config)
    }
}

/// All rows, found by either date.
#[derive(Debug, Default)]
pub(crate) struct Settlements {
    rows: Table<SettlementRow, u64>,
    /// Rows that are settled only when the merchant asks for it, by payment.
    waiting: Table<SettlementRow, (String, u64)>,
    by_sold: BTreeSet<(Date, u64)>,
    by_paid_out: BTreeSet<(Date, u64)>,
}

impl Settlements {
    /// A new row. If it waits, it is in no file until it is handed in.
    pub(crate) fn add(&mut self, row: SettlementRow, waits: bool) {
        if waits {
            self.waiting.insert((row.payment_key.clone(), row.seq), row);
            return;
        }
        self.by_sold.insert((row.sold, row.seq));
        self.by_paid_out.insert((row.paid_out, row.seq));
        self.rows.insert(row.seq, row);
    }

    /// The merchant asks for the settlement of a payment: its rows that waited count from `day` on.
    pub(crate) fn hand_in(&mut self, payment_key: &str, day: Date, config: &Config) {
        let range = (payment_key.to_owned(), 0)..=(payment_key.to_owned(), u64::MAX);
        let ids: Vec<_> = self.waiting.range(range).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let row = self.waiting.remove(&id).expect("found just now");
            self.add(row.moved_to(day, config), false);
        }
    }

    /// What is paid out in won up to a day, and what after it.
    pub(crate) fn won_by(&self, day: Date) -> (i64, i64) {
        let sum = |indexed: &mut dyn Iterator<Item = &(Date, u64)>| -> i64 {
            let rows = indexed.map(|(_, seq)| self.rows.get(seq).expect("an index is of rows"));
            rows.filter(|row| row.currency == Currency::Krw).map(SettlementRow::pay_out).sum()
        };
        let until = sum(&mut self.by_paid_out.range(..=(day, u64::MAX)));
        (until, sum(&mut self.by_paid_out.range((day, u64::MAX)..)))
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { rows, waiting, by_sold: _, by_paid_out: _ } = self;
        vec![("settlement_row", rows), ("waiting_settlement_row", waiting)]
    }

    pub(crate) fn rebuild(&mut self) {
        self.by_sold = self.rows.iter().map(|(seq, row)| (row.sold, *seq)).collect();
        self.by_paid_out = self.rows.iter().map(|(seq, row)| (row.paid_out, *seq)).collect();
    }
}
