//! Currencies, and amounts as Toss writes them.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};

/// What a payment is counted in. Inside the fake, amounts are whole numbers of its smallest unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Korean won: no smaller unit.
    #[default]
    Krw,
    /// US dollars, in cents.
    Usd,
    /// Japanese yen: no smaller unit.
    Jpy,
}

impl Currency {
    /// Digits after the point.
    pub(crate) fn decimals(self) -> u32 {
        match self {
            Self::Krw | Self::Jpy => 0,
            Self::Usd => 2,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Krw => "KRW",
            Self::Usd => "USD",
            Self::Jpy => "JPY",
        }
    }

    /// Reads the three letters.
    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::Krw, Self::Usd, Self::Jpy].into_iter().find(|currency| currency.as_str() == text)
    }

    /// An amount as Toss writes it: `15000`, `726.24`.
    pub(crate) fn spell(self, amount: i64) -> String {
        let one = 10_i64.pow(self.decimals());
        let (whole, rest) = (amount / one, (amount % one).abs());
        match self.decimals() {
            0 => amount.to_string(),
            _ if rest == 0 => whole.to_string(),
            digits => {
                let sign = if amount < 0 && whole == 0 { "-" } else { "" };
                let text = format!("{sign}{whole}.{rest:0width$}", width = digits as usize);
                text.trim_end_matches('0').to_owned()
            }
        }
    }
}

/// An amount on its way into JSON: an integer, or for USD a number with cents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Money(pub(crate) i64, pub(crate) Currency);

impl Serialize for Money {
    #[expect(clippy::float_arithmetic, reason = "JSON has no other way to write cents")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(amount, currency) = *self;
        let one = 10_i64.pow(currency.decimals());
        if amount % one == 0 {
            return serializer.serialize_i64(amount / one);
        }
        // Exact to the cent far beyond any amount the API takes.
        serializer.serialize_f64(amount as f64 / one as f64)
    }
}

impl JsonSchema for Money {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "An integer for KRW and JPY, up to two decimals for USD.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_toss_writes_them() {
        for (amount, currency, text) in [
            (15_000, Currency::Krw, "15000"),
            (-99_800, Currency::Krw, "-99800"),
            (72_624, Currency::Usd, "726.24"),
            (4_950, Currency::Usd, "49.5"),
            (5_000, Currency::Usd, "50"),
            (-5, Currency::Usd, "-0.05"),
            (120, Currency::Jpy, "120"),
        ] {
            assert_eq!(currency.spell(amount), text);
            assert_eq!(serde_json::to_string(&Money(amount, currency)).unwrap(), text);
        }
    }
}
