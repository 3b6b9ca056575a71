//! Fields of bodies and queries, read as leniently as Toss reads them: numbers and strings stand
//! for each other, null is absent.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};
use serde_json::Value;

use super::error::Refusal;
use crate::model::Currency;

/// Far from where sums of amounts could overflow.
pub(crate) const MOST: i64 = 1_000_000_000_000;

/// A text; a number is taken as its digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

/// An amount of money, possibly written as text or with a fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Amount(String);

/// A whole number, possibly written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) i64);

/// Yes or no, possibly written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl Amount {
    /// In the currency's smallest unit.
    pub(crate) fn of(&self, currency: Currency) -> Result<i64, Refusal> {
        let bad = || Refusal::new("INVALID_REQUEST");
        let decimals = currency.decimals() as usize;
        let (whole, fraction) = self.0.split_once('.').unwrap_or((&self.0, ""));
        let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        if unsigned.is_empty() || !digits(unsigned) || !digits(fraction) {
            return Err(bad());
        }
        let (kept, rest) = fraction.split_at(decimals.min(fraction.len()));
        if rest.chars().any(|digit| digit != '0') {
            return Err(bad());
        }
        let shifted = (decimals > 0).then(|| format!("{whole}{kept:0<decimals$}"));
        match shifted.as_deref().unwrap_or(whole).parse::<i64>() {
            Ok(amount) if (-MOST..=MOST).contains(&amount) => Ok(amount),
            _ => Err(bad()),
        }
    }

    pub(crate) fn won(&self) -> Result<i64, Refusal> {
        self.of(Currency::Krw)
    }
}

/// An amount that may be absent.
pub(crate) fn amount_or_zero(amount: Option<&Amount>, currency: Currency) -> Result<i64, Refusal> {
    amount.map_or(Ok(0), |amount| amount.of(currency))
}

/// A string or a number as text.
struct Scalar;

impl Visitor<'_> for Scalar {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar).map(Self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = deserializer.deserialize_any(Scalar)?;
        text.truncate(text.trim_end().len());
        text.drain(..text.len() - text.trim_start().len());
        Ok(Self(text))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Scalar)?;
        let number = text.trim().parse();
        number.map(Self).map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"a number"))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(flag) => Ok(Self(flag)),
            Value::String(text) if text == "true" => Ok(Self(true)),
            Value::String(text) if text == "false" => Ok(Self(false)),
            other => Err(D::Error::custom(format!("{other} is neither true nor false"))),
        }
    }
}

macro_rules! schema {
    ($name:ident, $schema:tt) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

schema!(Text, { "type": "string" });
schema!(Amount, { "type": "number" });
schema!(Count, { "type": "integer" });
schema!(Flag, { "type": "boolean" });

/// A text field of any body; a number is taken as its digits.
pub(crate) fn text(body: &Value, name: &str) -> Option<String> {
    peek(body, name).map(Cow::into_owned)
}

/// As [`text`], of what need not be kept.
pub(crate) fn peek<'b>(body: &'b Value, name: &str) -> Option<Cow<'b, str>> {
    match body.get(name)? {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// A whole number of won in any body.
pub(crate) fn won(body: &Value, name: &str) -> Result<Option<i64>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let amount = Amount::deserialize(value).map_err(|_| "INVALID_REQUEST")?;
            amount.won().map(Some)
        }
    }
}

/// The parameters of a query; an empty one is absent.
pub(crate) fn query(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes())
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn won_comes_in_several_spellings() {
        for value in [json!(15000), json!("15000"), json!(15000.0), json!("15000.00")] {
            assert_eq!(won(&json!({ "amount": value }), "amount"), Ok(Some(15_000)), "{value}");
        }
        assert_eq!(won(&json!({ "amount": null }), "amount"), Ok(None));
        for value in [json!("abc"), json!(0.5), json!([1]), json!(1e15), json!(i64::MIN), json!("")]
        {
            assert!(won(&json!({ "amount": value }), "amount").is_err(), "{value}");
        }
    }

    #[test]
    fn dollars_have_cents() {
        for (value, cents) in [(json!(726.24), 72_624), (json!("50"), 5_000), (json!(49.5), 4_950)]
        {
            let amount = Amount::deserialize(&value).unwrap();
            assert_eq!(amount.of(Currency::Usd), Ok(cents), "{value}");
        }
        let too_fine = Amount::deserialize(&json!("1.005")).unwrap();
        assert!(too_fine.of(Currency::Usd).is_err());
    }
}
