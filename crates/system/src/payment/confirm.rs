//! Verb: confirm. The buyer came back from the PSP's window; take the money.
//!
//! What can stop where, and what then:
//! - before [`PaymentService::begin`] commits: nothing has begun; the buyer (or the page) asks again;
//! - after it: the orders are EXECUTING and `ask_at` is set, so [`PaymentService::ask_again`]
//!   asks the executor, here or in another replica;
//! - the executor was asked and its answer is lost: the same; it knows the order by its id;
//! - the answer came and could not be written: its feed brings it again.

use std::time::Duration;

use super::{
    PaymentService,
    attempt::Begun,
    records::{self, Record},
    wire::{Confirm, Payment},
};
use crate::{
    executor::wire::{Execute, Execution},
    kernel::Money,
    service::PeerError,
    store::StoreError,
    transport::Problem,
};

/// Time for the request itself around the time that the executor is told to wait.
const MARGIN: Duration = Duration::from_secs(5);

/// Why a payment was not confirmed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfirmError {
    #[error("no such order")]
    UnknownOrder,
    #[error("the amount is not the order's")]
    AmountChanged,
    #[error("no payment key")]
    NoPaymentKey,
    #[error("the order is being paid, or has been paid, with another payment")]
    OtherPayment,
    #[error("the payment belongs to another order")]
    OtherOrder,
    #[error("the order was not paid in time")]
    Expired,
    #[error("the shop has taken the order back")]
    Voided,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ConfirmError {
    fn from(error: sqlx::Error) -> Self {
        ConfirmError::Store(error.into())
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::UnknownOrder => Problem::not_found("there is no such order"),
            ConfirmError::AmountChanged => Problem::refused(
                "amount_changed",
                "The amount was changed on the way",
                "this is not the amount of the order; nothing was charged",
            )
            .field("amount"),
            ConfirmError::NoPaymentKey => {
                Problem::invalid("paymentKey", "must have 1 to 200 letters, digits, - or _")
            }
            ConfirmError::OtherPayment => Problem::conflict(
                "this order is being paid, or was paid, with another payment; look at its status",
            ),
            ConfirmError::OtherOrder => Problem::conflict("this payment belongs to another order"),
            ConfirmError::Expired => Problem::closed(
                "order_expired",
                "The order was not paid in time",
                "nothing was charged; open a new checkout",
            ),
            ConfirmError::Voided => Problem::closed(
                "order_voided",
                "The shop has taken the order back",
                "nothing was charged; open a new checkout",
            ),
            ConfirmError::Store(error) => error.into(),
        }
    }
}

impl PaymentService {
    /// Takes the money for an order, and waits for `patience` until it is proven. The answer may be
    /// `EXECUTING` or `UNKNOWN`: then it is not known yet, and the status page follows it.
    pub(super) async fn confirm(
        &self,
        asked: &Confirm,
        patience: Duration,
    ) -> Result<Payment, ConfirmError> {
        let record = records::find(&self.store, &asked.order_id).await?;
        let record = record.ok_or(ConfirmError::UnknownOrder)?;
        let amount = Money::parse(&asked.amount, record.money.currency());
        if amount.ok() != Some(record.money) {
            tracing::warn!(order = asked.order_id, given = asked.amount, "amount changed: refused");
            return Err(ConfirmError::AmountChanged);
        }
        if !is_payment_key(&asked.payment_key) {
            return Err(ConfirmError::NoPaymentKey);
        }
        let is_open = match &record.payment_key {
            Some(key) if *key == asked.payment_key => !record.payment.status.is_final(),
            _ => self.begin(asked).await? == Begun::Open,
        };
        if is_open {
            self.ask(&asked.order_id, &asked.payment_key, record.money, patience).await?;
        }
        let record = records::find(&self.store, &asked.order_id).await?;
        record.map(|record: Record| record.payment).ok_or(ConfirmError::UnknownOrder)
    }

    /// Asks the executor for the money and takes over what it answers. No answer is no news.
    pub(super) async fn ask(
        &self,
        order_id: &str,
        payment_key: &str,
        money: Money,
        wait: Duration,
    ) -> Result<(), StoreError> {
        let body = Execute {
            order_id: order_id.to_owned(),
            payment_key: payment_key.to_owned(),
            amount: money.amount(),
            currency: money.currency().code().to_owned(),
        };
        let path = format!("/v1/executions?wait_ms={}", wait.as_millis());
        let answer: Result<Execution, PeerError> =
            self.executor.post(&path, &body, wait + MARGIN).await;
        match answer {
            Ok(execution) => self.settle(&execution).await,
            Err(error) => {
                tracing::warn!(order = order_id, %error, "the executor did not answer");
                Ok(())
            }
        }
    }
}

/// Toss's keys have up to 200 characters; ours stand in paths.
fn is_payment_key(key: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
    (1..=200).contains(&key.len()) && key.chars().all(legal)
}
