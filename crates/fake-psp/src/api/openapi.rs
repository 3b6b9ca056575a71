//! The OpenAPI 3.1 document, made from the same [routes](super::route) that the router is made of.

use std::collections::BTreeMap;

use axum::{Json, Router, routing::get};
use schemars::{
    Schema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use super::{
    error::{ErrorBody, ErrorV2, error_codes},
    route::{self, Param, Route, SchemaOf},
};
use crate::{Config, FakePsp};

/// Where it is served. Toss has no such path.
const PATH: &str = "/_fake/openapi.json";

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new().route(
        PATH,
        get(async |axum::extract::State(psp): axum::extract::State<FakePsp>| {
            Json(document(&psp.config()))
        }),
    )
}

/// Schemas of what comes in and of what goes out: a field that may be left out of a body is
/// always there, perhaps as null, in an answer.
struct Schemas {
    bodies: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let generator = |contract: Contract| {
            let settings = SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
                settings.contract = contract;
            });
            SchemaGenerator::new(settings)
        };
        Self { bodies: generator(Contract::Deserialize), answers: generator(Contract::Serialize) }
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.bodies.take_definitions(true);
        all.extend(self.answers.take_definitions(true));
        all
    }
}

/// The whole document.
pub(crate) fn document(config: &Config) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = BTreeMap::<&str, Map<String, Value>>::new();
    for route in route::all() {
        let method = route.method.as_str().to_ascii_lowercase();
        paths.entry(route.path).or_default().insert(method, operation(route, &mut schemas));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fake Toss Payments",
            "version": config.api_version,
            "description": "A fake for tests; no money moves. Not made by or for Toss Payments.",
        },
        "servers": [{ "url": config.public_url }],
        "security": [{ "secretKey": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions(),
            "securitySchemes": {
                "secretKey": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The secret key as user name, an empty password.",
                },
            },
        },
    })
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut parameters: Vec<Value> = segments(route.path).map(path_parameter).collect();
    parameters.extend(route.query.iter().map(query_parameter));
    parameters.extend(headers(route));
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.about,
        "tags": [tag(route.path)],
        "parameters": parameters,
        "responses": responses(route, schemas),
    });
    if let Some(body) = route.body {
        let schema = body(&mut schemas.bodies);
        let content = if route.sealed { sealed(&schema) } else { plain(&schema) };
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn plain(schema: &Schema) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn sealed(schema: &Schema) -> Value {
    json!({
        "text/plain": {
            "schema": {
                "type": "string",
                "description": "A compact JWE: alg dir, enc A256GCM, iat and nonce in the \
                    protected header, the security key as key.",
                "contentMediaType": "application/json",
                "contentSchema": schema,
            },
        },
    })
}

/// `payments` of `/v1/payments/{paymentKey}`.
fn tag(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}

/// The names of the path's variable segments.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

fn query_parameter(param: &Param) -> Value {
    json!({
        "name": param.name,
        "in": "query",
        "required": param.required,
        "description": param.about,
        "schema": { "type": param.kind },
    })
}

fn headers(route: &Route) -> impl Iterator<Item = Value> {
    let header = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "header", "required": false, "description": about, "schema": schema });
    let key = (route.method == route::Method::Post).then(|| {
        let about = "The same key gets the same answer for 15 days, without a second effect.";
        header("Idempotency-Key", about, json!({ "type": "string", "maxLength": 300 }))
    });
    let language = "Error messages and names in English with en-US.";
    let test_code = "With a test key: answers with this error.";
    let mode = "ENCRYPTION: bodies are JWE, the answer's too.";
    let security = route
        .is_v2()
        .then(|| header("TossPayments-api-security-mode", mode, json!({ "type": "string" })));
    let others = [
        header("Accept-Language", language, json!({ "type": "string" })),
        header("TossPayments-Test-Code", test_code, json!({ "type": "string" })),
    ];
    key.into_iter().chain(security).chain(others)
}

fn responses(route: &Route, schemas: &mut Schemas) -> Map<String, Value> {
    let mut responses = Map::new();
    let success = match route.answer {
        Some(schema) => content("Done.", schema, schemas),
        None => json!({ "description": "Done; the body is empty." }),
    };
    responses.insert("200".to_owned(), success);
    let error: SchemaOf = if route.is_v2() {
        |generator| generator.subschema_for::<ErrorV2<'_>>()
    } else {
        |generator| generator.subschema_for::<ErrorBody<'_>>()
    };
    for (status, codes) in codes_by_status(route.codes) {
        let about = format!("`{}`", codes.join("`, `"));
        responses.insert(status.to_string(), content(&about, error, schemas));
    }
    responses.insert("default".to_owned(), content("Any other refusal.", error, schemas));
    responses
}

fn content(about: &str, schema: SchemaOf, schemas: &mut Schemas) -> Value {
    json!({
        "description": about,
        "content": { "application/json": { "schema": schema(&mut schemas.answers) } },
    })
}

/// What a table of `errors.tsv` lists, and what any request can be refused with.
fn codes_by_status(table: &str) -> BTreeMap<u16, Vec<&'static str>> {
    let mut by_status = BTreeMap::<u16, Vec<_>>::new();
    for row in error_codes() {
        if row.is_listed_in(table) || row.is_listed_in("idempotency") {
            by_status.entry(row.status).or_default().push(row.code);
        }
    }
    by_status
}
