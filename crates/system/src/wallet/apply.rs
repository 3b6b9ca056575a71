//! Verb: credit a seller once per payment order.

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;

use super::Wallet;
use crate::{
    payment::wire::Succeeded,
    service::{Apply, Event, NewEvent},
    store::{StoreError, Tx},
};

impl Apply for Wallet {
    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            match serde_json::from_value::<Succeeded>(event.data.clone()) {
                Ok(order) if event.kind == "payment_order.succeeded" => {
                    self.credit(tx, &order).await
                }
                _ => Ok(()),
            }
        }
        .boxed()
    }

    fn applied(&self) {
        self.feed.announce();
    }
}

impl Wallet {
    async fn credit(&self, tx: &mut Tx, order: &Succeeded) -> Result<(), StoreError> {
        let entered = sqlx::query(
            "INSERT INTO wallet_entry (payment_order_id, kind, order_id, seller_id, currency, \
             amount, effective_at, booked_at) VALUES ($1, 'CAPTURE', $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (payment_order_id, kind) DO NOTHING",
        )
        .bind(order.payment_order_id.as_str())
        .bind(order.order_id.as_str())
        .bind(order.seller_id.as_str())
        .bind(order.currency.as_str())
        .bind(order.amount)
        .bind(order.approved_at)
        .bind(self.clock.micros())
        .execute(&mut **tx)
        .await?;
        if entered.rows_affected() == 0 {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO wallet (seller_id, currency, balance) VALUES ($1, $2, $3) \
             ON CONFLICT (seller_id, currency) \
             DO UPDATE SET balance = wallet.balance + excluded.balance",
        )
        .bind(order.seller_id.as_str())
        .bind(order.currency.as_str())
        .bind(order.amount)
        .execute(&mut **tx)
        .await?;
        tracing::info!(order = order.order_id, seller = order.seller_id, "wallet credited");
        let (kind, subject) = ("wallet.booked", order.payment_order_id.as_str());
        self.feed.publish(tx, NewEvent { kind, subject, data: json!({}) }).await
    }
}
