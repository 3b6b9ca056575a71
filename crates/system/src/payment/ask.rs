//! Worker: ask the executor again for every order that it has not acknowledged.

use sqlx::Row;

use super::PaymentService;
use crate::{
    kernel::{Currency, Money},
    service::Next,
    store::{Store, StoreError},
};

impl PaymentService {
    /// One step: takes an order whose time to ask has come, and asks.
    pub(super) async fn ask_again(&self) -> Result<Next, StoreError> {
        let now = self.clock.micros();
        let sql = format!(
            "UPDATE payment_event SET ask_at = $1, asks = asks + 1 WHERE order_id IN (\
                 SELECT order_id FROM payment_event WHERE ask_at <= $2 \
                 ORDER BY ask_at, order_id LIMIT 1 {}) \
             RETURNING order_id, payment_key, amount, currency, asks",
            self.store.skip_locked()
        );
        // Until it answers, it is asked ever more rarely, but for ever.
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(now + self.ask_backoff.max.as_micros() as i64)
            .bind(now)
            .fetch_optional(&mut *self.store.acquire().await?)
            .await?;
        let Some(row) = row else { return self.next_ask(now).await };
        let (order_id, payment_key): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let currency: Currency = row.try_get::<String, _>(3)?.parse().expect("checked at checkout");
        let money = Money::from_minor(row.try_get(2)?, currency);
        let asks = u32::try_from(row.try_get::<i64, _>(4)?).unwrap_or(u32::MAX);
        self.ask(&order_id, &payment_key, money, std::time::Duration::ZERO).await?;
        let wait = self.ask_backoff.after(asks, None, &self.entropy);
        let at = self.clock.micros() + wait.as_micros() as i64;
        put_off(&self.store, &order_id, &payment_key, at).await?;
        Ok(Next::Again)
    }

    async fn next_ask(&self, now: i64) -> Result<Next, StoreError> {
        let (next,): (Option<i64>,) =
            sqlx::query_as("SELECT MIN(ask_at) FROM payment_event WHERE ask_at IS NOT NULL")
                .fetch_one(&mut *self.store.acquire().await?)
                .await?;
        Ok(next.map_or(Next::Idle, |at| Next::until(at, now)))
    }
}

/// Sets when a payment is asked about again, if it still is to be; of another card, that is tried
/// since, this says nothing.
async fn put_off(
    store: &Store,
    order_id: &str,
    payment_key: &str,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE payment_event SET ask_at = $1 \
         WHERE order_id = $2 AND payment_key = $3 AND ask_at IS NOT NULL",
    )
    .bind(at)
    .bind(order_id)
    .bind(payment_key)
    .execute(&mut *store.acquire().await?)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::paying_with;

    #[tokio::test]
    async fn asking_about_the_first_card_does_not_put_off_the_second() {
        let (_folder, store) = paying_with("second", 9).await;
        let asked_at = async || -> i64 {
            let mut connection = store.acquire().await.expect("free");
            let sql = "SELECT ask_at FROM payment_event";
            let row = sqlx::query(sql).fetch_one(&mut *connection).await.expect("one");
            row.try_get(0).expect("set")
        };
        put_off(&store, "order", "first", 600).await.expect("written");
        assert_eq!(asked_at().await, 9);
        put_off(&store, "order", "second", 20).await.expect("written");
        assert_eq!(asked_at().await, 20);
    }
}
