//! Values that the world reads from a database, for judges.

use std::{collections::BTreeMap, fmt};

use sqlx::{
    Column as _, Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _,
    error::BoxDynError,
    sqlite::{SqliteRow, SqliteValueRef},
};

/// A row by column names.
pub type Row = BTreeMap<String, Value>;

/// A value as SQLite stores it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// INTEGER (also what services call BIGINT or BOOLEAN).
    Integer(i64),
    /// REAL.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Blob(Vec<u8>),
}

impl Value {
    /// The integer, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn read(value: SqliteValueRef<'_>) -> Self {
        if value.is_null() {
            return Self::Null;
        }
        let decoded = match value.type_info().name() {
            "REAL" => decode(value).map(Self::Real),
            "TEXT" => decode(value).map(Self::Text),
            "BLOB" => decode(value).map(Self::Blob),
            _ => decode(value).map(Self::Integer),
        };
        decoded.expect("SQLite hands out what its type says")
    }
}

fn decode<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(value)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Blob(bytes) => write!(f, "({} bytes)", bytes.len()),
        }
    }
}

pub(super) fn read_row(row: &SqliteRow) -> Row {
    row.columns()
        .iter()
        .map(|column| {
            let value = row.try_get_raw(column.ordinal()).expect("a column of this row");
            (column.name().to_owned(), Value::read(value))
        })
        .collect()
}
