//! How large the numbers of a verdict may be. More is a slip, and no calendar could take it.

use serde_json::Value;

use super::Verdict;

const TEN_YEARS_MS: i64 = 10 * 366 * 24 * 60 * 60 * 1000;

/// Far from where sums of amounts could overflow.
const MOST_WON: i64 = 1_000_000_000_000;

/// The least and the most that a field can be.
fn bounds(field: &str) -> Option<(i64, i64)> {
    match field {
        "ms" => Some((-TEN_YEARS_MS, TEN_YEARS_MS)),
        "days" => Some((0, 3_660)),
        "times" => Some((0, 1_000)),
        "won" => Some((-MOST_WON, MOST_WON)),
        "amount" => Some((1, MOST_WON)),
        "retry_after_s" => Some((0, 31_622_400)),
        "status" => Some((200, 599)),
        _ => None,
    }
}

impl Verdict {
    /// What to correct, if a number is out of bounds.
    pub(super) fn excess(&self) -> Option<String> {
        let json = serde_json::to_value(self).expect("a verdict is plain data");
        let fields = json.as_object()?.values().next()?.as_object()?;
        fields.iter().filter(|(_, value)| value.is_number()).find_map(|(field, value)| {
            let (least, most) = bounds(field)?;
            let fits = Value::as_i64(value).is_some_and(|number| (least..=most).contains(&number));
            let name = self.name();
            (!fits)
                .then(|| format!("`{field}` of `{name}` goes from {least} to {most}, not {value}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_calendar_takes_are_refused() {
        for verdict in [
            Verdict::Late { days: 7_300_000 },
            Verdict::Early { days: u32::MAX },
            Verdict::ClockOff { ms: -100_000_000_000_000 },
            Verdict::Duplicate { times: u32::MAX },
            Verdict::OffBy { won: i64::MAX },
            Verdict::FeeOff { won: i64::MIN },
            Verdict::Delay { ms: u64::MAX },
            Verdict::ConsoleCancel { ms: 1, amount: Some(0) },
            Verdict::Maintenance { code: None, status: Some(99) },
        ] {
            assert!(verdict.excess().is_some(), "{verdict:?}");
        }
        let said = Verdict::Late { days: 4_000 }.excess().unwrap();
        assert_eq!(said, "`days` of `late` goes from 0 to 3660, not 4000");
    }

    #[test]
    fn every_example_is_within_bounds() {
        for verdict in Verdict::examples() {
            assert_eq!(verdict.excess(), None, "{verdict:?}");
        }
    }
}
