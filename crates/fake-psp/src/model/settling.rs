//! How far a payment has come on its way from the card company or the bank to the merchant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the card company is with buying the sale.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AcquireStatus {
    /// Not asked yet.
    #[default]
    Ready,
    Requested,
    Completed,
    CancelRequested,
    Canceled,
}

impl AcquireStatus {
    /// After the next answer of the card company.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Ready => Self::Requested,
            Self::Requested | Self::Completed => Self::Completed,
            Self::CancelRequested | Self::Canceled => Self::Canceled,
        }
    }

    /// After the payment was wholly cancelled: a sale that nobody has asked to buy is just gone.
    pub(crate) fn given_back(self) -> Self {
        match self {
            Self::Ready | Self::Canceled => Self::Canceled,
            Self::Requested | Self::Completed | Self::CancelRequested => Self::CancelRequested,
        }
    }
}

/// The way to the merchant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Settling {
    pub(crate) acquire: AcquireStatus,
    /// With manual settlement, the merchant has asked for it.
    pub(crate) handed_in: bool,
    /// The merchant has the money.
    pub(crate) paid_out: bool,
}
