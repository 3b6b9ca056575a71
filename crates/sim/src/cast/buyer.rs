//! A buyer: shops, pays in the PSP's window, comes back, and remembers every word.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::{join, join_all};
use serde_json::{Value, json};
use system::transport::HttpClient;
use tokio::time::sleep;

use super::{asking::About, env::SimDial};
use crate::{
    engine::{HostClock, HostHandle},
    oracle::{Asked, TellTale},
    plan::{Habit, Purchase},
};

/// How long a buyer waits for a page.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// How often a buyer asks the shop the same thing before giving up.
pub(super) const TRIES: usize = 6;

/// What all buyers were told, in order.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Vec<TellTale>>>);

impl History {
    pub(super) fn add(&self, line: TellTale) {
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
    /// Payments that were confirmed, each with its purchase: what a thief may come by.
    pub confirmed: Arc<Mutex<Vec<(String, String)>>>,
}

/// One buyer at work.
pub(super) struct Buyer {
    pub(super) purchase: Purchase,
    pub(super) shop: Shop,
    pub(super) http: HttpClient,
    pub(super) clock: HostClock,
    /// Which replica the buyer's requests go to; the next one after a failure.
    pub(super) replica: usize,
}

/// Carries one purchase out.
pub async fn buyer(host: HostHandle, purchase: Purchase, shop: Shop) {
    sleep(Duration::from_millis(purchase.at_ms)).await;
    let replica = purchase.at_ms as usize;
    let http = HttpClient::new(Arc::new(SimDial(host.clone())));
    let front = purchase.is_from_the_front_page();
    let mut buyer = Buyer { purchase, shop, http, clock: host.clock(), replica };
    let status = buyer.buy("").await;
    if status.as_deref() == Some("FAILURE") && buyer.purchase.has(Habit::BuyAgain) {
        sleep(Duration::from_secs(20)).await;
        buyer.purchase.habits = if front { vec![Habit::Browser] } else { Vec::new() };
        buyer.buy("-again").await;
    }
    buyer.shop.shopping.fetch_sub(1, Ordering::Relaxed);
}

/// What the PSP's window sends a buyer back with.
#[derive(Debug, Clone)]
pub(super) struct Redirect {
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) amount: String,
}

impl Buyer {
    /// From checkout to a final status. `None`: the buyer left, or never learned.
    async fn buy(&mut self, again: &str) -> Option<String> {
        let order_id = self.checkout(again).await?;
        let voids = self.purchase.habits.iter().find_map(|habit| match habit {
            Habit::Voided(seconds) => Some(Duration::from_secs(*seconds)),
            _ => None,
        });
        let Some(after) = voids else { return self.shop_on(order_id, again).await };
        let mut clerk = self.another();
        let taken_back = order_id.clone();
        join(self.shop_on(order_id, again), clerk.void(&taken_back, after)).await.0
    }

    /// With an order, to a final status.
    async fn shop_on(&mut self, order_id: String, again: &str) -> Option<String> {
        if self.purchase.has(Habit::UnknownOrder) {
            let nobodys = format!("{order_id}x");
            self.look_as(Asked::UnknownOrder, &nobodys).await;
        }
        if self.purchase.has(Habit::WalkAwayEarly) {
            return None;
        }
        let back = self.pay(&order_id).await?;
        for habit in self.purchase.habits.clone() {
            if let Habit::LateReturn(seconds) = habit {
                sleep(Duration::from_secs(seconds)).await;
            }
        }
        self.try_wrong_ones(&back[0]).await;
        let mut status = match self.purchase.has(Habit::FalseWebhook) {
            false => self.confirm(&back).await,
            // Once more while the shop is at it.
            true => {
                let liar = self.another();
                let pose = async {
                    sleep(Duration::from_secs(1)).await;
                    liar.pose_as_psp(&back[0], 2).await;
                };
                join(self.confirm(&back), pose).await.0
            }
        };
        status = self.follow(&back, status).await;
        if status.as_deref() == Some("FAILURE") && self.purchase.has(Habit::SecondCard) {
            status = self.pay_otherwise(&back[0]).await.or(status);
        }
        for habit in self.purchase.habits.clone() {
            if let Habit::LookLater(minutes) = habit {
                sleep(Duration::from_secs(minutes * 60)).await;
                status = self.look(&order_id).await.or(status);
            }
            if let Habit::CheckoutAgain(seconds) = habit {
                sleep(Duration::from_secs(seconds)).await;
                let (key, body) = self.cart(again);
                self.checkout_once(Asked::Checkout, self.replica, &key, &body).await;
            }
        }
        status
    }

    /// Looks again until the payment is final, or nothing seems to come of it.
    async fn follow(&mut self, back: &[Redirect], told: Option<String>) -> Option<String> {
        let mut status = told;
        for (n, wait) in [3, 5, 10, 20, 60, 180, 600].into_iter().enumerate() {
            if matches!(status.as_deref(), Some("SUCCESS" | "FAILURE")) {
                break;
            }
            sleep(Duration::from_secs(wait)).await;
            status = self.look(&back[0].order_id).await.or(status);
            if n == 2 && status.as_deref() == Some("NOT_STARTED") {
                // The confirmation never arrived: the buyer reloads the page.
                status = self.confirm(back).await;
            }
        }
        status
    }

    /// Pays for the same order with another card, now without doing anything else that is unusual, but
    /// that the page of the first one is loaded again in the end.
    async fn pay_otherwise(&mut self, first: &Redirect) -> Option<String> {
        sleep(Duration::from_secs(15)).await;
        self.purchase.habits.retain(|habit| matches!(habit, Habit::Browser | Habit::BuyAgain));
        let back = self.pay(&first.order_id).await?;
        let status = self.confirm(&back).await;
        let status = self.follow(&back, status).await;
        let (_, last) = self.confirm_once(Asked::Confirm, self.replica, first, PATIENCE).await;
        last.or(status)
    }

    /// What a checkout is asked for: its key and its body.
    fn cart(&self, again: &str) -> (String, Value) {
        let items = self.purchase.items.iter();
        let items: Vec<_> = items
            .map(|(seller, amount)| json!({ "seller_id": seller, "amount": self.purchase.spell(*amount) }))
            .collect();
        let name = &self.purchase.name;
        let body = json!({
            "buyer_id": name, "order_name": name, "currency": self.purchase.currency, "items": items,
        });
        (format!("{name}{again}"), body)
    }

    /// Opens a checkout; returns the order's id.
    async fn checkout(&mut self, again: &str) -> Option<String> {
        if self.purchase.is_from_the_front_page() {
            return self.order_at_the_front().await;
        }
        let (key, mut body) = self.cart(again);
        for n in 0..TRIES {
            let clicks =
                if n == 0 && self.purchase.has(Habit::DoubleClickCheckout) { 2 } else { 1 };
            let order_id = self.click_checkout(&key, &body, clicks, n == 0).await;
            if order_id.is_some() {
                if self.purchase.has(Habit::KeyReused) {
                    body["buyer_id"] = json!("somebody-else");
                    self.checkout_once(Asked::OtherBody, self.replica, &key, &body).await;
                }
                return order_id;
            }
            sleep(Duration::from_secs(2 + n as u64 * 4)).await;
        }
        None
    }

    /// Clicks, at different replicas; a racing request with the same key and another body is on
    /// its way at the same time.
    async fn click_checkout(
        &mut self,
        key: &str,
        body: &Value,
        clicks: usize,
        first: bool,
    ) -> Option<String> {
        let buyer = &*self;
        let race = async {
            if first && buyer.purchase.has(Habit::KeyRaced) {
                sleep(Duration::from_millis(2)).await;
                let mut other = body.clone();
                other["order_name"] = json!(format!("{}-raced", buyer.purchase.name));
                buyer.checkout_once(Asked::OtherBody, buyer.replica + 1, key, &other).await;
            }
        };
        let click = |n| buyer.checkout_once(Asked::Checkout, buyer.replica + n, key, body);
        let (answers, ()) = join(join_all((0..clicks).map(click)), race).await;
        if answers.contains(&None) {
            self.replica += 1;
        }
        answers.into_iter().flatten().next()
    }

    async fn checkout_once(
        &self,
        asked: Asked,
        replica: usize,
        key: &str,
        body: &Value,
    ) -> Option<String> {
        let asked_at = self.clock.now();
        let answer = self.post(replica, "/v1/checkouts", body, Some(key), PATIENCE).await;
        self.note_keyed((asked, replica), asked_at, (key, body), answer.ok().as_ref())
    }

    /// Confirms with another amount, with somebody else's payment, with one that does not exist.
    async fn try_wrong_ones(&mut self, back: &Redirect) {
        if self.purchase.has(Habit::FalseWebhook) {
            self.pose_as_psp(back, 1).await;
        }
        if self.purchase.has(Habit::Tampered) {
            let cheap = Redirect { amount: "100".to_owned(), ..back.clone() };
            self.confirm_once(Asked::Tampered, self.replica, &cheap, PATIENCE).await;
        }
        if self.purchase.has(Habit::ForeignKey)
            && let Some(payment_key) = self.somebody_elses()
        {
            let foreign = Redirect { payment_key, ..back.clone() };
            self.confirm_once(Asked::ForeignKey, self.replica, &foreign, PATIENCE).await;
        }
        if self.purchase.has(Habit::BogusKey) {
            let payment_key = format!("{}x", back.payment_key);
            let bogus = Redirect { payment_key, ..back.clone() };
            self.confirm_once(Asked::BogusKey, self.replica, &bogus, PATIENCE).await;
        }
    }

    /// The same buyer in another window.
    pub(super) fn another(&self) -> Self {
        let (purchase, shop, http) = (self.purchase.clone(), self.shop.clone(), self.http.clone());
        Self { purchase, shop, http, clock: self.clock.clone(), replica: self.replica + 1 }
    }

    /// A webhook like the PSP's: anyone can send one.
    async fn pose_as_psp(&self, back: &Redirect, amount: i64) {
        let event = json!({
            "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-03-02T22:30:00.000000",
            "data": {
                "paymentKey": back.payment_key, "orderId": back.order_id, "status": "DONE",
                "totalAmount": amount,
            },
        });
        let answer = self.post(self.replica, "/v1/webhooks/toss", &event, None, PATIENCE).await;
        let status = answer.map_or(0, |answer| answer.status.as_u16());
        tracing::info!(order = back.order_id, status, "posed as the PSP");
    }

    /// A payment that was confirmed for another purchase.
    fn somebody_elses(&self) -> Option<String> {
        let confirmed = self.shop.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        let other = confirmed.iter().rev().find(|(whose, _)| *whose != self.purchase.name);
        other.map(|(_, key)| key.clone())
    }

    /// A payment that the shop has taken for this purchase is one that a thief can try.
    fn remember(&self, back: &Redirect) {
        let mut confirmed = self.shop.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.push((self.purchase.name.clone(), back.payment_key.clone()));
    }

    async fn confirm_once(
        &self,
        asked: Asked,
        replica: usize,
        back: &Redirect,
        patience: Duration,
    ) -> (bool, Option<String>) {
        if self.purchase.has(Habit::Browser) && matches!(asked, Asked::Confirm | Asked::Tampered) {
            return self.land(asked, back, patience).await;
        }
        let asked_at = self.clock.now();
        let answer =
            self.post(replica, "/v1/payments/confirm", &body(back), None, patience).await.ok();
        let about = About::payment(back);
        let status = self.note_payment((asked, replica), asked_at, about, answer.as_ref());
        (answer.is_some(), status)
    }

    /// Confirms every payment that came back; returns the last status told.
    async fn confirm(&mut self, back: &[Redirect]) -> Option<String> {
        let patience =
            if self.purchase.has(Habit::Impatient) { Duration::from_millis(700) } else { PATIENCE };
        let clicks = if self.purchase.has(Habit::DoubleClickConfirm) { 2 } else { 1 };
        let mut status = None;
        for _ in 0..TRIES {
            let buyer = &*self;
            // Different replicas: what one is doing the other does not know.
            let clicks = back.iter().flat_map(|back| std::iter::repeat_n(back, clicks));
            // At once, or just after the first was begun.
            let apart = Duration::from_millis(buyer.purchase.at_ms % 3 * 40);
            let click = async |(n, back)| {
                sleep(apart * n as u32).await;
                buyer.confirm_once(Asked::Confirm, buyer.replica + n, back, patience).await
            };
            let answers = join_all(clicks.clone().enumerate().map(click)).await;
            for (back, _) in clicks.zip(&answers).filter(|(_, (_, status))| status.is_some()) {
                self.remember(back);
            }
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
}

fn body(back: &Redirect) -> Value {
    json!({ "paymentKey": back.payment_key, "orderId": back.order_id, "amount": back.amount })
}
