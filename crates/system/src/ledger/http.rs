//! The ledger's endpoints. All of them are internal, and none of them writes: entries come from
//! the payment feed only.

use std::collections::BTreeMap;

use axum::{Router, extract::State, routing::get};
use serde::Deserialize;

use super::{
    Ledger,
    wire::{Balance, Balances, Entries, Entry, Line},
};
use crate::{
    kernel::{Currency, minor_text},
    store::StoreError,
    transport::{Json, Path, Problem, Query},
};

/// The most entries in one page.
const PAGE: i64 = 200;

pub(super) fn router(ledger: Ledger) -> Router {
    Router::new()
        .route("/v1/balances", get(balances))
        .route("/v1/entries", get(entries))
        .route("/v1/entries/{id}", get(entry))
        .with_state(ledger)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedBalances {
    /// Only accounts whose code begins so, e.g. `seller_payable:`.
    #[serde(default)]
    prefix: String,
    /// Only what took effect before this instant (microseconds since the epoch).
    as_of: Option<i64>,
}

async fn balances(
    State(ledger): State<Ledger>,
    Query(asked): Query<AskedBalances>,
) -> Result<Json<Balances>, Problem> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT a.code, a.kind, a.currency, CAST(SUM(p.amount) AS BIGINT) FROM posting p \
         JOIN account a ON a.code = p.account AND a.currency = p.currency \
         WHERE p.effective_at < $1 AND SUBSTR(a.code, 1, CAST($2 AS INTEGER)) = $3 \
         GROUP BY a.code, a.kind, a.currency ORDER BY a.code, a.currency",
    )
    .bind(asked.as_of.unwrap_or(i64::MAX))
    .bind(asked.prefix.chars().count() as i64)
    .bind(asked.prefix)
    .fetch_all(&mut *ledger.store.acquire().await?)
    .await?;
    let balances = rows.into_iter().map(|(account, kind, currency, balance_minor)| {
        let known: Currency = currency.parse().expect("checked at checkout");
        Balance {
            account,
            kind,
            currency,
            balance: minor_text(balance_minor, known),
            balance_minor,
        }
    });
    Ok(Json(Balances { balances: balances.collect() }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedEntries {
    #[serde(default)]
    after: String,
    limit: Option<i64>,
}

async fn entries(
    State(ledger): State<Ledger>,
    Query(asked): Query<AskedEntries>,
) -> Result<Json<Entries>, Problem> {
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let entries = ledger.entries(&asked.after, None, limit).await?;
    let full = entries.len() as i64 == limit;
    let next = entries.last().filter(|_| full).map(|last| last.id.clone());
    Ok(Json(Entries { entries, next }))
}

async fn entry(
    State(ledger): State<Ledger>,
    Path(id): Path<String>,
) -> Result<Json<Entry>, Problem> {
    let found = ledger.entries("", Some(&id), 1).await?.pop();
    found.map(Json).ok_or_else(|| Problem::not_found("there is no such journal entry"))
}

type Row = (String, String, String, String, String, i64, i64, String, i64);

impl Ledger {
    /// Entries after `after`, or the one called `only`, with their postings.
    async fn entries(
        &self,
        after: &str,
        only: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT e.id, e.payment_order_id, e.order_id, e.kind, e.currency, e.effective_at, \
             e.booked_at, p.account, p.amount FROM (\
                 SELECT * FROM journal_entry WHERE id > $1 AND ($2 = '' OR id = $2) \
                 ORDER BY id LIMIT $3\
             ) AS e JOIN posting p ON p.entry_id = e.id ORDER BY e.id, p.line",
        )
        .bind(after)
        .bind(only.unwrap_or_default())
        .bind(limit)
        .fetch_all(&mut *self.store.acquire().await?)
        .await?;
        let mut entries = BTreeMap::new();
        for (
            id,
            payment_order_id,
            order_id,
            kind,
            currency,
            effective_at,
            booked_at,
            account,
            amount,
        ) in rows
        {
            let entry = entries.entry(id.clone()).or_insert_with(|| Entry {
                id,
                payment_order_id,
                order_id,
                kind,
                currency,
                effective_at,
                booked_at,
                postings: Vec::new(),
            });
            entry.postings.push(Line { account, amount });
        }
        Ok(entries.into_values().collect())
    }
}
