//! Lists of numbers, in one piece of memory.

use std::ops::Range;

/// Lists of numbers for the members 0, 1, 2, … of something, in one piece of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Groups {
    /// Where the list of each member starts, and at the end where the last one ends.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Default for Groups {
    /// No lists.
    fn default() -> Self {
        Groups { starts: vec![0], items: Vec::new() }
    }
}

impl Groups {
    /// Appends the list of another member.
    pub(crate) fn push(&mut self, items: impl Iterator<Item = u32>) {
        self.items.extend(items);
        self.starts.push(self.items.len() as u32);
    }

    /// Groups pairs of a member (below `members`) and an item (below `items`) by member; the
    /// items of each member are ascending.
    pub(crate) fn of(
        members: usize,
        items: usize,
        pairs: impl Iterator<Item = (u32, u32)> + Clone,
    ) -> Self {
        let swapped = pairs.map(|(member, item)| (item, member));
        let by_item = Groups::in_given_order(items, swapped);
        let ascending = (0..items as u32)
            .flat_map(|item| by_item.get(item as usize).iter().map(move |&member| (member, item)));
        Groups::in_given_order(members, ascending)
    }

    /// Groups pairs by their first number; within a group they keep their order.
    pub(crate) fn in_given_order(
        members: usize,
        pairs: impl Iterator<Item = (u32, u32)> + Clone,
    ) -> Self {
        let mut starts = vec![0u32; members + 1];
        for (member, _) in pairs.clone() {
            starts[member as usize + 1] += 1;
        }
        for member in 0..members {
            starts[member + 1] += starts[member];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[members] as usize];
        for (member, item) in pairs {
            let slot = &mut next[member as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
        Groups { starts, items }
    }

    /// The list of a member.
    pub(crate) fn get(&self, member: usize) -> &[u32] {
        &self.items[self.range(member)]
    }

    /// Number of items of all lists.
    pub(crate) fn item_count(&self) -> usize {
        self.items.len()
    }

    fn range(&self, member: usize) -> Range<usize> {
        self.starts[member] as usize..self.starts[member + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_grouped_by_member() {
        let pairs = [(1, 3), (0, 2), (1, 0), (3, 1)];
        let ascending = Groups::of(4, 4, pairs.into_iter());
        let in_given_order = Groups::in_given_order(4, pairs.into_iter());
        let mut pushed = Groups::default();
        for list in [&[2][..], &[3, 0], &[], &[1]] {
            pushed.push(list.iter().copied());
        }
        assert_eq!(
            [0, 1, 2, 3].map(|member| ascending.get(member)),
            [&[2][..], &[0, 3], &[], &[1]]
        );
        assert_eq!(pushed, in_given_order);
        assert_eq!(pushed.get(1), [3, 0]);
        assert_eq!(pushed.item_count(), 4);
    }
}
