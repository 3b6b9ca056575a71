//! The OpenAPI document tells the truth: every answer that any test of this binary gets from the
//! API is checked against it ([`check`]).

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::shop::Shop;

/// The document of a fake as it is set up by default.
pub(crate) struct Document {
    root: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document {
    root: futures::executor::block_on(async {
        let shop = Shop::new();
        shop.get("/_fake/openapi.json").await.json()
    }),
    validators: Mutex::default(),
});

/// Fails the test if the API answered something that its document does not describe.
pub(crate) fn check(method: &str, path: &str, status: u16, body: &[u8]) {
    let Some((template, operation)) = DOCUMENT.operation(method, path) else { return };
    let response = operation["responses"].get(status.to_string());
    let (name, response) = match response {
        Some(response) => (status.to_string(), response),
        None if status >= 400 => ("default".to_owned(), &operation["responses"]["default"]),
        None => panic!("{method} {template} answered {status}, which its document does not have"),
    };
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        assert!(body.is_empty(), "{method} {template} should have an empty body");
        return;
    }
    // Encrypted answers are no JSON.
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        assert!(template.starts_with("/v2/"), "{method} {template} answered no JSON");
        return;
    };
    let validator = DOCUMENT.validator(&format!("{method} {template} {name}"), schema);
    let errors: Vec<_> = validator
        .iter_errors(&body)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{method} {template} {status}: {errors:?}\n{body:#}");
}

/// Method, path and name of every operation.
pub(crate) fn operations() -> Vec<(String, String, String)> {
    let paths = DOCUMENT.root["paths"].as_object().expect("a document has paths").iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("a path has methods").iter();
            methods.map(|(method, operation)| {
                let name = operation["operationId"].as_str().expect("an operation has a name");
                (method.to_uppercase(), path.clone(), name.to_owned())
            })
        })
        .collect()
}

impl Document {
    /// The operation that a request is, with its path as written in the document.
    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let paths = self.root["paths"].as_object().expect("a document has paths");
        let path = path.trim_end_matches('/');
        let fits = |template: &str| {
            let (mut asked, mut known) = (path.split('/'), template.split('/'));
            loop {
                match (asked.next(), known.next()) {
                    (None, None) => return true,
                    (Some(one), Some(two)) if two.starts_with('{') || one == two => {}
                    _ => return false,
                }
            }
        };
        // A fixed segment is meant before a variable one.
        let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
        found.sort_by_key(|(template, _)| template.matches('{').count());
        let (template, methods) = found.first()?;
        Some((template, methods.get(method.to_ascii_lowercase())?))
    }

    fn validator(&self, name: &str, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("a test panicked");
        let make = || {
            let whole = json!({ "allOf": [schema], "components": self.root["components"] });
            Arc::new(jsonschema::validator_for(&whole).expect("a valid schema"))
        };
        validators.entry(name.to_owned()).or_insert_with(make).clone()
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&DOCUMENT.root, &mut found);
    assert!(found.len() > 20, "only {} references", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("only references into the document");
        assert!(DOCUMENT.root.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn every_operation_says_what_it_is_for_and_how_it_refuses() {
    let mut names = Vec::new();
    for (path, methods) in DOCUMENT.root["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let text = |field: &str| operation[field].as_str().unwrap_or_default();
            assert!(!text("summary").is_empty(), "{method} {path} has no summary");
            let refusals = operation["responses"].as_object().unwrap().len();
            assert!(refusals > 2, "{method} {path} lists no error codes");
            names.push(text("operationId").to_owned());
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "two operations have one name");
}

#[test]
#[should_panic(expected = "is a required property")]
fn an_answer_that_lacks_a_field_is_found() {
    check("GET", "/v1/payments/some-key", 200, br#"{"paymentKey":"some-key"}"#);
}
