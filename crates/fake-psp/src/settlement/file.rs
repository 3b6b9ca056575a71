//! The file of a stretch of days, right or, if the fault programme says so, wrong.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{SettlementRow, Settlements};
use crate::{
    Config, Verdict,
    clock::{Entropy, korean_day},
    fault::Faults,
};

/// Which date a file is asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateType {
    Sold,
    PaidOut,
}

impl DateType {
    pub(super) fn of(self, row: &SettlementRow) -> Date {
        match self {
            Self::Sold => row.sold,
            Self::PaidOut => row.paid_out,
        }
    }
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
    /// The rows of a stretch of days, as the fault programme leaves them, by sold date.
    pub(crate) fn file(&self, ask: &FileRequest<'_>, faults: &mut Faults) -> Vec<SettlementRow> {
        let index = match ask.by {
            DateType::Sold => &self.by_sold,
            DateType::PaidOut => &self.by_paid_out,
        };
        // A late row's true date lies before its listed one, by up to so many days, an early one's
        // after it; the cycle, weekends and holidays can stretch the way further.
        let (cycle, holidays) = (ask.config.settlement_cycle.longest(), &ask.config.holidays);
        let way = |days: u32| match days {
            0 => 0,
            days => i64::from(days) + cycle + 7 + holidays.len() as i64,
        };
        let (late, early) = faults.most_row_days();
        let from = ask.start.saturating_sub(way(late).days());
        let to = ask.end.saturating_add(way(early).days());
        if from > to {
            return Vec::new();
        }
        let today = korean_day(ask.now);
        let visible = |row: &SettlementRow| {
            row.day.saturating_add(ask.config.settlement_after_days.days()) <= today
        };
        let mut rows = Vec::new();
        for (_, seq) in index.range((from, 0)..=(to, u64::MAX)) {
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
    let times = (ask.now, row.approved_at);
    let verdict =
        faults.judge_row(ask.entropy, times, row.subject(), row.nth, &row.transaction_key);
    let mut row = row.clone();
    match verdict {
        Verdict::Missing => return,
        Verdict::Duplicate { times } => {
            file.extend((0..times).map(|_| row.clone()));
        }
        // The fee stays, so that the row's own identities hold: only the amount is wrong.
        Verdict::OffBy { won } => row.amount += won,
        // The pay-out goes with the fee: the row agrees with itself, but not with the contract.
        Verdict::FeeOff { won } => row.fees.base += won,
        Verdict::PayOutOff { won } => row.pay_out_off = won,
        Verdict::Late { days } => row = row.moved_by(i64::from(days), ask.config),
        Verdict::Early { days } => row = row.moved_by(-i64::from(days), ask.config),
        _ => {}
    }
    file.push(row);
}
