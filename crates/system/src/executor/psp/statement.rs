//! The PSP's lists of a day: transactions and settlement lines, page by page.

use std::{str::FromStr, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Method;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Number;

use super::{client::Psp, judge::decimal, wire};
use crate::{
    executor::wire::{Settlement, Settlements, Transaction, Transactions},
    kernel::{Currency, KoreanDay},
};

/// Toss advises clients to wait this long for lists.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines in one page.
const PAGE: usize = 500;

/// Why a list could not be had.
#[derive(Debug, thiserror::Error)]
pub(in crate::executor) enum StatementError {
    #[error("the PSP did not answer: {0}")]
    NoAnswer(String),
    #[error("the PSP's list cannot be read: {0}")]
    Unreadable(String),
}

impl Psp {
    /// The transactions of a Korean day after `after`.
    pub(in crate::executor) async fn transactions(
        &self,
        day: KoreanDay,
        after: Option<&str>,
    ) -> Result<Transactions, StatementError> {
        let after = after.map(|key| format!("&startingAfter={key}")).unwrap_or_default();
        let end = day.next();
        let path = format!(
            "/v1/transactions?startDate={day}T00:00:00&endDate={end}T00:00:00&limit={PAGE}{after}"
        );
        let lines: Vec<wire::Transaction> = self.list(&path).await?;
        let next = (lines.len() == PAGE).then(|| lines.last().map(|l| l.transaction_key.clone()));
        let transactions = lines
            .into_iter()
            .filter_map(|line| transaction(line).transpose())
            // Whether Toss's end is included is not documented: one second of midnight must not
            // belong to two days.
            .filter(|line| line.as_ref().map_or(true, |l| is_of(l.at, day)));
        Ok(Transactions {
            transactions: transactions.collect::<Result<_, _>>()?,
            next: next.flatten(),
        })
    }

    /// Page `page` (from 1) of the settlement lines sold on a Korean day.
    pub(in crate::executor) async fn settlements(
        &self,
        day: KoreanDay,
        page: u32,
    ) -> Result<Settlements, StatementError> {
        let path = format!(
            "/v1/settlements?startDate={day}&endDate={day}&dateType=soldDate&page={page}&size={PAGE}"
        );
        let lines: Vec<wire::Settlement> = self.list(&path).await?;
        let more = lines.len() == PAGE;
        let settlements = lines.into_iter().map(settlement).collect::<Result<_, _>>()?;
        Ok(Settlements { settlements, more })
    }

    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, StatementError> {
        let request = self
            .request(Method::GET, path)
            .body(Full::new(Bytes::new()))
            .map_err(|e| StatementError::Unreadable(format!("{path}: {e}")))?;
        let answer = self.http.send(request, PATIENCE).await;
        let answer = answer.map_err(|e| StatementError::NoAnswer(e.to_string()))?;
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(StatementError::NoAnswer(format!("status {}: {body}", answer.status)));
        }
        serde_json::from_slice(&answer.body).map_err(|e| StatementError::Unreadable(e.to_string()))
    }
}

fn is_of(at: i64, day: KoreanDay) -> bool {
    (day.start().as_microsecond()..day.end().as_microsecond()).contains(&at)
}

/// A line that moved money; `None` for one that did not (an unpaid virtual account).
fn transaction(line: wire::Transaction) -> Result<Option<Transaction>, StatementError> {
    let cancel = match line.status.as_str() {
        "DONE" => false,
        "CANCELED" | "PARTIAL_CANCELED" => true,
        _ => return Ok(None),
    };
    let at: jiff::Timestamp = parse(&line.transaction_at)?;
    Ok(Some(Transaction {
        cancel,
        // Whether a cancel's amount is negative is not documented: the status tells, not the sign.
        amount: minor(&line.amount, &line.currency)?.abs(),
        at: at.as_microsecond(),
        transaction_key: line.transaction_key,
        payment_key: line.payment_key,
        order_id: line.order_id,
        currency: line.currency,
    }))
}

fn settlement(line: wire::Settlement) -> Result<Settlement, StatementError> {
    Ok(Settlement {
        amount: minor(&line.amount, &line.currency)?,
        fee: minor(&line.fee, &line.currency)?,
        pay_out_amount: minor(&line.pay_out_amount, &line.currency)?,
        transaction_key: line.transaction_key,
        payment_key: line.payment_key,
        order_id: line.order_id,
        currency: line.currency,
        sold_on: line.sold_date,
        paid_out_on: line.paid_out_date,
    })
}

fn minor(number: &Number, currency: &str) -> Result<i64, StatementError> {
    let currency: Currency = currency.parse().map_err(StatementError::Unreadable)?;
    decimal(number)
        .map(|d| d * Decimal::from(10_i64.pow(currency.exponent())))
        .filter(|d| d.fract().is_zero())
        .and_then(|d| i64::try_from(d).ok())
        .ok_or_else(|| StatementError::Unreadable(format!("{number} is no amount in {currency}")))
}

fn parse<T: FromStr>(text: &str) -> Result<T, StatementError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e| StatementError::Unreadable(format!("`{text}`: {e}")))
}
