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
    executor::{
        operation::Operation,
        wire::{GIVEN_BACK, Kind},
    },
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
        Proof::Final if operation.kind == Kind::Confirm => Verdict::Declined(reason),
        // What we owe stays owed, whatever the PSP says: it is asked anew, and in every night.
        _ if spends_key(answer.status) => Verdict::Refused { reason, retry_after },
        _ => Verdict::Unknown { reason, retry_after },
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
        Kind::Confirm if canceled && nothing_left => declined(GIVEN_BACK, "결제가 취소되었습니다."),
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        executor::{SCHEMA, operation},
        kernel::{Currency, Money},
        store::Store,
    };

    /// An operation over 1,000 won, as its row has it.
    async fn operation(kind: Kind) -> Operation {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("executor.db").display());
        let store = Store::open(&url, SCHEMA).await.expect("a database");
        let money = Money::from_minor(1_000, Currency::Krw);
        operation::accept(&store, ("pay-1", kind), "order-0001", money, 0).await.expect("accepted");
        operation::find(&store, "pay-1", kind).await.expect("read").expect("it is there")
    }

    fn payment(status: &str, changes: Value) -> Answer {
        let mut payment = json!({
            "paymentKey": "pay-1", "orderId": "order-0001", "status": status, "currency": "KRW",
            "totalAmount": 1000, "balanceAmount": 1000,
            "approvedAt": "2026-03-02T22:30:00+09:00", "cancels": null, "failure": null,
        });
        for (key, value) in changes.as_object().expect("an object") {
            payment[key] = value.clone();
        }
        answer(200, &payment.to_string())
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_owned()),
        }
    }

    fn error(status: u16, code: &str) -> Answer {
        answer(status, &json!({ "code": code, "message": "" }).to_string())
    }

    /// The verdict in a word, with the reason's code.
    fn word(verdict: &Verdict) -> String {
        let name = match verdict {
            Verdict::Approved { at } => return format!("approved {at}"),
            Verdict::Declined(reason) => return format!("declined {}", reason.code),
            Verdict::NotYet(_) => "not yet",
            Verdict::Refused { .. } => "refused",
            Verdict::NotSent { .. } => "not sent",
            Verdict::Unseen(_) => "unseen",
            Verdict::Unknown { .. } => "unknown",
        };
        format!("{name} {}", verdict.open().expect("open").code)
    }

    #[tokio::test]
    async fn what_a_payment_proves_of_a_confirm() {
        let operation = operation(Kind::Confirm).await;
        let canceled = json!({ "balanceAmount": 0 });
        let failed = json!({ "failure": { "code": "REJECT_CARD_COMPANY", "message": "no" } });
        for (answer, expected) in [
            (payment("DONE", json!({})), "approved 1772458200000000"),
            (payment("DONE", json!({ "approvedAt": null })), "unknown INTEGRITY"),
            (
                payment("PARTIAL_CANCELED", json!({ "balanceAmount": 1 })),
                "approved 1772458200000000",
            ),
            (payment("PARTIAL_CANCELED", canceled.clone()), "declined CANCELED_AT_PSP"),
            (payment("CANCELED", canceled), "declined CANCELED_AT_PSP"),
            (payment("CANCELED", json!({})), "unknown INTEGRITY"),
            (payment("ABORTED", failed), "declined REJECT_CARD_COMPANY"),
            (payment("ABORTED", json!({})), "declined PAYMENT_ABORTED"),
            (payment("EXPIRED", json!({})), "declined EXPIRED_PAYMENT"),
            (payment("READY", json!({})), "not yet NOT_YET"),
            (payment("IN_PROGRESS", json!({})), "not yet NOT_YET"),
            (payment("WAITING_FOR_DEPOSIT", json!({})), "not yet NOT_YET"),
            (payment("A_NEW_STATE", json!({})), "unknown INTEGRITY"),
            (payment("DONE", json!({ "totalAmount": 10 })), "unknown INTEGRITY"),
            (payment("DONE", json!({ "totalAmount": 1000.0 })), "approved 1772458200000000"),
            (payment("DONE", json!({ "currency": "USD" })), "unknown INTEGRITY"),
            (payment("DONE", json!({ "orderId": "order-0002" })), "unknown OTHER_PAYMENT"),
            (payment("DONE", json!({ "paymentKey": "pay-2" })), "unknown OTHER_PAYMENT"),
            (answer(200, "<html>"), "unknown UNREADABLE_ANSWER"),
        ] {
            assert_eq!(word(&judge_act(&operation, &answer)), expected, "{answer:?}");
            let read = expected.replace("unknown OTHER_PAYMENT", "unseen OTHER_PAYMENT");
            assert_eq!(word(&judge_read(&operation, &answer)), read, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_a_payment_proves_of_a_cancel() {
        let operation = operation(Kind::Cancel).await;
        let gone = |cancels: Value| json!({ "balanceAmount": 0, "cancels": cancels });
        let at = json!([{ "canceledAt": "2026-03-02T22:31:00+09:00" }]);
        for (answer, expected) in [
            (payment("CANCELED", gone(at.clone())), "approved 1772458260000000"),
            (payment("PARTIAL_CANCELED", gone(at)), "approved 1772458260000000"),
            (payment("CANCELED", gone(json!([]))), "unknown INTEGRITY"),
            (payment("PARTIAL_CANCELED", json!({ "balanceAmount": 1 })), "not yet NOT_YET"),
            (payment("DONE", json!({})), "not yet NOT_YET"),
            (payment("ABORTED", json!({})), "declined NOTHING_TO_CANCEL"),
            (payment("EXPIRED", json!({})), "declined NOTHING_TO_CANCEL"),
            (error(400, "REFUND_REJECTED"), "refused REFUND_REJECTED"),
            (error(403, "NOT_CANCELABLE_PAYMENT"), "refused NOT_CANCELABLE_PAYMENT"),
            (error(500, "FAILED_REFUND_PROCESS"), "unknown FAILED_REFUND_PROCESS"),
        ] {
            assert_eq!(word(&judge_act(&operation, &answer)), expected, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_an_error_proves() {
        let operation = operation(Kind::Confirm).await;
        for (answer, acted, read) in [
            (error(400, "REJECT_CARD_COMPANY"), "declined", "unknown"),
            (error(400, "PROVIDER_ERROR"), "refused", "unknown"),
            (error(403, "FORBIDDEN_CONSECUTIVE_REQUEST"), "refused", "unknown"),
            (error(500, "UNKNOWN_PAYMENT_ERROR"), "unknown", "unknown"),
            (error(409, "IDEMPOTENT_REQUEST_PROCESSING"), "unknown", "unknown"),
            (error(400, "ALREADY_PROCESSED_PAYMENT"), "refused", "unknown"),
            (error(404, "NOT_FOUND_PAYMENT"), "declined", "unseen"),
            (error(404, "NOT_FOUND_PAYMENT_SESSION"), "declined", "unseen"),
            (error(404, "NOT_FOUND"), "declined", "unseen"),
            (error(500, "A_CODE_OF_NEXT_YEAR"), "unknown", "unknown"),
            (answer(502, "<html>"), "unknown", "unknown"),
        ] {
            let first = |verdict: Verdict| word(&verdict).split(' ').next().unwrap().to_owned();
            assert_eq!(first(judge_act(&operation, &answer)), acted, "{answer:?}");
            assert_eq!(first(judge_read(&operation, &answer)), read, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn how_long_the_psp_wants_us_to_wait() {
        let operation = operation(Kind::Confirm).await;
        let wait = |text: &str| {
            let mut answer = error(503, "COMMON_ERROR");
            answer.headers.insert("retry-after", text.parse().expect("a header"));
            let (acted, read) = (judge_act(&operation, &answer), judge_read(&operation, &answer));
            assert_eq!(acted.retry_after(), read.retry_after());
            acted.retry_after().map(|wait| wait.as_secs())
        };
        assert_eq!([wait("7"), wait("3600")], [Some(7), Some(3_600)]);
        assert_eq!([wait("99999999999"), wait("soon")], [Some(3_600), None]);
        assert_eq!(turned_away(&error(503, "COMMON_ERROR")), None);
        let mut busy = error(429, "TOO_MANY_REQUESTS");
        busy.headers.insert("retry-after", "9".parse().expect("a header"));
        let verdict = turned_away(&busy).expect("turned away");
        assert_eq!(word(&verdict), "not sent TOO_MANY_REQUESTS");
        assert_eq!(verdict.retry_after(), Some(Duration::from_secs(9)));
    }

    #[test]
    fn numbers_are_read_exactly() {
        let read = |text: &str| decimal(&serde_json::from_str(text).expect("a number"));
        assert_eq!(read("1000"), Some(Decimal::from(1000)));
        assert_eq!(read("10.25"), Some(Decimal::new(1_025, 2)));
        assert_eq!(read("1e3"), Some(Decimal::from(1000)));
    }
}
