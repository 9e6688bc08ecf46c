//! Values and the small integers that stand for them.
//!
//! A [`Dictionary`] keeps values for good, a [`Scratch`] until it is cleared. Neither knows what
//! its values mean.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{BuildHasher, Hasher};

/// Values with ids 0, 1, 2, … in order of first appearance; the ids of removed values are used
/// again, lowest first (rare-model §3.1, §10).
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    ids: HashTable<u32>,
    values: Vec<Box<[u8]>>,
    free: BinaryHeap<Reverse<u32>>,
    hasher: RandomState,
}

impl Dictionary {
    /// Number of values known.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn value(&self, id: u32) -> &[u8] {
        &self.values[id as usize]
    }

    /// The id of `value`, which gets one if it has none.
    pub(crate) fn register(&mut self, value: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(value);
        if let Some(&id) = self.ids.find(hash, |&id| &*self.values[id as usize] == value) {
            return id;
        }
        let id = match self.free.pop() {
            Some(Reverse(id)) => {
                self.values[id as usize] = value.into();
                id
            }
            None => {
                self.values.push(value.into());
                (self.values.len() - 1) as u32
            }
        };
        let (values, hasher) = (&self.values, &self.hasher);
        self.ids.insert_unique(hash, id, |&id| hasher.hash_one(&*values[id as usize]));
        id
    }

    /// Forgets a value, whose id may then stand for another one.
    pub(crate) fn remove(&mut self, id: u32) {
        let hash = self.hasher.hash_one(&*self.values[id as usize]);
        if let Ok(entry) = self.ids.find_entry(hash, |&known| known == id) {
            entry.remove();
            self.values[id as usize] = Box::default();
            self.free.push(Reverse(id));
        }
    }
}

/// Values of several fields, numbered in order of first appearance until all are forgotten at
/// once; holds on to its memory so that filling it again allocates nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    ids: HashTable<u32>,
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    field: u16,
    start: usize,
    end: usize,
}

impl Scratch {
    /// Number of values known.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The field and the value that `id` stands for.
    pub(crate) fn value(&self, id: u32) -> (u16, &[u8]) {
        let entry = self.entries[id as usize];
        (entry.field, &self.bytes[entry.start..entry.end])
    }

    pub(crate) fn register(&mut self, field: u16, value: &[u8]) -> u32 {
        let hash = hash_of(&self.hasher, field, value);
        let known = self.ids.find(hash, |&id| self.value(id) == (field, value));
        if let Some(&id) = known {
            return id;
        }
        let (id, start) = (self.entries.len() as u32, self.bytes.len());
        self.bytes.extend_from_slice(value);
        self.entries.push(Entry { field, start, end: self.bytes.len() });
        let (entries, bytes, hasher) = (&self.entries, &self.bytes, &self.hasher);
        self.ids.insert_unique(hash, id, |&id| {
            let entry = entries[id as usize];
            hash_of(hasher, entry.field, &bytes[entry.start..entry.end])
        });
        id
    }

    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.entries.clear();
        self.bytes.clear();
    }
}

fn hash_of(hasher: &RandomState, field: u16, value: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u16(field);
    state.write(value);
    state.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_first_appearance() {
        let mut dictionary = Dictionary::default();
        let ids = ["b", "a", "b", "c"].map(|value| dictionary.register(value.as_bytes()));
        assert_eq!(ids, [0, 1, 0, 2]);
        assert_eq!(dictionary.value(1), b"a");
        assert_eq!(dictionary.len(), 3);
    }

    #[test]
    fn ids_of_removed_values_are_used_again_lowest_first() {
        let mut dictionary = Dictionary::default();
        for value in [b"a", b"b", b"c"] {
            dictionary.register(value);
        }
        dictionary.remove(2);
        dictionary.remove(0);
        assert_eq!(dictionary.len(), 1);
        assert_eq!([b"d", b"b", b"a", b"e"].map(|value| dictionary.register(value)), [0, 1, 2, 3]);
    }

    #[test]
    fn equal_values_of_different_fields_differ() {
        let mut scratch = Scratch::default();
        let ids = [(0, "x"), (1, "x"), (0, "x")]
            .map(|(field, value)| scratch.register(field, value.as_bytes()));
        assert_eq!(ids, [0, 1, 0]);
        assert_eq!(scratch.value(1), (1, b"x".as_slice()));
        scratch.clear();
        assert_eq!(scratch.register(1, b"x"), 0);
    }
}
