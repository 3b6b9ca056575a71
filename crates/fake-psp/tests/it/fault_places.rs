//! Every verdict at every place where it fits: it happens, and it is written down.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use fake_psp::{
    Config, Deliver, DeliverError, Endpoint, FakePsp, Fate, Match, Verdict, Vocabulary,
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    cash_receipts::wish,
    key_in,
    shop::{Reply, Shop, at, minutes, with},
    webhooks::Silent,
};

const ORDER: &str = "order-0001";

/// A shop with an order that is ready for a request at this endpoint: its payment's key, if it has
/// one.
async fn ready(endpoint: Endpoint) -> (Shop, String) {
    let webhook_urls = vec!["http://shop.test/hook".to_owned()];
    let shop = Shop::with(Config { webhook_urls, ..Config::default() });
    let key = match endpoint {
        Endpoint::Confirm | Endpoint::Webhook => shop.authenticated(ORDER, 1_000).await,
        Endpoint::Cancel | Endpoint::Read | Endpoint::SettlementFile => {
            shop.paid(ORDER, 1_000).await
        }
        Endpoint::BillingCharge | Endpoint::BillingDelete => {
            let issued = shop.post("/v1/billing/authorizations/card", None, card()).await;
            issued.json()["billingKey"].as_str().unwrap().to_owned()
        }
        Endpoint::Deposit => {
            let issued = shop.post("/v1/virtual-accounts", None, account()).await;
            issued.json()["paymentKey"].as_str().unwrap().to_owned()
        }
        _ => String::new(),
    };
    (shop, key)
}

fn card() -> Value {
    with(key_in::card(), &json!({"customerKey": "customer-1"}))
}

fn account() -> Value {
    json!({"amount": 1_000, "orderId": ORDER, "orderName": "x", "bank": "20",
        "customerName": "박토스"})
}

/// A request at this endpoint that an honest fake would answer with 200.
async fn visit(shop: &Shop, endpoint: Endpoint, key: &str) -> Reply {
    let order = json!({"orderId": ORDER, "orderName": "x", "amount": 1_000});
    let days = "startDate=2026-01-01&endDate=2026-01-31";
    match endpoint {
        Endpoint::Confirm => shop.confirm(key, ORDER, 1_000, None).await,
        Endpoint::Read => shop.get(&format!("/v1/payments/{key}")).await,
        Endpoint::Cancel => shop.cancel(key, None, None).await,
        Endpoint::Transactions => shop.get(&format!("/v1/transactions?{days}")).await,
        Endpoint::Settlements => shop.get(&format!("/v1/settlements?{days}")).await,
        Endpoint::CreatePayment => {
            let urls = json!({"method": "CARD", "successUrl": "http://shop.test/s",
                "failUrl": "http://shop.test/f"});
            shop.post("/v1/payments", None, with(order, &urls)).await
        }
        Endpoint::KeyIn => shop.post("/v1/payments/key-in", None, key_in::card()).await,
        Endpoint::VirtualAccount => shop.post("/v1/virtual-accounts", None, account()).await,
        Endpoint::BillingIssue => shop.post("/v1/billing/authorizations/card", None, card()).await,
        Endpoint::BillingCharge => {
            let order = with(order, &json!({"customerKey": "customer-1"}));
            shop.post(&format!("/v1/billing/{key}"), None, order).await
        }
        Endpoint::BillingDelete => {
            let request = Shop::request("DELETE", &format!("/v1/billing/{key}"));
            shop.send(request.body(Body::empty()).unwrap()).await
        }
        Endpoint::CashReceipts => shop.post("/v1/cash-receipts", None, wish()).await,
        Endpoint::Sellers => shop.get("/v2/sellers").await,
        Endpoint::Payouts => shop.get("/v2/balances").await,
        Endpoint::Other => shop.get("/v1/promotions").await,
        other => panic!("{other:?} is no request"),
    }
}

fn requests() -> impl Iterator<Item = Endpoint> {
    let places = Vocabulary::default().endpoints.into_iter();
    let endpoints = places.map(|place| serde_json::from_value(place.name.into()).unwrap());
    endpoints.filter(|endpoint| {
        use Endpoint::{Any, Deposit, SettlementFile, Webhook};
        !matches!(endpoint, Any | Webhook | SettlementFile | Deposit)
    })
}

#[tokio::test(start_paused = true)]
async fn requests_are_answered_without_faults() {
    for endpoint in requests() {
        let (shop, key) = ready(endpoint).await;
        let reply = visit(&shop, endpoint, &key).await;
        assert_eq!(reply.status, 200, "{endpoint:?}: {}", reply.text());
    }
}

#[tokio::test(start_paused = true)]
async fn every_verdict_on_every_request() {
    let mut shown = 0;
    for word in Vocabulary::default().verdicts {
        for endpoint in requests().filter(|endpoint| word.example.fits(*endpoint)) {
            if word.example == Verdict::Pass {
                continue;
            }
            let (shop, key) = ready(endpoint).await;
            let (booked, start) = (shop.balance(), Instant::now());
            shop.break_with([(at(endpoint), word.example.clone())]);
            let reply = timeout(Duration::from_secs(600), visit(&shop, endpoint, &key)).await;
            let seen = Seen { reply: reply.ok(), took: start.elapsed() };
            seen.must_be(&word.example, endpoint);
            let moved = shop.balance() - booked;
            check_money(&word.example, endpoint, moved);
            let applied = shop.psp.applied();
            assert_eq!(applied.len(), 1, "{} at {endpoint:?}", word.name);
            assert_eq!(applied[0].verdict, word.example, "at {endpoint:?}");
            assert_eq!(applied[0].endpoint, endpoint);
            let calls = shop.psp.calls();
            assert_eq!(calls.last().unwrap().fault.as_deref(), Some(&*word.name));
            shown += 1;
        }
    }
    assert!(shown > 15 * 18, "{shown}");
}

struct Seen {
    /// None: it never came.
    reply: Option<Reply>,
    took: Duration,
}

impl Seen {
    fn code(&self) -> String {
        let json = self.reply.as_ref().unwrap().json();
        let code = json.get("code").or(json["error"].get("code"));
        code.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn fate(&self) -> Option<Fate> {
        self.reply.as_ref().and_then(|reply| reply.fate)
    }

    fn status(&self) -> u16 {
        self.reply.as_ref().map_or(0, |reply| reply.status)
    }

    fn must_be(&self, verdict: &Verdict, endpoint: Endpoint) {
        let about = format!("{verdict:?} at {endpoint:?}: {:?}", self.reply);
        let took = |ms: u64| self.took >= Duration::from_millis(ms);
        let as_expected = match verdict {
            Verdict::Refuse { code, .. }
            | Verdict::Decline { code }
            | Verdict::ActThenError { code, .. } => self.code() == *code,
            Verdict::TooMany { .. } => self.status() == 429,
            Verdict::Maintenance { .. } => {
                let by_bank = endpoint == Endpoint::VirtualAccount;
                self.code() == if by_bank { "NOT_AVAILABLE_BANK" } else { "MAINTAINED_METHOD" }
            }
            Verdict::DropRequest | Verdict::ActThenClose => self.fate() == Some(Fate::Close),
            Verdict::Reset | Verdict::ActThenReset => self.fate() == Some(Fate::Reset),
            Verdict::HangBefore | Verdict::ActThenHang => self.reply.is_none(),
            Verdict::Delay { ms } | Verdict::ActThenLate { ms } | Verdict::SlowBody { ms } => {
                self.status() == 200 && took(*ms)
            }
            Verdict::Hold { .. } | Verdict::HoldThenDecline { .. } | Verdict::Review => {
                self.reply.as_ref().unwrap().word() == "IN_PROGRESS"
            }
            Verdict::ActThenCut => self.reply.as_ref().unwrap().raw.is_err(),
            Verdict::Garbage => self.reply.as_ref().unwrap().text().starts_with("<html>"),
            Verdict::AnswerTwice => self.fate() == Some(Fate::Twice),
            _ => self.status() == 200,
        };
        assert!(as_expected, "{about}");
    }
}

/// What the verdict leaves of the money that the request moves.
fn check_money(verdict: &Verdict, endpoint: Endpoint, moved: i64) {
    let honest = match endpoint {
        Endpoint::Confirm | Endpoint::BillingCharge => 1_000,
        Endpoint::KeyIn => 60_000,
        Endpoint::Cancel => -1_000,
        _ => 0,
    };
    let expected = match verdict {
        Verdict::ActTwice => 2 * honest,
        Verdict::ActOffBy { won } => honest + won,
        Verdict::ActWithoutBook
        | Verdict::Refuse { .. }
        | Verdict::Decline { .. }
        | Verdict::TooMany { .. }
        | Verdict::Maintenance { .. }
        | Verdict::DropRequest
        | Verdict::Reset
        | Verdict::HangBefore
        | Verdict::Hold { .. }
        | Verdict::HoldThenDecline { .. }
        | Verdict::OtherInstead
        | Verdict::StaleInstead
        | Verdict::WrongEchoInstead { .. }
        | Verdict::Review => 0,
        _ => honest,
    };
    assert_eq!(moved, expected, "{verdict:?} at {endpoint:?}");
}

#[tokio::test(start_paused = true)]
async fn every_verdict_on_deposits() {
    for word in Vocabulary::default().verdicts {
        if !word.example.fits(Endpoint::Deposit) || word.example == Verdict::Pass {
            continue;
        }
        let (shop, key) = ready(Endpoint::Deposit).await;
        shop.break_with([(at(Endpoint::Deposit), word.example.clone())]);
        shop.psp.deposit(&key, 1_000, None).unwrap();
        let then = (shop.status_of(&key).await, shop.balance());
        shop.pass(minutes(2));
        let later = (shop.status_of(&key).await, shop.balance());
        let told = |(status, balance): &(String, i64)| format!("{status} {balance}");
        let expected = match word.example {
            Verdict::Delay { .. } => ["WAITING_FOR_DEPOSIT 0", "DONE 1000"],
            Verdict::ActTwice => ["DONE 2000", "DONE 2000"],
            Verdict::ActWithoutBook => ["DONE 0", "DONE 0"],
            Verdict::ReverseDeposit { .. } => ["DONE 1000", "WAITING_FOR_DEPOSIT 0"],
            ref other => panic!("{other:?}"),
        };
        assert_eq!([told(&then), told(&later)], expected, "{}", word.name);
        assert_eq!(shop.psp.applied()[0].verdict, word.example);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deposit_that_never_was_is_not_taken_back_either() {
    let (shop, key) = ready(Endpoint::Deposit).await;
    let first = Match { times: Some(1), ..at(Endpoint::Deposit) };
    shop.break_with([(first, Verdict::ActWithoutBook)]);
    shop.psp.deposit(&key, 1_000, None).unwrap();
    shop.psp.reverse_deposit(&key).unwrap();
    assert!(shop.psp.book().is_empty());
    shop.psp.deposit(&key, 1_000, None).unwrap();
    assert_eq!(shop.balance(), 1_000, "the next one is real");
}

#[tokio::test(start_paused = true)]
async fn every_verdict_on_settlement_rows() {
    let honest = json!({"rows": 1, "amount": 1_000, "fee": 30, "payOut": 970,
        "soldDate": "2026-01-02"});
    for word in Vocabulary::default().verdicts {
        if !word.example.fits(Endpoint::SettlementFile) || word.example == Verdict::Pass {
            continue;
        }
        let (shop, _) = ready(Endpoint::SettlementFile).await;
        shop.break_with([(at(Endpoint::SettlementFile), word.example.clone())]);
        shop.pass(minutes(3 * 24 * 60));
        let path = "/v1/settlements?startDate=2025-12-30&endDate=2026-01-31";
        let rows = shop.get(path).await.json();
        let row = &rows[0];
        let seen = json!({"rows": rows.as_array().unwrap().len(), "amount": row["amount"],
            "fee": row["fee"], "payOut": row["payOutAmount"], "soldDate": row["soldDate"]});
        let expected = match word.example {
            Verdict::Missing => json!({"rows": 0, "amount": null, "fee": null, "payOut": null,
                "soldDate": null}),
            Verdict::Duplicate { .. } => with(honest.clone(), &json!({"rows": 2})),
            Verdict::OffBy { .. } => with(honest.clone(), &json!({"amount": 1_001, "payOut": 971})),
            Verdict::FeeOff { .. } => with(honest.clone(), &json!({"fee": 31, "payOut": 969})),
            Verdict::PayOutOff { .. } => with(honest.clone(), &json!({"payOut": 971})),
            Verdict::Late { .. } => with(honest.clone(), &json!({"soldDate": "2026-01-03"})),
            Verdict::Early { .. } => with(honest.clone(), &json!({"soldDate": "2026-01-01"})),
            ref other => panic!("{other:?}"),
        };
        assert_eq!(seen, expected, "{}", word.name);
        let day = |day: &str| format!("/v1/settlements?startDate={day}&endDate={day}");
        if let Some(listed) = row["soldDate"].as_str() {
            assert_eq!(shop.get(&day(listed)).await.json(), rows, "{}", word.name);
        }
        if seen["soldDate"] != "2026-01-02" {
            assert_eq!(shop.get(&day("2026-01-02")).await.json(), json!([]), "{}", word.name);
        }
        assert_eq!(shop.psp.applied().len(), 1, "{}", word.name);
    }
}

/// Takes down what comes, as it comes.
#[derive(Default)]
struct Letterbox(Mutex<Vec<(Headers, Bytes)>>);

type Headers = Vec<(String, String)>;

impl Deliver for Letterbox {
    fn deliver(
        &self,
        _: String,
        headers: Headers,
        body: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>> {
        self.0.lock().unwrap().push((headers, body));
        Box::pin(async { Ok(200) })
    }
}

fn serve(psp: &FakePsp) -> (Arc<Letterbox>, JoinSet<()>) {
    let (letters, mut tasks) = (Arc::new(Letterbox::default()), JoinSet::new());
    let (psp, carried) = (psp.clone(), letters.clone());
    tasks.spawn(async move { psp.serve(Silent, carried, std::future::pending()).await });
    (letters, tasks)
}

#[tokio::test(start_paused = true)]
async fn every_verdict_on_webhooks() {
    for word in Vocabulary::default().verdicts {
        if !word.example.fits(Endpoint::Webhook) || word.example == Verdict::Pass {
            continue;
        }
        let (shop, key) = ready(Endpoint::Webhook).await;
        let (letters, _served) = serve(&shop.psp);
        shop.break_with([(at(Endpoint::Webhook), word.example.clone())]);
        visit(&shop, Endpoint::Confirm, &key).await;
        sleep(Duration::from_secs(1)).await;
        let soon = letters.0.lock().unwrap().clone();
        sleep(Duration::from_secs(7_200)).await;
        let all = letters.0.lock().unwrap().len();
        let expected = match word.example {
            Verdict::Delay { .. } | Verdict::Reorder => (0, 1),
            Verdict::Drop => (0, 0),
            Verdict::Duplicate { .. } | Verdict::Forge { .. } => (2, 2),
            _ => (1, 1),
        };
        assert_eq!((soon.len(), all), expected, "{}", word.name);
        let body = soon.first().map(|(_, body)| serde_json::from_slice::<Value>(body));
        match word.example {
            Verdict::CutBody => assert!(body.unwrap().is_err()),
            Verdict::ClockOff { .. } => {
                let body = body.unwrap().unwrap();
                assert_eq!(body["createdAt"], "2026-01-02T10:21:00.000000");
                assert_eq!(body["data"]["approvedAt"], "2026-01-02T10:21:00+09:00");
                let time = soon[0].0.iter().find(|(name, _)| name.ends_with("transmission-time"));
                assert_eq!(time.unwrap().1, "2026-01-02T10:21:00+09:00");
            }
            _ => {}
        }
        assert_eq!(shop.psp.applied()[0].verdict, word.example);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deposit_callback_with_a_wrong_secret() {
    let (shop, key) = ready(Endpoint::Deposit).await;
    let (letters, _served) = serve(&shop.psp);
    let on = Match {
        event: Some(fake_psp::EventType::DepositCallback),
        times: Some(1),
        ..at(Endpoint::Webhook)
    };
    shop.break_with([(on, Verdict::WrongSecret)]);
    shop.psp.deposit(&key, 1_000, None).unwrap();
    shop.psp.reverse_deposit(&key).unwrap();
    sleep(Duration::from_secs(1)).await;
    let secret = shop.get(&format!("/v1/payments/{key}")).await.json()["secret"].clone();
    let letters = letters.0.lock().unwrap().clone();
    let bodies = letters.iter().map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
    let callbacks: Vec<_> = bodies.filter(|body| body.get("secret").is_some()).collect();
    assert_eq!(callbacks.len(), 2);
    assert_ne!(callbacks[0]["secret"], secret);
    assert_eq!(callbacks[1]["secret"], secret, "struck once only");
}
