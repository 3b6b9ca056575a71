//! Verb: wallet or ledger has booked a payment order; when both have booked all of them, the
//! payment is done.

use futures::{FutureExt, future::BoxFuture};

use crate::{
    service::{Apply, Event},
    store::{StoreError, Tx},
};

/// Which book tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Book {
    Wallet,
    Ledger,
}

impl Book {
    /// The kind of event by which it says that it has booked a capture.
    fn kind(self) -> &'static str {
        match self {
            Book::Wallet => "wallet.booked",
            Book::Ledger => "ledger.booked",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Book::Wallet => {
                "UPDATE payment_order SET wallet_updated = 1 WHERE id = $1 AND status = 'SUCCESS'"
            }
            Book::Ledger => {
                "UPDATE payment_order SET ledger_updated = 1 WHERE id = $1 AND status = 'SUCCESS'"
            }
        }
    }
}

/// Follows the feed of wallet or ledger.
pub(super) struct Booked(pub(super) Book);

impl Apply for Booked {
    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            if event.kind == self.0.kind() { self.mark(tx, &event.subject).await } else { Ok(()) }
        }
        .boxed()
    }
}

impl Booked {
    async fn mark(&self, tx: &mut Tx, payment_order_id: &str) -> Result<(), StoreError> {
        // The event's row first, as everywhere: it is the lock of the whole payment.
        sqlx::query(
            "UPDATE payment_event SET is_payment_done = is_payment_done WHERE order_id = \
             (SELECT order_id FROM payment_order WHERE id = $1)",
        )
        .bind(payment_order_id)
        .execute(&mut **tx)
        .await?;
        let marked = sqlx::query(self.0.mark()).bind(payment_order_id).execute(&mut **tx).await?;
        if marked.rows_affected() == 0 {
            tracing::error!(payment_order_id, "booked, but not ours or not paid: reconcile");
            return Ok(());
        }
        sqlx::query(
            "UPDATE payment_event SET is_payment_done = 1 WHERE order_id = \
             (SELECT order_id FROM payment_order WHERE id = $1) AND NOT EXISTS (\
                 SELECT 1 FROM payment_order o WHERE o.order_id = payment_event.order_id \
                 AND (o.wallet_updated = 0 OR o.ledger_updated = 0))",
        )
        .bind(payment_order_id)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
