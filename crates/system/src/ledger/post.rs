//! Verb: book a payment order once.

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;
use sqlx::{Any, AssertSqlSafe};

use super::{Ledger, entry::Postings};
use crate::{
    kernel::{Currency, Money},
    payment::wire::Succeeded,
    service::{Apply, Event, NewEvent},
    store::{StoreError, Tx, placeholders},
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
        let count = postings.lines().len();
        let accounts = format!(
            "INSERT INTO account (code, currency, kind) VALUES {} \
             ON CONFLICT (code, currency) DO NOTHING",
            placeholders(count, 3)
        );
        let mut accounts = sqlx::query::<Any>(AssertSqlSafe(accounts));
        let lines = format!(
            "INSERT INTO posting (entry_id, line, account, currency, amount, effective_at) \
             VALUES {}",
            placeholders(count, 6)
        );
        let mut lines = sqlx::query::<Any>(AssertSqlSafe(lines));
        for (n, posting) in postings.lines().iter().enumerate() {
            let account = posting.account.code.as_str();
            accounts = accounts.bind(account).bind(currency).bind(posting.account.kind.code());
            lines = lines
                .bind(entry_id)
                .bind(n as i64 + 1)
                .bind(account)
                .bind(currency)
                .bind(posting.amount)
                .bind(order.approved_at);
        }
        accounts.execute(&mut **tx).await?;
        lines.execute(&mut **tx).await?;
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
