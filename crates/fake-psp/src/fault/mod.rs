//! The fault programme: rules in order, the first that matches and does not pass decides.

mod between;
mod bounds;
mod clock_off;
mod echo;
mod endpoint;
mod error;
mod glob;
mod judge;
mod matching;
mod preset;
mod verdict;
mod vocabulary;

use serde::{Deserialize, Serialize};

pub use between::Between;
pub(crate) use clock_off::clock_off;
pub use echo::Echo;
pub use endpoint::Endpoint;
pub use error::ProgrammeError;
pub(crate) use judge::{Faults, Subject};
pub use matching::Match;
pub use preset::{Preset, UnknownPreset};
pub use verdict::Verdict;
pub use vocabulary::{Field, Place, Vocabulary, Word};

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// For people, and for the draw of `probability`; by default the rule's position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When.
    #[serde(default)]
    pub on: Match,
    /// What.
    pub then: Verdict,
}

/// All rules, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// The first rule that matches and whose verdict is not `pass` decides.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

impl Programme {
    /// Reads TOML.
    ///
    /// # Errors
    /// When a key or verdict is unknown, or a verdict is misplaced.
    pub fn from_toml(text: &str) -> Result<Self, ProgrammeError> {
        let programme: Self = error::read_toml(text)?;
        programme.check()?;
        Ok(programme)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// As [`Self::from_toml`].
    pub fn from_json(text: &[u8]) -> Result<Self, ProgrammeError> {
        let programme: Self = error::read_json(text)?;
        programme.check()?;
        Ok(programme)
    }

    /// Does each rule's verdict mean something where the rule strikes, and can its conditions
    /// hold?
    ///
    /// # Errors
    /// Names the first rule that does not.
    pub fn check(&self) -> Result<(), ProgrammeError> {
        for (position, rule) in self.rules.iter().enumerate() {
            let name = rule.label(position);
            let endpoint = rule.on.endpoint;
            if !rule.then.fits(endpoint) {
                return Err(ProgrammeError::Misplaced {
                    rule: name,
                    verdict: rule.then.name(),
                    endpoint: endpoint.as_str(),
                    valid: Verdict::names_at(endpoint).collect::<Vec<_>>().join(", "),
                });
            }
            if let Some(what) = rule.on.nonsense().or_else(|| rule.then.excess()) {
                return Err(ProgrammeError::Nonsense { rule: name, what });
            }
        }
        Ok(())
    }

    /// Where the rule of this name is. A rule without a name goes by its position.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.rules.iter().enumerate().position(|(at, rule)| rule.label(at) == name)
    }
}

impl Rule {
    /// Reads one rule in JSON.
    ///
    /// # Errors
    /// When it is no JSON, or says something that is unknown.
    pub fn from_json(text: &[u8]) -> Result<Self, ProgrammeError> {
        error::read_json(text)
    }

    /// The rule's name, or its position.
    pub(crate) fn label(&self, position: usize) -> String {
        self.name.clone().unwrap_or_else(|| position.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programme_reads_the_same_from_toml_and_json() {
        let toml = r#"
            [[rules]]
            name = "lost answer"
            on = { endpoint = "confirm", order = "ord-*", nth = 1 }
            then = "act_then_close"
            [[rules]]
            then = { act_then_late = { ms = 500 } }
        "#;
        let json = br#"{"rules":[
            {"name":"lost answer","on":{"endpoint":"confirm","order":"ord-*","nth":1},"then":"act_then_close"},
            {"then":{"act_then_late":{"ms":500}}}]}"#;
        let programme = Programme::from_toml(toml).unwrap();
        assert_eq!(programme, Programme::from_json(json).unwrap());
        assert_eq!(programme.rules[0].then, Verdict::ActThenClose);
        assert_eq!(programme.rules[1].on.endpoint, Endpoint::Any);
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest_valid_one() {
        let wrong = "[[rules]]\non = { endpont = \"confirm\" }\nthen = \"reset\"\n";
        let error = Programme::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(error.contains("did you mean `endpoint`?"), "{error}");
        let wrong = "[[rules]]\nthen = \"act_then_clsoe\"\n";
        let error = Programme::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains("did you mean `act_then_close`?"), "{error}");
    }

    #[test]
    fn misplaced_verdicts_are_refused() {
        let wrong = "[[rules]]\non = { endpoint = \"webhook\" }\nthen = \"garbage\"\n";
        let error = Programme::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains("`garbage` means nothing at endpoint `webhook`"), "{error}");
        assert!(error.contains("reorder"), "{error}");
    }

    #[test]
    fn an_error_names_the_rule() {
        let lost = "[[rules]]\nname = \"lost\"\nthen = \"reset\"\n";
        for (wrong, expected) in [
            ("name = \"odd\"\nthen = \"rest\"", "rule `odd`"),
            ("then = \"rest\"", "rule `1`"),
            ("name = \"odd\"\non = { event = \"DONE\" }\nthen = \"drop\"", "rule `odd`"),
            ("then = \"duplicate\"", "if none is needed"),
            ("on = { nth = 0 }\nthen = \"reset\"", "rule `1`: `nth` counts from 1"),
            ("on = { every = 0 }\nthen = \"reset\"", "write 2 for every other one"),
            ("on = { method = \"CRAD\" }\nthen = \"reset\"", "did you mean `CARD`?"),
            ("on = { min_amount = 2, max_amount = 1 }\nthen = \"reset\"", "swap them"),
            ("on = { event = \"DEPOSIT_CALLBACK\" }\nthen = \"reset\"", "about webhooks"),
            ("on = { between = [\"a\", \"b\"] }\nthen = \"reset\"", "two hours of the day"),
        ] {
            let error = Programme::from_toml(&format!("{lost}[[rules]]\n{wrong}\n")).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        let wrong = br#"{"rules":[{"then":"reset"},{"name":"odd","then":"rest"}]}"#;
        let error = Programme::from_json(wrong).unwrap_err().to_string();
        assert!(error.contains("rule `odd`") && error.contains("mean `reset`"), "{error}");
        let wrong = br#"{"ruls":[]}"#;
        let error = Programme::from_json(wrong).unwrap_err().to_string();
        assert!(error.contains("did you mean `rules`?"), "{error}");
    }

    #[test]
    fn there_is_an_example_of_every_verdict() {
        let told = Vocabulary::default().verdicts;
        let names: Vec<_> = Verdict::examples().iter().map(Verdict::name).collect();
        assert_eq!(names, told.iter().map(|word| &*word.name).collect::<Vec<_>>());
        for example in Verdict::examples() {
            let json = serde_json::to_value(&example).unwrap();
            let word =
                json.as_str().or(json.as_object().and_then(|it| it.keys().next()).map(|k| &**k));
            assert_eq!(word, Some(example.name()));
            assert!(Endpoint::ALL.iter().any(|endpoint| example.fits(*endpoint)));
        }
    }
}
