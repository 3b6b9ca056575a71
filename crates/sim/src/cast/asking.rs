//! What a buyer asks the shop, and the notes of every answer.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, header};
use jiff::Timestamp;
use serde_json::Value;
use system::transport::{Answer, CallError};

use super::buyer::{Buyer, PATIENCE, Redirect};
use crate::{
    oracle::{Asked, TellTale, Told},
    plan::Habit,
};

/// What an answer is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) order_id: Option<&'a str>,
    pub(super) payment_key: Option<&'a str>,
}

impl<'a> About<'a> {
    pub(super) fn order(order_id: &'a str) -> Self {
        Self { order_id: Some(order_id), payment_key: None }
    }

    pub(super) fn payment(back: &'a Redirect) -> Self {
        Self { order_id: Some(&back.order_id), payment_key: Some(&back.payment_key) }
    }
}

impl Buyer {
    /// Looks at the status page.
    pub(super) async fn look(&mut self, order_id: &str) -> Option<String> {
        let status = match self.purchase.has(Habit::Browser) {
            true => self.look_at_page(order_id).await,
            false => self.look_as(Asked::Status, order_id).await,
        };
        if status.is_none() {
            self.replica += 1;
        }
        status
    }

    /// Looks at the status page of any order.
    pub(super) async fn look_as(&self, asked: Asked, order_id: &str) -> Option<String> {
        let url = format!("{}/v1/payments/{order_id}", self.url(self.replica));
        let request = Request::get(url).body(Full::default()).expect("a fixed URL");
        let asked_at = self.clock.now();
        let answer = self.http.send(request, PATIENCE).await;
        let about = About::order(order_id);
        self.note_payment((asked, self.replica), asked_at, about, answer.ok().as_ref())
    }

    pub(super) fn url(&self, replica: usize) -> &str {
        &self.shop.urls[replica % self.shop.urls.len()]
    }

    /// Asks a replica of the payment service to do something.
    pub(super) async fn post(
        &self,
        replica: usize,
        path: &str,
        body: &Value,
        key: Option<&str>,
        patience: Duration,
    ) -> Result<Answer, CallError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.url(replica)))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(Bytes::from(body.to_string())));
        self.http.send(request.expect("a fixed URL"), patience).await
    }

    /// Notes the whole answer to a request with a key; returns the order's id, if it tells one.
    pub(super) fn note_keyed(
        &self,
        (asked, replica): (Asked, usize),
        asked_at: Timestamp,
        (key, body): (&str, &Value),
        answer: Option<&Answer>,
    ) -> Option<String> {
        let Some(answer) = answer else {
            let told = Told::Nothing("no answer".to_owned());
            self.note((asked, replica), asked_at, About::default(), told);
            return None;
        };
        // A browser is sent to its order, a program is told of it.
        let moved = answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        let whole = || String::from_utf8_lossy(&answer.body).into_owned();
        let text = moved.map_or_else(whole, str::to_owned);
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let moved = moved.and_then(|to| Some(to.rsplit_once("/checkout/")?.1));
        let order_id = json["order_id"].as_str().or(moved).map(str::to_owned);
        let (key, request, status) = (key.to_owned(), body.to_string(), answer.status.as_u16());
        let retry_after = retry_after(answer);
        let told = Told::Keyed { key, request, status, body: text, retry_after };
        let about = About { order_id: order_id.as_deref(), payment_key: None };
        self.note((asked, replica), asked_at, about, told);
        order_id
    }

    /// Notes what an answer says of a payment; returns the status, if it tells one.
    pub(super) fn note_payment(
        &self,
        who: (Asked, usize),
        asked_at: Timestamp,
        about: About<'_>,
        answer: Option<&Answer>,
    ) -> Option<String> {
        let told = answer.map_or_else(
            || Told::Nothing("no answer".to_owned()),
            |answer| Told::read(answer.status.as_u16(), &answer.body, retry_after(answer)),
        );
        let status = told.status().map(str::to_owned);
        self.note(who, asked_at, about, told);
        status
    }

    pub(super) fn note(
        &self,
        (asked, replica): (Asked, usize),
        asked_at: Timestamp,
        about: About<'_>,
        told: Told,
    ) {
        let at: Timestamp = self.clock.now();
        let purchase = self.purchase.name.clone();
        tracing::info!(purchase, order = about.order_id, ?asked, ?told, "buyer told");
        self.shop.history.add(TellTale {
            asked_at,
            at,
            purchase,
            order_id: about.order_id.map(str::to_owned),
            payment_key: about.payment_key.map(str::to_owned),
            asked,
            replica: replica % self.shop.urls.len(),
            told,
        });
    }
}

fn retry_after(answer: &Answer) -> Option<u64> {
    answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()
}
