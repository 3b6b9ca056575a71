//! A buyer: shops, pays in the PSP's window, comes back, and remembers every word.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::Full;
use hyper::{Method, Request, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use system::transport::{Answer, HttpClient};
use tokio::time::sleep;

use super::{env::SimDial, hosts::PSP};
use crate::{
    engine::{HostClock, HostHandle},
    oracle::{TellTale, Told},
    plan::{CARD, Habit, Purchase},
};

/// How long a buyer waits for a page.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a buyer asks the shop the same thing before giving up.
const TRIES: usize = 6;

/// What all buyers were told, in order.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Vec<TellTale>>>);

impl History {
    fn add(&self, line: TellTale) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// A copy of the lines.
    pub fn lines(&self) -> Vec<TellTale> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a crowd of buyers shares.
#[derive(Clone)]
pub struct Shop {
    pub history: History,
    /// Buyers who have not left yet.
    pub shopping: Arc<AtomicUsize>,
    /// Addresses of the payment service.
    pub urls: Vec<String>,
}

/// One buyer at work.
struct Buyer {
    purchase: Purchase,
    shop: Shop,
    http: HttpClient,
    clock: HostClock,
    /// Which replica the buyer's requests go to; the next one after a failure.
    replica: usize,
}

/// Carries one purchase out.
pub async fn buyer(host: HostHandle, purchase: Purchase, shop: Shop) {
    sleep(Duration::from_millis(purchase.at_ms)).await;
    let replica = purchase.at_ms as usize;
    let http = HttpClient::new(Arc::new(SimDial(host.clone())));
    let mut buyer = Buyer { purchase, shop, http, clock: host.clock(), replica };
    let status = buyer.buy("").await;
    if status.as_deref() == Some("FAILURE") && buyer.purchase.has(Habit::BuyAgain) {
        sleep(Duration::from_secs(20)).await;
        buyer.purchase.habits.clear();
        buyer.buy("-again").await;
    }
    buyer.shop.shopping.fetch_sub(1, Ordering::Relaxed);
}

/// What the PSP's window sends a buyer back with.
#[derive(Debug, Clone)]
struct Redirect {
    payment_key: String,
    order_id: String,
    amount: String,
}

impl Buyer {
    /// From checkout to a final status. `None`: the buyer left, or never learned.
    async fn buy(&mut self, again: &str) -> Option<String> {
        let order_id = self.checkout(again).await?;
        if self.purchase.has(Habit::WalkAwayEarly) {
            return None;
        }
        let back = self.pay(&order_id).await?;
        for habit in self.purchase.habits.clone() {
            if let Habit::LateReturn(seconds) = habit {
                sleep(Duration::from_secs(seconds)).await;
            }
        }
        if self.purchase.has(Habit::Tampered) {
            self.tamper(&back[0]).await;
        }
        let mut status = self.confirm(&back).await;
        for (n, wait) in [3, 5, 10, 20, 60, 180, 600].into_iter().enumerate() {
            if matches!(status.as_deref(), Some("SUCCESS" | "FAILURE")) {
                break;
            }
            sleep(Duration::from_secs(wait)).await;
            status = self.look(&order_id).await.or(status);
            if n == 2 && status.as_deref() == Some("NOT_STARTED") {
                // The confirmation never arrived: the buyer reloads the page.
                status = self.confirm(&back).await;
            }
        }
        for habit in self.purchase.habits.clone() {
            if let Habit::LookLater(minutes) = habit {
                sleep(Duration::from_secs(minutes * 60)).await;
                status = self.look(&order_id).await.or(status);
            }
        }
        status
    }

    /// Opens a checkout; returns the order's id.
    async fn checkout(&mut self, again: &str) -> Option<String> {
        let items = self.purchase.items.iter();
        let items: Vec<_> = items
            .map(|(seller, amount)| json!({ "seller_id": seller, "amount": amount.to_string() }))
            .collect();
        let name = self.purchase.name.clone();
        let key = format!("{name}{again}");
        let mut body = json!({
            "buyer_id": name, "order_name": name, "currency": "KRW", "items": items,
        });
        for n in 0..TRIES {
            let clicks =
                if n == 0 && self.purchase.has(Habit::DoubleClickCheckout) { 2 } else { 1 };
            let order_id = self.click_checkout(&key, &body, clicks).await;
            if order_id.is_some() {
                if self.purchase.has(Habit::KeyReused) {
                    body["buyer_id"] = json!("somebody-else");
                    self.click_checkout(&key, &body, 1).await;
                }
                return order_id;
            }
            sleep(Duration::from_secs(2 + n as u64 * 4)).await;
        }
        None
    }

    async fn click_checkout(&mut self, key: &str, body: &Value, clicks: usize) -> Option<String> {
        let buyer = &*self;
        let click = || async {
            let asked_at = buyer.clock.now();
            let answer = buyer.post("/v1/checkouts", body, Some(key), PATIENCE).await;
            buyer.note_checkout(asked_at, key, body, answer.ok().as_ref())
        };
        let answers = join_all((0..clicks).map(|_| click())).await;
        if answers.contains(&None) {
            self.replica += 1;
        }
        answers.into_iter().flatten().next()
    }

    /// Notes the whole answer to a checkout; returns the order's id, if it tells one.
    fn note_checkout(
        &self,
        asked_at: Timestamp,
        key: &str,
        body: &Value,
        answer: Option<&Answer>,
    ) -> Option<String> {
        let Some(answer) = answer else {
            self.note(asked_at, None, "checkout", Told::Nothing("no answer".to_owned()));
            return None;
        };
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let order_id = json["order_id"].as_str().map(str::to_owned);
        let (key, request, status) = (key.to_owned(), body.to_string(), answer.status.as_u16());
        let told = Told::Keyed { key, request, status, body: text };
        self.note(asked_at, order_id.as_deref(), "checkout", told);
        order_id
    }

    /// Pays in the PSP's window. `None`: the buyer left, was declined, or could not get there.
    async fn pay(&mut self, order_id: &str) -> Option<Vec<Redirect>> {
        let tabs = if self.purchase.has(Habit::TwoTabs) { 2 } else { 1 };
        let mut back = Vec::new();
        for _ in 0..tabs {
            let window = self.open_window(order_id).await?;
            let deed = match () {
                () if self.purchase.has(Habit::CloseWindow) => "close",
                () if self.purchase.has(Habit::Declined) => "decline",
                () => "approve",
            };
            let location = self.form(&format!("http://{PSP}{window}/{deed}"), "").await?;
            if deed != "approve" {
                return None;
            }
            back.push(redirect(&location)?);
        }
        Some(back)
    }

    async fn open_window(&mut self, order_id: &str) -> Option<String> {
        let mut form = format!(
            "orderId={order_id}&orderName={}&amount={}&currency=KRW\
             &successUrl=http://shop/success&failUrl=http://shop/fail",
            self.purchase.name,
            self.purchase.total()
        );
        if self.purchase.method != CARD {
            form.push_str(&format!("&method={}", self.purchase.method));
        }
        self.form(&format!("http://{PSP}/window/payments"), &form).await
    }

    /// Sends a form to the PSP's window, again if need be; returns where it redirects to.
    async fn form(&mut self, url: &str, form: &str) -> Option<String> {
        for _ in 0..TRIES {
            let request = Request::post(url)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::from(form.to_owned())))
                .expect("a fixed URL");
            let answer = self.http.send(request, PATIENCE).await;
            let location = answer.ok().and_then(|answer| {
                let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
                Some(location.to_owned())
            });
            if location.is_some() {
                return location;
            }
            sleep(Duration::from_secs(4)).await;
        }
        None
    }

    /// Confirms with another amount: that must be refused.
    async fn tamper(&mut self, back: &Redirect) {
        let cheap = Redirect { amount: "100".to_owned(), ..back.clone() };
        let asked_at = self.clock.now();
        let answer = self.post("/v1/payments/confirm", &body(&cheap), None, PATIENCE).await;
        self.note_status(asked_at, &back.order_id, "tampered confirm", answer.ok().as_ref());
    }

    /// Confirms every payment that came back; returns the last status told.
    async fn confirm(&mut self, back: &[Redirect]) -> Option<String> {
        let patience =
            if self.purchase.has(Habit::Impatient) { Duration::from_millis(700) } else { PATIENCE };
        let clicks = if self.purchase.has(Habit::DoubleClickConfirm) { 2 } else { 1 };
        let mut status = None;
        for _ in 0..TRIES {
            let buyer = &*self;
            let click = |back: Redirect| async move {
                let asked_at = buyer.clock.now();
                let answer = buyer.post("/v1/payments/confirm", &body(&back), None, patience).await;
                let heard = answer.is_ok();
                let answer = answer.ok();
                let status =
                    buyer.note_status(asked_at, &back.order_id, "confirm", answer.as_ref());
                (heard, status)
            };
            let clicks = back.iter().flat_map(|back| std::iter::repeat_n(back.clone(), clicks));
            let answers = join_all(clicks.map(click)).await;
            let heard = answers.iter().any(|(heard, _)| *heard);
            status = answers.into_iter().filter_map(|(_, status)| status).next_back().or(status);
            if heard || self.purchase.has(Habit::Impatient) {
                break;
            }
            self.replica += 1;
            sleep(Duration::from_secs(5)).await;
        }
        status
    }

    /// Looks at the status page.
    async fn look(&mut self, order_id: &str) -> Option<String> {
        let url = format!("{}/v1/payments/{order_id}", self.url());
        let request = Request::get(url).body(Full::default()).expect("a fixed URL");
        let asked_at = self.clock.now();
        let answer = self.http.send(request, PATIENCE).await;
        if answer.is_err() {
            self.replica += 1;
        }
        self.note_status(asked_at, order_id, "status", answer.ok().as_ref())
    }

    fn url(&self) -> &str {
        &self.shop.urls[self.replica % self.shop.urls.len()]
    }

    async fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
        patience: Duration,
    ) -> Result<Answer, system::transport::CallError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.url()))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(Bytes::from(body.to_string())));
        self.http.send(request.expect("a fixed URL"), patience).await
    }

    /// Notes what an answer says of a payment; returns the status, if it tells one.
    fn note_status(
        &self,
        asked_at: Timestamp,
        order_id: &str,
        asked: &'static str,
        answer: Option<&Answer>,
    ) -> Option<String> {
        let (told, status) = match answer {
            None => (Told::Nothing("no answer".to_owned()), None),
            Some(answer) => {
                let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                match json["payment_orders"].is_array() {
                    true => {
                        let status = json["status"].as_str().unwrap_or_default().to_owned();
                        (Told::Status(status.clone()), Some(status))
                    }
                    false => {
                        let kind = json["type"].as_str().unwrap_or("unreadable").to_owned();
                        (Told::Refused(answer.status.as_u16(), kind), None)
                    }
                }
            }
        };
        self.note(asked_at, Some(order_id), asked, told);
        status
    }

    fn note(&self, asked_at: Timestamp, order_id: Option<&str>, asked: &'static str, told: Told) {
        let at: Timestamp = self.clock.now();
        tracing::info!(purchase = self.purchase.name, order = order_id, asked, ?told, "buyer told");
        let (purchase, order_id) = (self.purchase.name.clone(), order_id.map(str::to_owned));
        self.shop.history.add(TellTale { asked_at, at, purchase, order_id, asked, told });
    }
}

fn body(back: &Redirect) -> Value {
    json!({ "paymentKey": back.payment_key, "orderId": back.order_id, "amount": back.amount })
}

/// Reads the query of the success URL.
fn redirect(location: &str) -> Option<Redirect> {
    let url = url::Url::parse(location).ok()?;
    let find = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    Some(Redirect {
        payment_key: find("paymentKey")?,
        order_id: find("orderId")?,
        amount: find("amount")?,
    })
}
