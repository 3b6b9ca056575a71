//! Switches: from a file, from the command line, and while the fake runs.

use std::{ops::RangeInclusive, sync::Arc};

use serde_json::{Map, Value};
use thiserror::Error;

use super::{FakePsp, HookError, hooks::is_deliverable};
use crate::{
    Config,
    api::{
        error::{error_code, error_codes},
        fields::MOST,
    },
    hint::nearest,
    world::Core,
};

/// What other parts were built with, and so cannot be changed any more once the fake runs.
const FIXED: [&str; 4] = ["secret_keys", "public_url", "webhook_urls", "idempotency_days"];

/// A setting that cannot be used. Nothing was changed.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// No such switch.
    #[error("there is no switch `{wrong}`; did you mean `{nearest}`?")]
    Unknown {
        /// What was asked for.
        wrong: String,
        /// What there is.
        nearest: String,
    },
    /// Not of the right kind.
    #[error("{0}")]
    Value(String),
    /// Not TOML.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Too late for that.
    #[error("`{0}` can be set only when the fake is started")]
    Fixed(String),
}

impl Config {
    /// These settings with some changed, by name.
    ///
    /// # Errors
    /// When there is no such switch, or it does not take such a value.
    pub fn changed(&self, changes: &Map<String, Value>) -> Result<Self, ConfigError> {
        let Ok(Value::Object(mut all)) = serde_json::to_value(self) else {
            unreachable!("settings are plain data")
        };
        for (name, value) in changes {
            if !all.contains_key(name) {
                let nearest = nearest(name, all.keys().map(String::as_str)).unwrap_or_default();
                let (wrong, nearest) = (name.clone(), nearest.to_owned());
                return Err(ConfigError::Unknown { wrong, nearest });
            }
            if let Some(why) = nonsense(name, value) {
                return Err(ConfigError::Value(format!("`{name}` cannot be {value}: {why}")));
            }
            let before = all.insert(name.clone(), value.clone());
            // One at a time, so that the message can say which.
            if let Err(error) = serde_json::from_value::<Self>(Value::Object(all.clone())) {
                let before = before.unwrap_or_default();
                return Err(ConfigError::Value(format!(
                    "`{name}` cannot be {value}: {error}; it is {before} now"
                )));
            }
        }
        serde_json::from_value(Value::Object(all)).map_err(|e| ConfigError::Value(e.to_string()))
    }

    /// These settings with those of a TOML text.
    ///
    /// # Errors
    /// As [`Self::changed`], or when it is no TOML.
    pub fn changed_by_toml(&self, text: &str) -> Result<Self, ConfigError> {
        self.changed(&toml::from_str(text)?)
    }
}

/// What is wrong with a value that is of the right kind.
fn nonsense(name: &str, value: &Value) -> Option<String> {
    let texts = |fits: fn(&str) -> bool| {
        let list = value.as_array()?;
        list.iter().filter_map(Value::as_str).find(|text| !fits(text)).map(str::to_owned)
    };
    match (name, value) {
        ("webhook_urls", _) => texts(is_deliverable).map(|url| HookError::Url(url).to_string()),
        ("secret_keys", _) => {
            let key = texts(|key| !key.is_empty() && !key.contains([':', ' ']))?;
            Some(format!("`{key}` is no secret key; write test_sk_…"))
        }
        (_, Value::String(code)) if name.ends_with("_code") && error_code(code).is_none() => {
            let nearest = nearest(code, error_codes().map(|row| row.code)).unwrap_or_default();
            Some(format!("it is no error code of Toss's; did you mean `{nearest}`?"))
        }
        (_, Value::Number(number)) => {
            let range = bounds(name)?;
            let fits = number.as_i64().is_some_and(|number| range.contains(&number));
            let (least, most) = range.into_inner();
            (!fits).then(|| format!("it goes from {least} to {most}"))
        }
        _ => None,
    }
}

/// What a number may be, by the unit in its name. Ten years are enough for everybody, and within
/// what calendars can say.
fn bounds(name: &str) -> Option<RangeInclusive<i64>> {
    let unit = name.rsplit('_').next()?;
    match unit {
        "minutes" => Some(0..=10 * 366 * 24 * 60),
        "hours" => Some(0..=10 * 366 * 24),
        "days" => Some(0..=10 * 366),
        "permyriad" => Some(0..=10_000),
        "amount" | "balance" => Some(0..=MOST),
        "page" | "length" => Some(1..=1_000_000),
        _ => None,
    }
}

impl FakePsp {
    /// Sets switches while it runs, for everything that happens from now on.
    ///
    /// # Errors
    /// When there is no such switch, it does not take such a value, or it can be set only at the
    /// start.
    pub fn set(&self, changes: &Map<String, Value>) -> Result<(), ConfigError> {
        let fixed = changes.keys().find(|name| FIXED.contains(&name.as_str()));
        if let Some(name) = fixed {
            return Err(ConfigError::Fixed(name.clone()));
        }
        let mut core = self.0.core.write().expect("nobody panics while setting switches");
        let config = Arc::new(core.config.changed(changes)?);
        let (revision, clock, entropy) =
            (core.revision + 1, core.clock.clone(), core.entropy.clone());
        *core = Arc::new(Core { config, revision, clock, entropy });
        Ok(())
    }
}
