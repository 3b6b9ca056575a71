//! One request, understood.

use bytes::Bytes;
use serde_json::Value;

use super::fields;
use crate::{Endpoint, fault::Subject, idempotency::Scope, model::Payment, world::World};

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// With the payment key in the path in the legacy form, else in the body.
    Confirm {
        key: Option<String>,
    },
    ReadKey(String),
    ReadOrder(String),
    Cancel(String),
    /// With the query.
    Transactions(String),
    /// With the query.
    Settlements(String),
    Nothing,
}

#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) verb: Verb,
    pub(crate) english: bool,
    /// Where its answer is bound, if it came with an idempotency key.
    pub(crate) scope: Option<Scope>,
    /// Null when there was none or it was no JSON; the verbs refuse that.
    pub(crate) body: Value,
    /// The id its answer carries; a replay carries it too.
    pub(crate) trace: String,
}

/// What a request is about, owned, because finding out needs the world.
#[derive(Default)]
pub(super) struct About {
    order_id: Option<String>,
    order_name: Option<String>,
    payment_key: Option<String>,
    amount: Option<i64>,
}

impl About {
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            order_id: self.order_id.as_deref(),
            order_name: self.order_name.as_deref(),
            payment_key: self.payment_key.as_deref(),
            amount: self.amount,
        }
    }
}

impl Ask {
    pub(super) fn new(verb: Verb, english: bool, body: &Bytes) -> Self {
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self { verb, english, scope: None, body, trace: String::new() }
    }

    pub(super) fn nothing(english: bool) -> Self {
        Self::new(Verb::Nothing, english, &Bytes::new())
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        match self.verb {
            Verb::Confirm { .. } => Endpoint::Confirm,
            Verb::ReadKey(_) | Verb::ReadOrder(_) => Endpoint::Read,
            Verb::Cancel(_) => Endpoint::Cancel,
            Verb::Transactions(_) => Endpoint::Transactions,
            Verb::Settlements(_) => Endpoint::Settlements,
            Verb::Nothing => Endpoint::Unknown,
        }
    }

    /// Can it move money?
    pub(super) fn has_effect(&self) -> bool {
        matches!(self.verb, Verb::Confirm { .. } | Verb::Cancel(_))
    }

    /// The payment key it names.
    fn named_key(&self) -> Option<String> {
        match &self.verb {
            Verb::Confirm { key: None } => fields::text(&self.body, "paymentKey"),
            Verb::Confirm { key: Some(key) } | Verb::ReadKey(key) | Verb::Cancel(key) => {
                Some(key.clone())
            }
            Verb::ReadOrder(_) | Verb::Transactions(_) | Verb::Settlements(_) | Verb::Nothing => {
                None
            }
        }
    }

    /// The payment it is about.
    pub(super) fn payment<'w>(&self, world: &'w World) -> Option<&'w Payment> {
        match &self.verb {
            Verb::ReadOrder(order_id) => world.store.of_order(order_id),
            _ => world.store.get(&self.named_key()?),
        }
    }

    pub(super) fn about(&self, world: &World) -> About {
        if let Some(payment) = self.payment(world) {
            return About {
                order_id: Some(payment.order_id.clone()),
                order_name: Some(payment.order_name.clone()),
                payment_key: Some(payment.key.clone()),
                amount: Some(payment.amount),
            };
        }
        let order_id = match &self.verb {
            Verb::ReadOrder(order_id) => Some(order_id.clone()),
            _ => fields::text(&self.body, "orderId"),
        };
        About { order_id, payment_key: self.named_key(), ..About::default() }
    }
}
