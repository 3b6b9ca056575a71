//! Things in the order in which they came.

use std::{
    collections::BTreeSet,
    ops::{Deref, Index, IndexMut},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{Damaged, Keep, Row, read, write};

/// A list that is only ever appended to, and knows which of its entries were touched since it was
/// last asked.
#[derive(Debug)]
pub(crate) struct List<T> {
    entries: Vec<T>,
    touched: BTreeSet<usize>,
    kept: bool,
    revision: u64,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), touched: BTreeSet::new(), kept: false, revision: 0 }
    }
}

impl<T> List<T> {
    pub(crate) fn push(&mut self, entry: T) {
        self.touch(self.entries.len());
        self.entries.push(entry);
    }

    /// Another number after every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// To change an entry, if it is still there: it counts as touched.
    pub(crate) fn get_mut(&mut self, position: usize) -> Option<&mut T> {
        if position < self.entries.len() {
            self.touch(position);
        }
        self.entries.get_mut(position)
    }

    fn touch(&mut self, position: usize) {
        self.revision += 1;
        if self.kept {
            self.touched.insert(position);
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> Index<usize> for List<T> {
    type Output = T;

    fn index(&self, position: usize) -> &T {
        &self.entries[position]
    }
}

/// To change an entry: it counts as touched.
impl<T> IndexMut<usize> for List<T> {
    fn index_mut(&mut self, position: usize) -> &mut T {
        self.touch(position);
        &mut self.entries[position]
    }
}

impl<T: Serialize + DeserializeOwned> Keep for List<T> {
    fn keep(&mut self) {
        self.kept = true;
    }

    fn drain(&mut self, kind: &'static str, rows: &mut Vec<Row>) {
        for position in std::mem::take(&mut self.touched) {
            let json = self.entries.get(position).map(write);
            rows.push(Row { kind, id: position.to_string(), json });
        }
    }

    fn load(&mut self, id: &str, json: &str) -> Result<(), Damaged> {
        let next = self.entries.len();
        if id != next.to_string() {
            return Err(Damaged(format!("entry {next} is missing")));
        }
        self.entries.push(read(json)?);
        Ok(())
    }

    fn clear(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        self.revision += 1;
        if self.kept {
            self.touched.extend(0..entries.len());
        }
    }
}
