//! What the fields of a verdict may be. Larger numbers are slips, and no calendar could take them.

use serde_json::Value;

use super::Verdict;
use crate::{
    api::{
        error::{error_code, error_codes},
        fields::MOST,
    },
    hint::nearest,
};

const TEN_YEARS_MS: i64 = 10 * 366 * 24 * 60 * 60 * 1000;

/// The least and the most that a field can be.
fn bounds(field: &str) -> Option<(i64, i64)> {
    match field {
        "ms" => Some((-TEN_YEARS_MS, TEN_YEARS_MS)),
        "days" => Some((0, 3_660)),
        "times" | "keep" => Some((0, 1_000)),
        "won" => Some((-MOST, MOST)),
        "amount" => Some((1, MOST)),
        "retry_after_s" => Some((0, 31_622_400)),
        "status" => Some((200, 599)),
        _ => None,
    }
}

impl Verdict {
    /// What to correct, if a number is out of bounds or a code is a slip of the pen. (Codes that
    /// Toss does not have may be wanted.)
    pub(super) fn excess(&self) -> Option<String> {
        let json = serde_json::to_value(self).expect("a verdict is plain data");
        let fields = json.as_object()?.values().next()?.as_object()?;
        if let Some(why) = fields.get("code").and_then(Value::as_str).and_then(misspelt) {
            return Some(why);
        }
        fields.iter().filter(|(_, value)| value.is_number()).find_map(|(field, value)| {
            let (least, most) = bounds(field)?;
            let fits = Value::as_i64(value).is_some_and(|number| (least..=most).contains(&number));
            let name = self.name();
            (!fits)
                .then(|| format!("`{field}` of `{name}` goes from {least} to {most}, not {value}"))
        })
    }
}

fn misspelt(code: &str) -> Option<String> {
    let near = nearest(code, error_codes().map(|row| row.code))?;
    let slip = code.is_empty() || strsim::damerau_levenshtein(code, near) <= 2;
    (error_code(code).is_none() && slip)
        .then(|| format!("`{code}` is no error code; did you mean `{near}`?"))
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
            Verdict::PayOutOff { won: i64::MAX },
            Verdict::Delay { ms: u64::MAX },
            Verdict::ConsoleCancel { ms: 1, amount: Some(0) },
            Verdict::Maintenance { code: None, status: Some(99) },
            Verdict::Decline { code: "PROVIDER_EROR".to_owned() },
            Verdict::Decline { code: String::new() },
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
