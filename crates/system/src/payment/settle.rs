//! Verb: settle. The executor says how an order stands; take it over.
//!
//! The same verb for an answer and for an event of the executor's feed: it can be run twice, late
//! and out of order, because within an attempt a status only ever moves forward, and what is told of
//! an earlier attempt is told of another payment key.

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;

use super::{PaymentService, attempt, records, state::Status, wire::Succeeded};
use crate::{
    executor::wire::{Execution, Kind, State},
    service::{Apply, Event, NewEvent},
    store::{StoreError, Tx},
};

impl PaymentService {
    /// Takes an answer of the executor over.
    pub(super) async fn settle(&self, execution: &Execution) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        if self.settle_in(&mut tx, execution).await? {
            tx.commit().await?;
            self.feed.announce();
            tracing::info!(order = execution.order_id, state = ?execution.state, "payment settled");
        } else {
            tx.rollback().await?;
        }
        Ok(())
    }

    /// Returns whether anything was written.
    async fn settle_in(&self, tx: &mut Tx, execution: &Execution) -> Result<bool, StoreError> {
        let now = self.clock.micros();
        let status = match execution.state {
            State::Approved => Status::Success,
            State::Declined => Status::Failure,
            State::Unknown => Status::Unknown,
            State::Pending => return heard(tx, execution).await,
        };
        let failure = execution.reason.as_ref().filter(|_| status == Status::Failure);
        // Only the payment that we asked for last counts, and nothing that is proven changes.
        let held = sqlx::query(
            "UPDATE payment_event SET ask_at = NULL, approved_at = $1, failure_code = $2, \
             failure_message = $3 WHERE order_id = $4 AND payment_key = $5 \
             AND approved_at IS NULL AND failure_code IS NULL",
        )
        .bind(execution.approved_at)
        .bind(failure.map(|f| f.code.as_str()))
        .bind(failure.map(|f| f.message.as_str()))
        .bind(execution.order_id.as_str())
        .bind(execution.payment_key.as_str())
        .execute(&mut **tx)
        .await?;
        if held.rows_affected() == 0 {
            return Ok(false);
        }
        if status.is_final() {
            attempt::end(tx, &execution.payment_key, status, failure, now).await?;
        }
        let code = execution.reason.as_ref().map_or("", |reason| &reason.code);
        if !records::advance(tx, &execution.order_id, status, code, now).await? {
            return Ok(true);
        }
        if status == Status::Success {
            self.publish_success(tx, execution).await?;
        }
        Ok(true)
    }

    async fn publish_success(&self, tx: &mut Tx, execution: &Execution) -> Result<(), StoreError> {
        let approved_at = execution.approved_at.expect("the executor has proof, with its time");
        let orders: Vec<(String, String, i64, String)> = sqlx::query_as(
            "SELECT o.id, o.seller_id, o.amount, e.currency FROM payment_order o \
             JOIN payment_event e ON e.order_id = o.order_id WHERE o.order_id = $1 ORDER BY o.id",
        )
        .bind(execution.order_id.as_str())
        .fetch_all(&mut **tx)
        .await?;
        for (payment_order_id, seller_id, amount, currency) in orders {
            let order_id = execution.order_id.clone();
            let subject = payment_order_id.clone();
            let data =
                Succeeded { payment_order_id, order_id, seller_id, amount, currency, approved_at };
            let kind = "payment_order.succeeded";
            let event = NewEvent { kind, subject: &subject, data: json!(data) };
            self.feed.publish(tx, event).await?;
        }
        Ok(())
    }
}

/// The executor has the payment: its feed will tell the rest, so it need not be asked again. That it
/// had an earlier one says nothing of the one that is tried now.
async fn heard(tx: &mut Tx, execution: &Execution) -> Result<bool, StoreError> {
    let heard = sqlx::query(
        "UPDATE payment_event SET ask_at = NULL \
         WHERE order_id = $1 AND payment_key = $2 AND ask_at IS NOT NULL",
    )
    .bind(execution.order_id.as_str())
    .bind(execution.payment_key.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(heard.rows_affected() > 0)
}

/// Follows the executor's feed.
pub(super) struct Outcomes<'a>(pub(super) &'a PaymentService);

impl Apply for Outcomes<'_> {
    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let execution = serde_json::from_value::<Execution>(event.data.clone());
            match execution {
                Ok(execution) if execution.kind == Kind::Confirm => {
                    self.0.settle_in(tx, &execution).await.map(|_| ())
                }
                _ => Ok(()),
            }
        }
        .boxed()
    }

    fn applied(&self) {
        self.0.feed.announce();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::paying_with;

    /// Its answer comes late, when the buyer pays with another card already, and nobody else would ask
    /// for that one.
    #[tokio::test]
    async fn that_the_first_card_is_under_way_is_no_news_of_the_second() {
        let (_folder, store) = paying_with("second", 9).await;
        let pending = |key: &str| Execution {
            order_id: "order".into(),
            kind: Kind::Confirm,
            payment_key: key.into(),
            state: State::Pending,
            tries: 1,
            dead_letter: false,
            reason: None,
            approved_at: None,
        };
        let mut tx = store.begin().await.expect("free");
        assert!(!heard(&mut tx, &pending("first")).await.expect("written"));
        assert!(heard(&mut tx, &pending("second")).await.expect("written"));
    }
}
