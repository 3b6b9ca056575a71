//! The API as data: one [`Route`] says everything about an endpoint. The router, the OpenAPI
//! document and the fault programme's endpoints are made from it, so that they cannot disagree.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{act::Act, answer::Answer, error::Refusal};
use crate::Endpoint;

/// HTTP methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A parameter of the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    /// A type of JSON Schema.
    pub(crate) kind: &'static str,
    pub(crate) about: &'static str,
}

impl Param {
    pub(crate) const fn required(
        name: &'static str,
        kind: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, required: true, kind, about }
    }

    pub(crate) const fn optional(
        name: &'static str,
        kind: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, required: false, kind, about }
    }
}

/// Makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What an endpoint does.
pub(crate) type Deed = fn(&mut Act<'_>) -> Result<Answer, Refusal>;

/// One endpoint.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// With named segments: `/v1/payments/{paymentKey}`.
    pub(crate) path: &'static str,
    /// The operation's name, unique.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Where fault rules strike.
    pub(crate) endpoint: Endpoint,
    /// Does it change anything? Then a late act is done even if nobody waits any more.
    pub(crate) has_effect: bool,
    pub(crate) query: &'static [Param],
    pub(crate) body: Option<SchemaOf>,
    /// The body has to be encrypted.
    pub(crate) sealed: bool,
    /// None: an empty answer.
    pub(crate) answer: Option<SchemaOf>,
    /// The table of `errors.tsv` with its codes.
    pub(crate) codes: &'static str,
    pub(crate) deed: Deed,
}

impl Route {
    /// A `GET`, without effect.
    pub(crate) const fn get(path: &'static str, name: &'static str, deed: Deed) -> Self {
        Self::new(Method::Get, path, name, deed)
    }

    /// A `POST`, with effect.
    pub(crate) const fn post(path: &'static str, name: &'static str, deed: Deed) -> Self {
        Self::new(Method::Post, path, name, deed)
    }

    /// A `DELETE`, with effect.
    pub(crate) const fn delete(path: &'static str, name: &'static str, deed: Deed) -> Self {
        Self::new(Method::Delete, path, name, deed)
    }

    const fn new(method: Method, path: &'static str, name: &'static str, deed: Deed) -> Self {
        Self {
            method,
            path,
            name,
            about: "",
            endpoint: Endpoint::Other,
            has_effect: !matches!(method, Method::Get),
            query: &[],
            body: None,
            sealed: false,
            answer: None,
            codes: "",
            deed,
        }
    }

    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Fault rules for this endpoint strike here.
    pub(crate) const fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    pub(crate) const fn query(mut self, query: &'static [Param]) -> Self {
        self.query = query;
        self
    }

    pub(crate) const fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(subschema::<T>);
        self
    }

    /// Takes a body that has to be encrypted.
    pub(crate) const fn takes_sealed<T: JsonSchema>(mut self) -> Self {
        self.sealed = true;
        self.takes::<T>()
    }

    pub(crate) const fn answers<T: JsonSchema>(mut self) -> Self {
        self.answer = Some(subschema::<T>);
        self
    }

    pub(crate) const fn codes(mut self, table: &'static str) -> Self {
        self.codes = table;
        self
    }

    /// Version 2 of the API wraps its answers.
    pub(crate) fn is_v2(&self) -> bool {
        self.path.starts_with("/v2/")
    }
}

fn subschema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Every endpoint there is.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    let groups: [&'static [Route]; 13] = [
        super::create::ROUTES,
        super::confirm::ROUTES,
        super::key_in::ROUTES,
        super::read::ROUTES,
        super::cancel::ROUTES,
        super::transactions::ROUTES,
        super::settlements::ROUTES,
        super::billing::ROUTES,
        super::virtual_account::ROUTES,
        super::cash_receipts::ROUTES,
        super::promotions::ROUTES,
        super::sellers::ROUTES,
        super::payouts::ROUTES,
    ];
    groups.into_iter().flatten()
}

/// A route is kept by its name.
pub(crate) mod by_name {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{Route, all};

    pub(crate) fn serialize<S: Serializer>(
        route: &Option<&'static Route>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        route.map(|route| route.name).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<&'static Route>, D::Error> {
        let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let route = all().find(|route| route.name == name);
        route.map(Some).ok_or_else(|| Error::custom(format!("there is no route `{name}`")))
    }
}
