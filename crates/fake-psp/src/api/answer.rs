//! An answer before it is put on the wire: what is bound to an idempotency key.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Status and body of an answer, and the trace id it was first given under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    #[serde(with = "crate::data::text")]
    pub(crate) body: Bytes,
    /// On a replay, the trace id of the first answer.
    pub(crate) first_trace: Option<String>,
    /// Encrypted: no JSON but a JWE.
    pub(crate) sealed: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("answers are plain data");
        Self { status, body: body.into(), first_trace: None, sealed: false }
    }

    /// 200 and not a byte.
    pub(crate) fn empty() -> Self {
        Self { status: 200, body: Bytes::new(), first_trace: None, sealed: false }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
