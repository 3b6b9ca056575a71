//! What comes to the window: a browser's requests, or those of a scripted shopper.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, request::Parts},
};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::{
    Endpoint, FakePsp,
    api::{self, fields},
    fault::Subject,
    model::BillingAuth,
    world::{Core, World},
};

/// A form of the window is a few hundred bytes.
const LARGEST_FORM: usize = 64 * 1024;

/// One request.
pub(super) struct Visit {
    pub(super) parts: Parts,
    /// What was sent: the body's fields, and those of the query.
    pub(super) form: Value,
    pub(super) english: bool,
    /// The language was chosen on a page (or by the shop's script), not by the browser's settings.
    is_chosen: bool,
    /// The origin of the shop's page, if the window is a frame in it: that page is told how the
    /// window ends.
    pub(super) frame: Option<String>,
}

impl Visit {
    pub(super) async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, LARGEST_FORM).await.unwrap_or_default();
        let mut form = read_fields(&parts.headers, &body);
        if let Some(form) = form.as_object_mut() {
            for (name, value) in fields::query(parts.uri.query().unwrap_or_default()) {
                form.entry(name).or_insert(Value::String(value));
            }
        }
        let chosen = match fields::text(&form, "lang").as_deref() {
            Some("ko") => Some(false),
            Some("en") => Some(true),
            _ => None,
        };
        let english = chosen.unwrap_or_else(|| api::english(&parts.headers));
        let frame = fields::text(&form, "frame").and_then(|frame| origin(&frame));
        Self { parts, form, english, is_chosen: chosen.is_some(), frame }
    }

    /// The query that takes the language and the frame along to the next page.
    pub(super) fn query(&self) -> String {
        self.query_in(self.is_chosen.then_some(self.english))
    }

    /// The query of this page in the other language.
    pub(super) fn other_language(&self) -> String {
        self.query_in(Some(!self.english))
    }

    fn query_in(&self, english: Option<bool>) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        query.extend_pairs(english.map(|english| ("lang", if english { "en" } else { "ko" })));
        query.extend_pairs(self.frame.as_ref().map(|frame| ("frame", frame)));
        let query = query.finish();
        if query == "?" { String::new() } else { query }
    }

    pub(super) fn field(&self, name: &str) -> Option<String> {
        fields::text(&self.form, name).filter(|value| !value.is_empty())
    }

    /// Does a script ask, which wants JSON rather than pages and redirects?
    pub(super) fn is_script(&self) -> bool {
        let accepted = self.parts.headers.get("accept").and_then(|value| value.to_str().ok());
        accepted.is_some_and(|accepted| accepted.starts_with("application/json"))
    }

    /// Does a person ask, who wants a page even where something is wrong?
    pub(super) fn is_person(&self) -> bool {
        let accepted = self.parts.headers.get("accept").and_then(|value| value.to_str().ok());
        accepted.is_some_and(|accepted| accepted.contains("text/html"))
    }

    /// Logs what happened in the window of a payment; `None` if there is no such payment.
    pub(super) fn of_payment<R>(
        &self,
        psp: &FakePsp,
        key: &str,
        act: impl FnOnce(&Core, &mut World, Timestamp) -> R,
    ) -> Option<R> {
        psp.with(|core, world, now| {
            let order_id = world.store.get(key).map(|payment| payment.order_id.clone());
            let subject = Subject {
                order_id: order_id.as_deref(),
                payment_key: Some(key),
                ..Subject::default()
            };
            let call = api::log_call(&mut world.calls, &self.parts, Endpoint::Window, now, subject);
            world.calls[call].answered(if order_id.is_some() { 303 } else { 404 }, None, now);
            order_id.map(|_| act(core, world, now))
        })
    }

    /// Likewise of a billing window.
    pub(super) fn of_billing<R>(
        &self,
        psp: &FakePsp,
        id: &str,
        act: impl FnOnce(&Core, &mut World, &BillingAuth, Timestamp) -> R,
    ) -> Option<R> {
        psp.with(|core, world, now| {
            let auth = world.billing_auth(id).cloned();
            let call = api::log_call(
                &mut world.calls,
                &self.parts,
                Endpoint::Window,
                now,
                Subject::default(),
            );
            world.calls[call].answered(if auth.is_some() { 303 } else { 404 }, None, now);
            auth.map(|auth| act(core, world, &auth, now))
        })
    }
}

/// Reads a form or a JSON object into one shape.
fn read_fields(headers: &HeaderMap, body: &Bytes) -> Value {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or(Value::Null);
    }
    let pairs = url::form_urlencoded::parse(body)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
    Value::Object(pairs.collect())
}

/// `https://shop.example` and nothing more.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}
