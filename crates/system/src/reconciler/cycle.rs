//! How often the PSP settles with the shop, by its contract: which day a transaction counts as sold
//! on, and so in which day's settlement file its line stands.

use clap::ValueEnum;

use crate::kernel::KoreanDay;

/// The settlement cycle (정산 주기) of the shop's contract with the PSP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SettlementCycle {
    /// Sold on the day of the transaction.
    #[default]
    Daily,
    /// Sold on the Sunday of its week.
    Weekly,
    /// Sold on the last day of its month.
    Monthly,
}

impl SettlementCycle {
    /// The days whose transactions count as sold on `day`, in their order: none, unless a cycle ends
    /// then.
    pub(super) fn days_sold_on(self, day: KoreanDay) -> Vec<KoreanDay> {
        if self.is_end(day) { self.cycle_of(day) } else { Vec::new() }
    }

    /// The days of the cycle that `day` is in, up to `day`.
    pub(super) fn cycle_of(self, day: KoreanDay) -> Vec<KoreanDay> {
        let mut days = vec![day];
        let mut first = day;
        while !self.is_end(first.previous()) {
            first = first.previous();
            days.push(first);
        }
        days.reverse();
        days
    }

    fn is_end(self, day: KoreanDay) -> bool {
        match self {
            SettlementCycle::Daily => true,
            SettlementCycle::Weekly => day.is_sunday(),
            SettlementCycle::Monthly => day.is_last_of_month(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sold_on(cycle: SettlementCycle, day: &str) -> Vec<String> {
        let days = cycle.days_sold_on(day.parse().expect("a day"));
        days.iter().map(KoreanDay::to_string).collect()
    }

    #[test]
    fn every_day_is_sold_on_exactly_one_day_and_never_before_itself() {
        for cycle in [SettlementCycle::Daily, SettlementCycle::Weekly, SettlementCycle::Monthly] {
            let mut days = Vec::new();
            let mut day: KoreanDay = "2028-01-01".parse().expect("a day");
            let first = day;
            while day.to_string() != "2028-05-01" {
                let sold = cycle.days_sold_on(day);
                assert!(sold.iter().all(|sold| *sold <= day), "{cycle:?} {day}");
                days.extend(sold);
                day = day.next();
            }
            let whole: Vec<_> = days.iter().copied().filter(|day| *day >= first).collect();
            assert!(whole.windows(2).all(|pair| pair[0].next() == pair[1]), "{cycle:?}: {whole:?}");
            assert_eq!(whole.last().map(KoreanDay::to_string).as_deref(), Some("2028-04-30"));
        }
    }

    #[test]
    fn a_week_ends_on_sunday_and_a_month_on_its_last_day() {
        use SettlementCycle::{Daily, Monthly, Weekly};
        assert_eq!(sold_on(Daily, "2026-03-04"), ["2026-03-04"]);
        assert_eq!(sold_on(Weekly, "2026-03-07"), [""; 0], "a Saturday");
        let week = sold_on(Weekly, "2026-03-08");
        assert_eq!(
            (week.len(), week[0].as_str(), week[6].as_str()),
            (7, "2026-03-02", "2026-03-08")
        );
        assert_eq!(sold_on(Monthly, "2028-02-28"), [""; 0], "a leap year");
        let month = sold_on(Monthly, "2028-02-29");
        assert_eq!((month.len(), month[0].as_str()), (29, "2028-02-01"));
    }
}
