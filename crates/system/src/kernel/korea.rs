//! Korean days. Toss cuts its books at midnight in Seoul, UTC+9 all year (no summer time since 1988).

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, civil, tz};
use serde::{Deserialize, Serialize};

fn seoul() -> tz::TimeZone {
    tz::TimeZone::fixed(tz::offset(9))
}

/// A calendar day in Korea.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KoreanDay(civil::Date);

impl KoreanDay {
    /// The day on which an instant falls in Seoul.
    pub fn of(instant: Timestamp) -> Self {
        Self(instant.to_zoned(seoul()).date())
    }

    /// The first instant of the day.
    pub fn start(self) -> Timestamp {
        self.0.to_zoned(seoul()).expect("a fixed offset has no gaps").timestamp()
    }

    /// The first instant of the next day.
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The day after.
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().expect("payments end before the year 9999"))
    }

    /// The day before.
    pub fn previous(self) -> Self {
        Self(self.0.yesterday().expect("payments began after the year -9999"))
    }

    /// Whether a week ends with it.
    pub fn is_sunday(self) -> bool {
        self.0.weekday() == civil::Weekday::Sunday
    }

    /// Whether its month ends with it.
    pub fn is_last_of_month(self) -> bool {
        self.0.last_of_month() == self.0
    }

    /// The instant at a time of this day.
    pub fn at(self, time: NightTime) -> Timestamp {
        self.start() + SignedDuration::from_mins(i64::from(time.minutes))
    }
}

impl fmt::Display for KoreanDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KoreanDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not a day such as 2026-01-31"))
    }
}

/// A time of day in Korea, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NightTime {
    minutes: u16,
}

impl FromStr for NightTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a time of day such as 03:00");
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let (hours, minutes): (u16, u16) =
            (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
        if hours > 23 || minutes > 59 {
            return Err(wrong());
        }
        Ok(Self { minutes: hours * 60 + minutes })
    }
}

impl fmt::Display for NightTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_korean_day_starts_at_15_utc_of_the_day_before() {
        let day: KoreanDay = "2026-03-01".parse().unwrap();
        assert_eq!(day.start().to_string(), "2026-02-28T15:00:00Z");
        assert_eq!(KoreanDay::of(day.start()), day);
        assert_eq!(KoreanDay::of(day.end()), day.next());
        assert_eq!(day.at("00:30".parse().unwrap()).to_string(), "2026-02-28T15:30:00Z");
    }

    #[test]
    fn times_of_day_that_do_not_exist_are_refused() {
        for wrong in ["24:00", "3", "03:60", "", "a:b"] {
            assert!(wrong.parse::<NightTime>().is_err(), "{wrong}");
        }
    }
}
