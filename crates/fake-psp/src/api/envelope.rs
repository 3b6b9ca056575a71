//! What version 2 of the API wraps its answers in.

use std::ops::Bound;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    act::{Act, Twist},
    answer::Answer,
    error::{Refusal, VERSION},
};
use crate::table::Table;

/// Rows of a list if the request does not say.
const DEFAULT_LIMIT: usize = 10;

/// Every answer of version 2 that is no error.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Entity")]
pub(super) struct Entity<'a, T> {
    version: &'a str,
    trace_id: &'a str,
    entity_type: &'a str,
    entity_body: T,
}

/// The body of a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub(super) struct Page<T> {
    pub(super) has_next: bool,
    /// The id to go on after: `startingAfter` of the next page.
    pub(super) last_cursor: Option<String>,
    pub(super) items: Vec<T>,
}

impl<T> Page<T> {
    pub(super) fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(show).collect();
        Page { has_next: self.has_next, last_cursor: self.last_cursor, items }
    }
}

impl Act<'_> {
    /// An answer of version 2.
    pub(super) fn entity<T: Serialize>(&self, entity_type: &str, entity_body: T) -> Answer {
        let trace_id = &self.ask.trace;
        Answer::json(200, &Entity { version: VERSION, trace_id, entity_type, entity_body })
    }

    /// The rows of a table that a list shows: those that are wanted, after `startingAfter`, at most
    /// `limit`.
    ///
    /// # Errors
    /// When `limit` is no number from 1 to `most`, or `startingAfter` is no id of the table.
    pub(super) fn page<'t, T>(
        &self,
        table: &'t Table<T>,
        most: usize,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Page<&'t T>, Refusal> {
        let limit = self.limit(most)?;
        let after = self.ask.query.get("startingAfter").map(String::as_str);
        if after.is_some_and(|id| table.get(id).is_none()) {
            return Err("INVALID_PAGING_KEY".into());
        }
        let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let rows = table.range::<str, _>(range);
        let mut rows: Vec<_> = rows.filter(|(_, row)| wanted(row)).take(limit + 1).collect();
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        if matches!(self.twist, Twist::WithoutNewest) && !has_next {
            rows.pop();
        }
        let last_cursor = rows.last().map(|(id, _)| (*id).clone());
        let items = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Page { has_next, last_cursor, items })
    }

    fn limit(&self, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.ask.query.get("limit") else { return Ok(DEFAULT_LIMIT) };
        let limit = text.parse().ok().filter(|limit| *limit > 0).ok_or("INVALID_REQUEST")?;
        if limit > most {
            return Err(self.core.config.page_too_large_code.as_str().into());
        }
        Ok(limit)
    }
}
