//! Stories for the tests of judges: one order that went well, as everyone saw it, and the ways in
//! which it could have gone wrong. A test changes one thing, and one judge must see it.

use fake_psp::{Applied, Call, Endpoint, Transmission, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{
    Asked, Facts, Page, TellTale, Told, Violation,
    case::{self, Case},
    facts::tests::{booked, capture, payment},
    times::{OperationMove, OrderTimes},
};
use crate::plan::{Break, Fault, Purchase};

/// The order that all is about.
pub(super) const ORDER: &str = "o";

/// Milliseconds after the start.
pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(ms)
}

/// Somebody bought something for 500 won, and all went well.
pub(super) fn paid() -> Facts {
    let mut facts = Facts {
        healed: at(900_000),
        now: at(1_000_000),
        payments: vec![payment(ORDER, 500, "SUCCESS")],
        book: booked([capture(ORDER, 500)]),
        calls: vec![call(0, Endpoint::Confirm, 1_300, "key-1", Some(200))],
        history: vec![
            line(Asked::Checkout, 0, 50, opened()),
            line(Asked::Window, 100, 1_000, Told::Approved("payment-key".into())),
            line(Asked::Confirm, 1_200, 1_400, page("SUCCESS")),
        ],
        ..Facts::default()
    };
    facts.book[0].at = at(1_300);
    let items = vec![("seller-1".to_owned(), 500)];
    facts.plan.purchases = vec![Purchase::of_card("purchase of o", 0, items)];
    let moves = [(0, "NOT_STARTED"), (1_210, "EXECUTING"), (1_380, "SUCCESS")];
    let times = OrderTimes {
        moves: moves.map(|(ms, status)| (at(ms), status.to_owned())).to_vec(),
        attempts: vec![(at(1_210), "payment-key".to_owned())],
        done_at: Some(at(2_000)),
        voided_at: None,
        operations: vec![
            step(1_250, "PENDING", 0, false),
            step(1_260, "SENDING", 1, false),
            step(1_370, "APPROVED", 1, false),
        ],
        wallet: [("o-1".to_owned(), at(1_800))].into(),
        ledger: [("o-1".to_owned(), at(1_900))].into(),
        effective: vec![("wallet", at(1_300)), ("ledger", at(1_300))],
    };
    facts.times.orders.insert(ORDER.to_owned(), times);
    facts
}

/// The same, but the payment came to another end, at a time: nothing was taken, nothing is booked.
pub(super) fn ended(status: &str, ms: i64) -> Facts {
    let mut facts = paid();
    facts.payments = vec![payment(ORDER, 500, status)];
    facts.book.clear();
    facts.history[2] = line(Asked::Confirm, 1_200, 11_300, page("UNKNOWN"));
    let times = facts.times.orders.get_mut(ORDER).expect("it is there");
    times.moves[2] = (at(ms), status.to_owned());
    times.operations.last_mut().expect("it was proven").at = at(ms - 20);
    (times.done_at, times.wallet, times.ledger) = (None, [].into(), [].into());
    facts
}

/// Judges these facts.
pub(super) fn judged(
    judge: fn(&Facts, &[Case<'_>]) -> Vec<Violation>,
    facts: &Facts,
) -> Vec<String> {
    judge(facts, &case::all(facts)).into_iter().map(|violation| violation.detail).collect()
}

/// The only thing that a judge finds must speak of this.
#[track_caller]
pub(super) fn assert_seen(
    judge: fn(&Facts, &[Case<'_>]) -> Vec<Violation>,
    facts: &Facts,
    words: &str,
) {
    let found = judged(judge, facts);
    assert!(found.len() == 1 && found[0].contains(words), "not `{words}`, but {found:?}");
}

pub(super) fn line(asked: Asked, from: i64, to: i64, told: Told) -> TellTale {
    TellTale { asked_at: at(from), at: at(to), asked, ..super::facts::tests::told(ORDER, told) }
}

/// The order as it is at a status.
pub(super) fn page(status: &str) -> Told {
    let is_final = matches!(status, "SUCCESS" | "FAILURE");
    Told::Payment(Box::new(Page {
        http: if is_final { 200 } else { 202 },
        status: status.to_owned(),
        order_id: ORDER.to_owned(),
        order_name: "purchase of o".to_owned(),
        buyer_id: "purchase of o".to_owned(),
        amount: "500".to_owned(),
        currency: "KRW".to_owned(),
        approved_at: (status == "SUCCESS").then(|| at(1_300).as_microsecond()),
        failure: (status == "FAILURE").then(|| ("CODE".to_owned(), "words".to_owned())),
        parts: vec![("seller-1".to_owned(), "500".to_owned(), status.to_owned())],
        ..Page::default()
    }))
}

/// The answer to the checkout.
fn opened() -> Told {
    let request = r#"{"order_name":"purchase of o","buyer_id":"purchase of o"}"#;
    let body = r#"{"order_name":"purchase of o","buyer_id":"purchase of o","amount":"500",
                   "currency":"KRW","status":"NOT_STARTED","payment_orders":[{}]}"#;
    Told::Keyed {
        key: "purchase of o".into(),
        request: request.into(),
        status: 201,
        body: body.into(),
        retry_after: None,
    }
}

pub(super) fn step(ms: i64, state: &str, tries: i64, dead: bool) -> OperationMove {
    let (payment_key, kind) = ("payment-key".into(), "CONFIRM".into());
    OperationMove { at: at(ms), payment_key, kind, state: state.into(), tries, dead }
}

pub(super) fn call(seq: u64, endpoint: Endpoint, ms: i64, key: &str, status: Option<u16>) -> Call {
    Call {
        seq,
        at: at(ms),
        method: "POST".into(),
        path: "/".into(),
        endpoint,
        order_id: Some(ORDER.into()),
        payment_key: Some("payment-key".into()),
        idempotency_key: (endpoint != Endpoint::Read).then(|| key.into()),
        status,
        code: None,
        answered_at: status.map(|_| at(ms)),
        fault: None,
        replayed: false,
    }
}

/// The PSP was made to do this to a call of the order.
pub(super) fn strike(facts: &mut Facts, endpoint: Endpoint, ms: i64, verdict: Verdict) {
    let name = verdict.name();
    for call in facts.calls.iter_mut().filter(|c| c.endpoint == endpoint && c.at == at(ms)) {
        call.fault = Some(name.into());
    }
    facts.applied.push(Applied {
        seq: facts.applied.len() as u64,
        at: at(ms),
        rule: "rule".into(),
        endpoint,
        order_id: Some(ORDER.into()),
        payment_key: None,
        nth: 1,
        verdict,
    });
}

pub(super) fn refuse(code: &str) -> Verdict {
    Verdict::Refuse { code: code.into(), status: None }
}

/// The executor was cut off from the PSP.
pub(super) fn cut_off(facts: &mut Facts, from: u64, to: u64) {
    let what = Break::Partition("executor-1".into(), "psp".into());
    facts.plan.faults.push(Fault { at_ms: from, for_ms: to - from, what });
}

/// A webhook was delivered.
pub(super) fn webhook(ms: i64, status: &str) -> Transmission {
    Transmission {
        at: at(ms),
        id: "w".into(),
        event: fake_psp::EventType::PaymentStatusChanged,
        url: "http://payment-1".into(),
        order_id: ORDER.into(),
        status: status.into(),
        forged: false,
        retried: 0,
        outcome: Ok(200),
    }
}
