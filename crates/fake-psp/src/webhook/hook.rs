//! Who is told what: registered URLs and the events they want.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a webhook can be about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum EventType {
    /// A payment reached EXPIRED, DONE, ABORTED, CANCELED or PARTIAL_CANCELED.
    #[serde(rename = "PAYMENT_STATUS_CHANGED")]
    PaymentStatusChanged,
    /// A virtual account's deposit came in, was taken back or was cancelled.
    #[serde(rename = "DEPOSIT_CALLBACK")]
    DepositCallback,
    /// An asynchronous (overseas) cancel has ended.
    #[serde(rename = "CANCEL_STATUS_CHANGED")]
    CancelStatusChanged,
    /// A billing key was deleted.
    #[serde(rename = "BILLING_DELETED")]
    BillingDeleted,
    /// A payout was completed or failed. Signed.
    #[serde(rename = "payout.changed")]
    PayoutChanged,
    /// A seller's status changed. Signed.
    #[serde(rename = "seller.changed")]
    SellerChanged,
}

impl EventType {
    /// Does it carry a signature?
    pub(crate) fn is_signed(self) -> bool {
        matches!(self, Self::PayoutChanged | Self::SellerChanged)
    }

    /// The name in `eventType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentStatusChanged => "PAYMENT_STATUS_CHANGED",
            Self::DepositCallback => "DEPOSIT_CALLBACK",
            Self::CancelStatusChanged => "CANCEL_STATUS_CHANGED",
            Self::BillingDeleted => "BILLING_DELETED",
            Self::PayoutChanged => "payout.changed",
            Self::SellerChanged => "seller.changed",
        }
    }
}

/// A registered URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Where to.
    pub url: String,
    /// Which events; none in the list: all.
    #[serde(default)]
    pub events: Vec<EventType>,
}

impl Hook {
    /// A URL that is told everything.
    pub fn of_all_events(url: &str) -> Self {
        Self { url: url.to_owned(), events: Vec::new() }
    }

    /// Hooks that are told everything.
    pub(crate) fn all_to(urls: &[String]) -> Vec<Self> {
        urls.iter().map(|url| Self::of_all_events(url)).collect()
    }

    pub(crate) fn wants(&self, event: EventType) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }
}
