//! Things with an id, and which of them were changed.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    ops::RangeBounds,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::data::{Damaged, Keep, Row, read, write};

/// Rows by id. It knows which were touched since it was last asked, so that whoever keeps them on
/// disk need not look through all of them.
///
/// Rows are boxed: they are large, and a tree moves what it holds.
#[derive(Debug)]
pub(crate) struct Table<T, K = String> {
    rows: BTreeMap<K, Box<T>>,
    touched: BTreeSet<K>,
    /// Nobody asks in a fake without a file: then nothing is noted.
    kept: bool,
    revision: u64,
}

impl<T, K> Default for Table<T, K> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), touched: BTreeSet::new(), kept: false, revision: 0 }
    }
}

impl<T, K: Ord + Clone> Table<T, K> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, id: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.rows.get(id).map(Box::as_ref)
    }

    /// To change it: it counts as touched.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, id: &Q) -> Option<&mut T>
    where
        K: Borrow<Q>,
    {
        self.revision += 1;
        if self.kept {
            let (id, _) = self.rows.get_key_value(id)?;
            self.touched.insert(id.clone());
        }
        self.rows.get_mut(id).map(Box::as_mut)
    }

    pub(crate) fn insert(&mut self, id: impl Into<K>, row: T) -> Option<T> {
        let id = id.into();
        self.touch(&id);
        self.rows.insert(id, Box::new(row)).map(|old| *old)
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, id: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        let (id, row) = self.rows.remove_entry(id)?;
        self.touch(&id);
        Some(*row)
    }

    pub(crate) fn pop_first(&mut self) -> Option<(K, T)> {
        let (id, row) = self.rows.pop_first()?;
        self.touch(&id);
        Some((id, *row))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// In the order of ids.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.rows.iter().map(|(id, row)| (id, &**row))
    }

    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.rows.keys()
    }

    pub(crate) fn range<Q: Ord + ?Sized, R: RangeBounds<Q>>(
        &self,
        range: R,
    ) -> impl DoubleEndedIterator<Item = (&K, &T)>
    where
        K: Borrow<Q>,
    {
        self.rows.range(range).map(|(id, row)| (id, &**row))
    }

    pub(crate) fn clear(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        self.revision += 1;
        if self.kept {
            self.touched.extend(rows.into_keys());
        }
    }

    /// Another number after every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    fn touch(&mut self, id: &K) {
        self.revision += 1;
        if self.kept {
            self.touched.insert(id.clone());
        }
    }
}

impl<T, K> Keep for Table<T, K>
where
    T: Serialize + DeserializeOwned,
    K: Ord + Clone + Serialize + DeserializeOwned,
{
    fn keep(&mut self) {
        self.kept = true;
    }

    fn drain(&mut self, kind: &'static str, rows: &mut Vec<Row>) {
        for id in std::mem::take(&mut self.touched) {
            rows.push(Row { kind, id: write(&id), json: self.rows.get(&id).map(write) });
        }
    }

    fn load(&mut self, id: &str, json: &str) -> Result<(), Damaged> {
        self.rows.insert(read(id)?, read(json)?);
        Ok(())
    }

    fn clear(&mut self) {
        self.clear();
    }
}
