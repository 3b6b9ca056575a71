//! Bodies are kept as the text they are, so that a person can read the file; those that are no
//! text, byte by byte.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(body) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => serializer.collect_seq(body),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Text(String),
    Bytes(Vec<u8>),
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    Body::deserialize(deserializer).map(|body| match body {
        Body::Text(text) => text.into(),
        Body::Bytes(bytes) => bytes.into(),
    })
}
