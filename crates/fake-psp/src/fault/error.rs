//! A programme that cannot be run, and what to correct.

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::hint::hint;

/// A programme that cannot be run.
#[derive(Debug, Error)]
pub enum ProgrammeError {
    /// Not TOML, or not of the right shape. The message has the line.
    #[error("{place}the fault programme is no valid TOML: {source}{}", advice(&.source.to_string()))]
    Toml {
        /// The rule, if it is in one.
        place: String,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// Not JSON, or not of the right shape.
    #[error("{place}the fault programme is no valid JSON: {source}{}", advice(&.source.to_string()))]
    Json {
        /// The rule, if it is in one.
        place: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// An array.
    #[error(
        "the fault programme is an array; write {{\"rules\": [{{\"on\": {{…}}, \"then\": …}}]}}"
    )]
    NoObject,
    /// A verdict at an endpoint that has no use for it.
    #[error(
        "rule `{rule}`: `{verdict}` means nothing at endpoint `{endpoint}`; there you can say: \
         {valid}"
    )]
    Misplaced {
        /// Name or position of the rule.
        rule: String,
        /// The verdict's name.
        verdict: &'static str,
        /// The endpoint's name.
        endpoint: &'static str,
        /// What would be understood.
        valid: String,
    },
    /// A rule was to be put before one that is not there.
    #[error("there is no rule `{0}`; `GET /_fake/faults` lists them")]
    NoSuchRule(String),
    /// A condition that cannot hold.
    #[error("rule `{rule}`: {what}")]
    Nonsense {
        /// Name or position of the rule.
        rule: String,
        /// What to correct.
        what: String,
    },
}

fn advice(message: &str) -> String {
    if message.contains("unit variant, expected struct variant") {
        let how = "write `{ verdict = { field = … } }`, or `{ verdict = {} }` if none is needed";
        return format!(" (this verdict has fields: {how})");
    }
    hint(message)
}

pub(super) fn read_toml<T: DeserializeOwned>(text: &str) -> Result<T, ProgrammeError> {
    let nowhere = |error| ProgrammeError::Toml { place: String::new(), source: Box::new(error) };
    let parser = toml::Deserializer::parse(text).map_err(nowhere)?;
    serde_path_to_error::deserialize(parser).map_err(|error| ProgrammeError::Toml {
        place: place(error.path(), toml::from_str(text).ok().as_ref()),
        source: Box::new(error.into_inner()),
    })
}

pub(super) fn read_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, ProgrammeError> {
    // Arrays would be read as the fields in their order.
    if text.trim_ascii_start().starts_with(b"[") {
        return Err(ProgrammeError::NoObject);
    }
    let mut parser = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut parser);
    let programme = read.map_err(|error| ProgrammeError::Json {
        place: place(error.path(), serde_json::from_slice(text).ok().as_ref()),
        source: error.into_inner(),
    })?;
    let end = parser.end();
    end.map_err(|source| ProgrammeError::Json { place: String::new(), source })?;
    Ok(programme)
}

/// `rule `lost`: `, where the path leads into a rule.
fn place(path: &serde_path_to_error::Path, whole: Option<&Value>) -> String {
    use serde_path_to_error::Segment;
    let position = path.iter().find_map(|segment| match segment {
        Segment::Seq { index } => Some(*index),
        _ => None,
    });
    let Some(position) = position else { return String::new() };
    let name = whole.and_then(|whole| whole["rules"][position]["name"].as_str());
    format!("rule `{}`: ", name.map_or_else(|| position.to_string(), str::to_owned))
}
