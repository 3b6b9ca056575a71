//! The wallet's endpoints. All of them are internal.

use axum::{Router, extract::State, routing::get};
use serde::Deserialize;

use super::{
    Wallet,
    wire::{Balance, Wallets},
};
use crate::{
    kernel::{Currency, minor_text},
    transport::{Json, Path, Problem, Query},
};

/// The most balances in one page.
const PAGE: i64 = 500;

pub(super) fn router(wallet: Wallet) -> Router {
    Router::new()
        .route("/v1/wallets", get(list))
        .route("/v1/wallets/{seller_id}", get(show))
        .with_state(wallet)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Only what the PSP took before this instant (microseconds since the epoch).
    as_of: Option<i64>,
    /// The seller after whom the page begins.
    #[serde(default)]
    after: String,
}

async fn list(
    State(wallet): State<Wallet>,
    Query(asked): Query<Asked>,
) -> Result<Json<Wallets>, Problem> {
    let rows: Vec<(String, String, i64)> = match asked.as_of {
        Some(as_of) => sqlx::query_as(
            "SELECT seller_id, currency, CAST(SUM(amount) AS BIGINT) FROM wallet_entry \
             WHERE effective_at < $1 AND seller_id > $2 \
             GROUP BY seller_id, currency ORDER BY seller_id, currency LIMIT $3",
        )
        .bind(as_of),
        None => sqlx::query_as(
            "SELECT seller_id, currency, balance FROM wallet WHERE $1 = 0 AND seller_id > $2 \
             ORDER BY seller_id, currency LIMIT $3",
        )
        .bind(0_i64),
    }
    .bind(asked.after)
    .bind(PAGE)
    .fetch_all(&mut *wallet.store.acquire().await?)
    .await?;
    let full = rows.len() as i64 == PAGE;
    let mut wallets: Vec<_> = rows.into_iter().map(balance).collect();
    let next = wallets.last().filter(|_| full).map(|last| last.seller_id.clone());
    if full {
        // The last seller may go on in another currency: leave it whole to the next page.
        let last = next.clone().unwrap_or_default();
        wallets.retain(|w| w.seller_id != last);
    }
    let next = next.and_then(|_| wallets.last().map(|last| last.seller_id.clone()));
    Ok(Json(Wallets { wallets, next }))
}

async fn show(
    State(wallet): State<Wallet>,
    Path(seller_id): Path<String>,
) -> Result<Json<Vec<Balance>>, Problem> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT seller_id, currency, balance FROM wallet WHERE seller_id = $1 ORDER BY currency",
    )
    .bind(seller_id.as_str())
    .fetch_all(&mut *wallet.store.acquire().await?)
    .await?;
    if rows.is_empty() {
        return Err(Problem::not_found(format!("seller {seller_id} has not earned anything yet")));
    }
    Ok(Json(rows.into_iter().map(balance).collect()))
}

fn balance((seller_id, currency, minor): (String, String, i64)) -> Balance {
    let known: Currency = currency.parse().expect("checked at checkout");
    Balance { seller_id, currency, balance: minor_text(minor, known), balance_minor: minor }
}
