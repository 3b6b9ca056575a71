//! Buyers who pay over HTTP as a browser would, do not give up easily, and remember what they
//! were told.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use sim::oracle::{Asked, TellTale, Told};
use system::kernel::{Clock, SystemClock};
use tokio::time::Instant;
use url::Url;

use crate::{
    System,
    http::{Answer, Ask},
    pause,
};

/// How long one purchase may take from beginning to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// What everybody was told, in order.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Vec<TellTale>>>);

impl History {
    /// A copy of the lines.
    pub fn lines(&self) -> Vec<TellTale> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, line: TellTale) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// One purchase. Its name also is the order's, and must be unique in a test: one purchase is to
/// be charged at most once.
#[derive(Debug, Clone)]
pub struct Buyer {
    pub name: String,
    /// Seller and won.
    pub items: Vec<(String, i64)>,
    /// Addresses of the payment service: the next one is tried when one does not answer.
    pub shops: Vec<String>,
    pub psp: String,
    pub history: History,
    /// Clicks at once, each time.
    pub clicks: usize,
    /// How many cards are tried for the order, one after the other was declined.
    pub cards: usize,
}

/// What the PSP's window sends a buyer back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    pub payment_key: String,
    pub order_id: String,
    pub amount: String,
}

impl Buyer {
    /// A buyer at `system` who clicks once.
    pub fn new(system: &System, history: &History, name: &str, items: &[(&str, i64)]) -> Self {
        Self {
            name: name.to_owned(),
            items: items.iter().map(|(seller, amount)| ((*seller).to_owned(), *amount)).collect(),
            shops: system.urls("payment"),
            psp: system.url("psp").to_owned(),
            history: history.clone(),
            clicks: 1,
            cards: 1,
        }
    }

    /// From the checkout to a final status, which is returned. Whatever does not succeed is tried
    /// again at the next replica.
    ///
    /// # Panics
    /// If there is no final status in time.
    pub async fn buy(&self) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (mut order_id, mut back, mut status) = (None, None, None);
        let mut cards = self.cards;
        for turn in 0.. {
            let shop = &self.shops[turn % self.shops.len()];
            match (&order_id, &back, &status) {
                (None, _, _) => order_id = self.checkout(shop).await,
                (Some(order_id), None, _) => back = self.approve(order_id).await,
                (_, Some(back), None) => status = self.confirm(shop, back).await,
                (Some(order_id), _, Some(_)) => {
                    status = self.look(shop, order_id).await.or(status);
                }
            }
            match status.as_deref() {
                Some("FAILURE") if cards > 1 => {
                    (cards, back, status) = (cards - 1, None, None);
                }
                Some(end @ ("SUCCESS" | "FAILURE")) => return end.to_owned(),
                _ => {}
            }
            let told = self.history.lines().into_iter().rfind(|line| line.purchase == self.name);
            assert!(Instant::now() < deadline, "{} has waited in vain; last: {told:?}", self.name);
            pause(200).await;
        }
        unreachable!("the deadline comes first")
    }

    /// Opens a checkout, always under the same key; returns the order's id.
    async fn checkout(&self, shop: &str) -> Option<String> {
        let items = self.items.iter();
        let items = items.map(|(id, won)| json!({"seller_id": id, "amount": won.to_string()}));
        let body = json!({
            "buyer_id": self.name, "order_name": self.name, "currency": "KRW",
            "items": items.collect::<Vec<_>>(),
        });
        let clicks = (0..self.clicks).map(|_| async {
            let asked_at = now();
            let ask = Ask::post(format!("{shop}/v1/checkouts")).json(&body);
            let told = ask.header("idempotency-key", &self.name).send().await;
            self.note_keyed(asked_at, &body, told)
        });
        futures::future::join_all(clicks).await.into_iter().flatten().next()
    }

    /// Pays in the PSP's window.
    async fn approve(&self, order_id: &str) -> Option<Redirect> {
        let won: i64 = self.items.iter().map(|(_, won)| won).sum();
        let form = format!(
            "orderId={order_id}&orderName={}&amount={won}&currency=KRW\
             &successUrl=http://shop.test/success&failUrl=http://shop.test/fail",
            self.name
        );
        let opened = Ask::post(format!("{}/window/payments", self.psp)).form(&form).send().await;
        let window = opened.ok()?.header("location").to_owned();
        let approve = Ask::post(format!("{}{window}/approve", self.psp)).send().await;
        redirect(approve.ok()?.header("location"))
    }

    /// Comes back to the shop; `Some` once it has answered with a status.
    async fn confirm(&self, shop: &str, back: &Redirect) -> Option<String> {
        let body = json!({
            "paymentKey": back.payment_key, "orderId": back.order_id, "amount": back.amount,
        });
        let clicks = (0..self.clicks).map(|_| async {
            let asked_at = now();
            let told = Ask::post(format!("{shop}/v1/payments/confirm")).json(&body).send().await;
            let about = (back.order_id.as_str(), Some(back.payment_key.as_str()));
            self.note_status(asked_at, about, Asked::Confirm, told)
        });
        futures::future::join_all(clicks).await.into_iter().flatten().next()
    }

    /// Looks at the status.
    async fn look(&self, shop: &str, order_id: &str) -> Option<String> {
        let asked_at = now();
        let told = Ask::get(format!("{shop}/v1/payments/{order_id}")).send().await;
        self.note_status(asked_at, (order_id, None), Asked::Status, told)
    }

    fn note_keyed(
        &self,
        asked_at: Timestamp,
        asked: &Value,
        told: Result<Answer, String>,
    ) -> Option<String> {
        let answer = match told {
            Ok(answer) => answer,
            Err(error) => {
                self.note(asked_at, (None, None), Asked::Checkout, Told::Nothing(error));
                return None;
            }
        };
        let order_id = answer.json()["order_id"].as_str().map(str::to_owned);
        let (key, request) = (self.name.clone(), asked.to_string());
        let retry_after = retry_after(&answer);
        let told =
            Told::Keyed { key, request, status: answer.status, body: answer.body, retry_after };
        self.note(asked_at, (order_id.as_deref(), None), Asked::Checkout, told);
        order_id
    }

    fn note_status(
        &self,
        asked_at: Timestamp,
        (order_id, payment_key): (&str, Option<&str>),
        asked: Asked,
        told: Result<Answer, String>,
    ) -> Option<String> {
        let told = match told {
            Err(error) => Told::Nothing(error),
            Ok(answer) => Told::read(answer.status, answer.body.as_bytes(), retry_after(&answer)),
        };
        let status = match &told {
            Told::Payment(page) => Some(page.status.clone()),
            _ => None,
        };
        self.note(asked_at, (Some(order_id), payment_key), asked, told);
        status
    }

    fn note(
        &self,
        asked_at: Timestamp,
        (order_id, payment_key): (Option<&str>, Option<&str>),
        asked: Asked,
        told: Told,
    ) {
        self.history.add(TellTale {
            asked_at,
            at: now(),
            purchase: self.name.clone(),
            order_id: order_id.map(str::to_owned),
            payment_key: payment_key.map(str::to_owned),
            asked,
            replica: 0,
            told,
        });
    }
}

fn retry_after(answer: &Answer) -> Option<u64> {
    answer.header("retry-after").parse().ok()
}

/// Reads the query of the success URL; `None` if it is another URL.
fn redirect(location: &str) -> Option<Redirect> {
    let url = Url::parse(location).ok()?;
    let find = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    Some(Redirect {
        payment_key: find("paymentKey")?,
        order_id: find("orderId")?,
        amount: find("amount")?,
    })
}

fn now() -> Timestamp {
    SystemClock.now()
}
