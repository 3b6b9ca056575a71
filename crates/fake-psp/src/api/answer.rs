//! An answer before it is put on the wire: what is bound to an idempotency key.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A payment by card takes somewhat less.
const USUAL_LENGTH: usize = 1536;

/// Status and body of an answer, and the trace id it was first given under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    #[serde(with = "crate::data::text")]
    pub(crate) body: Bytes,
    /// On a replay, the trace id of the first answer.
    pub(crate) first_trace: Option<String>,
    /// The error code, if it is an error.
    #[serde(default)]
    pub(crate) code: Option<Cow<'static, str>>,
    /// Encrypted: no JSON but a JWE.
    pub(crate) sealed: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let mut json = Vec::with_capacity(USUAL_LENGTH);
        serde_json::to_writer(&mut json, body).expect("answers are plain data");
        Self { status, body: json.into(), first_trace: None, code: None, sealed: false }
    }

    /// 200 and not a byte.
    pub(crate) fn empty() -> Self {
        Self { status: 200, body: Bytes::new(), first_trace: None, code: None, sealed: false }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
