//! A card's details as a merchant sends them: checked, recognised by the first digits, masked.

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{error::Refusal, fields::Text};
use crate::{
    clock::korean_day,
    model::{Card, CardType, Issuer, Method, OwnerType},
    test_means::TestMeans,
};

/// What the first digits tell: issuer and type. The longest prefix counts. The first three were
/// measured with real test keys. The ranges of the networks are of unknown type, as those two were:
/// such cards can be registered, but not charged.
const PREFIXES: [(&str, &str, CardType); 13] = [
    ("9410", "HANA", CardType::Credit),
    ("433012", "HYUNDAI", CardType::Unknown),
    ("552022", "MASTER", CardType::Unknown),
    // Cards for use in Korea only.
    ("9", "BC", CardType::Credit),
    ("34", "AMEX", CardType::Unknown),
    ("35", "JCB", CardType::Unknown),
    ("37", "AMEX", CardType::Unknown),
    ("30", "DINERS", CardType::Unknown),
    ("36", "DINERS", CardType::Unknown),
    ("4", "VISA", CardType::Unknown),
    ("5", "MASTER", CardType::Unknown),
    ("2", "MASTER", CardType::Unknown),
    ("62", "UNIONPAY", CardType::Unknown),
];

/// A card as it is typed in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypedCard {
    pub(crate) card_number: Text,
    /// Two digits.
    card_expiration_year: Text,
    /// Two digits.
    card_expiration_month: Text,
    /// A date of birth (yyMMdd) or a business number (ten digits). Older clients call it
    /// `customerBirthday`.
    #[serde(alias = "customerBirthday")]
    customer_identity_number: Text,
    /// The first two digits.
    card_password: Option<Text>,
}

impl TypedCard {
    /// As [`read_card`].
    pub(crate) fn read(&self, now: Timestamp) -> Result<Card, Refusal> {
        read_card(
            &self.card_number.0,
            &self.card_expiration_year.0,
            &self.card_expiration_month.0,
            &self.customer_identity_number.0,
            self.card_password.as_ref().map(|Text(password)| password.as_str()),
            now,
        )
    }
}

/// Reads a card. The whole number is forgotten at once. Whether it can be charged, its type tells:
/// [`CardType::Unknown`] cannot.
fn read_card(
    number: &str,
    expiration_year: &str,
    expiration_month: &str,
    identity: &str,
    password: Option<&str>,
    now: Timestamp,
) -> Result<Card, Refusal> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if !(14..=16).contains(&digits.len()) || !all_digits(&digits) {
        return Err("INVALID_CARD_NUMBER".into());
    }
    let (issuer, card_type) = recognise(&digits).ok_or("NOT_REGISTERED_CARD_COMPANY")?;
    if !is_valid_until(expiration_year, expiration_month, korean_day(now)) {
        return Err("INVALID_CARD_EXPIRATION".into());
    }
    let owner_type = owner_of(identity).ok_or("INVALID_BIRTH_DAY_FORMAT")?;
    if password.is_some_and(|password| password.len() != 2 || !all_digits(password)) {
        return Err("INVALID_CARD_PASSWORD".into());
    }
    if let Some(test) = TestMeans::find(Method::Card, &digits) {
        return Ok(Card { owner_type, ..test.card() });
    }
    let unknown = card_type == CardType::Unknown;
    Ok(Card {
        issuer_code: issuer.code.to_owned(),
        acquirer_code: (!unknown).then(|| issuer.code.to_owned()),
        number: mask(&digits),
        card_type,
        owner_type: if unknown { OwnerType::Unknown } else { owner_type },
        ..Card::usual()
    })
}

fn recognise(digits: &str) -> Option<(&'static Issuer, CardType)> {
    let known = PREFIXES.iter().filter(|(prefix, ..)| digits.starts_with(prefix));
    let (_, issuer, card_type) = known.max_by_key(|(prefix, ..)| prefix.len())?;
    Some((Issuer::read(issuer)?, *card_type))
}

/// Two digits each, the year also with four; good until the end of that month.
fn is_valid_until(year: &str, month: &str, today: Date) -> bool {
    let year = year.strip_prefix("20").filter(|rest| rest.len() == 2).unwrap_or(year);
    if year.len() != 2 || !(1..=2).contains(&month.len()) {
        return false;
    }
    let (Ok(year), Ok(month)) = (year.parse::<i16>(), month.parse::<i8>()) else { return false };
    (1..=12).contains(&month) && (2000 + year, month) >= (today.year(), today.month())
}

/// A date of birth, `yyMMdd`, is a person's; a business number with ten digits a company's.
fn owner_of(identity: &str) -> Option<OwnerType> {
    if !all_digits(identity) {
        return None;
    }
    match identity.len() {
        10 => Some(OwnerType::Company),
        6 => {
            let part = |from| identity[from..from + 2].parse::<i8>().ok();
            // 2000 was a leap year: the 29th of February is let through in any century.
            Date::new(2000, part(2)?, part(4)?).ok().map(|_| OwnerType::Personal)
        }
        _ => None,
    }
}

/// `4330123412341234` → `43301234****123*`.
fn mask(digits: &str) -> String {
    format!("{}****{}*", &digits[..8], &digits[12..digits.len() - 1])
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        number: &str,
        year: &str,
        month: &str,
        identity: &str,
        pin: &str,
    ) -> Result<Card, String> {
        let now = "2026-01-02T01:30:00Z".parse().unwrap();
        read_card(number, year, month, identity, Some(pin), now)
            .map_err(|refusal| refusal.code().to_owned())
    }

    #[test]
    fn the_measured_test_cards() {
        let good = read("9410001234567890", "30", "12", "900101", "12").unwrap();
        assert_eq!((&*good.issuer_code, good.card_type), ("21", CardType::Credit));
        assert_eq!((good.owner_type, &*good.number), (OwnerType::Personal, "94100012****789*"));
        for number in ["4330121234567890", "5520221234567890"] {
            let odd = read(number, "30", "12", "900101", "12").unwrap();
            assert_eq!(odd.card_type, CardType::Unknown, "{number}");
        }
        let company = read("9410-0012-3456-7890", "2030", "1", "1234567890", "12").unwrap();
        assert_eq!(company.owner_type, OwnerType::Company);
        assert_eq!(
            read("374000123456789", "30", "12", "900101", "12").unwrap().number,
            "37400012****78*"
        );
    }

    #[test]
    fn what_is_wrong_with_a_card() {
        let good = ("9410001234567890", "30", "12", "900101", "12");
        for (card, code) in [
            (("433012", good.1, good.2, good.3, good.4), "INVALID_CARD_NUMBER"),
            (("941000123456789x", good.1, good.2, good.3, good.4), "INVALID_CARD_NUMBER"),
            (("0000001234567890", good.1, good.2, good.3, good.4), "NOT_REGISTERED_CARD_COMPANY"),
            ((good.0, "25", "12", good.3, good.4), "INVALID_CARD_EXPIRATION"),
            ((good.0, "30", "13", good.3, good.4), "INVALID_CARD_EXPIRATION"),
            ((good.0, "-1", "12", good.3, good.4), "INVALID_CARD_EXPIRATION"),
            ((good.0, good.1, good.2, "901301", good.4), "INVALID_BIRTH_DAY_FORMAT"),
            ((good.0, good.1, good.2, "12345678", good.4), "INVALID_BIRTH_DAY_FORMAT"),
            ((good.0, good.1, good.2, good.3, "123"), "INVALID_CARD_PASSWORD"),
        ] {
            let (number, year, month, identity, pin) = card;
            assert_eq!(read(number, year, month, identity, pin).unwrap_err(), code, "{card:?}");
        }
        let this_month = read(good.0, "26", "01", good.3, good.4);
        assert!(this_month.is_ok(), "good until the end of the month");
    }
}
