//! What is kept in the file of `--data`, so that a fake that was killed goes on where it was.
//!
//! Memory stays the truth. The parts of the [`World`](crate::world::World) that are kept note what
//! is touched; after each act the rows that were are handed to a [`Writer`], which writes them in
//! the order of the acts, many acts in one transaction. Nothing that tells of an act leaves the
//! process before its rows are on the disk. Without a file nothing is noted at all.

mod file;
mod journal;
mod list;
pub(crate) mod text;
mod value;
mod world;

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

pub use file::DataError;
pub(crate) use file::DataFile;
pub(crate) use journal::{Journal, Writer};
pub(crate) use list::List;
pub(crate) use value::Kept;

/// A row of the file as it shall be: without JSON, gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    /// In JSON, too.
    pub(crate) id: String,
    pub(crate) json: Option<String>,
}

/// A row of the file that cannot be understood.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(crate) String);

/// A part of the world that is kept.
pub(crate) trait Keep {
    /// From now on, what is touched is noted.
    fn keep(&mut self);

    /// Hands over what was touched since it was last asked.
    fn drain(&mut self, kind: &'static str, rows: &mut Vec<Row>);

    /// Takes a row as it was handed over. Rows come in the order of their ids.
    fn load(&mut self, id: &str, json: &str) -> Result<(), Damaged>;

    /// Forgets everything, in the file too.
    fn clear(&mut self);
}

/// Parts by the kind that their rows have in the file.
pub(crate) type Parts<'a> = Vec<(&'static str, &'a mut dyn Keep)>;

pub(crate) fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is kept is plain data")
}

pub(crate) fn read<T: Serialize + DeserializeOwned>(json: &str) -> Result<T, Damaged> {
    let value = serde_json::from_str(json).map_err(|error| Damaged(error.to_string()))?;
    // In tests: nothing is lost on the way through the file.
    if cfg!(debug_assertions) && write(&value) != json {
        return Err(Damaged(format!("{json} comes back as {}", write(&value))));
    }
    Ok(value)
}
