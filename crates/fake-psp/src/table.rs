//! Things with an id, and which of them were changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeBounds,
};

/// Rows by id. It knows which were touched since it was last asked, so that whoever keeps them on
/// disk need not look through all of them.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: BTreeMap<String, T>,
    touched: BTreeSet<String>,
    /// Nobody asks in a fake without a file: then nothing is noted.
    kept: bool,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), touched: BTreeSet::new(), kept: false }
    }
}

impl<T> Table<T> {
    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(id)
    }

    /// To change it: it counts as touched.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(id)?;
        if self.kept {
            self.touched.insert(id.to_owned());
        }
        Some(row)
    }

    pub(crate) fn insert(&mut self, id: impl Into<String>, row: T) -> Option<T> {
        let id = id.into();
        if self.kept {
            self.touched.insert(id.clone());
        }
        self.rows.insert(id, row)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let row = self.rows.remove(id)?;
        if self.kept {
            self.touched.insert(id.to_owned());
        }
        Some(row)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// In the order of ids.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &T)> {
        self.rows.iter()
    }

    pub(crate) fn range<R: RangeBounds<str>>(
        &self,
        range: R,
    ) -> impl DoubleEndedIterator<Item = (&String, &T)> {
        self.rows.range(range)
    }
}
