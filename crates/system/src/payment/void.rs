//! Verb: void. The shop takes an order back that nobody has paid: it is sold out, or its price was
//! wrong.
//!
//! One statement, on the row that a payment has to take to begin: of a void and a confirmation at the
//! same time one comes first, and the other is refused. Voiding again changes nothing, so that a lost
//! answer is asked for again.

use super::{PaymentService, records, wire::Payment};
use crate::{store::StoreError, transport::Problem};

/// Why an order was not voided.
#[derive(Debug, thiserror::Error)]
pub(super) enum VoidError {
    #[error("no such order")]
    UnknownOrder,
    #[error("the order is being paid, or was paid")]
    NotUnpaid,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for VoidError {
    fn from(error: sqlx::Error) -> Self {
        VoidError::Store(error.into())
    }
}

impl From<VoidError> for Problem {
    fn from(error: VoidError) -> Self {
        match error {
            VoidError::UnknownOrder => Problem::not_found("there is no such order"),
            VoidError::NotUnpaid => Problem::conflict(
                "this order is being paid, or was paid; look at its status, and give the money back",
            ),
            VoidError::Store(error) => error.into(),
        }
    }
}

impl PaymentService {
    /// Voids an order that is not being paid and was not. The first reason stays.
    pub(super) async fn void(&self, order_id: &str, reason: &str) -> Result<Payment, VoidError> {
        let record = records::find(&self.store, order_id).await?;
        let order_id = record.ok_or(VoidError::UnknownOrder)?.payment.order_id;
        let voided = sqlx::query(
            "UPDATE payment_event SET voided_at = $1, void_reason = $2 WHERE order_id = $3 \
             AND voided_at IS NULL AND (payment_key IS NULL OR failure_code IS NOT NULL)",
        )
        .bind(self.clock.micros())
        .bind(reason)
        .bind(order_id.as_str())
        .execute(&mut *self.store.acquire().await?)
        .await?;
        if voided.rows_affected() == 1 {
            tracing::info!(order = order_id, reason, "order voided");
        }
        let record = records::find(&self.store, &order_id).await?;
        let payment = record.ok_or(VoidError::UnknownOrder)?.payment;
        if payment.voided_at.is_some() { Ok(payment) } else { Err(VoidError::NotUnpaid) }
    }
}
