//! The day on which a transaction counts as sold, and so whose report must tell what is wrong with
//! its settlement line; computed here, not by the judged code.

use fake_psp::{BookEntry, SettlementCycle};
use jiff::{ToSpan, civil::Date};

use super::{Facts, convergence::korean_day};

/// The day on which an entry of the PSP's book counts as sold, and on which it would if it were of
/// so many days later.
pub(super) fn sold_on(facts: &Facts, entry: &BookEntry, late_days: u32) -> String {
    let day = korean_day(entry.at.as_microsecond());
    let day = day.parse::<Date>().expect("a day in Korea") + i64::from(late_days).days();
    let days_left = match facts.plan.cluster.settlement_cycle {
        SettlementCycle::Daily => 0,
        SettlementCycle::Weekly => {
            (7 - i64::from(day.weekday().to_monday_one_offset())).rem_euclid(7)
        }
        SettlementCycle::Monthly => i64::from(day.days_in_month() - day.day()),
    };
    (day + days_left.days()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::facts::tests::{booked, capture};

    #[test]
    fn a_day_is_sold_with_its_week_or_month() {
        let sold = |at: &str, cycle| {
            let mut facts = Facts { book: booked([capture("o", 500)]), ..Facts::default() };
            facts.book[0].at = at.parse().expect("a time");
            facts.plan.cluster.settlement_cycle = cycle;
            (sold_on(&facts, &facts.book[0], 0), sold_on(&facts, &facts.book[0], 2))
        };
        let days = |now: &str, late: &str| (now.to_owned(), late.to_owned());
        let saturday = "2026-03-07T23:59:59+09:00";
        let sunday = "2026-03-08T00:00:00+09:00";
        let monday = "2026-03-09T00:00:00+09:00";
        let leap = "2028-02-29T23:00:00+09:00";
        use SettlementCycle::{Daily, Monthly, Weekly};
        assert_eq!(sold(saturday, Daily), days("2026-03-07", "2026-03-09"));
        assert_eq!(sold(saturday, Weekly), days("2026-03-08", "2026-03-15"));
        assert_eq!(sold(sunday, Weekly), days("2026-03-08", "2026-03-15"));
        assert_eq!(sold(monday, Weekly), days("2026-03-15", "2026-03-15"));
        assert_eq!(sold(saturday, Monthly), days("2026-03-31", "2026-03-31"));
        assert_eq!(sold(leap, Monthly), days("2028-02-29", "2028-03-31"));
    }
}
