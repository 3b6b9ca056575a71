//! When payouts can be made, by the Korean calendar.

use std::collections::BTreeSet;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, time},
};

use crate::{
    api::error::Refusal,
    clock::{from_korea, in_korea, korean_day},
    settlement::is_business_day,
};

/// The day of a payout that is made at once.
///
/// # Errors
/// Outside of business days, 8:00 to 15:00 in Korea.
pub(super) fn express(now: Timestamp, holidays: &BTreeSet<Date>) -> Result<Date, Refusal> {
    let now = in_korea(now);
    if !is_business_day(now.date(), holidays) {
        return Err("NOT_ALLOWED_HOLIDAY".into());
    }
    if !(time(8, 0, 0, 0)..time(15, 0, 0, 0)).contains(&now.time()) {
        return Err("NOT_AVAILABLE_PAYOUT_TIME".into());
    }
    Ok(now.date())
}

/// Can a payout be made on `day`?
///
/// # Errors
/// When it is no business day, or not between tomorrow and this day next year.
pub(super) fn scheduled(
    day: Date,
    now: Timestamp,
    holidays: &BTreeSet<Date>,
) -> Result<(), Refusal> {
    let today = korean_day(now);
    if day <= today || day > today.saturating_add(1.year()) {
        return Err("INVALID_PAYABLE_DATE".into());
    }
    if !is_business_day(day, holidays) {
        return Err("NOT_ALLOWED_HOLIDAY".into());
    }
    Ok(())
}

/// The moment a scheduled payout begins: nine in the morning.
pub(super) fn opening(day: Date) -> Option<Timestamp> {
    from_korea(day.at(9, 0, 0, 0))
}

/// The week a day lies in, by its Monday.
pub(super) fn week_of(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn korean(text: &str) -> Timestamp {
        format!("{text}+09:00").parse().unwrap()
    }

    fn code<T>(result: Result<T, Refusal>) -> Option<String> {
        result.err().map(|refusal| refusal.code().to_owned())
    }

    #[test]
    fn express_is_for_business_hours() {
        let holidays = BTreeSet::from([date(2026, 1, 1)]);
        for (at, expected) in [
            ("2026-01-01T10:00:00", Some("NOT_ALLOWED_HOLIDAY")),
            ("2026-01-02T07:59:59", Some("NOT_AVAILABLE_PAYOUT_TIME")),
            ("2026-01-02T08:00:00", None),
            ("2026-01-02T14:59:59", None),
            ("2026-01-02T15:00:00", Some("NOT_AVAILABLE_PAYOUT_TIME")),
            ("2026-01-03T10:00:00", Some("NOT_ALLOWED_HOLIDAY")),
        ] {
            assert_eq!(code(express(korean(at), &holidays)).as_deref(), expected, "{at}");
        }
    }

    #[test]
    fn scheduled_is_for_business_days_from_tomorrow_to_a_year() {
        let holidays = BTreeSet::from([date(2026, 1, 6)]);
        let now = korean("2026-01-02T10:00:00");
        for (day, expected) in [
            (date(2026, 1, 1), Some("INVALID_PAYABLE_DATE")),
            (date(2026, 1, 2), Some("INVALID_PAYABLE_DATE")),
            (date(2026, 1, 3), Some("NOT_ALLOWED_HOLIDAY")),
            (date(2026, 1, 5), None),
            (date(2026, 1, 6), Some("NOT_ALLOWED_HOLIDAY")),
            (date(2027, 1, 1), None),
            (date(2027, 1, 4), Some("INVALID_PAYABLE_DATE")),
        ] {
            assert_eq!(code(scheduled(day, now, &holidays)).as_deref(), expected, "{day}");
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(week_of(date(2026, 1, 4)), date(2025, 12, 29), "a Sunday");
        assert_eq!(week_of(date(2026, 1, 5)), date(2026, 1, 5), "a Monday");
    }
}
