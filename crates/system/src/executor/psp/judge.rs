//! What a payment object or an error proves. Pure.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::Number;

use super::{
    Verdict,
    codes::{self, Proof},
    wire::{ErrorBody, Payment},
};
use crate::{
    executor::{
        operation::Operation,
        wire::{Kind, Reason},
    },
    transport::Answer,
};

/// What the PSP's answer to a confirm, cancel or read proves about `operation`.
pub(in crate::executor) fn judge(operation: &Operation, answer: &Answer) -> Verdict {
    if answer.status.is_success() {
        return match serde_json::from_slice::<Payment>(&answer.body) {
            Ok(payment) => judge_payment(operation, &payment),
            Err(e) => Verdict::unknown("UNREADABLE_ANSWER", format!("not a payment: {e}")),
        };
    }
    match serde_json::from_slice::<ErrorBody>(&answer.body) {
        Ok(error) => judge_error(&error, answer),
        Err(_) => {
            let message = format!("status {} without an error code", answer.status);
            Verdict::unknown("UNREADABLE_ANSWER", message)
        }
    }
}

fn judge_error(error: &ErrorBody, answer: &Answer) -> Verdict {
    let (proof, text) = codes::lookup(&error.code);
    let reason = Reason { code: error.code.clone(), message: text.to_owned() };
    let seconds = answer.headers.get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    let retry_after = seconds.map(std::time::Duration::from_secs);
    match proof {
        Proof::Final => Verdict::Declined(reason),
        Proof::NotNow => Verdict::NotYet { reason, burnt: true, retry_after },
        Proof::Read => Verdict::Unknown { reason, retry_after },
    }
}

fn judge_payment(operation: &Operation, payment: &Payment) -> Verdict {
    if let Err(message) = echoes(operation, payment) {
        return Verdict::unknown("INTEGRITY", message);
    }
    let nothing_left = decimal(&payment.balance_amount).is_some_and(|left| left.is_zero());
    let canceled = matches!(payment.status.as_str(), "CANCELED" | "PARTIAL_CANCELED");
    match operation.kind {
        Kind::Confirm if canceled && nothing_left => {
            declined("CANCELED_AT_PSP", "결제가 취소되었습니다.")
        }
        Kind::Confirm => judge_confirm(payment),
        Kind::Cancel if canceled && nothing_left => {
            let canceled_at = payment.cancels.iter().flatten().next_back().map(|c| &*c.canceled_at);
            approved(canceled_at)
        }
        Kind::Cancel if matches!(payment.status.as_str(), "ABORTED" | "EXPIRED") => {
            declined("NOTHING_TO_CANCEL", "결제되지 않은 주문입니다.")
        }
        Kind::Cancel => not_yet(&payment.status),
    }
}

fn judge_confirm(payment: &Payment) -> Verdict {
    match payment.status.as_str() {
        "DONE" => approved(payment.approved_at.as_deref()),
        "ABORTED" => {
            let code = payment.failure.as_ref().map_or("PAYMENT_ABORTED", |f| &f.code);
            let message = payment.failure.as_ref().map_or("", |f| &f.message);
            declined(code, message)
        }
        "EXPIRED" => declined("EXPIRED_PAYMENT", "결제 시간이 만료되었습니다."),
        "READY" | "IN_PROGRESS" | "WAITING_FOR_DEPOSIT" => not_yet(&payment.status),
        other => Verdict::unknown("INTEGRITY", format!("the payment is {other}")),
    }
}

/// The PSP must speak of our payment; otherwise its answer proves nothing about ours.
fn echoes(operation: &Operation, payment: &Payment) -> Result<(), String> {
    let ours = (operation.order_id.as_str(), operation.payment_key.as_str());
    if ours != (payment.order_id.as_str(), payment.payment_key.as_str()) {
        return Err(format!("the answer is about order {}", payment.order_id));
    }
    let total = decimal(&payment.total_amount);
    if payment.currency != operation.money.currency().code()
        || total != Decimal::from_str(&operation.money.amount()).ok()
    {
        let theirs = format!("{} {}", payment.total_amount, payment.currency);
        return Err(format!("the PSP says {theirs}, we asked for {}", operation.money));
    }
    Ok(())
}

fn approved(at: Option<&str>) -> Verdict {
    match at.and_then(|at| at.parse::<jiff::Timestamp>().ok()) {
        Some(at) => Verdict::Approved { at: at.as_microsecond() },
        None => Verdict::unknown("INTEGRITY", "the PSP does not say when it happened"),
    }
}

fn declined(code: &str, message: &str) -> Verdict {
    Verdict::Declined(Reason { code: code.to_owned(), message: message.to_owned() })
}

fn not_yet(status: &str) -> Verdict {
    let message = format!("the payment is {status}");
    let reason = Reason { code: "NOT_YET".to_owned(), message };
    Verdict::NotYet { reason, burnt: false, retry_after: None }
}

pub(super) fn decimal(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}
