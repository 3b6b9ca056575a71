//! Stretches of time in which a rule strikes.

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
};
use serde::{Deserialize, Serialize};

use crate::clock::{from_korea, in_korea};

/// From the first (included) to the second (excluded), by the fake's clock. Written as two texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[String; 2]", into = "[String; 2]")]
pub enum Between {
    /// Two moments: `["2026-12-01T00:00:00+09:00", "2026-12-01T06:00:00+09:00"]`. Without an
    /// offset they are Korean.
    Moments(Timestamp, Timestamp),
    /// Hours of every day in Korea: `["23:30", "00:30"]`, over midnight if the second is earlier.
    Daily(Time, Time),
}

impl Between {
    pub(crate) fn has(&self, at: Timestamp) -> bool {
        match self {
            Self::Moments(from, until) => (from..until).contains(&&at),
            Self::Daily(from, until) => {
                let now = in_korea(at).time();
                if from <= until {
                    (from..until).contains(&&now)
                } else {
                    now >= *from || now < *until
                }
            }
        }
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    let korean = || text.parse::<DateTime>().ok().and_then(from_korea);
    text.parse::<Timestamp>().ok().or_else(korean)
}

impl TryFrom<[String; 2]> for Between {
    type Error = String;

    fn try_from([from, until]: [String; 2]) -> Result<Self, String> {
        let moments = moment(&from).zip(moment(&until));
        if let Some((from, until)) = moments {
            if from >= until {
                return Err("`between` ends before it begins; swap the two moments".to_owned());
            }
            return Ok(Self::Moments(from, until));
        }
        match (from.parse(), until.parse()) {
            (Ok(from), Ok(until)) => Ok(Self::Daily(from, until)),
            _ => Err(format!(
                "`between` takes two moments (\"2026-12-01T00:00:00+09:00\") or two hours of the \
                 day in Korea (\"23:30\"), not \"{from}\" and \"{until}\""
            )),
        }
    }
}

impl From<Between> for [String; 2] {
    fn from(between: Between) -> Self {
        let korean = |at: Timestamp| in_korea(at).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
        match between {
            Between::Moments(from, until) => [korean(from), korean(until)],
            Between::Daily(from, until) => [from.to_string(), until.to_string()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(from: &str, until: &str) -> Result<Between, String> {
        Between::try_from([from.to_owned(), until.to_owned()])
    }

    #[test]
    fn hours_are_korean_and_may_go_over_midnight() {
        let night = between("23:30", "00:30").unwrap();
        for (at, within) in [
            ("2026-01-02T14:29:59Z", false),
            ("2026-01-02T14:30:00Z", true),
            ("2026-01-02T15:29:59Z", true),
            ("2026-01-02T15:30:00Z", false),
        ] {
            assert_eq!(night.has(at.parse().unwrap()), within, "{at}");
        }
        let lunch = between("12:00", "13:00").unwrap();
        assert!(lunch.has("2026-01-02T03:30:00Z".parse().unwrap()));
        assert!(!lunch.has("2026-01-02T04:00:00Z".parse().unwrap()));
    }

    #[test]
    fn moments_are_written_as_they_were_read() {
        let morning = between("2026-01-02T09:00:00", "2026-01-02T01:00:00Z").unwrap();
        assert!(morning.has("2026-01-02T00:00:00Z".parse().unwrap()));
        assert!(!morning.has("2026-01-02T01:00:00Z".parse().unwrap()));
        let [from, until]: [String; 2] = morning.clone().into();
        assert_eq!(from, "2026-01-02T09:00:00+09:00");
        assert_eq!(between(&from, &until), Ok(morning));
        let [from, until]: [String; 2] = between("23:30", "00:30").unwrap().into();
        assert_eq!([&*from, &*until], ["23:30:00", "00:30:00"]);
    }

    #[test]
    fn nonsense_is_refused_with_what_to_write() {
        assert!(between("soon", "later").unwrap_err().contains("two hours of the day"));
        assert!(between("23:30", "2026-01-02T01:00:00Z").is_err());
        let backwards = between("2026-01-03T00:00:00Z", "2026-01-02T00:00:00Z");
        assert!(backwards.unwrap_err().contains("swap"));
    }
}
