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
    /// No lists, with room for those of a number of members with so many items in all.
    pub(crate) fn with_capacity(members: usize, items: usize) -> Self {
        let mut starts = Vec::with_capacity(members + 1);
        starts.push(0);
        Groups { starts, items: Vec::with_capacity(items) }
    }

    /// Gives back what memory is not needed.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.starts.shrink_to_fit();
        self.items.shrink_to_fit();
    }

    /// Appends the list of another member: the items of two ascending ones, each once.
    pub(crate) fn push_union(
        &mut self,
        mut one: impl Iterator<Item = u32>,
        mut other: impl Iterator<Item = u32>,
    ) {
        let mut next = (one.next(), other.next());
        while let (Some(x), Some(y)) = next {
            self.items.push(x.min(y));
            next = (
                if x <= y { one.next() } else { next.0 },
                if y <= x { other.next() } else { next.1 },
            );
        }
        self.items.extend(next.0.into_iter().chain(one));
        self.items.extend(next.1.into_iter().chain(other));
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
    use std::collections::BTreeSet;

    #[test]
    fn items_are_grouped_by_member() {
        let pairs = [(1, 3), (0, 2), (1, 0), (3, 1)];
        let ascending = Groups::of(4, 4, pairs.into_iter());
        let in_given_order = Groups::in_given_order(4, pairs.into_iter());
        assert_eq!(
            [0, 1, 2, 3].map(|member| ascending.get(member)),
            [&[2][..], &[0, 3], &[], &[1]]
        );
        assert_eq!(in_given_order.get(1), [3, 0]);
        assert_eq!(in_given_order.item_count(), 4);
    }

    #[test]
    fn a_union_has_each_item_once_and_in_order() {
        let lists = [&[][..], &[2], &[3, 5], &[0, 2, 3, 9], &[1, 2, 5, 7, 8]];
        for (one, other) in lists.iter().flat_map(|one| lists.iter().map(move |other| (one, other)))
        {
            let mut groups = Groups::default();
            groups.push_union(one.iter().copied(), other.iter().copied());
            let expected: BTreeSet<u32> = one.iter().chain(*other).copied().collect();
            assert!(groups.get(0).iter().eq(&expected), "{one:?} {other:?}");
        }
    }
}
