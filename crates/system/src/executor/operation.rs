//! An operation at the PSP: its row, and the four ways in which the row changes.

use std::time::Duration;

use sqlx::{Any, AssertSqlSafe, Row, any::AnyRow};

use super::wire::{Execution, Kind, Reason, State};
use crate::{
    kernel::{Currency, Money},
    store::{Store, StoreError, Tx},
};

/// A row of `operation`.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) order_id: String,
    pub(super) kind: Kind,
    pub(super) payment_key: String,
    pub(super) money: Money,
    state: String,
    key_no: i64,
    burnt: bool,
    pub(super) tries: i64,
    /// How often it was sent in all; from 1 once it was ever claimed.
    pub(super) sends: i64,
    /// Tries in a row that surely did nothing at the PSP.
    pub(super) unsent: i64,
    dead: bool,
    reason: Option<Reason>,
    approved_at: Option<i64>,
}

const COLUMNS: &str = "order_id, kind, payment_key, currency, amount, state, key_no, burnt, \
                       tries, sends, dead, reason_code, reason_message, approved_at, unsent";

impl Operation {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let kind =
            if row.try_get::<String, _>(1)? == "CANCEL" { Kind::Cancel } else { Kind::Confirm };
        let currency: String = row.try_get(3)?;
        let currency: Currency = currency.parse().expect("accepted as a currency");
        let code: Option<String> = row.try_get(11)?;
        let message: Option<String> = row.try_get(12)?;
        Ok(Self {
            order_id: row.try_get(0)?,
            kind,
            payment_key: row.try_get(2)?,
            money: Money::from_minor(row.try_get(4)?, currency),
            state: row.try_get(5)?,
            key_no: row.try_get(6)?,
            burnt: row.try_get::<i64, _>(7)? == 1,
            tries: row.try_get(8)?,
            sends: row.try_get(9)?,
            dead: row.try_get::<i64, _>(10)? == 1,
            reason: code.map(|code| Reason { code, message: message.unwrap_or_default() }),
            approved_at: row.try_get(13)?,
            unsent: row.try_get(14)?,
        })
    }

    /// Whether its outcome is proven.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "APPROVED" | "DECLINED")
    }

    /// The PSP's idempotency key: ours alone, never a caller's, because Toss does not look at the
    /// body and would answer a reused key with another payment's result.
    ///
    /// It names the payment, not the order: a second card must not get the first one's refusal.
    pub(super) fn idempotency_key(&self) -> String {
        format!("hanbeon.{}.{}.{}", self.kind.code().to_lowercase(), self.payment_key, self.key_no)
    }

    /// Whether the PSP has answered the current key with an error that it will repeat for ever.
    pub(super) fn is_burnt(&self) -> bool {
        self.burnt
    }

    /// Takes a fresh key if the current one is spent. Only after a read proved that it did not
    /// happen.
    pub(super) fn renew_key(&mut self) {
        if std::mem::take(&mut self.burnt) {
            self.key_no += 1;
        }
    }

    /// The operation as callers see it.
    pub(super) fn to_wire(&self) -> Execution {
        Execution {
            order_id: self.order_id.clone(),
            kind: self.kind,
            payment_key: self.payment_key.clone(),
            state: match self.state.as_str() {
                "APPROVED" => State::Approved,
                "DECLINED" => State::Declined,
                "UNKNOWN" => State::Unknown,
                _ => State::Pending,
            },
            tries: self.tries,
            dead_letter: self.dead,
            reason: self.reason.clone(),
            approved_at: self.approved_at,
        }
    }
}

/// Accepts an operation, due at once; one that is already there stays as it is.
///
/// # Errors
/// A unique violation if another payment of the order is being confirmed, or was.
pub(super) async fn accept(
    store: &Store,
    (payment_key, kind): (&str, Kind),
    order_id: &str,
    money: Money,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO operation (payment_key, kind, order_id, currency, amount, state, due_at, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'PENDING', $6, $6, $6) \
         ON CONFLICT (payment_key, kind) DO NOTHING",
    )
    .bind(payment_key)
    .bind(kind.code())
    .bind(order_id)
    .bind(money.currency().code())
    .bind(money.minor())
    .bind(now)
    .execute(&mut *store.acquire().await?)
    .await?;
    Ok(())
}

/// Reads the operation of one kind on a payment.
pub(super) async fn find(
    store: &Store,
    payment_key: &str,
    kind: Kind,
) -> Result<Option<Operation>, StoreError> {
    one(store, "payment_key = $1 AND kind = $2", (payment_key, kind)).await
}

/// Reads the operation of one kind that counts for an order: the one that is not declined, of which
/// there is at most one confirmation, or else the last.
pub(super) async fn of_order(
    store: &Store,
    order_id: &str,
    kind: Kind,
) -> Result<Option<Operation>, StoreError> {
    let counts = "order_id = $1 AND kind = $2 ORDER BY \
                  CASE state WHEN 'DECLINED' THEN 1 ELSE 0 END, created_at DESC, payment_key LIMIT 1";
    one(store, counts, (order_id, kind)).await
}

async fn one(
    store: &Store,
    which: &str,
    (id, kind): (&str, Kind),
) -> Result<Option<Operation>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM operation WHERE {which}");
    let row = sqlx::query::<Any>(AssertSqlSafe(sql))
        .bind(id)
        .bind(kind.code())
        .fetch_optional(&mut *store.acquire().await?)
        .await?;
    Ok(row.as_ref().map(Operation::from_row).transpose()?)
}

/// Takes up to `limit` due operations and commits that they are being sent, *before* anything
/// is. Whoever holds them loses them when `lease` is over: a crash and a slow try look the same.
pub(super) async fn claim(
    store: &Store,
    now: i64,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Operation>, StoreError> {
    let sql = format!(
        "UPDATE operation SET state = 'SENDING', tries = tries + 1, sends = sends + 1, \
         due_at = $1, updated_at = $2 WHERE (payment_key, kind) IN (\
             SELECT payment_key, kind FROM operation WHERE due_at <= $2 \
             ORDER BY due_at, order_id, payment_key LIMIT $3 {}) RETURNING {COLUMNS}",
        store.skip_locked()
    );
    let rows = sqlx::query::<Any>(AssertSqlSafe(sql))
        .bind(now + lease.as_micros() as i64)
        .bind(now)
        .bind(limit)
        .fetch_all(&mut *store.acquire().await?)
        .await?;
    let mut operations: Vec<_> = rows.iter().map(Operation::from_row).collect::<Result<_, _>>()?;
    // RETURNING promises no order.
    let place = |o: &Operation| (o.order_id.clone(), o.payment_key.clone(), o.kind);
    operations.sort_by_cached_key(place);
    Ok(operations)
}

/// Writes a proven outcome. Returns the row as it is now, or `None` if another try was first:
/// a proven outcome never changes.
pub(super) async fn finish(
    tx: &mut Tx,
    operation: &Operation,
    outcome: Result<i64, &Reason>,
    now: i64,
) -> Result<Option<Operation>, StoreError> {
    let sql = format!(
        "UPDATE operation SET state = $1, approved_at = $2, reason_code = $3, \
         reason_message = $4, due_at = NULL, dead = 0, updated_at = $5 \
         WHERE payment_key = $6 AND kind = $7 AND state NOT IN ('APPROVED', 'DECLINED') \
         RETURNING {COLUMNS}"
    );
    let row = sqlx::query::<Any>(AssertSqlSafe(sql))
        .bind(if outcome.is_ok() { "APPROVED" } else { "DECLINED" })
        .bind(outcome.ok())
        .bind(outcome.err().map(|r| r.code.as_str()))
        .bind(outcome.err().map(|r| r.message.as_str()))
        .bind(now)
        .bind(operation.payment_key.as_str())
        .bind(operation.kind.code())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.as_ref().map(Operation::from_row).transpose()?)
}

/// A try that proved nothing.
#[derive(Debug)]
pub(super) struct Failed<'a> {
    pub(super) reason: &'a Reason,
    /// The key in use is spent.
    pub(super) burnt: bool,
    /// It surely did nothing at the PSP: it costs nothing of the budget.
    pub(super) unsent: bool,
}

/// Writes that a try proved nothing: another follows at `due_at`, or none (`None`: dead letter).
/// Returns `None` if the operation has moved on since this try began.
pub(super) async fn put_back(
    tx: &mut Tx,
    operation: &Operation,
    failed: &Failed<'_>,
    due_at: Option<i64>,
    now: i64,
) -> Result<Option<Operation>, StoreError> {
    let sql = format!(
        "UPDATE operation SET state = 'UNKNOWN', reason_code = $1, reason_message = $2, \
         key_no = $3, burnt = $4, due_at = $5, dead = $6, updated_at = $7, \
         tries = tries - $11, unsent = CASE WHEN $11 = 1 THEN unsent + 1 ELSE 0 END \
         WHERE payment_key = $8 AND kind = $9 AND state = 'SENDING' AND sends = $10 \
         RETURNING {COLUMNS}"
    );
    let row = sqlx::query::<Any>(AssertSqlSafe(sql))
        .bind(failed.reason.code.as_str())
        .bind(failed.reason.message.as_str())
        .bind(operation.key_no)
        .bind(i64::from(failed.burnt || operation.burnt))
        .bind(due_at)
        .bind(i64::from(due_at.is_none()))
        .bind(now)
        .bind(operation.payment_key.as_str())
        .bind(operation.kind.code())
        .bind(operation.sends)
        .bind(i64::from(failed.unsent))
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.as_ref().map(Operation::from_row).transpose()?)
}

/// Takes an order's operations out of the dead-letter queue, with a fresh budget of tries.
pub(super) async fn redrive(store: &Store, order_id: &str, now: i64) -> Result<bool, StoreError> {
    let redriven = sqlx::query(
        "UPDATE operation SET dead = 0, tries = 0, due_at = $1, updated_at = $1 \
         WHERE order_id = $2 AND dead = 1",
    )
    .bind(now)
    .bind(order_id)
    .execute(&mut *store.acquire().await?)
    .await?;
    Ok(redriven.rows_affected() > 0)
}

/// The dead letters after `after`, by payment key.
pub(super) async fn dead_letters(
    store: &Store,
    after: &str,
    limit: i64,
) -> Result<Vec<Operation>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM operation WHERE dead = 1 AND payment_key > $1 \
         ORDER BY payment_key LIMIT $2"
    );
    let rows = sqlx::query::<Any>(AssertSqlSafe(sql))
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *store.acquire().await?)
        .await?;
    Ok(rows.iter().map(Operation::from_row).collect::<Result<_, _>>()?)
}
