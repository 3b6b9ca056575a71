//! Which requests, webhooks, rows and deposits a rule is about.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Between, Endpoint, Subject, glob};
use crate::{EventType, State, hint::nearest, model::Method};

/// Which requests (webhooks, rows, deposits) a rule is about. Everything that is given has to
/// hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Where; `*` (the default) is any request of the API.
    #[serde(default)]
    pub endpoint: Endpoint,
    /// Glob (`*`, `?`) over the order id *or* the order name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// This payment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_key: Option<String>,
    /// Payments of this total amount only, in the currency's smallest unit: won, yen, cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Payments of at least this total amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_amount: Option<i64>,
    /// Payments of at most this total amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<i64>,
    /// Cancels (and their settlement rows) of this amount only. A cancel that names no amount is
    /// of all that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_amount: Option<i64>,
    /// What the buyer pays with: `CARD`, `TRANSFER`, `VIRTUAL_ACCOUNT`, `EASY_PAY`, …, or its
    /// Korean name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The payment's status, before a request and as a webhook tells it: `IN_PROGRESS`, `DONE`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<State>,
    /// Webhooks of this event only: `PAYMENT_STATUS_CHANGED`, `DEPOSIT_CALLBACK`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventType>,
    /// Glob over the secret key that a request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Only in this stretch of the fake's time: two moments, or two hours of each day in Korea.
    /// Settlement rows go by the time of their approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<[String; 2]>")]
    pub between: Option<Between>,
    /// Only the n-th of its endpoint and order, counted from 1 since the programme was installed.
    /// For settlement rows: 1 is the approval, 2 the first cancel, and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// From the n-th of its endpoint and order on, counted likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_nth: Option<u32>,
    /// Strikes with this probability, 0 to 1; drawn by name, not by call order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Only each N-th of all that match, whatever order they are of. Not for settlement rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Strikes so often at most, then never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Match {
    /// Does everything hold that can be said without counting strikes and without chance?
    pub(super) fn is_about(
        &self,
        endpoint: Endpoint,
        subject: Subject<'_>,
        nth: u32,
        at: Timestamp,
    ) -> bool {
        let amount = subject.amount;
        self.endpoint.covers(endpoint)
            && self.nth.is_none_or(|wanted| wanted == nth)
            && self.from_nth.is_none_or(|first| first <= nth)
            && self.amount.is_none_or(|wanted| amount == Some(wanted))
            && self.min_amount.is_none_or(|least| amount.is_some_and(|amount| amount >= least))
            && self.max_amount.is_none_or(|most| amount.is_some_and(|amount| amount <= most))
            && self.cancel_amount.is_none_or(|wanted| subject.cancel_amount == Some(wanted))
            && self.payment_key.as_deref().is_none_or(|wanted| subject.payment_key == Some(wanted))
            && self.order.as_deref().is_none_or(|pattern| {
                [subject.order_id, subject.order_name]
                    .into_iter()
                    .any(|name| glob::matches(pattern, name.unwrap_or_default()))
            })
            && self.method.as_deref().is_none_or(|wanted| {
                subject.method.is_some_and(|method| Method::read(Some(wanted)) == Some(method))
            })
            && self.status.is_none_or(|wanted| subject.status == Some(wanted))
            && self.event.is_none_or(|wanted| subject.event == Some(wanted))
            && self.api_key.as_deref().is_none_or(|pattern| {
                subject.api_key.is_some_and(|key| glob::matches(pattern, key))
            })
            && self.between.as_ref().is_none_or(|between| between.has(at))
    }

    /// What in it can never hold, or makes no sense, and what to write instead.
    pub(super) fn nonsense(&self) -> Option<String> {
        let zero = |number: Option<u32>| number == Some(0);
        let endpoint = self.endpoint;
        let is_row = endpoint == Endpoint::SettlementFile;
        let problems = [
            (zero(self.nth), "`nth` counts from 1; write 1 for the first"),
            (zero(self.from_nth), "`from_nth` counts from 1; write 1 for the first"),
            (zero(self.every), "`every` is at least 1; write 2 for every other one"),
            (zero(self.times), "`times` is at least 1; leave the rule out if it shall not strike"),
            (
                self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)),
                "`probability` goes from 0 to 1",
            ),
            (
                self.min_amount.zip(self.max_amount).is_some_and(|(least, most)| least > most),
                "`min_amount` is more than `max_amount`; swap them",
            ),
            (
                self.event.is_some() && endpoint != Endpoint::Webhook,
                "`event` is about webhooks; add `endpoint = \"webhook\"`",
            ),
            (
                self.api_key.is_some() && !endpoint.is_request(),
                "`api_key` is about requests; leave it out here",
            ),
            (
                self.every.is_some() && is_row,
                "`every` cannot count settlement rows, which are read again and again; use \
                 `probability`",
            ),
            (
                self.status.is_some() && is_row,
                "`status` is not known of settlement rows; leave it out here",
            ),
        ];
        let found = problems.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what.to_owned());
        found.or_else(|| {
            let name = self.method.as_deref()?;
            if !name.is_empty() && Method::read(Some(name)).is_some() {
                return None;
            }
            let nearest = nearest(&name.to_uppercase(), Method::names()).unwrap_or_default();
            Some(format!("`{name}` is no method of payment; did you mean `{nearest}`?"))
        })
    }
}
