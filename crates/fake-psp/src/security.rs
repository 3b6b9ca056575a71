//! Security keys: they encrypt bodies of payouts and sign their webhooks.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

/// A security key as Toss's developer centre shows it: 64 hexadecimal characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecurityKey {
    text: String,
    bytes: [u8; 32],
}

/// Not a security key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "a security key is 64 hexadecimal characters, this has {0} characters; \
     `openssl rand -hex 32` makes one"
)]
pub struct SecurityKeyError(usize);

impl FromStr for SecurityKey {
    type Err = SecurityKeyError;

    fn from_str(text: &str) -> Result<Self, SecurityKeyError> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self { text: text.to_owned(), bytes }),
            Err(_) => Err(SecurityKeyError(text.chars().count())),
        }
    }
}

impl TryFrom<String> for SecurityKey {
    type Error = SecurityKeyError;

    fn try_from(text: String) -> Result<Self, SecurityKeyError> {
        text.parse()
    }
}

impl From<SecurityKey> for String {
    fn from(key: SecurityKey) -> Self {
        key.text
    }
}

impl fmt::Display for SecurityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl SecurityKey {
    /// The key of AES-256.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn sign(&self, hex_decoded: bool, message: &[&[u8]]) -> String {
        let key = if hex_decoded { &self.bytes[..] } else { self.text.as_bytes() };
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        message.iter().for_each(|part| mac.update(part));
        format!("v1:{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The header `tosspayments-webhook-signature`: one value per security key, so that a receiver
/// that knows only the old or only the new one can verify while they are exchanged.
pub(crate) fn signatures(
    keys: &[SecurityKey],
    hex_decoded: bool,
    body: &[u8],
    transmission_time: &str,
) -> String {
    let message = [body, b":", transmission_time.as_bytes()];
    let values: Vec<_> = keys.iter().map(|key| key.sign(hex_decoded, &message)).collect();
    values.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_characters() {
        let key: SecurityKey = "0123456789abcdef".repeat(4).parse().unwrap();
        assert_eq!(key.bytes()[..3], [0x01, 0x23, 0x45]);
        assert_eq!(key.to_string().len(), 64);
        for wrong in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            let error = wrong.parse::<SecurityKey>().unwrap_err().to_string();
            assert!(error.contains("64 hexadecimal"), "{error}");
        }
    }

    /// The figure was made with `openssl dgst -sha256 -mac HMAC -macopt hexkey:…`.
    #[test]
    fn a_signature_is_what_openssl_makes_of_it() {
        let key: SecurityKey = "00".repeat(32).parse().unwrap();
        let value = signatures(&[key], true, b"{}", "2026-01-01T15:00:00+09:00");
        assert_eq!(value, "v1:/ZwA2adtcRz1ECx80t2Lo5W821w3vXS06/E4qsLYvnA=");
    }
}
