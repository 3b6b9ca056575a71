//! Reading and writing payment events and their orders.

use std::collections::BTreeMap;

use sqlx::{Any, AssertSqlSafe, Connection, Row, any::AnyRow};

use super::{
    state::Status,
    wire::{Failure, Payment, PaymentOrder},
};
use crate::{
    kernel::{Currency, KoreanDay, Money, OrderId, minor_text},
    store::{Store, StoreError, Tx, placeholders},
};

/// A payment event with what only we know of it.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) payment: Payment,
    pub(super) money: Money,
    pub(super) payment_key: Option<String>,
}

const EVENT: &str = "e.order_id, e.order_name, e.buyer_id, e.is_payment_done, e.amount, \
                     e.currency, e.failure_code, e.failure_message, e.approved_at, e.created_at, \
                     e.payment_key, e.expires_at, e.voided_at";

/// How many columns that are.
const EVENT_COLUMNS: usize = 13;

/// Writes a new payment event with its orders.
pub(super) async fn insert(
    tx: &mut Tx,
    payment: &Payment,
    money: &[Money],
) -> Result<(), StoreError> {
    let total = money.iter().map(|m| m.minor()).sum::<i64>();
    sqlx::query(
        "INSERT INTO payment_event (order_id, buyer_id, order_name, currency, amount, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(payment.order_id.as_str())
    .bind(payment.buyer_id.as_str())
    .bind(payment.order_name.as_str())
    .bind(payment.currency.as_str())
    .bind(total)
    .bind(payment.created_at)
    .bind(payment.expires_at)
    .execute(&mut **tx)
    .await?;
    let sql = format!(
        "INSERT INTO payment_order (id, order_id, seller_id, amount, status) VALUES {}",
        placeholders(money.len(), 5)
    );
    let mut insert = sqlx::query::<Any>(AssertSqlSafe(sql));
    for (order, money) in payment.payment_orders.iter().zip(money) {
        insert = insert
            .bind(order.id.as_str())
            .bind(payment.order_id.as_str())
            .bind(order.seller_id.as_str())
            .bind(money.minor())
            .bind(order.status.code());
    }
    insert.execute(&mut **tx).await?;
    Ok(())
}

/// Reads one payment event. What cannot be an order's id is not looked for: a text with a NUL, for
/// one, cannot even be sent to PostgreSQL.
pub(super) async fn find(store: &Store, order_id: &str) -> Result<Option<Record>, StoreError> {
    if OrderId::parse(order_id).is_none() {
        return Ok(None);
    }
    // One statement, so that both are of one moment: nobody is told of a success without its time.
    let sql = format!(
        "SELECT {EVENT}, o.order_id, o.id, o.seller_id, o.amount, o.status, o.ledger_updated, \
         o.wallet_updated FROM payment_event e JOIN payment_order o ON o.order_id = e.order_id \
         WHERE e.order_id = $1 ORDER BY o.id"
    );
    let rows = sqlx::query::<Any>(AssertSqlSafe(sql))
        .bind(order_id)
        .fetch_all(&mut *store.acquire().await?)
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut record = event(first)?;
    for row in &rows {
        add_order(&mut record, row, EVENT_COLUMNS)?;
    }
    Ok(Some(record))
}

/// The payment events of a Korean day after `after` (an order id), in the order of their ids.
/// The day is that of the PSP's approval or, without one, of the checkout.
pub(super) async fn of_day(
    store: &Store,
    day: KoreanDay,
    after: &str,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let events = format!(
        "SELECT {EVENT} FROM payment_event e WHERE COALESCE(approved_at, created_at) >= $1 \
         AND COALESCE(approved_at, created_at) < $2 AND order_id > $3 ORDER BY order_id LIMIT $4"
    );
    let mut connection = store.acquire().await?;
    // Both lists must be of one moment: an order must not be missing from its event.
    let mut tx = connection.begin().await?;
    let rows = sqlx::query::<Any>(AssertSqlSafe(events))
        .bind(day.start().as_microsecond())
        .bind(day.end().as_microsecond())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
    let mut records = BTreeMap::new();
    for row in &rows {
        let record = event(row)?;
        records.insert(record.payment.order_id.clone(), record);
    }
    let Some((last, _)) = records.last_key_value() else { return Ok(Vec::new()) };
    let orders = "SELECT o.order_id, o.id, o.seller_id, o.amount, o.status, o.ledger_updated, \
         o.wallet_updated FROM payment_order o JOIN payment_event e ON e.order_id = o.order_id \
         WHERE COALESCE(e.approved_at, e.created_at) >= $1 \
         AND COALESCE(e.approved_at, e.created_at) < $2 \
         AND e.order_id > $3 AND e.order_id <= $4 ORDER BY o.id";
    let rows = sqlx::query(orders)
        .bind(day.start().as_microsecond())
        .bind(day.end().as_microsecond())
        .bind(after)
        .bind(last.as_str())
        .fetch_all(&mut *tx)
        .await?;
    tx.commit().await?;
    for row in &rows {
        let order_id: String = row.try_get(0)?;
        if let Some(record) = records.get_mut(&order_id) {
            add_order(record, row, 0)?;
        }
    }
    Ok(records.into_values().collect())
}

fn event(row: &AnyRow) -> Result<Record, sqlx::Error> {
    let order_id: String = row.try_get(0)?;
    let currency: String = row.try_get(5)?;
    let currency: Currency = currency.parse().expect("checked at checkout");
    let money = Money::from_minor(row.try_get(4)?, currency);
    let code: Option<String> = row.try_get(6)?;
    let message: Option<String> = row.try_get(7)?;
    let payment = Payment {
        checkout_url: format!("/checkout/{order_id}"),
        order_id,
        order_name: row.try_get(1)?,
        buyer_id: row.try_get(2)?,
        status: Status::NotStarted,
        is_payment_done: row.try_get::<i64, _>(3)? == 1,
        amount: money.amount(),
        currency: currency.code().to_owned(),
        failure: code.map(|code| Failure { code, message: message.unwrap_or_default() }),
        approved_at: row.try_get(8)?,
        created_at: row.try_get(9)?,
        expires_at: row.try_get(11)?,
        voided_at: row.try_get(12)?,
        payment_orders: Vec::new(),
    };
    Ok(Record { payment, money, payment_key: row.try_get(10)? })
}

/// Reads an order from a row in which its columns begin at `at`.
fn add_order(record: &mut Record, row: &AnyRow, at: usize) -> Result<(), sqlx::Error> {
    let status = Status::from_code(&row.try_get::<String, _>(at + 4)?);
    // All orders of an event change together; the event has no status of its own.
    record.payment.status = status;
    record.payment.payment_orders.push(PaymentOrder {
        id: row.try_get(at + 1)?,
        seller_id: row.try_get(at + 2)?,
        amount: minor_text(row.try_get(at + 3)?, record.money.currency()),
        status,
        ledger_updated: row.try_get::<i64, _>(at + 5)? == 1,
        wallet_updated: row.try_get::<i64, _>(at + 6)? == 1,
    });
    Ok(())
}

/// Moves all orders of an event to `to`, if they may go there, and writes the history. Returns
/// whether they were moved; a repetition moves nothing.
///
/// The caller has updated the event's row in this transaction, and so holds its lock: two
/// transitions of one event never run at once.
pub(super) async fn advance(
    tx: &mut Tx,
    order_id: &str,
    to: Status,
    reason: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let sources: Vec<_> = Status::ALL.into_iter().filter(|from| from.may_become(to)).collect();
    let list = sources.iter().map(|s| format!("'{}'", s.code())).collect::<Vec<_>>().join(", ");
    // The history first: afterwards nobody can tell where the orders came from.
    let history = format!(
        "INSERT INTO payment_order_history (order_id, attempt, from_status, to_status, reason, at) \
         SELECT DISTINCT order_id, (SELECT COUNT(*) FROM attempt a WHERE a.order_id = o.order_id), \
         status, $1, $2, CAST($3 AS BIGINT) FROM payment_order o \
         WHERE order_id = $4 AND status IN ({list})"
    );
    let moved = sqlx::query::<Any>(AssertSqlSafe(history))
        .bind(to.code())
        .bind(reason)
        .bind(now)
        .bind(order_id)
        .execute(&mut **tx)
        .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("UPDATE payment_order SET status = $1 WHERE order_id = $2")
        .bind(to.code())
        .bind(order_id)
        .execute(&mut **tx)
        .await?;
    Ok(true)
}
