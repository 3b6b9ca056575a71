//! Things of which there is one.

use std::ops::{Deref, DerefMut};

use serde::{Serialize, de::DeserializeOwned};

use super::{Damaged, Keep, Row, read, write};

/// A value that knows whether it was touched since it was last asked.
#[derive(Debug, Default)]
pub(crate) struct Kept<T> {
    value: T,
    touched: bool,
    kept: bool,
    revision: u64,
}

impl<T> Kept<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value, touched: false, kept: false, revision: 0 }
    }

    /// Another number after every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// To change it: it counts as touched.
impl<T> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.touched = self.kept;
        self.revision += 1;
        &mut self.value
    }
}

/// Its only row has the id `0`.
impl<T: Default + Serialize + DeserializeOwned> Keep for Kept<T> {
    fn keep(&mut self) {
        self.kept = true;
    }

    fn drain(&mut self, kind: &'static str, rows: &mut Vec<Row>) {
        if std::mem::take(&mut self.touched) {
            rows.push(Row { kind, id: "0".to_owned(), json: Some(write(&self.value)) });
        }
    }

    fn load(&mut self, _: &str, json: &str) -> Result<(), Damaged> {
        self.value = read(json)?;
        Ok(())
    }

    fn clear(&mut self) {
        **self = T::default();
    }
}
