//! Settlement rows: what Toss pays out for each transaction, and the file of a stretch of days,
//! right or, if the fault programme says so, wrong.

use std::collections::BTreeSet;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
};
use serde::{Deserialize, Serialize};

use crate::{
    BookKind, Config, Verdict,
    clock::{Entropy, korean_day},
    data::Parts,
    fault::{Faults, Subject},
    model::{Cancel, Currency, Means},
    records::Movement,
    table::Table,
    view::vat_of,
};

/// One row. Amounts in the currency's smallest unit, negative for cancels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SettlementRow {
    pub(crate) seq: u64,
    pub(crate) payment_key: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) transaction_key: String,
    pub(crate) means: Means,
    pub(crate) currency: Currency,
    pub(crate) approve_no: String,
    /// The total amount of its payment, for the fault rules.
    total: i64,
    nth: u32,
    pub(crate) amount: i64,
    pub(crate) fee: i64,
    pub(crate) approved_at: Timestamp,
    pub(crate) sold: Date,
    pub(crate) paid_out: Date,
    pub(crate) cancel: Option<Cancel>,
}

/// Toss's fee, rounded half up; given back in the same proportion.
pub(crate) fn fee_of(amount: i64, permyriad: i64) -> i64 {
    let fee = (2 * amount.abs() * permyriad + 10_000) / 20_000;
    fee * amount.signum()
}

/// Are banks open on this day?
pub(crate) fn is_business_day(day: Date, holidays: &BTreeSet<Date>) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !holidays.contains(&day)
}

/// The day `count` business days after `day`.
pub(crate) fn business_days_after(day: Date, count: u32, holidays: &BTreeSet<Date>) -> Date {
    let mut day = day;
    let mut left = count;
    while left > 0 {
        day = day.saturating_add(1.day());
        if is_business_day(day, holidays) {
            left -= 1;
        }
    }
    day
}

impl SettlementRow {
    pub(crate) fn of(movement: &Movement<'_>, seq: u64, config: &Config) -> Self {
        let payment = movement.payment;
        let amount = match movement.kind {
            BookKind::Captured => movement.amount,
            BookKind::GivenBack => -movement.amount,
        };
        // The daily cycle: sold on the Korean day of the transaction.
        let sold = korean_day(movement.at);
        Self {
            seq,
            payment_key: payment.key.clone(),
            order_id: payment.order_id.clone(),
            order_name: payment.order_name.clone(),
            transaction_key: movement.transaction_key.to_owned(),
            means: payment.means.clone(),
            currency: payment.currency,
            approve_no: payment.approve_no.clone(),
            total: payment.amount,
            nth: movement.nth,
            amount,
            fee: fee_of(amount, config.fee_permyriad),
            approved_at: payment.approved_at.unwrap_or(movement.at),
            sold,
            paid_out: business_days_after(sold, config.payout_business_days, &config.holidays),
            cancel: movement.cancel.cloned(),
        }
    }

    pub(crate) fn vat(&self) -> i64 {
        vat_of(self.fee)
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            order_id: Some(&self.order_id),
            order_name: Some(&self.order_name),
            payment_key: Some(&self.payment_key),
            amount: Some(self.total),
        }
    }

    fn moved_by(mut self, days: u32, config: &Config) -> Self {
        self.sold = self.sold.saturating_add(i64::from(days).days());
        self.paid_out =
            business_days_after(self.sold, config.payout_business_days, &config.holidays);
        self
    }
}

/// Which date a file is asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateType {
    Sold,
    PaidOut,
}

impl DateType {
    fn of(self, row: &SettlementRow) -> Date {
        match self {
            Self::Sold => row.sold,
            Self::PaidOut => row.paid_out,
        }
    }
}

/// All rows, found by either date.
#[derive(Debug, Default)]
pub(crate) struct Settlements {
    rows: Table<SettlementRow, u64>,
    by_sold: BTreeSet<(Date, u64)>,
    by_paid_out: BTreeSet<(Date, u64)>,
}

/// A file that is asked for.
pub(crate) struct FileRequest<'a> {
    pub(crate) start: Date,
    pub(crate) end: Date,
    pub(crate) by: DateType,
    pub(crate) now: Timestamp,
    pub(crate) config: &'a Config,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Settlements {
    pub(crate) fn add(&mut self, row: SettlementRow) {
        self.by_sold.insert((row.sold, row.seq));
        self.by_paid_out.insert((row.paid_out, row.seq));
        self.rows.insert(row.seq, row);
    }

    /// What is paid out in won up to a day, and what after it.
    pub(crate) fn won_by(&self, day: Date) -> (i64, i64) {
        let sum = |indexed: &mut dyn Iterator<Item = &(Date, u64)>| -> i64 {
            let rows = indexed.map(|(_, seq)| self.rows.get(seq).expect("an index is of rows"));
            rows.filter(|row| row.currency == Currency::Krw).map(|row| row.amount - row.fee).sum()
        };
        let until = sum(&mut self.by_paid_out.range(..=(day, u64::MAX)));
        (until, sum(&mut self.by_paid_out.range((day, u64::MAX)..)))
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { rows, by_sold: _, by_paid_out: _ } = self;
        vec![("settlement_row", rows)]
    }

    pub(crate) fn rebuild(&mut self) {
        self.by_sold = self.rows.iter().map(|(seq, row)| (row.sold, *seq)).collect();
        self.by_paid_out = self.rows.iter().map(|(seq, row)| (row.paid_out, *seq)).collect();
    }

    /// The rows of a stretch of days, as the fault programme leaves them, by sold date.
    pub(crate) fn file(&self, ask: &FileRequest<'_>, faults: &mut Faults) -> Vec<SettlementRow> {
        let index = match ask.by {
            DateType::Sold => &self.by_sold,
            DateType::PaidOut => &self.by_paid_out,
        };
        // A late row's true date lies before its listed one, by up to so many days; weekends and
        // holidays can stretch the way to the pay-out day further.
        let late = match faults.latest_row_days() {
            0 => 0,
            days => i64::from(days) + 7 + ask.config.holidays.len() as i64,
        };
        let from = ask.start.saturating_sub(late.days());
        if from > ask.end {
            return Vec::new();
        }
        let today = korean_day(ask.now);
        let visible = |row: &SettlementRow| {
            row.sold.saturating_add(ask.config.settlement_after_days.days()) <= today
        };
        let mut rows = Vec::new();
        for (_, seq) in index.range((from, 0)..=(ask.end, u64::MAX)) {
            let row = self.rows.get(seq).expect("an index is of rows");
            if visible(row) {
                corrupt(row, ask, faults, &mut rows);
            }
        }
        rows.retain(|row| (ask.start..=ask.end).contains(&ask.by.of(row)) && visible(row));
        rows.sort_by_key(|row| (row.sold, row.seq));
        rows
    }
}

/// Puts into the file what the fault programme makes of a row.
fn corrupt(
    row: &SettlementRow,
    ask: &FileRequest<'_>,
    faults: &mut Faults,
    file: &mut Vec<SettlementRow>,
) {
    let verdict =
        faults.judge_row(ask.entropy, ask.now, row.subject(), row.nth, &row.transaction_key);
    let mut row = row.clone();
    match verdict {
        Verdict::Missing => return,
        Verdict::Duplicate { times } => {
            file.extend((0..times).map(|_| row.clone()));
        }
        // The fee stays, so that the row's own identities hold: only the amount is wrong.
        Verdict::OffBy { won } => row.amount += won,
        Verdict::Late { days } => row = row.moved_by(days, ask.config),
        _ => {}
    }
    file.push(row);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fee_is_rounded_half_up_and_mirrored() {
        assert_eq!(fee_of(15_000, 300), 450);
        assert_eq!(fee_of(-15_000, 300), -450);
        assert_eq!(fee_of(50, 300), 2, "1.5 won");
        assert_eq!(fee_of(49, 300), 1, "1.47 won");
    }

    #[test]
    fn pay_out_days_skip_weekends_and_holidays() {
        let friday = jiff::civil::date(2026, 1, 2);
        let monday = jiff::civil::date(2026, 1, 5);
        let none = BTreeSet::new();
        assert_eq!(business_days_after(friday, 2, &none), jiff::civil::date(2026, 1, 6));
        let holidays = BTreeSet::from([monday]);
        assert_eq!(business_days_after(friday, 2, &holidays), jiff::civil::date(2026, 1, 7));
    }
}
