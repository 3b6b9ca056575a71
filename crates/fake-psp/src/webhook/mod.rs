//! Webhooks: made when something changes that Toss announces, carried by a worker.

mod announce;
mod hook;
mod outbox;
mod worker;

use bytes::Bytes;
use futures::future::BoxFuture;
use thiserror::Error;

pub(crate) use announce::{Announcer, Envelope, Notice, to_json};
pub use hook::{EventType, Hook};
pub(crate) use outbox::{Letter, Outbox};
pub(crate) use worker::work;

/// Carries one webhook to the merchant and says which HTTP status it answered.
pub trait Deliver: Send + Sync + 'static {
    /// POSTs `body` to `url`. Timing out after ten seconds is the caller's business.
    fn deliver(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>>;
}

/// The merchant did not answer.
#[derive(Clone, Debug, Error)]
#[error("the webhook was not answered: {0}")]
pub struct DeliverError(pub String);
