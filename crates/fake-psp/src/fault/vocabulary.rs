//! What a programme can say, told from the types themselves: for people, and for the console's
//! form.

use schemars::schema_for;
use serde::Serialize;
use serde_json::Value;

use super::{Endpoint, Match, Verdict};

/// Everything a programme can say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vocabulary {
    /// Where rules strike.
    pub endpoints: Vec<Place>,
    /// What a rule's `on` can say.
    pub matchers: Vec<Field>,
    /// What a rule's `then` can say.
    pub verdicts: Vec<Word>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// As written in `on`.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: String,
    /// The names of the verdicts that mean something there.
    pub verdicts: Vec<&'static str>,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Word {
    /// As written in `then`.
    pub name: String,
    /// What it does.
    pub about: String,
    /// What can be said with it.
    pub fields: Vec<Field>,
    /// The names of the endpoints where it means something.
    pub endpoints: Vec<&'static str>,
    /// A `then` of it.
    pub example: Verdict,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// The key.
    pub name: String,
    /// What it means.
    pub about: String,
    /// `integer`, `number`, `string` or `array`.
    pub kind: String,
    /// Must it be there?
    pub required: bool,
    /// The values there are, if they are few.
    pub values: Vec<String>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let schema = schema_for!(Match).to_value();
        let definitions = &schema["$defs"];
        Self {
            endpoints: places(&definitions["Endpoint"]),
            matchers: fields(&schema, definitions),
            verdicts: words(&schema_for!(Verdict).to_value()),
        }
    }
}

fn places(schema: &Value) -> Vec<Place> {
    let about = |name: &str| {
        let mut variants = variants(schema);
        variants.find(|variant| variant["const"] == name).map_or_else(String::new, about)
    };
    let place = |endpoint: &Endpoint| Place {
        name: endpoint.as_str(),
        about: about(endpoint.as_str()),
        verdicts: Verdict::names_at(*endpoint).collect(),
    };
    Endpoint::ALL.iter().map(place).collect()
}

fn words(schema: &Value) -> Vec<Word> {
    let examples = Verdict::examples();
    let word = |variant: &Value| {
        let inner = variant["properties"].as_object().and_then(|one| one.iter().next());
        let name = inner.map_or_else(|| variant["const"].as_str(), |(name, _)| Some(name));
        let name = name.unwrap_or_default().to_owned();
        let fields = inner.map(|(_, inner)| fields(inner, &schema["$defs"])).unwrap_or_default();
        let example = examples.iter().find(|example| example.name() == name)?.clone();
        let fitting = Endpoint::ALL.iter().filter(|endpoint| example.fits(**endpoint));
        let endpoints = fitting.map(|endpoint| endpoint.as_str()).collect();
        Some(Word { name, about: about(variant), fields, endpoints, example })
    };
    variants(schema).filter_map(word).collect()
}

/// The fields of an object, in their order in the code.
fn fields(object: &Value, definitions: &Value) -> Vec<Field> {
    let required = object["required"].as_array().cloned().unwrap_or_default();
    let properties = object["properties"].as_object();
    let field = |(name, schema): (&String, &Value)| {
        let of_option = schema["anyOf"].as_array().and_then(|any| any.first());
        let reference = schema.get("$ref").or(of_option.and_then(|of| of.get("$ref")));
        let named = reference.and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        let named = named.map(|name| &definitions[name]);
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        Field {
            name: name.clone(),
            about: about(schema),
            kind: kind.unwrap_or("string").to_owned(),
            required: required.iter().any(|one| one == name),
            values: named.map(values).unwrap_or_default(),
        }
    };
    properties.into_iter().flatten().map(field).collect()
}

/// The names of a type's values. Endpoints that no rule may name are left out.
fn values(schema: &Value) -> Vec<String> {
    let names = variants(schema).filter_map(|variant| variant["const"].as_str());
    let names = names.filter(|name| !["window", "unknown"].contains(name));
    names.map(str::to_owned).collect()
}

fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    schema["oneOf"].as_array().into_iter().flatten()
}

/// The doc comment, on one line.
fn about(schema: &Value) -> String {
    let words = schema["description"].as_str().unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}
