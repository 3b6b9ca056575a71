//! The executor's endpoints. All of them are internal.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use serde::Deserialize;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, timeout},
};

use super::{
    Executor,
    operation::{self, Operation},
    psp::{StatementError, Verdict},
    wire::{DeadLetters, Execute, Execution, Kind, Settlements, Transactions},
};
use crate::{
    kernel::{Currency, KoreanDay, Money, OrderId},
    transport::{Json, Path, Problem, Query},
};

/// The longest that a caller may wait for an outcome.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How often whoever waits looks for what another replica wrote: a buyer stands behind it.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

pub(super) fn router(executor: Executor) -> Router {
    Router::new()
        .route("/v1/executions", post(execute))
        .route("/v1/executions/{order_id}", get(show))
        .route("/v1/executions/{order_id}/recheck", post(recheck))
        .route("/v1/executions/{order_id}/cancel", post(cancel))
        .route("/v1/dead-letters", get(dead_letters))
        .route("/v1/dead-letters/{order_id}/redrive", post(redrive))
        .route("/v1/psp/transactions", get(transactions))
        .route("/v1/psp/settlements", get(settlements))
        .with_state(executor)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    /// How long to wait for a proven outcome.
    #[serde(default)]
    wait_ms: u64,
}

async fn execute(
    State(executor): State<Executor>,
    Query(wait): Query<Wait>,
    Json(asked): Json<Execute>,
) -> Result<Json<Execution>, Problem> {
    let currency: Currency = asked.currency.parse().map_err(|e| Problem::invalid("currency", e))?;
    let money = Money::parse(&asked.amount, currency)
        .map_err(|e| Problem::invalid("amount", e.to_string()))?;
    if OrderId::parse(&asked.order_id).is_none() {
        return Err(Problem::invalid("order_id", "must be 6 to 64 letters, digits, - or _"));
    }
    let key = (asked.payment_key.as_str(), Kind::Confirm);
    let now = executor.clock.micros();
    let outcomes = executor.settled.subscribe();
    match operation::accept(&executor.store, key, &asked.order_id, money, now).await {
        Err(e) if e.is_unique_violation() => {
            return Err(Problem::conflict("this order is being paid with another payment key"));
        }
        other => other?,
    }
    executor.wake.now();
    let operation = executor.outcome(key, Duration::from_millis(wait.wait_ms), outcomes).await?;
    if operation.order_id != asked.order_id || operation.money != money {
        return Err(Problem::conflict("this payment key pays for another order"));
    }
    Ok(Json(operation.to_wire()))
}

async fn show(
    State(executor): State<Executor>,
    Path(order_id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Json<Execution>, Problem> {
    let kind = shown.kind.unwrap_or(Kind::Confirm);
    let operation = executor.operation(&order_id, shown.payment_key.as_deref(), kind).await?;
    Ok(Json(operation.to_wire()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    kind: Option<Kind>,
    /// Which payment of the order; by default the one that counts for it.
    payment_key: Option<String>,
}

/// Reads the payment at the PSP and takes over what that proves. Sends nothing.
async fn recheck(
    State(executor): State<Executor>,
    Path(order_id): Path<String>,
) -> Result<Json<Execution>, Problem> {
    let operation = executor.operation(&order_id, None, Kind::Confirm).await?;
    if operation.is_final() || operation.sends == 0 {
        return Ok(Json(operation.to_wire()));
    }
    let verdict = executor.psp.read(&operation).await;
    // Otherwise the tries go on as they were planned.
    if let Verdict::Approved { .. } | Verdict::Declined(_) = verdict {
        executor.settle(&operation, verdict).await?;
    }
    let key = Some(operation.payment_key.as_str());
    let operation = executor.operation(&order_id, key, Kind::Confirm).await?;
    Ok(Json(operation.to_wire()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GiveBack {
    /// Which payment of the order; by default the one that counts for it.
    payment_key: Option<String>,
    /// How long to wait for a proven outcome.
    #[serde(default)]
    wait_ms: u64,
}

/// Gives a whole payment back.
async fn cancel(
    State(executor): State<Executor>,
    Path(order_id): Path<String>,
    Query(asked): Query<GiveBack>,
) -> Result<Json<Execution>, Problem> {
    let payment_key = asked.payment_key.as_deref();
    let confirm = executor.operation(&order_id, payment_key, Kind::Confirm).await?;
    if !confirm.is_final() {
        return Err(Problem::conflict("the payment is not settled yet; redrive it first"));
    }
    let key = (confirm.payment_key.as_str(), Kind::Cancel);
    let now = executor.clock.micros();
    let outcomes = executor.settled.subscribe();
    operation::accept(&executor.store, key, &order_id, confirm.money, now).await?;
    executor.wake.now();
    let operation = executor.outcome(key, Duration::from_millis(asked.wait_ms), outcomes).await?;
    Ok(Json(operation.to_wire()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadPage {
    #[serde(default)]
    after: String,
    limit: Option<i64>,
}

async fn dead_letters(
    State(executor): State<Executor>,
    Query(page): Query<DeadPage>,
) -> Result<Json<DeadLetters>, Problem> {
    let limit = page.limit.unwrap_or(100).clamp(1, 500);
    let found = operation::dead_letters(&executor.store, &page.after, limit).await?;
    let full = found.len() as i64 == limit;
    let next = found.last().filter(|_| full).map(|last| last.payment_key.clone());
    let dead_letters = found.iter().map(Operation::to_wire).collect();
    Ok(Json(DeadLetters { dead_letters, next }))
}

async fn redrive(
    State(executor): State<Executor>,
    Path(order_id): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Json<Execution>, Problem> {
    let outcomes = executor.settled.subscribe();
    let redriven = operation::redrive(&executor.store, &order_id, executor.clock.micros()).await?;
    if redriven {
        tracing::info!(order = order_id, "dead letter re-driven");
        executor.wake.now();
    }
    let patience = Duration::from_millis(wait.wait_ms);
    let cancel = operation::of_order(&executor.store, &order_id, Kind::Cancel).await?;
    let waited_for = match cancel.filter(|cancel| !cancel.is_final()) {
        Some(cancel) => cancel,
        None => executor.operation(&order_id, None, Kind::Confirm).await?,
    };
    let key = (waited_for.payment_key.as_str(), waited_for.kind);
    let operation = executor.outcome(key, patience, outcomes).await?;
    Ok(Json(operation.to_wire()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransactionPage {
    day: KoreanDay,
    after: Option<String>,
}

async fn transactions(
    State(executor): State<Executor>,
    Query(page): Query<TransactionPage>,
) -> Result<Json<Transactions>, Problem> {
    Ok(Json(executor.psp.transactions(page.day, page.after.as_deref()).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettlementPage {
    day: KoreanDay,
    page: u32,
}

async fn settlements(
    State(executor): State<Executor>,
    Query(page): Query<SettlementPage>,
) -> Result<Json<Settlements>, Problem> {
    Ok(Json(executor.psp.settlements(page.day, page.page).await?))
}

impl From<StatementError> for Problem {
    fn from(error: StatementError) -> Self {
        Problem::unavailable(error.to_string())
    }
}

fn unknown_order(order_id: &str) -> Problem {
    Problem::not_found(format!("nothing was asked for order {order_id}"))
}

impl Executor {
    /// An order's operation of one kind: on this payment, or on the one that counts for it.
    async fn operation(
        &self,
        order_id: &str,
        payment_key: Option<&str>,
        kind: Kind,
    ) -> Result<Operation, Problem> {
        let found = match payment_key {
            Some(key) => operation::find(&self.store, key, kind).await?,
            None => operation::of_order(&self.store, order_id, kind).await?,
        };
        let of_this = found.filter(|operation| operation.order_id == order_id);
        of_this.ok_or_else(|| unknown_order(order_id))
    }

    /// The operation once its outcome is known, or as it is after `wait`.
    async fn outcome(
        &self,
        (payment_key, kind): (&str, Kind),
        wait: Duration,
        mut outcomes: tokio::sync::broadcast::Receiver<std::sync::Arc<str>>,
    ) -> Result<Operation, Problem> {
        let deadline = Instant::now() + wait.min(MAX_WAIT);
        loop {
            let operation = operation::find(&self.store, payment_key, kind).await?;
            let operation = operation.expect("accepted before, and never deleted");
            let left = deadline.saturating_duration_since(Instant::now());
            if operation.is_final() || left.is_zero() {
                return Ok(operation);
            }
            // Another replica may have taken it, and cannot tell us what came of it.
            let news = async {
                loop {
                    match outcomes.recv().await {
                        Ok(settled) if &*settled == payment_key => break,
                        Ok(_) => {}
                        Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            let _ = timeout(left.min(LOOK_AGAIN), news).await;
        }
    }
}
