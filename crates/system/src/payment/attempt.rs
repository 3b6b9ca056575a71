//! An attempt: one payment of the PSP's that is to pay for an order. At most one of an order is open
//! or has paid; the next one begins when all before it are proven to have taken nothing.
//!
//! What can stop where, and what then:
//! - before [`PaymentService::begin`] commits: nothing has begun, and the order is as it was;
//! - two payments at once (two tabs, two replicas): both want the event's row; who comes second finds
//!   it taken, and `attempt_one` would refuse a second open attempt whatever we believed;
//! - news of an earlier attempt that come late are about another payment key, and change nothing.

use sqlx::Row;

use super::{
    PaymentService,
    confirm::ConfirmError,
    records,
    state::Status,
    wire::{Attempt, AttemptState, Confirm, Failure, Payment, SPENT},
};
use crate::{
    executor::wire::Reason,
    store::{Store, StoreError, Tx},
};

/// What became of the wish to pay with a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is the order's attempt now, by this request or by another.
    Open,
    /// It was tried before, and is proven to have failed. Nothing begins.
    Over,
}

impl PaymentService {
    /// Commits that this payment, and no other, is to pay for the order.
    ///
    /// # Errors
    /// [`ConfirmError::OtherPayment`] while another payment of the order is open or has paid, or when
    /// the PSP would confirm none any more; [`ConfirmError::OtherOrder`] if it was tried for another;
    /// [`ConfirmError::Expired`] and [`ConfirmError::Voided`] if nobody may pay for it any more.
    pub(super) async fn begin(&self, asked: &Confirm) -> Result<Begun, ConfirmError> {
        let now = self.clock.micros();
        let (order_id, payment_key) = (asked.order_id.as_str(), asked.payment_key.as_str());
        let mut tx = self.store.begin().await?;
        // What was said of the attempt before is not true of this one.
        let claimed = sqlx::query(
            "UPDATE payment_event SET payment_key = $1, ask_at = $2, asks = 0, failure_code = NULL, \
             failure_message = NULL WHERE order_id = $3 AND (payment_key IS NULL OR \
             (failure_code IS NOT NULL AND failure_code NOT IN ($4, $5) AND payment_key <> $1)) \
             AND voided_at IS NULL AND expires_at > $6",
        )
        .bind(payment_key)
        .bind(now + self.ask_backoff.base.as_micros() as i64)
        .bind(order_id)
        .bind(SPENT[0])
        .bind(SPENT[1])
        .bind(now)
        .execute(&mut *tx)
        .await;
        match claimed.map_err(StoreError::from) {
            Ok(claimed) if claimed.rows_affected() == 1 => {}
            Ok(_) => {
                tx.rollback().await?;
                return self.who_was_first(order_id, payment_key).await;
            }
            Err(error) if error.is_unique_violation() => return Err(ConfirmError::OtherOrder),
            Err(error) => return Err(error.into()),
        }
        match insert(&mut tx, order_id, payment_key, now).await {
            Ok(()) => {}
            Err(error) if error.is_unique_violation() => {
                tx.rollback().await?;
                return self.who_was_first(order_id, payment_key).await;
            }
            Err(error) => return Err(error.into()),
        }
        let moved = records::advance(&mut tx, order_id, Status::Executing, "confirm", now).await?;
        assert!(moved, "an order without an open attempt has not started, or has failed");
        tx.commit().await?;
        Ok(Begun::Open)
    }

    /// Another request was first, or this payment was tried before.
    async fn who_was_first(
        &self,
        order_id: &str,
        payment_key: &str,
    ) -> Result<Begun, ConfirmError> {
        let row = sqlx::query("SELECT order_id, state FROM attempt WHERE payment_key = $1")
            .bind(payment_key)
            .fetch_optional(&mut *self.store.acquire().await?)
            .await?;
        let Some(row) = row else {
            let record = records::find(&self.store, order_id).await?;
            let payment = record.ok_or(ConfirmError::UnknownOrder)?.payment;
            return Err(why_not(&payment, self.clock.micros()));
        };
        if row.try_get::<String, _>(0)? != order_id {
            return Err(ConfirmError::OtherOrder);
        }
        let is_over = row.try_get::<String, _>(1)? == "DECLINED";
        Ok(if is_over { Begun::Over } else { Begun::Open })
    }
}

/// Why a payment could not be begun. What was in its way may have failed meanwhile.
fn why_not(payment: &Payment, now: i64) -> ConfirmError {
    let is_unpaid = payment.status == Status::NotStarted
        || (payment.status == Status::Failure && !payment.is_spent());
    match payment.voided_at {
        Some(_) if is_unpaid => ConfirmError::Voided,
        None if is_unpaid && payment.expires_at <= now => ConfirmError::Expired,
        _ => ConfirmError::OtherPayment,
    }
}

async fn insert(
    tx: &mut Tx,
    order_id: &str,
    payment_key: &str,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO attempt (payment_key, order_id, no, state, began_at) \
         SELECT $1, $2, COUNT(*) + 1, 'OPEN', CAST($3 AS BIGINT) FROM attempt WHERE order_id = $2",
    )
    .bind(payment_key)
    .bind(order_id)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes how an attempt ended.
///
/// The caller has updated the event's row in this transaction, and so holds its lock.
pub(super) async fn end(
    tx: &mut Tx,
    payment_key: &str,
    status: Status,
    failure: Option<&Reason>,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE attempt SET state = $1, failure_code = $2, failure_message = $3, ended_at = $4 \
         WHERE payment_key = $5 AND state = 'OPEN'",
    )
    .bind(if status == Status::Success { "APPROVED" } else { "DECLINED" })
    .bind(failure.map(|f| f.code.as_str()))
    .bind(failure.map(|f| f.message.as_str()))
    .bind(now)
    .bind(payment_key)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// All attempts of an order, the first one first.
pub(super) async fn of_order(store: &Store, order_id: &str) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query(
        "SELECT payment_key, no, state, failure_code, failure_message, began_at, ended_at \
         FROM attempt WHERE order_id = $1 ORDER BY no",
    )
    .bind(order_id)
    .fetch_all(&mut *store.acquire().await?)
    .await?;
    let attempt = |row: &sqlx::any::AnyRow| {
        let state: String = row.try_get(2)?;
        let code: Option<String> = row.try_get(3)?;
        let message: Option<String> = row.try_get(4)?;
        Ok(Attempt {
            payment_key: row.try_get(0)?,
            no: row.try_get(1)?,
            state: match state.as_str() {
                "APPROVED" => AttemptState::Approved,
                "DECLINED" => AttemptState::Declined,
                _ => AttemptState::Open,
            },
            failure: code.map(|code| Failure { code, message: message.unwrap_or_default() }),
            began_at: row.try_get(5)?,
            ended_at: row.try_get(6)?,
        })
    };
    Ok(rows.iter().map(attempt).collect::<Result<_, sqlx::Error>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_an_order_is_not_paid_is_told_as_it_is() {
        let why = |status, voided_at, now, code: Option<&str>| {
            let failure = |code: &str| Failure { code: code.into(), message: String::new() };
            let payment = Payment {
                order_id: "o".into(),
                order_name: "n".into(),
                buyer_id: "b".into(),
                status,
                is_payment_done: false,
                amount: "1".into(),
                currency: "KRW".into(),
                failure: code.map(failure),
                approved_at: None,
                created_at: 0,
                expires_at: 10,
                voided_at,
                checkout_url: String::new(),
                payment_orders: Vec::new(),
            };
            why_not(&payment, now).to_string()
        };
        let (expired, voided, other) = (
            ConfirmError::Expired.to_string(),
            ConfirmError::Voided.to_string(),
            ConfirmError::OtherPayment.to_string(),
        );
        assert_eq!(why(Status::NotStarted, None, 10, None), expired);
        assert_eq!(why(Status::Failure, None, 10, Some("NO")), expired);
        assert_eq!(why(Status::NotStarted, Some(5), 10, None), voided);
        // What was in its way has failed just now; it is in time.
        assert_eq!(why(Status::Failure, None, 9, Some("NO")), other);
        assert_eq!(why(Status::Failure, None, 10, Some(SPENT[0])), other);
        assert_eq!(why(Status::Executing, None, 10, None), other);
        assert_eq!(why(Status::Success, None, 10, None), other);
    }
}
