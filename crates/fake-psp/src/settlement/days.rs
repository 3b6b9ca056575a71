//! When a transaction counts as sold and when it is paid out, by the Korean calendar.

use std::collections::BTreeSet;

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use thiserror::Error;

use serde::{Deserialize, Serialize};

use crate::Config;

/// How often a merchant is settled with: which day counts as the day of sale (`soldDate`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementCycle {
    /// The day of the transaction.
    #[default]
    Daily,
    /// The Sunday of its week, which begins on Monday.
    Weekly,
    /// The last day of its month.
    Monthly,
}

impl SettlementCycle {
    /// The day of sale of a transaction on `day`.
    pub(crate) fn sold(self, day: Date) -> Date {
        match self {
            Self::Daily => day,
            Self::Weekly => {
                day.saturating_add(i64::from(6 - day.weekday().to_monday_zero_offset()).days())
            }
            Self::Monthly => day.last_of_month(),
        }
    }

    /// How many days a day of sale lies behind its transaction at most.
    pub(crate) fn longest(self) -> i64 {
        match self {
            Self::Daily => 0,
            Self::Weekly => 6,
            Self::Monthly => 30,
        }
    }
}

/// A transaction's days in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) sold: Date,
    pub(crate) paid_out: Date,
}

impl Days {
    /// Those of a transaction on `day`.
    pub(crate) fn of(day: Date, config: &Config) -> Self {
        let sold = config.settlement_cycle.sold(day);
        let paid_out = business_days_after(sold, config.payout_business_days, &config.holidays);
        Self { sold, paid_out }
    }
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

/// A list of holidays that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: `{text}` is no date; begin each line with one as in 2026-01-01")]
pub struct HolidaysError {
    /// Counted from 1.
    line: usize,
    text: String,
}

/// Reads a list of holidays: a date at the beginning of each line, then anything. Empty lines and
/// those that begin with `#` are left out.
///
/// # Errors
/// With the first line that does not begin with a date.
pub fn read_holidays(text: &str) -> Result<BTreeSet<Date>, HolidaysError> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let word = line.split_whitespace().next().unwrap_or_default();
            word.parse().map_err(|_| HolidaysError { line: n + 1, text: word.to_owned() })
        })
        .collect()
}

/// The days from 2024 to 2027 on which Korean banks are closed, as known in 2026: public holidays,
/// their substitutes, election days, and the first of May.
pub fn korean_holidays() -> BTreeSet<Date> {
    read_holidays(include_str!("holidays.txt")).expect("the list was tested")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn pay_out_days_skip_weekends_and_holidays() {
        let friday = date(2026, 1, 2);
        let monday = date(2026, 1, 5);
        let none = BTreeSet::new();
        assert_eq!(business_days_after(friday, 2, &none), date(2026, 1, 6));
        let holidays = BTreeSet::from([monday]);
        assert_eq!(business_days_after(friday, 2, &holidays), date(2026, 1, 7));
    }

    #[test]
    fn long_korean_holidays_are_skipped() {
        let holidays = korean_holidays();
        for (sold, paid_out) in [
            (date(2024, 2, 8), date(2024, 2, 14)), // Seollal, with its substitute on Monday
            (date(2025, 1, 24), date(2025, 2, 3)), // a temporary holiday and Seollal
            (date(2025, 10, 2), date(2025, 10, 13)), // Chuseok, with its substitute, and Hangul Day
            (date(2026, 7, 16), date(2026, 7, 21)), // Constitution Day, a holiday again since 2026
            (date(2026, 12, 31), date(2027, 1, 5)), // over New Year
            (date(2027, 4, 30), date(2027, 5, 6)), // the first of May on a Saturday
        ] {
            assert_eq!(business_days_after(sold, 2, &holidays), paid_out, "{sold}");
        }
    }

    #[test]
    fn every_year_of_the_table_has_the_fixed_holidays() {
        let holidays = korean_holidays();
        for year in 2024..=2027 {
            for (month, day) in
                [(1, 1), (3, 1), (5, 1), (5, 5), (6, 6), (8, 15), (10, 3), (10, 9), (12, 25)]
            {
                assert!(holidays.contains(&date(year, month, day)), "{year}-{month}-{day}");
            }
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let list = "# closed\n\n2026-01-01 New Year\nsoon\n";
        assert_eq!(
            read_holidays(list).unwrap_err().to_string(),
            "line 4: `soon` is no date; begin each line with one as in 2026-01-01"
        );
        assert_eq!(read_holidays("2026-01-01\n"), Ok(BTreeSet::from([date(2026, 1, 1)])));
    }

    #[test]
    fn the_day_of_sale_goes_by_the_cycle() {
        use SettlementCycle as Cycle;
        for (cycle, day, sold) in [
            (Cycle::Daily, date(2026, 1, 3), date(2026, 1, 3)),
            (Cycle::Weekly, date(2026, 1, 5), date(2026, 1, 11)),
            (Cycle::Weekly, date(2026, 1, 11), date(2026, 1, 11)),
            (Cycle::Monthly, date(2028, 2, 1), date(2028, 2, 29)),
        ] {
            assert_eq!(cycle.sold(day), sold, "{cycle:?} {day}");
        }
    }
}
