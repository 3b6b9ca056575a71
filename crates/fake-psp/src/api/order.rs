//! What every way to a payment asks of an order: its id, its name, its amounts, its URLs.

use url::Url;

use super::{
    error::Refusal,
    fields::{Amount, Count, amount_or_zero},
};
use crate::{
    Config, Currency,
    model::{Method, Payment},
};

/// Bank accounts are charged from here on, whatever the minimum for cards is.
const LEAST_FROM_ACCOUNT: i64 = 200;

/// A bank transfers no more at once.
const MOST_FROM_ACCOUNT: i64 = 10_000_000;

/// Instalments begin here.
const LEAST_IN_INSTALMENTS: i64 = 50_000;

/// Letters, digits, `-`, `_` and (as the SDK's page has it) `=`; 6 to 64 of them.
pub(crate) fn is_order_id(config: &Config, id: &str) -> bool {
    id.len() >= 6 && is_short_order_id(config, id)
}

/// Likewise, but one character is enough: the real API does not look everywhere (recorded).
pub(crate) fn is_short_order_id(config: &Config, id: &str) -> bool {
    let equals = config.order_id_may_have_equals;
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || (equals && c == '=');
    (1..=64).contains(&id.len()) && id.chars().all(allowed)
}

/// A name of an order or of a person: 1 to 100 characters.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.chars().count())
}

/// Refuses what no mail could be sent to.
pub(crate) fn check_email(email: Option<&str>) -> Result<(), Refusal> {
    let Some(email) = email else { return Ok(()) };
    let (local, domain) = email.split_once('@').unwrap_or_default();
    let plain = |part: &str| !part.is_empty() && !part.contains(['@', ' ']);
    let fits = email.len() <= 100 && plain(local) && plain(domain);
    if fits { Ok(()) } else { Err("INVALID_EMAIL".into()) }
}

/// Can a browser be sent there?
pub(crate) fn is_http_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Money of other countries is taken with cards and foreign wallets only, or before anybody has
/// chosen a method.
pub(crate) fn check_currency(method: Option<Method>, currency: Currency) -> Result<(), Refusal> {
    match (currency, method) {
        (Currency::Krw, _) | (_, None | Some(Method::Card | Method::ForeignEasyPay)) => Ok(()),
        (Currency::Usd, _) => Err("NOT_SUPPORTED_USD".into()),
        (Currency::Jpy, _) => Err("INVALID_CURRENCY".into()),
    }
}

/// Refuses what the method does not take: less than 100 won (200 from a bank account) or more
/// than a bank transfers at once. Other currencies have no such limits.
pub(crate) fn check_amount(
    config: &Config,
    method: Method,
    currency: Currency,
    amount: i64,
) -> Result<(), Refusal> {
    let transfer = method == Method::Transfer;
    let least = config.minimum_amount.max(if transfer { LEAST_FROM_ACCOUNT } else { 0 });
    match currency {
        Currency::Krw if amount < least => Err("BELOW_MINIMUM_AMOUNT".into()),
        Currency::Krw if transfer && amount > MOST_FROM_ACCOUNT => {
            Err("EXCEEDS_TRANSFER_AMOUNT_MAXIMUM".into())
        }
        _ => Ok(()),
    }
}

/// Likewise of a payment with what the buyer chose in the end.
pub(crate) fn check_payment(config: &Config, payment: &Payment) -> Result<(), Refusal> {
    check_amount(config, payment.method(), payment.currency, payment.amount)
}

/// The tax-free and the tax-exempt part of an amount.
pub(crate) fn tax_parts(
    free: Option<&Amount>,
    exempt: Option<&Amount>,
    currency: Currency,
    amount: i64,
) -> Result<(i64, i64), Refusal> {
    let free = amount_or_zero(free, currency)?;
    let exempt = amount_or_zero(exempt, currency)?;
    if free < 0 || exempt < 0 || free + exempt > amount {
        return Err("INVALID_REQUEST".into());
    }
    Ok((free, exempt))
}

/// Months of instalments: none, or 2 to 12 from 50,000 won on.
pub(crate) fn instalments(plan: Option<Count>, amount: i64) -> Result<u8, Refusal> {
    match plan {
        None | Some(Count(0)) => Ok(0),
        Some(Count(_)) if amount < LEAST_IN_INSTALMENTS => {
            Err("NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN".into())
        }
        Some(Count(months)) => u8::try_from(months)
            .ok()
            .filter(|months| (2..=12).contains(months))
            .ok_or_else(|| "INVALID_CARD_INSTALLMENT_PLAN".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_its_limits() {
        let config = Config::default();
        let code = |method, currency, amount| {
            let refused = check_amount(&config, method, currency, amount).err();
            refused.map(|refusal| refusal.code().to_owned())
        };
        let below = Some("BELOW_MINIMUM_AMOUNT".to_owned());
        assert_eq!(code(Method::Card, Currency::Krw, 99), below);
        assert_eq!(code(Method::Card, Currency::Krw, 100), None);
        assert_eq!(code(Method::Transfer, Currency::Krw, 199), below);
        assert_eq!(code(Method::Transfer, Currency::Krw, 10_000_000), None);
        assert_eq!(
            code(Method::Transfer, Currency::Krw, 10_000_001),
            Some("EXCEEDS_TRANSFER_AMOUNT_MAXIMUM".to_owned())
        );
        assert_eq!(code(Method::ForeignEasyPay, Currency::Usd, 1), None);
    }

    #[test]
    fn an_email_has_two_sides() {
        let is_email = |text: &str| check_email(Some(text)).is_ok();
        assert!(is_email("a@b.kr") && check_email(None).is_ok());
        for text in ["", "a", "@b.kr", "a@", "a b@c.kr", "a@b@c.kr"] {
            assert!(!is_email(text), "{text}");
        }
    }
}
