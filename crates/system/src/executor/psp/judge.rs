//! What a payment object or an error proves. Pure.

use std::{str::FromStr, time::Duration};

use hyper::StatusCode;
use rust_decimal::Decimal;
use serde_json::Number;

use super::{
    Verdict,
    codes::{self, Proof},
    reason,
    wire::{ErrorBody, Payment},
};
use crate::{
    executor::{operation::Operation, wire::Kind},
    transport::Answer,
};

/// The answer speaks of a payment or an order that is not ours.
const OTHER_PAYMENT: &str = "OTHER_PAYMENT";

/// No PSP sends us away for longer: a payment that the buyer approved cannot be confirmed for long.
const LONGEST_REST: Duration = Duration::from_secs(3600);

const TOO_MANY_REQUESTS: &str = "TOO_MANY_REQUESTS";

/// What the PSP's answer to a confirm or cancel proves about `operation`.
pub(super) fn judge_act(operation: &Operation, answer: &Answer) -> Verdict {
    if answer.status.is_success() {
        return judge_payment(operation, answer);
    }
    let error = match error_of(answer) {
        Ok(error) => error,
        Err(unreadable) => return unreadable,
    };
    let (proof, text) = codes::lookup(&error.code);
    let reason = reason(&error.code, text);
    let retry_after = retry_after(answer);
    match proof {
        Proof::Final => Verdict::Declined(reason),
        Proof::Open if spends_key(answer.status) => Verdict::Refused { reason, retry_after },
        Proof::Open => Verdict::Unknown { reason, retry_after },
    }
}

/// Toss binds its answer to the idempotency key, refusals too: such a key only ever gets it again.
/// (A 409 says that the answer is not there yet; what is wrong with Toss itself is not bound.)
fn spends_key(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::CONFLICT
}

/// What a 429 proves: the request was turned away at the door, for nobody's fault but the number
/// of its like.
pub(super) fn turned_away(answer: &Answer) -> Option<Verdict> {
    let reason = || reason(TOO_MANY_REQUESTS, codes::lookup(TOO_MANY_REQUESTS).1);
    let retry_after = retry_after(answer);
    (answer.status == StatusCode::TOO_MANY_REQUESTS)
        .then(|| Verdict::NotSent { reason: reason(), retry_after })
}

/// What the PSP's answer to a read proves. Only the payment itself proves anything: an error says
/// how the *read* went, and a 404 seconds after our own send is a reader that lags behind.
pub(super) fn judge_read(operation: &Operation, answer: &Answer) -> Verdict {
    if answer.status.is_success() {
        return match judge_payment(operation, answer) {
            Verdict::Unknown { reason, .. } if reason.code == OTHER_PAYMENT => {
                Verdict::Unseen(reason)
            }
            other => other,
        };
    }
    let error = match error_of(answer) {
        Ok(error) => error,
        Err(unreadable) => return unreadable,
    };
    let reason = reason(&error.code, codes::lookup(&error.code).1);
    match error.code.as_str() {
        "NOT_FOUND" | "NOT_FOUND_PAYMENT" | "NOT_FOUND_PAYMENT_SESSION" => Verdict::Unseen(reason),
        _ => Verdict::Unknown { reason, retry_after: retry_after(answer) },
    }
}

fn error_of(answer: &Answer) -> Result<ErrorBody, Verdict> {
    serde_json::from_slice(&answer.body).map_err(|_| {
        let message = format!("status {} without an error code", answer.status);
        Verdict::unknown("UNREADABLE_ANSWER", message)
    })
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_REST))
}

fn judge_payment(operation: &Operation, answer: &Answer) -> Verdict {
    let payment: Payment = match serde_json::from_slice(&answer.body) {
        Ok(payment) => payment,
        Err(e) => return Verdict::unknown("UNREADABLE_ANSWER", format!("not a payment: {e}")),
    };
    if let Err(unlike) = echoes(operation, &payment) {
        return unlike;
    }
    let nothing_left = decimal(&payment.balance_amount).is_some_and(|left| left.is_zero());
    let canceled = matches!(payment.status.as_str(), "CANCELED" | "PARTIAL_CANCELED");
    match operation.kind {
        Kind::Confirm if canceled && nothing_left => {
            declined("CANCELED_AT_PSP", "결제가 취소되었습니다.")
        }
        Kind::Confirm => judge_confirm(&payment),
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
        // Somebody has given a part back since: it was taken.
        "DONE" | "PARTIAL_CANCELED" => approved(payment.approved_at.as_deref()),
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
fn echoes(operation: &Operation, payment: &Payment) -> Result<(), Verdict> {
    let ours = (operation.order_id.as_str(), operation.payment_key.as_str());
    if ours != (payment.order_id.as_str(), payment.payment_key.as_str()) {
        let theirs = format!("the answer is about order {}", payment.order_id);
        return Err(Verdict::unknown(OTHER_PAYMENT, theirs));
    }
    let total = decimal(&payment.total_amount);
    if payment.currency != operation.money.currency().code()
        || total != Decimal::from_str(&operation.money.amount()).ok()
    {
        let theirs = format!("{} {}", payment.total_amount, payment.currency);
        let message = format!("the PSP says {theirs}, we asked for {}", operation.money);
        return Err(Verdict::unknown("INTEGRITY", message));
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
    Verdict::Declined(reason(code, message))
}

fn not_yet(status: &str) -> Verdict {
    Verdict::NotYet(reason("NOT_YET", format!("the payment is {status}")))
}

pub(super) fn decimal(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}
