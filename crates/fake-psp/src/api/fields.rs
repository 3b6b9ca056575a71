//! Reads fields of JSON bodies and queries as leniently as Toss does: numbers and strings stand
//! for each other, null is absent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::Refusal;

/// A text field; a number is taken as its digits.
pub(crate) fn text(body: &Value, name: &str) -> Option<String> {
    match body.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number of won, possibly written as text or with a zero fraction.
pub(crate) fn won(body: &Value, name: &str) -> Result<Option<i64>, Refusal> {
    let digits = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(Refusal::new("INVALID_REQUEST")),
    };
    let whole = match digits.split_once('.') {
        Some((whole, fraction)) if fraction.chars().all(|digit| digit == '0') => whole,
        _ => &digits,
    };
    // Far from where sums of amounts could overflow.
    const MOST: i64 = 1_000_000_000_000;
    match whole.parse::<i64>() {
        Ok(amount) if amount.abs() <= MOST => Ok(Some(amount)),
        _ => Err(Refusal::new("INVALID_REQUEST")),
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
        for value in [json!("abc"), json!(0.5), json!([1]), json!(1e15)] {
            assert!(won(&json!({ "amount": value }), "amount").is_err(), "{value}");
        }
    }
}
