//! Basic authentication, as tolerant as the real clients need it.

use axum::http::HeaderMap;
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
    let Some(value) = header(headers, "authorization") else {
        return Err(Refusal::new(config.no_authorization_code.as_str()));
    };
    let badly_formed = || Refusal::new("INCORRECT_BASIC_AUTH_FORMAT");
    let (scheme, credentials) = value.trim().split_once(' ').ok_or_else(badly_formed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(badly_formed());
    }
    let decoded = BASE64.decode(credentials.trim()).map_err(|_| badly_formed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| badly_formed())?;
    let (key, _password) = decoded.split_once(':').ok_or_else(badly_formed)?;
    if let Some(known) = config.secret_keys.iter().find(|known| *known == key) {
        return Ok(known);
    }
    let client_key = ["test_ck_", "live_ck_", "test_gck_", "live_gck_"];
    if client_key.iter().any(|prefix| key.starts_with(prefix)) {
        return Err(Refusal::new("INVALID_API_KEY"));
    }
    Err(Refusal::new("UNAUTHORIZED_KEY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(value: Option<&str>) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert("authorization", value.parse().unwrap());
        }
        secret_key(&Config::default(), &headers)
            .map(str::to_owned)
            .map_err(|refusal| refusal.code().to_owned())
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
            (Some("Basic dGVzdF9za19oYW5iZW9u"), "INCORRECT_BASIC_AUTH_FORMAT"), // no colon
            (Some("Basic test_sk_hanbeon:"), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("Bearer dGVzdF9za19oYW5iZW9uOg=="), "INCORRECT_BASIC_AUTH_FORMAT"),
            (Some("Basic dGVzdF9za19vdGhlcjo="), "UNAUTHORIZED_KEY"), // test_sk_other:
            (Some("Basic dGVzdF9ja19hOg=="), "INVALID_API_KEY"),      // test_ck_a:
        ] {
            assert_eq!(code_of(value), Err(code.to_owned()), "{value:?}");
        }
    }
}
