//! What a test can see and do about payouts, besides HTTP.

use thiserror::Error;

use super::{Payout, PayoutStatus, SellerStatus};
use crate::{FakePsp, api::error::error_code};

/// Why a seller cannot be given a status.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SellerStatusError {
    /// No such seller.
    #[error("there is no seller `{0}`; `GET /v2/sellers` lists the ids")]
    NotFound(String),
    /// The state machine has no such step.
    #[error("seller `{id}` is {from} and cannot become {to}; next can be: {next}")]
    NoSuchStep {
        /// The seller.
        id: String,
        /// Its status.
        from: &'static str,
        /// What was asked for.
        to: &'static str,
        /// What is possible.
        next: String,
    },
}

/// Why a payout cannot fail.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PayoutError {
    /// No such payout.
    #[error("there is no payout `{0}`; `GET /_fake/payouts` lists the ids")]
    NotFound(String),
    /// Its fate is decided already.
    #[error("payout `{id}` is {status}; only one that is REQUESTED or IN_PROGRESS can fail")]
    Over {
        /// The payout.
        id: String,
        /// Its status.
        status: &'static str,
    },
    /// No such code.
    #[error(
        "`{0}` is no error code of Toss's that this fake knows; \
         `INVALID_ACCOUNT_NUMBER_OR_UNAVAILABLE` is one"
    )]
    NoSuchCode(String),
}

impl FakePsp {
    /// Every payout that was ever taken on, in the order they were asked for.
    pub fn payouts(&self) -> Vec<Payout> {
        self.with(|_, world, _| world.payouts.iter().map(|(_, payout)| payout.clone()).collect())
    }

    /// The bank does not take a payout: FAILED with a code of Toss's, the amount is available
    /// again, and `payout.changed` tells of it. One that is only REQUESTED goes to the bank first.
    ///
    /// # Errors
    /// When there is no such payout, it is over already, or there is no such code.
    pub fn fail_payout(&self, id: &str, code: &str) -> Result<(), PayoutError> {
        if error_code(code).is_none() {
            return Err(PayoutError::NoSuchCode(code.to_owned()));
        }
        self.with(|core, world, now| {
            let payout = world.payouts.get(id);
            let status = payout.ok_or_else(|| PayoutError::NotFound(id.to_owned()))?.status;
            if status == PayoutStatus::Requested {
                world.start_payout(core, id, now);
            }
            let failed = world.fail_payout(core, id, code, now);
            let over = || PayoutError::Over { id: id.to_owned(), status: status.as_str() };
            failed.then_some(()).ok_or_else(over)
        })
    }

    /// Won that can be paid out to sellers now.
    pub fn available_balance(&self) -> i64 {
        self.with(|core, world, now| world.available(core, now))
    }

    /// Takes a seller a step further (or back to KYC_REQUIRED), as Toss's reviewers do, and sends
    /// `seller.changed`.
    ///
    /// # Errors
    /// When there is no such seller, or its status cannot be followed by `status`.
    pub fn set_seller_status(
        &self,
        id: &str,
        status: SellerStatus,
    ) -> Result<(), SellerStatusError> {
        self.with(|core, world, now| {
            let seller = world.sellers.get(id);
            let from = seller.ok_or_else(|| SellerStatusError::NotFound(id.to_owned()))?.status;
            if world.change_seller(core, id, status, now) {
                return Ok(());
            }
            let next = SellerStatus::ALL.iter().filter(|next| from.may_become(**next));
            Err(SellerStatusError::NoSuchStep {
                id: id.to_owned(),
                from: from.as_str(),
                to: status.as_str(),
                next: next.map(|next| next.as_str()).collect::<Vec<_>>().join(", "),
            })
        })
    }
}
