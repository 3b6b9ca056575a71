//! What the fake writes down about its own doings: requests, faults, webhooks.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Endpoint, EventType, Verdict};

/// One fault that fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// Position in the record, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Name of the rule, or its position in the programme.
    pub rule: String,
    /// What it struck.
    pub endpoint: Endpoint,
    /// The order, where known.
    pub order_id: Option<String>,
    /// The payment, where known.
    pub payment_key: Option<String>,
    /// The how-manieth of this endpoint and order it was.
    pub nth: u32,
    /// What was done.
    pub verdict: Verdict,
}

/// One request that came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Position in the log, from 0.
    pub seq: u64,
    /// When it came.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What it was taken for.
    pub endpoint: Endpoint,
    /// The order, where known.
    pub order_id: Option<String>,
    /// The payment, where known.
    pub payment_key: Option<String>,
    /// The idempotency key it came with.
    pub idempotency_key: Option<String>,
    /// The status answered; none when nothing was (yet) answered.
    pub status: Option<u16>,
    /// The error code answered; none for a success.
    #[serde(default)]
    pub code: Option<Cow<'static, str>>,
    /// When the answer was given to the transport, which may be long after the request came.
    #[serde(default)]
    pub answered_at: Option<Timestamp>,
    /// The verdict of the fault programme, if not `pass`.
    pub fault: Option<Cow<'static, str>>,
    /// Was it answered from an idempotency key?
    pub replayed: bool,
}

impl Call {
    /// Notes the answer.
    pub(crate) fn answered(&mut self, status: u16, code: Option<Cow<'static, str>>, at: Timestamp) {
        self.status = Some(status);
        self.code = code;
        self.answered_at = Some(at);
    }
}

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transmission {
    /// When the attempt ended.
    pub at: Timestamp,
    /// `tosspayments-webhook-transmission-id`.
    pub id: String,
    /// What about.
    pub event: EventType,
    /// Where to.
    pub url: String,
    /// The order, or what else it was about.
    pub order_id: String,
    /// The status it told.
    pub status: String,
    /// A webhook this PSP did not mean.
    pub forged: bool,
    /// 0 for the first attempt.
    pub retried: u32,
    /// The status the merchant answered, or what went wrong.
    pub outcome: Result<u16, String>,
}
