//! The order in which the leaves of a bucket are visited.
//!
//! Short buckets feed a normaliser only the larger of two consecutive scores, so the order decides
//! which scores meet. It is that of a hash table with separate chaining and grouped slots, filled
//! with the ids in ascending order (rare-model §8.4).

/// Sizes of the table.
const CAPACITIES: [usize; 26] = [
    13,
    29,
    53,
    97,
    193,
    389,
    769,
    1543,
    3079,
    6151,
    12_289,
    24_593,
    49_157,
    98_317,
    196_613,
    393_241,
    786_433,
    1_572_869,
    3_145_739,
    6_291_469,
    12_582_917,
    25_165_843,
    50_331_653,
    100_663_319,
    201_326_611,
    402_653_189,
];

/// Slots of a group.
const GROUP_SIZE: usize = 64;

/// The positions of the ids (ascending, without duplicates) in visiting order.
pub(crate) fn visit_order(ids: &[u32]) -> Vec<u32> {
    let mut table = Table::with_capacity(0);
    for (position, &id) in (0u32..).zip(ids) {
        if position as usize == table.slots.len() {
            table = table.grown_to(position as usize + 1);
        }
        table.insert(id, position);
    }
    table.iter().map(|element| element.position).collect()
}

#[derive(Clone, Copy, Debug)]
struct Element {
    id: u32,
    /// Place of the id among all.
    position: u32,
    /// Index of the next element of the chain.
    next: Option<u32>,
}

#[derive(Debug)]
struct Table {
    /// Index into `elements` of the front of each slot's chain.
    slots: Vec<Option<u32>>,
    elements: Vec<Element>,
    /// Groups in the order of their first element, which is the reverse of the visiting order.
    groups: Vec<usize>,
    group_used: Vec<bool>,
}

impl Table {
    fn with_capacity(capacity: usize) -> Self {
        Table {
            slots: vec![None; capacity],
            elements: Vec::with_capacity(capacity),
            groups: Vec::new(),
            group_used: vec![false; capacity / GROUP_SIZE + 1],
        }
    }

    /// A table of the smallest capacity that holds `count` ids, with the ids of this one
    /// inserted slot by slot, each chain front to back.
    fn grown_to(&self, count: usize) -> Self {
        let fits = |capacity: &&usize| **capacity >= count;
        let mut grown = Table::with_capacity(*CAPACITIES.iter().find(fits).unwrap_or(&count));
        for slot in 0..self.slots.len() {
            self.chain(slot).for_each(|element| grown.insert(element.id, element.position));
        }
        grown
    }

    fn insert(&mut self, id: u32, position: u32) {
        let slot = id as usize % self.slots.len();
        let next = self.slots[slot].replace(self.elements.len() as u32);
        self.elements.push(Element { id, position, next });
        let group = slot / GROUP_SIZE;
        if group != self.last_group() && !self.group_used[group] {
            self.group_used[group] = true;
            self.groups.push(group);
        }
    }

    /// The elements of a slot, front to back.
    fn chain(&self, slot: usize) -> impl Iterator<Item = Element> + '_ {
        let element = |index: Option<u32>| index.map(|index| self.elements[index as usize]);
        std::iter::successors(element(self.slots[slot]), move |front| element(front.next))
    }

    /// The group that is always visited last.
    fn last_group(&self) -> usize {
        self.slots.len() / GROUP_SIZE
    }

    fn iter(&self) -> impl Iterator<Item = Element> + '_ {
        let groups = self.groups.iter().rev().copied().chain([self.last_group()]);
        groups
            .flat_map(|group| group * GROUP_SIZE..((group + 1) * GROUP_SIZE).min(self.slots.len()))
            .flat_map(|slot| self.chain(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        ids: Vec<u32>,
        order: Vec<u32>,
    }

    #[test]
    fn order_of_the_reference_library() {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../tests/data/visit_order.json")).unwrap();
        for mut case in vectors.cases {
            case.ids.sort_unstable();
            let order = visit_order(&case.ids).into_iter();
            let order: Vec<u32> = order.map(|position| case.ids[position as usize]).collect();
            assert_eq!(order, case.order);
        }
    }

    #[test]
    fn no_ids() {
        assert_eq!(visit_order(&[]), [0u32; 0]);
    }
}
