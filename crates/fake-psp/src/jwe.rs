//! Compact JWE as payouts use it: `alg` dir, `enc` A256GCM, and the protected headers `iat` and
//! `nonce` of Toss's own.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::SecurityKey;

/// No body of this API comes near to this; a small one must not be blown up beyond it.
const LONGEST: usize = 1 << 20;

/// The protected header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) enc: String,
    /// When it was made; `2026-01-01T10:30:00+09:00`.
    pub(crate) iat: String,
    /// A UUID, fresh for every message.
    pub(crate) nonce: String,
    pub(crate) alg: String,
    /// `DEF`: compressed before it was encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zip: Option<String>,
}

impl Head {
    /// The header of a message that is not compressed.
    pub(crate) fn new(iat: String, nonce: String) -> Self {
        Self { enc: "A256GCM".to_owned(), iat, nonce, alg: "dir".to_owned(), zip: None }
    }
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum JweError {
    #[error("it is not five parts of base64url with the second one empty")]
    NotCompact,
    #[error("its header is not alg=dir, enc=A256GCM with `iat` and `nonce`")]
    Head,
    #[error("no security key of this merchant opens it")]
    Key,
    #[error("zip is neither absent nor DEF, or it is no DEFLATE stream")]
    Zip,
}

/// Decrypts a message and gives its header.
pub(crate) fn open(message: &str, key: &SecurityKey) -> Result<(Head, Vec<u8>), JweError> {
    let parts: Vec<&str> = message.trim().split('.').collect();
    let [protected, "", iv, text, tag] = parts[..] else { return Err(JweError::NotCompact) };
    let decode = |part| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::NotCompact);
    let head: Head = serde_json::from_slice(&decode(protected)?).map_err(|_| JweError::Head)?;
    if head.alg != "dir" || head.enc != "A256GCM" {
        return Err(JweError::Head);
    }
    let iv: [u8; 12] = decode(iv)?.try_into().map_err(|_| JweError::NotCompact)?;
    let sealed = [decode(text)?, decode(tag)?].concat();
    let payload = Payload { msg: &sealed, aad: protected.as_bytes() };
    let plain = cipher(key).decrypt(&iv.into(), payload).map_err(|_| JweError::Key)?;
    let plain = match head.zip.as_deref() {
        None => plain,
        Some("DEF") => miniz_oxide::inflate::decompress_to_vec_with_limit(&plain, LONGEST)
            .map_err(|_| JweError::Zip)?,
        Some(_) => return Err(JweError::Zip),
    };
    Ok((head, plain))
}

/// Encrypts a message. The initialization vector must not have served under this key before.
pub(crate) fn seal(plain: &[u8], key: &SecurityKey, head: &Head, iv: [u8; 12]) -> String {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let protected = encode(&serde_json::to_vec(head).expect("a header is plain data"));
    let payload = Payload { msg: plain, aad: protected.as_bytes() };
    let sealed = cipher(key).encrypt(&iv.into(), payload).expect("bodies are not gigabytes long");
    let (text, tag) = sealed.split_at(sealed.len() - 16);
    format!("{protected}..{}.{}.{}", encode(&iv), encode(text), encode(tag))
}

fn cipher(key: &SecurityKey) -> Aes256Gcm {
    Aes256Gcm::new(key.bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecurityKey {
        "0123456789abcdef".repeat(4).parse().unwrap()
    }

    fn head() -> Head {
        Head::new("2026-01-01T10:30:00+09:00".to_owned(), "n".to_owned())
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let message = seal(b"{\"a\":1}", &key(), &head(), [7; 12]);
        assert_eq!(open(&message, &key()), Ok((head(), b"{\"a\":1}".to_vec())));
        let other = "ff".repeat(32).parse().unwrap();
        assert_eq!(open(&message, &other), Err(JweError::Key));
    }

    /// Made with jwcrypto 1.6 (Python), once plain and once with `zip: DEF`.
    #[test]
    fn what_another_library_sealed_opens() {
        for message in [PLAIN, ZIPPED] {
            let (head, plain) = open(message, &key()).unwrap();
            assert_eq!(head.nonce, "009cb546-83df-44b4-a2d1-f219b18ae81d");
            assert_eq!(plain, br#"{"refSellerId":"seller-1"}"#);
        }
    }

    const PLAIN: &str = "eyJlbmMiOiAiQTI1NkdDTSIsICJpYXQiOiAiMjAyNi0wMS0wMVQxMDozMDowMCswOTowMCIsICJub25jZSI6ICIwMDljYjU0Ni04M2RmLTQ0YjQtYTJkMS1mMjE5YjE4YWU4MWQiLCAiYWxnIjogImRpciJ9..oo3BE9UH9DzF0vdN.1wE0w1PQ6fdvk69djhkiW5fQCPgi69kFtlI.qFUYOPBnnf1IsMvHcLIR8Q";
    const ZIPPED: &str = "eyJlbmMiOiAiQTI1NkdDTSIsICJpYXQiOiAiMjAyNi0wMS0wMVQxMDozMDowMCswOTowMCIsICJub25jZSI6ICIwMDljYjU0Ni04M2RmLTQ0YjQtYTJkMS1mMjE5YjE4YWU4MWQiLCAiYWxnIjogImRpciIsICJ6aXAiOiAiREVGIn0..MbLzv-tBfsdUhbeh.Pk1x4lIkqTALuMOMh954jIMToSiuI8JF.rXuXgcOZyBfC0AIv_pz5WA";

    #[test]
    fn what_was_tampered_with_does_not_open() {
        let message = seal(b"{}", &key(), &head(), [7; 12]);
        let parts: Vec<&str> = message.split('.').collect();
        let mut zipped = head();
        zipped.zip = Some("GZIP".to_owned());
        let mut foreign = head();
        foreign.alg = "A256KW".to_owned();
        for (wrong, error) in [
            (String::new(), JweError::NotCompact),
            ("{}".to_owned(), JweError::NotCompact),
            (message.replace("..", "."), JweError::NotCompact),
            (message.replace("..", ".AA."), JweError::NotCompact),
            (format!("e30..{}.{}.{}", parts[2], parts[3], parts[4]), JweError::Head),
            (format!("{}..{}.AAAA.{}", parts[0], parts[2], parts[4]), JweError::Key),
            (seal(b"{}", &key(), &foreign, [7; 12]), JweError::Head),
            (seal(b"{}", &key(), &zipped, [7; 12]), JweError::Zip),
        ] {
            assert_eq!(open(&wrong, &key()), Err(error), "{wrong}");
        }
    }
}
