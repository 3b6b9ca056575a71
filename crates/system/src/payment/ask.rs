//! Worker: ask the executor again for every order that it has not acknowledged.

use sqlx::Row;

use super::PaymentService;
use crate::{
    kernel::{Currency, Money},
    service::Next,
    store::StoreError,
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
        sqlx::query(
            "UPDATE payment_event SET ask_at = $1 WHERE order_id = $2 AND ask_at IS NOT NULL",
        )
        .bind(self.clock.micros() + wait.as_micros() as i64)
        .bind(order_id.as_str())
        .execute(&mut *self.store.acquire().await?)
        .await?;
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
