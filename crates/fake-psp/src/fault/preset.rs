//! Programmes that are there already, under names a person understands.

use serde::Serialize;
use thiserror::Error;

use super::Programme;
use crate::hint::nearest;

/// A programme that is part of the fake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence: the first line of its file.
    pub about: &'static str,
    /// The programme, to be read or changed.
    pub toml: &'static str,
}

/// There is no preset of this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no preset `{name}`; did you mean `{nearest}`? There are: {all}")]
pub struct UnknownPreset {
    name: String,
    nearest: &'static str,
    all: String,
}

macro_rules! presets {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../presets/", $name, ".toml")))),+]
    };
}

const PRESETS: [(&str, &str); 11] = presets![
    "flaky",
    "lost-answers",
    "webhook-chaos",
    "outage",
    "slow",
    "declines",
    "maintenance-night",
    "settlement-errors",
    "reviews",
    "second-thoughts",
    "clock-off",
];

impl Programme {
    /// All presets.
    pub fn presets() -> impl Iterator<Item = Preset> {
        PRESETS.into_iter().map(|(name, toml)| {
            let first = toml.lines().next().unwrap_or_default();
            Preset { name, about: first.trim_start_matches('#').trim(), toml }
        })
    }

    /// The programme of a preset.
    ///
    /// # Errors
    /// When there is none of this name. The message has the nearest, and all of them.
    pub fn preset(name: &str) -> Result<Self, UnknownPreset> {
        if let Some(preset) = Self::presets().find(|preset| preset.name == name) {
            return Ok(Self::from_toml(preset.toml).expect("the presets were tested"));
        }
        let names = || PRESETS.into_iter().map(|(name, _)| name);
        Err(UnknownPreset {
            name: name.to_owned(),
            nearest: nearest(name, names()).unwrap_or_default(),
            all: names().collect::<Vec<_>>().join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_run_and_says_what_it_does() {
        for preset in Programme::presets() {
            let programme = Programme::from_toml(preset.toml);
            let programme = programme.unwrap_or_else(|error| panic!("{}: {error}", preset.name));
            assert!(!programme.rules.is_empty(), "{}", preset.name);
            assert!(preset.about.ends_with('.'), "{}", preset.name);
            assert!(programme.rules.iter().all(|rule| rule.name.is_some()), "{}", preset.name);
            assert_eq!(Programme::preset(preset.name), Ok(programme));
        }
    }

    #[test]
    fn an_unknown_one_is_refused_with_the_nearest() {
        let error = Programme::preset("lost-answer").unwrap_err().to_string();
        assert!(error.contains("did you mean `lost-answers`?"), "{error}");
    }
}
