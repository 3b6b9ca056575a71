//! Verb: book a payment order once.

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;
use sqlx::{Any, QueryBuilder};

use super::{Ledger, entry::Postings};
use crate::{
    kernel::{Currency, Money},
    payment::wire::Succeeded,
    service::{Apply, Event, NewEvent},
    store::{StoreError, Tx},
};

impl Apply for Ledger {
    fn apply<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            match serde_json::from_value::<Succeeded>(event.data.clone()) {
                Ok(order) if event.kind == "payment_order.succeeded" => {
                    self.capture(tx, &order).await
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

impl Ledger {
    async fn capture(&self, tx: &mut Tx, order: &Succeeded) -> Result<(), StoreError> {
        let entry_id = format!("je-{}-capture", order.payment_order_id);
        let booked = sqlx::query("SELECT CAST(1 AS BIGINT) FROM journal_entry WHERE id = $1")
            .bind(entry_id.as_str())
            .fetch_optional(&mut **tx)
            .await?;
        if booked.is_some() {
            return Ok(());
        }
        let currency: Currency = order.currency.parse().expect("checked at checkout");
        let money = Money::from_minor(order.amount, currency);
        let postings = Postings::capture(&order.seller_id, money);
        self.write(tx, &entry_id, order, &postings).await?;
        tracing::info!(order = order.order_id, entry = entry_id, "journal entry written");
        let (kind, subject) = ("ledger.booked", order.payment_order_id.as_str());
        self.feed.publish(tx, NewEvent { kind, subject, data: json!({}) }).await
    }

    /// Accounts, then postings, then the entry that seals them.
    async fn write(
        &self,
        tx: &mut Tx,
        entry_id: &str,
        order: &Succeeded,
        postings: &Postings,
    ) -> Result<(), StoreError> {
        let currency = order.currency.as_str();
        let mut accounts = QueryBuilder::<Any>::new("INSERT INTO account (code, currency, kind) ");
        accounts.push_values(postings.lines(), |mut row, posting| {
            row.push_bind(posting.account.code.as_str())
                .push_bind(currency)
                .push_bind(posting.account.kind.code());
        });
        accounts.push(" ON CONFLICT (code, currency) DO NOTHING");
        accounts.build().execute(&mut **tx).await?;
        let mut lines = QueryBuilder::<Any>::new(
            "INSERT INTO posting (entry_id, line, account, currency, amount, effective_at) ",
        );
        lines.push_values(postings.lines().iter().enumerate(), |mut row, (n, posting)| {
            row.push_bind(entry_id)
                .push_bind(n as i64 + 1)
                .push_bind(posting.account.code.as_str())
                .push_bind(currency)
                .push_bind(posting.amount)
                .push_bind(order.approved_at);
        });
        lines.build().execute(&mut **tx).await?;
        sqlx::query(
            "INSERT INTO journal_entry (id, payment_order_id, kind, order_id, currency, \
             effective_at, booked_at) VALUES ($1, $2, 'CAPTURE', $3, $4, $5, $6)",
        )
        .bind(entry_id)
        .bind(order.payment_order_id.as_str())
        .bind(order.order_id.as_str())
        .bind(currency)
        .bind(order.approved_at)
        .bind(self.clock.micros())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
