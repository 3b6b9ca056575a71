//! Verb: a webhook came in. It is recorded and answered; a worker then *reads* the payment at the
//! PSP. What the webhook says is never believed: anyone can send one.

use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Row;

use super::{PaymentService, records};
use crate::{
    executor::wire::{Execution, State},
    kernel::OrderId,
    service::{Backoff, Next, PeerError},
    store::StoreError,
};

/// Webhooks that are looked into at once in one replica: a PSP that hangs over one payment holds up
/// no other.
pub(super) const WIDTH: usize = 16;

/// Tries to look into one webhook; then reconciliation must do.
const TRIES: i64 = 8;

const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_secs(300) };

/// The time that one recheck may take.
const DEADLINE: Duration = Duration::from_secs(40);

impl PaymentService {
    /// Records a webhook. The same one again (Toss repeats what was not acknowledged in time)
    /// changes nothing.
    pub(super) async fn record_webhook(
        &self,
        transmission: Option<&str>,
        body: &[u8],
    ) -> Result<(), StoreError> {
        // PostgreSQL keeps no text with a NUL in it.
        let text = String::from_utf8_lossy(body).replace('\0', "\u{fffd}");
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let order_id = [&json["data"]["orderId"], &json["orderId"]]
            .into_iter()
            .find_map(|id| OrderId::parse(id.as_str()?));
        let id = transmission.map_or_else(|| digest(body), str::to_owned);
        let now = self.clock.micros();
        sqlx::query(
            "INSERT INTO webhook (id, order_id, body, due_at, received_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(order_id.as_ref().map(OrderId::as_str))
        .bind(text)
        // One that names no order is kept, but there is nothing to look into.
        .bind(order_id.as_ref().map(|_| now))
        .bind(now)
        .execute(&mut *self.store.acquire().await?)
        .await?;
        self.webhook_wake.now();
        Ok(())
    }

    /// Takes a webhook that is due, to look into it.
    pub(super) async fn take_webhook(
        &self,
    ) -> Result<Result<impl Future<Output = ()> + use<>, Next>, StoreError> {
        let now = self.clock.micros();
        let sql = format!(
            "UPDATE webhook SET due_at = $1, tries = tries + 1 WHERE id IN (\
                 SELECT id FROM webhook WHERE due_at <= $2 ORDER BY due_at, id LIMIT 1 {}) \
             RETURNING id, order_id, tries",
            self.store.skip_locked()
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(now + (DEADLINE * 2).as_micros() as i64)
            .bind(now)
            .fetch_optional(&mut *self.store.acquire().await?)
            .await?;
        let Some(row) = row else { return Ok(Err(self.next_webhook(now).await?)) };
        let (id, order_id): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let tries: i64 = row.try_get(2)?;
        let service = self.clone();
        Ok(Ok(async move {
            if let Err(error) = service.look_into_webhook(&id, &order_id, tries).await {
                // It is due again when its lease ends.
                tracing::warn!(order = order_id, %error, "cannot note that a webhook was looked into");
            }
        }))
    }

    /// Reads a webhook's payment, and again later if nothing was learned.
    async fn look_into_webhook(
        &self,
        id: &str,
        order_id: &str,
        tries: i64,
    ) -> Result<(), StoreError> {
        let due = match self.recheck(order_id).await {
            Ok(()) => None,
            Err(error) if tries < TRIES => {
                tracing::warn!(order = order_id, %error, "webhook not looked into yet");
                let wait = BACKOFF.after(tries as u32, None, &self.entropy);
                Some(self.clock.micros() + wait.as_micros() as i64)
            }
            Err(error) => {
                tracing::warn!(order = order_id, %error, "webhook left to reconciliation");
                None
            }
        };
        sqlx::query("UPDATE webhook SET due_at = $1 WHERE id = $2")
            .bind(due)
            .bind(id)
            .execute(&mut *self.store.acquire().await?)
            .await?;
        Ok(())
    }

    /// Has the executor read the payment, if there is anything to learn from it.
    async fn recheck(&self, order_id: &str) -> Result<(), RecheckError> {
        let record = records::find(&self.store, order_id).await?;
        let open = record.is_some_and(|r| r.payment_key.is_some() && !r.payment.status.is_final());
        if !open {
            return Ok(());
        }
        let path = format!("/v1/executions/{order_id}/recheck");
        match self.executor.post::<Execution>(&path, &(), DEADLINE).await {
            Ok(execution) => {
                self.settle(&execution).await?;
                let open = matches!(execution.state, State::Unknown | State::Pending);
                // What was never sent will find the truth by itself.
                let sent = execution.tries > 0;
                if open && sent { Err(RecheckError::StillUnknown) } else { Ok(()) }
            }
            // It has not been asked yet: it will be, and will find the truth by itself.
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn next_webhook(&self, now: i64) -> Result<Next, StoreError> {
        let (next,): (Option<i64>,) =
            sqlx::query_as("SELECT MIN(due_at) FROM webhook WHERE due_at IS NOT NULL")
                .fetch_one(&mut *self.store.acquire().await?)
                .await?;
        Ok(next.map_or(Next::Idle, |at| Next::until(at, now)))
    }
}

#[derive(Debug, thiserror::Error)]
enum RecheckError {
    /// The PSP could not be read, or still says neither yes nor no.
    #[error("the payment is still unknown")]
    StillUnknown,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Peer(#[from] PeerError),
}

fn digest(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256-{hex}")
}
