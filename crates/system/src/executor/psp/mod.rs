//! Speaking to Toss Payments: our own reading of its API, nothing more than we use.

mod client;
mod codes;
mod judge;
mod statement;
mod wire;

use std::time::Duration;

pub(super) use client::Psp;
pub(super) use judge::judge;
pub(super) use statement::StatementError;

use super::wire::Reason;

/// What one exchange with the PSP proved about an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome that is dropped is money that nobody knows of"]
pub(super) enum Verdict {
    /// It happened, at this time by the PSP's clock (microseconds).
    Approved { at: i64 },
    /// It did not happen and will not.
    Declined(Reason),
    /// The PSP has not done it; it may be asked (again). `burnt`: the key in use is spent.
    NotYet { reason: Reason, burnt: bool, retry_after: Option<Duration> },
    /// Nothing is proven.
    Unknown { reason: Reason, retry_after: Option<Duration> },
}

impl Verdict {
    fn unknown(code: &str, message: impl Into<String>) -> Self {
        let reason = Reason { code: code.to_owned(), message: message.into() };
        Verdict::Unknown { reason, retry_after: None }
    }
}
