//! One request, understood.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    answer::Answer,
    error::Refusal,
    fields,
    route::Route,
    sealed::{self, Secrecy},
};
use crate::{
    Endpoint, State,
    fault::Subject,
    idempotency::Scope,
    model::{Method, Payment, Planned},
    store::Store,
    world::Core,
};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// None: there is no such path, or not with this method.
    #[serde(with = "super::route::by_name")]
    pub(crate) route: Option<&'static Route>,
    /// The named segments of the path.
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) english: bool,
    /// Where its answer is bound, if it came with an idempotency key.
    pub(crate) scope: Option<Scope>,
    /// Null when there was none or it was no JSON; whoever needs one refuses that.
    pub(crate) body: Value,
    /// As it came: encrypted bodies are no JSON.
    #[serde(with = "crate::data::text")]
    pub(crate) raw: Bytes,
    /// Whether it came with `TossPayments-api-security-mode: ENCRYPTION`.
    pub(crate) secrecy: Secrecy,
    /// The secret key it came with.
    pub(crate) api_key: String,
    /// The id its answer carries; a replay carries it too.
    pub(crate) trace: String,
}

/// What a request is about: a payment of the store, or only what it says itself.
#[derive(Default)]
pub(super) struct About<'w> {
    order_id: Option<Cow<'w, str>>,
    order_name: Option<Cow<'w, str>>,
    payment_key: Option<Cow<'w, str>>,
    amount: Option<i64>,
    cancel_amount: Option<i64>,
    method: Option<Method>,
    status: Option<State>,
    /// What the means of its payment was chosen to do.
    pub(super) planned: Option<Planned>,
}

impl About<'_> {
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            order_id: self.order_id.as_deref(),
            order_name: self.order_name.as_deref(),
            payment_key: self.payment_key.as_deref(),
            amount: self.amount,
            cancel_amount: self.cancel_amount,
            method: self.method,
            status: self.status,
            ..Subject::default()
        }
    }
}

impl Ask {
    pub(super) fn new(
        route: Option<&'static Route>,
        params: BTreeMap<String, String>,
        query: &str,
        english: bool,
        raw: &Bytes,
    ) -> Self {
        Self {
            route,
            params,
            query: fields::query(query),
            english,
            scope: None,
            // Some clients begin with a byte order mark.
            body: serde_json::from_slice(raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw))
                .unwrap_or(Value::Null),
            raw: raw.clone(),
            secrecy: Secrecy::Plain,
            api_key: String::new(),
            trace: String::new(),
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.route.map_or(Endpoint::Unknown, |route| route.endpoint)
    }

    pub(super) fn has_effect(&self) -> bool {
        self.route.is_some_and(|route| route.has_effect)
    }

    /// A named segment of the path. Empty if it could not be decoded: that names nothing.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The body as `T`.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        // An array would be read as the fields in their order.
        if self.body.is_array() {
            return Err("INVALID_REQUEST".into());
        }
        self.read_body()
    }

    /// As [`Self::body`], where it may also be a list.
    pub(crate) fn read_body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        T::deserialize(&self.body).map_err(|error| {
            tracing::debug!(%error, "a body that was refused");
            Refusal::new("INVALID_REQUEST")
        })
    }

    /// The answer that tells of a refusal.
    pub(crate) fn refused(&self, core: &Core, now: Timestamp, refusal: &Refusal) -> Answer {
        if self.route.is_some_and(Route::is_v2) {
            let answer = refusal.answer_v2(self.english, &self.trace);
            return sealed::seal(core, self, now, answer);
        }
        refusal.answer(self.english)
    }

    /// The payment key it names.
    fn named_key(&self) -> Option<Cow<'_, str>> {
        let in_path = self.params.get("paymentKey").map(|key| Cow::Borrowed(&**key));
        in_path.or_else(|| fields::peek(&self.body, "paymentKey"))
    }

    /// Does it make a payment, for the order in its body?
    fn opens_payment(&self) -> bool {
        matches!(
            self.endpoint(),
            Endpoint::BillingCharge
                | Endpoint::CreatePayment
                | Endpoint::KeyIn
                | Endpoint::VirtualAccount
        )
    }

    /// The payment it is about.
    pub(super) fn payment<'w>(&self, store: &'w Store) -> Option<&'w Payment> {
        if let Some(order_id) = self.params.get("orderId") {
            return store.of_order(order_id);
        }
        match self.named_key() {
            Some(key) => store.get(&key),
            None if self.opens_payment() => store.of_order(&fields::peek(&self.body, "orderId")?),
            None => None,
        }
    }

    pub(super) fn about<'w>(&self, store: &'w Store) -> About<'w> {
        if let Some(payment) = self.payment(store) {
            let known = Subject::of(payment);
            return About {
                order_id: Some(Cow::Borrowed(&payment.order_id)),
                order_name: Some(Cow::Borrowed(&payment.order_name)),
                payment_key: Some(Cow::Borrowed(&payment.key)),
                amount: Some(payment.amount),
                cancel_amount: self.cancel_amount(payment),
                method: known.method,
                status: known.status,
                planned: payment.planned.clone(),
            };
        }
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let order_id = self.params.get("orderId").map(|order_id| Cow::Borrowed(&**order_id));
        About {
            order_id: order_id.or_else(|| fields::peek(&self.body, "orderId")).map(owned),
            order_name: fields::text(&self.body, "orderName").map(Cow::Owned),
            payment_key: self.named_key().map(owned),
            amount: self
                .opens_payment()
                .then(|| fields::won(&self.body, "amount").ok().flatten())
                .flatten(),
            method: match self.endpoint() {
                Endpoint::KeyIn => Some(Method::Card),
                Endpoint::VirtualAccount => Some(Method::VirtualAccount),
                _ => None,
            },
            ..About::default()
        }
    }

    /// How much a cancel is of.
    fn cancel_amount(&self, payment: &Payment) -> Option<i64> {
        let named = || fields::won(&self.body, "cancelAmount").ok().flatten();
        (self.endpoint() == Endpoint::Cancel).then(|| named().unwrap_or(payment.cancelable()))
    }
}
