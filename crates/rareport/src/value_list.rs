//! Values of fields, one behind the other in little memory.
//!
//! What order they are in, and whether one may be there twice, is up to whoever keeps the list.

use crate::packed::Packed;
use std::cmp::Ordering;

/// Values by index, each with its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ValueList {
    entries: Vec<Entry>,
    /// The long values.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Short(Packed),
    Long { field: u16, start: usize, end: usize },
}

impl ValueList {
    /// An empty list with room for a number of values.
    pub(crate) fn with_capacity(values: usize) -> Self {
        ValueList { entries: Vec::with_capacity(values), bytes: Vec::new() }
    }

    /// Gives back what memory is not needed.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The field and the value at an index.
    pub(crate) fn get(&self, index: u32) -> (u16, &[u8]) {
        match &self.entries[index as usize] {
            Entry::Short(packed) => (packed.field(), packed.value()),
            &Entry::Long { field, start, end } => (field, &self.bytes[start..end]),
        }
    }

    /// The value at an index, if it is short.
    #[inline]
    pub(crate) fn short(&self, index: u32) -> Option<Packed> {
        match self.entries[index as usize] {
            Entry::Short(packed) => Some(packed),
            Entry::Long { .. } => None,
        }
    }

    /// The field and the first bytes of the value at an index, as a number by which most values
    /// compare. Values of which it is the same may differ.
    pub(crate) fn prefix(&self, index: u32) -> u128 {
        match self.short(index) {
            Some(packed) => packed.prefix(),
            None => {
                let (field, value) = self.get(index);
                let mut prefix = [0; 16];
                prefix[..2].copy_from_slice(&field.to_be_bytes());
                let length = value.len().min(14);
                prefix[2..2 + length].copy_from_slice(&value[..length]);
                u128::from_be_bytes(prefix)
            }
        }
    }

    /// How the value at an index compares with one of another list, by field and then by bytes.
    #[inline]
    pub(crate) fn compare(&self, index: u32, other: &ValueList, other_index: u32) -> Ordering {
        match (self.short(index), other.short(other_index)) {
            (Some(one), Some(another)) => one.ordered().cmp(&another.ordered()),
            _ => self.get(index).cmp(&other.get(other_index)),
        }
    }

    pub(crate) fn push(&mut self, field: u16, value: &[u8]) {
        match Packed::of(field, value) {
            Some(packed) => self.push_short(packed),
            None => self.push_long(field, value),
        }
    }

    pub(crate) fn push_short(&mut self, packed: Packed) {
        self.entries.push(Entry::Short(packed));
    }

    /// Appends a value that cannot be packed.
    pub(crate) fn push_long(&mut self, field: u16, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.entries.push(Entry::Long { field, start, end: self.bytes.len() });
    }

    /// Appends the value at an index of another list.
    #[inline]
    pub(crate) fn push_from(&mut self, other: &ValueList, index: u32) {
        match other.short(index) {
            Some(packed) => self.push_short(packed),
            None => {
                let (field, value) = other.get(index);
                self.push_long(field, value);
            }
        }
    }

    /// Forgets everything but keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
    }
}
