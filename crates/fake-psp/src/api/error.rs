//! Toss's error codes as data, and answers made of them.

use std::{collections::BTreeMap, sync::LazyLock};

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
    /// The APIs whose tables list it.
    pub listed_in: &'static str,
    /// The message in Korean, the default.
    pub korean: &'static str,
    /// The message for `Accept-Language: en`.
    pub english: &'static str,
}

static TABLE: LazyLock<BTreeMap<&'static str, ErrorCode>> = LazyLock::new(|| {
    include_str!("errors.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().expect("errors.tsv has five cells in each row");
            let code = ErrorCode {
                code: cell(),
                status: cell().parse().expect("the second cell of errors.tsv is a status"),
                listed_in: cell(),
                korean: cell(),
                english: cell(),
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
const VERSION: &str = "2022-11-16";

/// What every error of version 1 looks like.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct ErrorBody<'a> {
    code: &'a str,
    #[schemars(length(max = 510))]
    message: &'a str,
}

/// What every error of version 2 looks like.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorV2<'a> {
    version: &'a str,
    trace_id: &'a str,
    error: ErrorBody<'a>,
}

/// A request that is refused: the code, and where they differ from the table, status and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: String,
    status: Option<u16>,
}

impl Refusal {
    pub(crate) fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), status: None }
    }

    /// With a status of the caller's choice. A code outside the table gets 400 by default.
    pub(crate) fn with_status(code: impl Into<String>, status: Option<u16>) -> Self {
        Self { code: code.into(), status }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.or(error_code(&self.code).map(|row| row.status)).unwrap_or(400)
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn message(&self, english: bool) -> &'static str {
        match error_code(&self.code) {
            Some(row) if english => row.english,
            Some(row) => row.korean,
            None if english => "An error made by the fault programme.",
            None => "장애 프로그램이 만든 오류입니다.",
        }
    }

    fn body(&self, english: bool) -> ErrorBody<'_> {
        ErrorBody { code: &self.code, message: self.message(english) }
    }

    /// As version 1 of the API answers.
    pub(crate) fn answer(&self, english: bool) -> Answer {
        Answer::json(self.status(), &self.body(english))
    }

    /// As version 2 of the API answers.
    pub(crate) fn answer_v2(&self, english: bool, trace: &str) -> Answer {
        let error = self.body(english);
        Answer::json(self.status(), &ErrorV2 { version: VERSION, trace_id: trace, error })
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
    fn every_row_is_complete() {
        for row in error_codes() {
            assert!((400..600).contains(&row.status), "{}", row.code);
            assert!(!row.korean.is_empty() && !row.english.is_empty(), "{}", row.code);
            assert!(row.korean.chars().count() <= 510, "{}", row.code);
        }
    }

    #[test]
    fn the_tables_of_confirm_and_cancel_are_whole() {
        let count = |api: &str| {
            error_codes().filter(|row| row.listed_in.split(',').any(|listed| listed == api)).count()
        };
        assert_eq!(count("confirm"), 47);
        assert_eq!(count("cancel"), 30);
        assert_eq!(count("get"), 7);
    }
}
