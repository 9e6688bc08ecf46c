//! Sorted values, each once, which are referred to by index.

use crate::value_list::ValueList;
use std::cmp::Ordering;

/// Values in order of field and bytes, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table(ValueList);

impl Table {
    /// The table of values that are in order, each once.
    pub(super) fn of<'a>(values: impl Iterator<Item = (u16, &'a [u8])>) -> Table {
        let mut list = ValueList::with_capacity(values.size_hint().0);
        values.for_each(|(field, value)| list.push(field, value));
        Table(list)
    }

    pub(crate) fn list(&self) -> &ValueList {
        &self.0
    }

    /// The field and the value at an index.
    pub(crate) fn get(&self, index: u32) -> (u16, &[u8]) {
        self.0.get(index)
    }

    /// The values of both tables, and for each of these the indices that its values have there. Both
    /// are ascending.
    pub(super) fn union(&self, other: &Table) -> (Table, [Vec<u32>; 2]) {
        let (this, other) = (&self.0, &other.0);
        let lengths = [this, other].map(|list| list.len() as u32);
        let mut union = ValueList::with_capacity(this.len() + other.len());
        let mut indices = [this, other].map(|list| Vec::with_capacity(list.len()));
        let (mut x, mut y) = (0, 0);
        while x < lengths[0] || y < lengths[1] {
            let order = if y == lengths[1] {
                Ordering::Less
            } else if x == lengths[0] {
                Ordering::Greater
            } else {
                this.compare(x, other, y)
            };
            let index = union.len() as u32;
            if order.is_le() {
                union.push_from(this, x);
                indices[0].push(index);
                x += 1;
            } else {
                union.push_from(other, y);
            }
            if order.is_ge() {
                indices[1].push(index);
                y += 1;
            }
        }
        union.shrink_to_fit();
        (Table(union), indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_has_each_value_once_and_in_order() {
        let long = [b"longer than 15 bytes".as_slice(), b"longer than 15 bytes too"];
        let one = [(0, b"a".as_slice()), (0, long[1]), (0, b"m"), (300, b"a")];
        let another = [(0, b"".as_slice()), (0, long[0]), (0, long[1]), (0, b"n"), (1, b"a")];
        let (union, maps) = Table::of(one.into_iter()).union(&Table::of(another.into_iter()));
        let mut expected = [one.as_slice(), &another].concat();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(union, Table::of(expected.iter().copied()));
        assert_eq!(maps[0].iter().map(|&index| union.get(index)).collect::<Vec<_>>(), one);
        assert_eq!(maps[1].iter().map(|&index| union.get(index)).collect::<Vec<_>>(), another);
    }
}
