//! Toss's error codes as data, and answers made of them.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer::Answer;

/// One row of `errors.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code, as in the body.
    pub code: &'static str,
    /// The HTTP status Toss answers it with.
    pub status: u16,
    /// The tables that list it, separated by commas.
    pub listed_in: &'static str,
    /// The message in Korean, the default.
    pub korean: &'static str,
    /// The message for `Accept-Language: en`.
    pub english: &'static str,
    /// What of the row is this fake's own for want of a source: `status`, `korean`, `english`, or
    /// `code` for all of it. Empty where everything is known from Toss.
    pub ours: &'static str,
}

impl ErrorCode {
    /// Does this table list the code?
    pub fn is_listed_in(&self, table: &str) -> bool {
        self.listed_in.split(',').any(|listed| listed == table)
    }
}

static TABLE: LazyLock<BTreeMap<&'static str, ErrorCode>> = LazyLock::new(|| {
    include_str!("errors.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().expect("errors.tsv has five or six cells in a row");
            let code = ErrorCode {
                code: cell(),
                status: cell().parse().expect("the second cell of errors.tsv is a status"),
                listed_in: cell(),
                korean: cell(),
                english: cell(),
                ours: cells.next().unwrap_or_default(),
            };
            (code.code, code)
        })
        .collect()
});

/// Every code this fake knows, in alphabetical order.
pub fn error_codes() -> impl Iterator<Item = &'static ErrorCode> {
    TABLE.values()
}

/// The row of a code.
pub(crate) fn error_code(code: &str) -> Option<&'static ErrorCode> {
    TABLE.get(code)
}

/// `version` of version 2's answers.
pub(crate) const VERSION: &str = "2022-11-16";

/// What every error of version 1 looks like.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct ErrorBody<'a> {
    code: &'a str,
    #[schemars(length(max = 510))]
    message: &'a str,
}

/// What every error of version 2 looks like. The nulls are there, as in real answers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorV2<'a> {
    version: &'a str,
    trace_id: &'a str,
    entity_body: (),
    entity_type: (),
    error: ErrorBody<'a>,
}

/// A request that is refused: the code, and where they differ from the table, status and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: String,
    status: Option<u16>,
    message: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), status: None, message: None }
    }

    /// With a message that Toss was seen to answer instead of the table's. In any language.
    pub(crate) fn with_message(code: impl Into<String>, message: &'static str) -> Self {
        Self { code: code.into(), status: None, message: Some(message) }
    }

    /// With a status of the caller's choice. A code outside the table gets 400 by default.
    pub(crate) fn with_status(code: impl Into<String>, status: Option<u16>) -> Self {
        Self { code: code.into(), status, message: None }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.or(error_code(&self.code).map(|row| row.status)).unwrap_or(400)
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn message(&self, english: bool) -> &'static str {
        let of_table = || match error_code(&self.code) {
            Some(row) if english => row.english,
            Some(row) => row.korean,
            None if english => "An error made by the fault programme.",
            None => "장애 프로그램이 만든 오류입니다.",
        };
        self.message.unwrap_or_else(of_table)
    }

    fn body(&self, english: bool) -> ErrorBody<'_> {
        ErrorBody { code: &self.code, message: self.message(english) }
    }

    /// As version 1 of the API answers.
    pub(crate) fn answer(&self, english: bool) -> Answer {
        self.coded(Answer::json(self.status(), &self.body(english)))
    }

    /// As version 2 of the API answers.
    pub(crate) fn answer_v2(&self, english: bool, trace: &str) -> Answer {
        let body = ErrorV2 {
            version: VERSION,
            trace_id: trace,
            entity_body: (),
            entity_type: (),
            error: self.body(english),
        };
        self.coded(Answer::json(self.status(), &body))
    }

    fn coded(&self, answer: Answer) -> Answer {
        Answer { code: Some(self.logged_code()), ..answer }
    }

    /// The code as the log keeps it: a copy only of one that is in no table.
    pub(crate) fn logged_code(&self) -> Cow<'static, str> {
        let listed = error_code(&self.code).map(|row| Cow::Borrowed(row.code));
        listed.unwrap_or_else(|| Cow::Owned(self.code.clone()))
    }
}

impl From<&str> for Refusal {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_complete_and_its_code_unique() {
        let lines = include_str!("errors.tsv").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(error_codes().count(), lines.count(), "a code has two rows");
        for row in error_codes() {
            assert!((400..600).contains(&row.status), "{}", row.code);
            assert!(!row.listed_in.is_empty(), "{}", row.code);
            assert!(!row.korean.is_empty() && !row.english.is_empty(), "{}", row.code);
            assert!(row.korean.chars().count() <= 510, "{}", row.code);
            let known = |own: &str| ["status", "korean", "english", "code"].contains(&own);
            assert!(row.ours.is_empty() || row.ours.split(',').all(known), "{}", row.code);
        }
    }

    #[test]
    fn the_tables_are_whole() {
        for (table, codes) in [
            ("confirm", 47),
            ("get", 7),
            ("cancel", 30),
            ("key_in", 28),
            ("virtual_account", 10),
            ("billing_issue", 16),
            ("billing_charge", 25),
            ("transactions", 4),
            ("settlements", 5),
            ("manual_settlement", 5),
            ("cash_receipt", 8),
            ("payouts", 9),
            ("idempotency", 2),
            ("overall", 140),
        ] {
            let listed = error_codes().filter(|row| row.is_listed_in(table)).count();
            assert_eq!(listed, codes, "{table}");
        }
    }
}
