//! Money: a decimal amount in a currency, never a float and never negative.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The currencies that a Toss merchant can be paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Korean won, no fraction.
    Krw,
    /// US dollar, cents.
    Usd,
    /// Japanese yen, no fraction.
    Jpy,
}

impl Currency {
    /// Digits after the decimal point (ISO 4217).
    pub fn exponent(self) -> u32 {
        match self {
            Currency::Krw | Currency::Jpy => 0,
            Currency::Usd => 2,
        }
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Currency::Krw => "KRW",
            Currency::Usd => "USD",
            Currency::Jpy => "JPY",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "KRW" => Ok(Currency::Krw),
            "USD" => Ok(Currency::Usd),
            "JPY" => Ok(Currency::Jpy),
            other => Err(format!("`{other}` is not one of KRW, USD, JPY")),
        }
    }
}

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error("must be a plain decimal number in a string, such as \"15000\"; `{0}` is not")]
    NotDecimal(String),
    /// Zero or less.
    #[error("must be more than zero; `{0}` is not")]
    NotPositive(String),
    /// More digits after the point than the currency has.
    #[error("{currency} has {digits} digits after the point; `{text}` has more")]
    Fraction { currency: Currency, digits: u32, text: String },
    /// Over [`Money::MAX_MINOR`].
    #[error("must be at most {max} minor units; `{0}` is more", max = Money::MAX_MINOR)]
    TooLarge(String),
}

/// A positive amount of money in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// The largest amount, in minor units: far above any card limit, far below overflow, so that
    /// sums over every payment of a year stay exact in 64 bits.
    pub const MAX_MINOR: i64 = 1_000_000_000_000;

    /// Reads an amount such as `"15000"`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let plain = !text.is_empty()
            && text.len() <= 32
            && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
        let amount = plain
            .then(|| Decimal::from_str(text).ok())
            .flatten()
            .ok_or_else(|| MoneyError::NotDecimal(text.to_owned()))?;
        if amount <= Decimal::ZERO {
            return Err(MoneyError::NotPositive(text.to_owned()));
        }
        if amount.scale() > currency.exponent() {
            let digits = currency.exponent();
            return Err(MoneyError::Fraction { currency, digits, text: text.to_owned() });
        }
        if amount > Decimal::new(Self::MAX_MINOR, currency.exponent()) {
            return Err(MoneyError::TooLarge(text.to_owned()));
        }
        Ok(Self { amount, currency })
    }

    /// An amount from minor units (won, cents), as the databases store it.
    ///
    /// # Panics
    /// If `minor` is not in `1..=MAX_MINOR`: such a row cannot have been written by us.
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        assert!((1..=Self::MAX_MINOR).contains(&minor), "{minor} is no amount of money");
        Self { amount: Decimal::new(minor, currency.exponent()), currency }
    }

    /// The amount in minor units.
    pub fn minor(self) -> i64 {
        let scaled = self.amount * Decimal::new(10_i64.pow(self.currency.exponent()), 0);
        i64::try_from(scaled).expect("checked against MAX_MINOR when it was made")
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; `None` if it is too large or the currencies differ.
    pub fn plus(self, other: Self) -> Option<Self> {
        let sum = self.minor().checked_add(other.minor())?;
        (self.currency == other.currency && sum <= Self::MAX_MINOR)
            .then(|| Self::from_minor(sum, self.currency))
    }

    /// The amount without its currency, as it stands on the wire.
    pub fn amount(self) -> String {
        self.amount.to_string()
    }

    /// The amount as a JSON number in major units, as the PSP wants it.
    pub fn to_json_number(self) -> serde_json::Number {
        match i64::try_from(self.amount.normalize()) {
            Ok(whole) if self.amount.fract().is_zero() => whole.into(),
            _ => self.amount.to_string().parse().expect("a decimal is a JSON number"),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// A signed sum of minor units as it stands on the wire, e.g. a balance.
pub(crate) fn minor_text(minor: i64, currency: Currency) -> String {
    Decimal::new(minor, currency.exponent()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn won_has_no_fraction_and_dollars_have_two_digits() {
        assert_eq!(Money::parse("15000", Currency::Krw).unwrap().minor(), 15_000);
        assert_eq!(Money::parse("12.34", Currency::Usd).unwrap().minor(), 1_234);
        assert_eq!(Money::parse("12.3", Currency::Usd).unwrap().minor(), 1_230);
        assert!(matches!(
            Money::parse("10.5", Currency::Krw),
            Err(MoneyError::Fraction { digits: 0, .. })
        ));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", "1e5", "0x10", "ten", "1,000", "+5", " 5", "5 ", "--5", "NaN", "1.2.3"] {
            let refused = Money::parse(text, Currency::Krw);
            assert!(matches!(refused, Err(MoneyError::NotDecimal(_))), "{text}: {refused:?}");
        }
        for text in ["0", "-1", "-0"] {
            let refused = Money::parse(text, Currency::Krw);
            assert!(matches!(refused, Err(MoneyError::NotPositive(_))), "{text}: {refused:?}");
        }
        let refused = Money::parse("1000000000001", Currency::Krw);
        assert!(matches!(refused, Err(MoneyError::TooLarge(_))), "{refused:?}");
    }

    #[test]
    fn money_is_shown_with_its_currency() {
        assert_eq!(Money::from_minor(1_234, Currency::Usd).to_string(), "12.34 USD");
        assert_eq!(Money::from_minor(1_234, Currency::Krw).to_string(), "1234 KRW");
        assert_eq!(minor_text(-1_234, Currency::Usd), "-12.34");
        assert_eq!(minor_text(-1_234, Currency::Jpy), "-1234");
    }

    #[test]
    fn the_psp_is_given_the_shortest_number() {
        let json = |minor| Money::from_minor(minor, Currency::Usd).to_json_number().to_string();
        assert_eq!(
            (json(1_234), json(1_230), json(1_200)),
            ("12.34".into(), "12.3".into(), "12".into())
        );
    }

    #[test]
    fn only_what_is_alike_and_not_too_much_is_added_up() {
        let won = |minor| Money::from_minor(minor, Currency::Krw);
        assert_eq!(won(1).plus(won(2)), Some(won(3)));
        assert_eq!(won(Money::MAX_MINOR - 1).plus(won(1)), Some(won(Money::MAX_MINOR)));
        assert_eq!(won(Money::MAX_MINOR).plus(won(1)), None);
        assert_eq!(won(1).plus(Money::from_minor(2, Currency::Jpy)), None);
    }

    #[test]
    fn minor_units_round_trip() {
        for currency in [Currency::Krw, Currency::Usd, Currency::Jpy] {
            for minor in [1, 99, 100, 12_345, Money::MAX_MINOR] {
                let money = Money::from_minor(minor, currency);
                assert_eq!(money.minor(), minor);
                assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
            }
        }
    }
}
