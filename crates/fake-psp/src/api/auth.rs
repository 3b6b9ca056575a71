//! Basic authentication, as tolerant as the real clients need it.

use axum::http::{HeaderMap, HeaderValue};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{error::Refusal, header};
use crate::Config;

/// Some clients send no padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The known secret key a request came with: `Basic base64("{secretKey}:")`.
pub(super) fn secret_key<'a>(config: &'a Config, headers: &HeaderMap) -> Result<&'a str, Refusal> {
    if headers.get("authorization").is_none_or(HeaderValue::is_empty) {
        return Err(Refusal::new(config.no_authorization_code.as_str()));
    }
    let badly_formed = || Refusal::new("INCORRECT_BASIC_AUTH_FORMAT");
    let value = header(headers, "authorization").ok_or_else(badly_formed)?;
    let (scheme, credentials) = value.trim().split_once(' ').ok_or_else(badly_formed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(badly_formed());
    }
    let decoded = BASE64.decode(credentials.trim()).map_err(|_| badly_formed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| badly_formed())?;
    let (key, password) = decoded.split_once(':').ok_or_else(badly_formed)?;
    if !password.is_empty() && !config.password_is_ignored {
        return Err(Refusal::new("UNAUTHORIZED_KEY"));
    }
    if let Some(known) = config.secret_keys.iter().find(|known| *known == key) {
        return Ok(known);
    }
    let client_key = ["test_ck_", "live_ck_", "test_gck_", "live_gck_"];
    if client_key.iter().any(|prefix| key.starts_with(prefix)) {
        return Err(Refusal::new("INVALID_API_KEY"));
    }
    Err(Refusal::new("UNAUTHORIZED_KEY"))
}

/// Are a page's key and a server's of one set, as far as their prefixes tell: both for tests or
/// both live, both of the widget or neither?
pub(super) fn are_of_one_set(client_key: &str, secret_key: &str) -> bool {
    let set = |key: &str| {
        let mut parts = key.split('_');
        Some((parts.next()? == "live", parts.next()?.starts_with('g')))
    };
    set(client_key) == set(secret_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_with(config: &Config, value: Option<&str>) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert("authorization", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        secret_key(config, &headers).map(str::to_owned).map_err(|refusal| refusal.code().to_owned())
    }

    fn code_of(value: Option<&str>) -> Result<String, String> {
        code_with(&Config::default(), value)
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", BASE64.encode(credentials))
    }

    #[test]
    fn real_clients_are_let_in() {
        let padded = "dGVzdF9za19oYW5iZW9uOg=="; // test_sk_hanbeon:
        for value in [
            format!("Basic {padded}"),
            format!("basic {padded}"),
            format!("BASIC {}", padded.trim_end_matches('=')),
        ] {
            assert_eq!(code_of(Some(&value)), Ok("test_sk_hanbeon".to_owned()), "{value}");
        }
    }

    #[test]
    fn everyone_else_is_told_why_not() {
        for (value, code) in [
            (None, "UNAUTHORIZED_KEY"),
            (Some(""), "UNAUTHORIZED_KEY"),
            (Some("Basic"), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("Basic "), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("Basic 열쇠"), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("Basic test_sk_hanbeon:"), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("test_sk_hanbeon"), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("Bearer dGVzdF9za19oYW5iZW9uOg=="), "INCORRECT_BASIC_AUTH_FORMAT"),
        ] {
            assert_eq!(code_of(value), Err(code.to_owned()), "{value:?}");
        }
        for (credentials, code) in [
            ("test_sk_hanbeon", "INCORRECT_BASIC_AUTH_FORMAT"),
            ("", "INCORRECT_BASIC_AUTH_FORMAT"),
            (":", "UNAUTHORIZED_KEY"),
            (":test_sk_hanbeon", "UNAUTHORIZED_KEY"),
            ("TEST_SK_HANBEON:", "UNAUTHORIZED_KEY"),
            ("test_sk_of_another_merchant:", "UNAUTHORIZED_KEY"),
            ("test_gsk_unknown:", "UNAUTHORIZED_KEY"),
            ("live_sk_unknown:", "UNAUTHORIZED_KEY"),
            ("test_ck_a:", "INVALID_API_KEY"),
            ("test_gck_a:", "INVALID_API_KEY"),
            ("live_ck_a:", "INVALID_API_KEY"),
            ("live_gck_a:", "INVALID_API_KEY"),
        ] {
            assert_eq!(code_of(Some(&basic(credentials))), Err(code.to_owned()), "{credentials}");
        }
    }

    #[test]
    fn a_password_is_a_switch() {
        let value = basic("test_sk_hanbeon:secret");
        assert!(code_of(Some(&value)).is_ok());
        let strict = Config { password_is_ignored: false, ..Config::default() };
        assert_eq!(code_with(&strict, Some(&value)), Err("UNAUTHORIZED_KEY".to_owned()));
        assert!(code_with(&strict, Some(&basic("test_sk_hanbeon:"))).is_ok());
    }

    #[test]
    fn every_kind_of_secret_key_may_be_known() {
        for key in ["test_sk_a", "test_gsk_a", "test_ak_a", "live_sk_a", "live_gsk_a"] {
            let config = Config { secret_keys: vec![key.to_owned()], ..Config::default() };
            assert_eq!(code_with(&config, Some(&basic(&format!("{key}:")))), Ok(key.to_owned()));
        }
    }

    #[test]
    fn keys_have_sets() {
        for (client, secret, one) in [
            ("test_ck_a", "test_sk_b", true),
            ("test_gck_a", "test_gsk_b", true),
            ("live_ck_a", "live_sk_b", true),
            ("test_ck_a", "test_ak_b", true),
            ("test_gck_a", "test_sk_b", false),
            ("test_ck_a", "test_gsk_b", false),
            ("live_ck_a", "test_sk_b", false),
        ] {
            assert_eq!(are_of_one_set(client, secret), one, "{client} {secret}");
        }
    }
}
