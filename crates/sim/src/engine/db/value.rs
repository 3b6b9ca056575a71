//! Values that the world reads from a database, for judges.

use std::{collections::BTreeMap, fmt};

use sqlx::{
    Column as _, Row as _, TypeInfo as _, ValueRef as _,
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
        use sqlx::Decode as _;
        let decoded = if value.is_null() {
            return Self::Null;
        } else {
            match value.type_info().name() {
                "REAL" => f64::decode(value).map(Self::Real),
                "TEXT" => String::decode(value).map(Self::Text),
                "BLOB" => Vec::decode(value).map(Self::Blob),
                _ => i64::decode(value).map(Self::Integer),
            }
        };
        decoded.expect("SQLite hands out what its type says")
    }
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
            let value = row
                .try_get_raw(column.ordinal())
                .expect("a column of this row");
            (column.name().to_owned(), Value::read(value))
        })
        .collect()
}
