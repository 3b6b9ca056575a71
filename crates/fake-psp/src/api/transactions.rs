//! `GET /v1/transactions`: what moved in a stretch of time.

use std::collections::BTreeMap;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    act::Act,
    answer::Answer,
    error::Refusal,
    route::{Param, Route},
};
use crate::{
    Config, Currency, Endpoint, State,
    clock::{from_korea, iso},
    model::Money,
    records::Transaction,
    view::receipt_url,
};

const DEFAULT_LIMIT: usize = 100;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Transaction")]
struct TransactionView<'a> {
    m_id: &'a str,
    transaction_key: &'a str,
    payment_key: &'a str,
    order_id: &'a str,
    method: &'static str,
    customer_key: Option<&'a str>,
    use_escrow: bool,
    receipt_url: String,
    status: State,
    transaction_at: String,
    currency: Currency,
    amount: Money,
}

pub(super) const ROUTES: &[Route] = &[Route::get("/v1/transactions", "listTransactions", list)
    .about("What moved in a stretch of time, oldest first.")
    .at(Endpoint::Transactions)
    .query(&[
        Param::required("startDate", "string", "Date or date and time; Korean without an offset."),
        Param::required("endDate", "string", "Likewise; a bare date is its midnight."),
        Param::optional("startingAfter", "string", "A transactionKey: only later ones."),
        Param::optional("limit", "integer", "At most so many; 100 by default, 5000 at most."),
    ])
    .answers::<Vec<TransactionView<'_>>>()
    .codes("transactions")];

fn list(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let (query, config) = (&act.ask.query, &act.core.config);
    let start = moment(query.get("startDate"))?;
    let end = moment(query.get("endDate"))?;
    if start > end {
        return Err("INVALID_DATE".into());
    }
    let limit = page_size(config, query, "limit", DEFAULT_LIMIT, config.max_page)?;
    let records = &mut act.world.records;
    let after = match query.get("startingAfter") {
        None => None,
        Some(key) => {
            let unknown = || Refusal::new(config.unknown_cursor_code.as_str());
            Some(records.position_of(key).ok_or_else(unknown)?)
        }
    };
    let mut rows: Vec<_> = records
        .transactions(start, end, after)
        .take(limit)
        .map(|row| TransactionView::of(row, config, act.ask.english))
        .collect();
    act.twist.cut(&mut rows);
    Ok(Answer::json(200, &rows))
}

impl<'a> TransactionView<'a> {
    fn of(row: &'a Transaction, config: &'a Config, english: bool) -> Self {
        let negative = row.given_back && config.cancel_transactions_negative;
        Self {
            m_id: &config.merchant_id,
            transaction_key: &row.key,
            payment_key: &row.payment_key,
            order_id: &row.order_id,
            method: row.method.name(english),
            customer_key: row.customer_key.as_deref(),
            use_escrow: row.use_escrow,
            receipt_url: receipt_url(&row.payment_key, config),
            status: row.status,
            transaction_at: iso(row.at),
            currency: row.currency,
            amount: Money(if negative { -row.amount } else { row.amount }, row.currency),
        }
    }
}

/// `2022-01-01`, `2022-01-01T00:00:00`, `….000`, or with an offset. Korean time without one.
pub(crate) fn moment(text: Option<&String>) -> Result<Timestamp, Refusal> {
    let text = text.ok_or("INVALID_DATE")?;
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local = text
        .parse::<DateTime>()
        .or_else(|_| {
            text.parse::<Date>().map(|date| date.to_datetime(jiff::civil::Time::midnight()))
        })
        .map_err(|_| "INVALID_DATE")?;
    from_korea(local).ok_or_else(|| "INVALID_DATE".into())
}

/// How many rows at most.
pub(super) fn page_size(
    config: &Config,
    query: &BTreeMap<String, String>,
    name: &str,
    default: usize,
    most: usize,
) -> Result<usize, Refusal> {
    let Some(text) = query.get(name) else { return Ok(default) };
    let size: usize = text.parse().map_err(|_| "INVALID_REQUEST")?;
    match size {
        0 => Err("INVALID_REQUEST".into()),
        size if size > most => Err(config.page_too_large_code.as_str().into()),
        size => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_several_spellings_are_the_same_moment() {
        let expected: Timestamp = "2021-12-31T15:00:00Z".parse().unwrap();
        for text in [
            "2022-01-01",
            "2022-01-01T00:00:00",
            "2022-01-01T00:00:00.000",
            "2022-01-01T00:00:00+09:00",
            "2021-12-31T15:00:00Z",
        ] {
            assert_eq!(moment(Some(&text.to_owned())), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "2022-13-01"] {
            assert!(moment(Some(&text.to_owned())).is_err(), "{text}");
        }
    }
}
