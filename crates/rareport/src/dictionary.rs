//! Values and the small integers that stand for them.
//!
//! A [`Dictionary`] keeps values for good, a [`Scratch`] until it is cleared. Neither knows what
//! its values mean.

use crate::packed::Packed;
use crate::snapshot::{SnapshotError, impossible};
use crate::summary::Bytes;
use crate::value_list::ValueList;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{BuildHasher, Hasher};

/// Values with ids 0, 1, 2, … in order of first appearance; the ids of removed values are used
/// again, lowest first (rare-model §3.1, §10).
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    ids: Ids,
    values: Vec<Box<[u8]>>,
    free: BinaryHeap<Reverse<u32>>,
}

impl Dictionary {
    /// Number of values known.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn value(&self, id: u32) -> &[u8] {
        &self.values[id as usize]
    }

    /// The id of `value`, if it is known. Looks at all values: it is for a question now and then.
    pub(crate) fn find(&self, value: &[u8]) -> Option<u32> {
        let known = self.values.iter().position(|other| **other == *value)? as u32;
        (!self.free.iter().any(|&Reverse(free)| free == known)).then_some(known)
    }

    /// The id of `value`, which gets one if it has none.
    pub(crate) fn register(&mut self, value: &[u8]) -> u32 {
        let (values, free) = (&mut self.values, &mut self.free);
        let next = free.peek().map_or(values.len() as u32, |&Reverse(id)| id);
        let id = self.ids.find_or_insert(0, value, next, |id| &values[id as usize]);
        if id == next {
            if free.pop().is_some() {
                values[id as usize] = value.into();
            } else {
                values.push(value.into());
            }
        }
        id
    }

    /// The dictionary in which these values have the ids 0, 1, 2, …, of which those without a value
    /// are free.
    pub(crate) fn of<'a>(
        values: impl ExactSizeIterator<Item = Option<&'a Bytes>>,
    ) -> Result<Dictionary, SnapshotError> {
        let mut dictionary = Dictionary::default();
        if u32::try_from(values.len()).is_err() {
            return Err(impossible("there are more values than ids"));
        }
        for (id, value) in (0u32..).zip(values) {
            let Some(value) = value.map(Bytes::as_ref) else {
                dictionary.values.push(Box::default());
                dictionary.free.push(Reverse(id));
                continue;
            };
            let Dictionary { ids, values, .. } = &mut dictionary;
            let found = ids.find_or_insert(0, value, id, |id| &values[id as usize]);
            if found != id {
                return Err(impossible(format!("values {found} and {id} are the same")));
            }
            values.push(value.into());
        }
        Ok(dictionary)
    }

    /// Whether an id stands for a value.
    pub(crate) fn knows(&self, id: u32) -> bool {
        let value = self.values.get(id as usize);
        value.is_some_and(|value| self.ids.find(0, value, |id| self.value(id)) == Some(id))
    }

    /// The values by id; `None` for those that are free.
    pub(crate) fn by_id(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut is_free = vec![false; self.values.len()];
        self.free.iter().for_each(|&Reverse(id)| is_free[id as usize] = true);
        let values = self.values.iter().zip(is_free);
        values.map(|(value, is_free)| (!is_free).then_some(&**value))
    }

    /// Forgets a value, whose id may then stand for another one.
    pub(crate) fn remove(&mut self, id: u32) {
        if self.ids.remove(0, &self.values[id as usize], id) {
            self.values[id as usize] = Box::default();
            self.free.push(Reverse(id));
        }
    }
}

/// Values of several fields, numbered in order of first appearance until all are forgotten at
/// once; holds on to its memory so that filling it again allocates nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// Ids of short values. They stay here, and the values one behind the other in `values`: most
    /// values are new, and a new one touches little memory.
    short: HashTable<u32>,
    long: Ids,
    values: ValueList,
    hasher: RandomState,
}

impl Scratch {
    /// Number of values known.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The field and the value that `id` stands for.
    pub(crate) fn value(&self, id: u32) -> (u16, &[u8]) {
        self.values.get(id)
    }

    pub(crate) fn contains(&self, field: u16, value: &[u8]) -> bool {
        match Packed::of(field, value) {
            Some(packed) => {
                let is_same = |&id: &u32| self.values.short(id) == Some(packed);
                self.short.find(self.hasher.hash_one(packed), is_same).is_some()
            }
            None => self.long.find(field, value, |id| self.value(id).1).is_some(),
        }
    }

    /// The id of a value, which gets one if it has none.
    pub(crate) fn register(&mut self, field: u16, value: &[u8]) -> u32 {
        match Packed::of(field, value) {
            Some(packed) => self.register_short(packed),
            None => self.register_long(field, value),
        }
    }

    /// The id of a short value, which gets one if it has none.
    pub(crate) fn register_short(&mut self, packed: Packed) -> u32 {
        let Scratch { short, values, hasher, .. } = self;
        let next = values.len() as u32;
        let hash_of = |&id: &u32| values.short(id).map_or(0, |packed| hasher.hash_one(packed));
        let is_same = |&id: &u32| values.short(id) == Some(packed);
        let id = *short.entry(hasher.hash_one(packed), is_same, hash_of).or_insert(next).get();
        if id == next {
            values.push_short(packed);
        }
        id
    }

    /// The id of a value that cannot be packed, which gets one if it has none.
    pub(crate) fn register_long(&mut self, field: u16, value: &[u8]) -> u32 {
        let values = &self.values;
        let next = values.len() as u32;
        let id = self.long.find_or_insert_long(field, value, next, |id| values.get(id).1);
        if id == next {
            self.values.push_long(field, value);
        }
        id
    }

    /// The ids in order of field and value.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        // Most comparisons are decided by the field and the first bytes, as one number.
        let with_prefix = |id: u32| (self.values.prefix(id), id);
        let mut ids: Vec<(u128, u32)> = (0..self.values.len() as u32).map(with_prefix).collect();
        ids.sort_unstable_by_key(|&(prefix, _)| prefix);
        for alike in ids.chunk_by_mut(|(x, _), (y, _)| x == y) {
            alike.sort_unstable_by(|&(_, x), &(_, y)| self.values.compare(x, &self.values, y));
        }
        ids.into_iter().map(|(_, id)| id).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.short.clear();
        self.long.clear();
        self.values.clear();
    }
}

/// Ids by field and value. Short values, which most are, are held in the table itself, so that
/// looking one up touches no other memory; of longer ones only the ids are.
#[derive(Clone, Debug, Default)]
struct Ids {
    short: HashTable<(Packed, u32)>,
    /// Field, hash and id.
    long: HashTable<(u16, u64, u32)>,
    hasher: RandomState,
}

impl Ids {
    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// The id of a value, which is `next` if it had none; `value_of` gives the values of ids.
    fn find_or_insert<'a>(
        &mut self,
        field: u16,
        value: &[u8],
        next: u32,
        value_of: impl Fn(u32) -> &'a [u8],
    ) -> u32 {
        match Packed::of(field, value) {
            Some(packed) => self.find_or_insert_short(packed, next),
            None => self.find_or_insert_long(field, value, next, value_of),
        }
    }

    /// [`find_or_insert`](Self::find_or_insert) for a value that cannot be packed.
    fn find_or_insert_long<'a>(
        &mut self,
        field: u16,
        value: &[u8],
        next: u32,
        value_of: impl Fn(u32) -> &'a [u8],
    ) -> u32 {
        let hash = hash_of(&self.hasher, field, value);
        let is_same =
            |&(f, h, id): &(u16, u64, u32)| f == field && h == hash && value_of(id) == value;
        if let Some(&(_, _, id)) = self.long.find(hash, is_same) {
            return id;
        }
        self.long.insert_unique(hash, (field, hash, next), |&(_, hash, _)| hash);
        next
    }

    /// [`find_or_insert`](Self::find_or_insert) for a short value.
    fn find_or_insert_short(&mut self, packed: Packed, next: u32) -> u32 {
        let hasher = &self.hasher;
        let hash = hasher.hash_one(packed);
        let is_same = |(other, _): &(Packed, u32)| *other == packed;
        let entry = self.short.entry(hash, is_same, |(packed, _)| hasher.hash_one(packed));
        entry.or_insert((packed, next)).get().1
    }

    /// The id of a value, if it has one; `value_of` gives the values of ids.
    fn find<'a>(
        &self,
        field: u16,
        value: &[u8],
        value_of: impl Fn(u32) -> &'a [u8],
    ) -> Option<u32> {
        match Packed::of(field, value) {
            Some(packed) => {
                let hash = self.hasher.hash_one(packed);
                self.short.find(hash, |(other, _)| *other == packed).map(|&(_, id)| id)
            }
            None => {
                let hash = hash_of(&self.hasher, field, value);
                let is_same = |&(f, h, id): &(u16, u64, u32)| {
                    f == field && h == hash && value_of(id) == value
                };
                self.long.find(hash, is_same).map(|&(_, _, id)| id)
            }
        }
    }

    /// Removes a value with its id; whether it was there.
    fn remove(&mut self, field: u16, value: &[u8], id: u32) -> bool {
        match Packed::of(field, value) {
            Some(packed) => {
                let hash = self.hasher.hash_one(packed);
                let entry = self.short.find_entry(hash, |(other, _)| *other == packed);
                entry.map(|entry| entry.remove()).is_ok()
            }
            None => {
                let hash = hash_of(&self.hasher, field, value);
                let entry = self.long.find_entry(hash, |&(_, _, other)| other == id);
                entry.map(|entry| entry.remove()).is_ok()
            }
        }
    }

    fn clear(&mut self) {
        self.short.clear();
        self.long.clear();
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
    fn long_values_are_told_apart_too() {
        let mut dictionary = Dictionary::default();
        let values = ["a-value-of-thirty-two-characters", "a-value-of-thirty-two-charactars", ""];
        let ids = values.map(|value| dictionary.register(value.as_bytes()));
        assert_eq!(ids, [0, 1, 2]);
        dictionary.remove(0);
        assert_eq!(dictionary.register(values[1].as_bytes()), 1);
        assert_eq!(dictionary.register(values[0].as_bytes()), 0);
    }

    #[test]
    fn sorted_by_field_and_then_by_bytes() {
        let mut scratch = Scratch::default();
        let values =
            ["10.0.0.123456789", "10.0.0.123456788", "10.0.0.12345678", "b", "a\0", "a", ""];
        for (field, value) in [1, 0].into_iter().flat_map(|f| values.map(|value| (f, value))) {
            scratch.register(field, value.as_bytes());
        }
        let sorted: Vec<_> = scratch.sorted().into_iter().map(|id| scratch.value(id)).collect();
        assert_eq!(sorted.len(), 14);
        assert!(sorted.is_sorted());
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
