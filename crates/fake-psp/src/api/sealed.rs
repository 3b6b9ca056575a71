//! `TossPayments-api-security-mode: ENCRYPTION`: bodies that come encrypted, and answers that go
//! back encrypted with the same key.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{act::Act, answer::Answer, ask::Ask, error::Refusal};
use crate::{
    SecurityKey,
    clock::iso,
    jwe::{self, Head, JweError},
    world::Core,
};

/// How a request came.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Secrecy {
    /// In the clear.
    #[default]
    Plain,
    /// To be answered with this key; if it had a body, that was encrypted with it.
    Sealed { key: SecurityKey, head: Option<Head> },
    /// With a body that cannot be decrypted.
    Unreadable,
}

/// Decrypts the body of a request that came in ENCRYPTION mode.
pub(super) fn unseal(core: &Core, ask: &mut Ask) {
    ask.secrecy = match (&*core.config.security_keys, &*ask.raw) {
        ([], _) => Secrecy::Plain,
        ([newest, ..], []) => Secrecy::Sealed { key: newest.clone(), head: None },
        (keys, body) => match open(keys, body) {
            Ok((key, head, plain)) => {
                ask.body = serde_json::from_slice(&plain).unwrap_or(Value::Null);
                Secrecy::Sealed { key: key.clone(), head: Some(head) }
            }
            Err(error) => {
                tracing::info!(%error, "an encrypted body that cannot be read");
                ask.body = Value::Null;
                Secrecy::Unreadable
            }
        },
    };
}

/// Tries the keys in turn: two are valid while they are exchanged.
fn open<'k>(
    keys: &'k [SecurityKey],
    body: &[u8],
) -> Result<(&'k SecurityKey, Head, Vec<u8>), JweError> {
    let message = std::str::from_utf8(body).map_err(|_| JweError::NotCompact)?;
    let mut failure = JweError::Key;
    for key in keys {
        match jwe::open(message, key) {
            Ok((head, plain)) => return Ok((key, head, plain)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Encrypts an answer if its request wants that.
pub(super) fn seal(core: &Core, ask: &Ask, now: Timestamp, answer: Answer) -> Answer {
    let newest = core.config.security_keys.first();
    let key = match &ask.secrecy {
        Secrecy::Sealed { key, .. } => Some(key),
        Secrecy::Unreadable => newest.filter(|_| core.config.unreadable_is_answered_encrypted),
        Secrecy::Plain => None,
    };
    let Some(key) = key else { return answer };
    // A fault may make two answers to one request: they must not share their randomness.
    let name = format!("psp/jwe/{}/{}", ask.trace, hex::encode(Sha256::digest(&answer.body)));
    let mut random = [0; 32];
    for (n, bytes) in random.chunks_exact_mut(8).enumerate() {
        bytes.copy_from_slice(&core.entropy.draw(&format!("{name}/{n}")).to_be_bytes());
    }
    let (nonce, iv) = random.split_at(16);
    let head = Head::new(iso(now), uuid(nonce));
    let iv = iv[..12].try_into().expect("twelve of sixteen bytes");
    let body = Bytes::from(jwe::seal(&answer.body, key, &head, iv));
    Answer { body, sealed: true, ..answer }
}

/// 16 random bytes as a UUID of version 4.
fn uuid(bytes: &[u8]) -> String {
    let mut bytes: [u8; 16] = bytes.try_into().expect("a UUID has 16 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

impl Act<'_> {
    /// The body of a request that has to be encrypted.
    ///
    /// # Errors
    /// When it came in the clear, could not be decrypted, or its header is not acceptable.
    pub(super) fn sealed_body<T: DeserializeOwned + JsonSchema>(&mut self) -> Result<T, Refusal> {
        let Secrecy::Sealed { head: Some(head), .. } = &self.ask.secrecy else {
            tracing::info!(
                "a body that has to be encrypted and is not: send it as JWE, with the header \
                 TossPayments-api-security-mode: ENCRYPTION"
            );
            return Err("INVALID_ENCRYPTION".into());
        };
        self.check_head(head)?;
        self.ask.read_body()
    }

    fn check_head(&mut self, head: &Head) -> Result<(), Refusal> {
        let config = &self.core.config;
        let made: Timestamp = head.iat.parse().map_err(|_| "INVALID_ENCRYPTION")?;
        let fraction = head.iat.contains('.');
        let stale = config.jwe_valid_minutes.is_some_and(|minutes| {
            self.now.duration_since(made).abs() > SignedDuration::from_mins(minutes)
        });
        if stale || (fraction && !config.jwe_iat_may_have_fraction) || head.nonce.is_empty() {
            return Err("INVALID_ENCRYPTION".into());
        }
        if config.jwe_nonce_is_used_once
            && self.world.nonces.insert(head.nonce.clone(), self.now).is_some()
        {
            return Err("DUPLICATED_REQUEST".into());
        }
        Ok(())
    }
}
