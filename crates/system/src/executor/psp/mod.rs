//! Speaking to Toss Payments: our own reading of its API, nothing more than we use.

mod client;
mod codes;
mod judge;
mod statement;
mod wire;

use std::time::Duration;

pub(super) use client::Psp;
use judge::{judge_act, judge_read, turned_away};
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
    /// The PSP's payment shows that it has not been done; it may be asked for (again).
    NotYet(Reason),
    /// The PSP would not do it, now or again. It answers so for ever under this key: the key is
    /// spent.
    Refused { reason: Reason, retry_after: Option<Duration> },
    /// The request surely did nothing: it did not reach the PSP, or was turned away because there
    /// were too many.
    NotSent { reason: Reason, retry_after: Option<Duration> },
    /// A read found no such payment, or another one. That proves nothing about what was sent
    /// (the PSP's readers may lag behind, or err), but the same key may be sent again.
    Unseen(Reason),
    /// Nothing is proven.
    Unknown { reason: Reason, retry_after: Option<Duration> },
}

impl Verdict {
    fn unknown(code: &str, message: impl Into<String>) -> Self {
        Verdict::Unknown { reason: reason(code, message), retry_after: None }
    }

    /// All tries have been made, and the outcome of the last could not be written.
    pub(super) fn over_budget() -> Self {
        Self::unknown("NO_ANSWER", "all tries are made, and the last one's outcome was lost")
    }

    /// Why nothing is proven, for what is tried again; `None` if something is.
    pub(super) fn open(&self) -> Option<&Reason> {
        match self {
            Verdict::Approved { .. } | Verdict::Declined(_) => None,
            Verdict::NotYet(reason)
            | Verdict::Refused { reason, .. }
            | Verdict::NotSent { reason, .. }
            | Verdict::Unseen(reason)
            | Verdict::Unknown { reason, .. } => Some(reason),
        }
    }

    /// How long the PSP asked us to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Verdict::Refused { retry_after, .. }
            | Verdict::NotSent { retry_after, .. }
            | Verdict::Unknown { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn reason(code: &str, message: impl Into<String>) -> Reason {
    Reason { code: code.to_owned(), message: message.into() }
}
