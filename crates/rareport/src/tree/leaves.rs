//! The leaves that a tree grows from.

use std::ops::Range;

/// A leaf's share in an influencer value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Influence {
    /// Index of the influencer value.
    pub(crate) value: u32,
    /// How much of the leaf's rarity the value accounts for, 0.4 to 1 (rare-model §6, §14.2).
    pub(crate) strength: f64,
}

/// How the leaves of a job count for the nodes above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafKind {
    /// The leaves of a partition describe one thing.
    Attribute,
    /// Every leaf stands for itself.
    Person,
}

/// Leaves in visiting order: values that are present, with their probabilities and influences.
#[derive(Clone, Debug)]
pub(crate) struct Leaves {
    pub(crate) kind: LeafKind,
    /// Ids of the values, of a by field or of an over field.
    ids: Vec<u32>,
    probabilities: Vec<f64>,
    /// Where the influences of each leaf end.
    ends: Vec<usize>,
    /// Influencer values of the influences, by leaf and then ascending.
    values: Vec<u32>,
    /// Strengths of the influences on persons; none if leaves are attributes, as each of its values
    /// accounts for all of an attribute's rarity.
    strengths: Vec<f64>,
    /// Where the leaves of each partition end, and the id of the partition.
    partitions: Vec<(u32, usize)>,
}

impl Leaves {
    pub(crate) fn new(kind: LeafKind) -> Self {
        Leaves {
            kind,
            ids: Vec::new(),
            probabilities: Vec::new(),
            ends: Vec::new(),
            values: Vec::new(),
            strengths: Vec::new(),
            partitions: Vec::new(),
        }
    }

    /// Adds an attribute, with its influencer values in ascending order, to the partition that is ended
    /// next.
    pub(crate) fn push_attribute(&mut self, id: u32, probability: f64, values: &[u32]) {
        self.values.extend_from_slice(values);
        self.push(id, probability);
    }

    /// Adds a person, with its influences by ascending value, to the partition that is ended next.
    pub(crate) fn push_person(&mut self, id: u32, probability: f64, influences: &[Influence]) {
        self.values.extend(influences.iter().map(|influence| influence.value));
        self.strengths.extend(influences.iter().map(|influence| influence.strength));
        self.push(id, probability);
    }

    /// Adds a leaf whose influences have been added.
    fn push(&mut self, id: u32, probability: f64) {
        self.ids.push(id);
        self.probabilities.push(probability);
        self.ends.push(self.values.len());
    }

    /// Makes a partition of the leaves added since the last one.
    pub(crate) fn end_partition(&mut self, partition: u32) {
        self.partitions.push((partition, self.ids.len()));
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn id(&self, leaf: usize) -> u32 {
        self.ids[leaf]
    }

    /// Record probabilities, p_rec.
    pub(crate) fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The influencer values of a leaf, ascending.
    pub(crate) fn values(&self, leaf: usize) -> &[u32] {
        &self.values[self.range(leaf)]
    }

    /// The influences on a leaf, by ascending value.
    pub(crate) fn influences(&self, leaf: usize) -> impl Iterator<Item = Influence> {
        let influence =
            |index| Influence { value: self.values[index], strength: self.strength(index) };
        self.range(leaf).map(influence)
    }

    /// How much of a leaf's rarity one of its influencer values accounts for.
    pub(crate) fn strength_of(&self, leaf: usize, value: u32) -> f64 {
        let index = self.values(leaf).binary_search(&value);
        index.map_or(1.0, |index| self.strength(self.range(leaf).start + index))
    }

    /// The strength of an influence, by its index among all.
    fn strength(&self, index: usize) -> f64 {
        match self.kind {
            LeafKind::Attribute => 1.0,
            LeafKind::Person => self.strengths[index],
        }
    }

    /// The indices of a leaf's influences among all.
    fn range(&self, leaf: usize) -> Range<usize> {
        let start = if leaf == 0 { 0 } else { self.ends[leaf - 1] };
        start..self.ends[leaf]
    }

    /// Numbers the influencer values anew so that only those with an influence are left, of
    /// `count`; gives their old numbers.
    pub(crate) fn compact_values(&mut self, count: usize) -> Vec<u32> {
        let mut is_kept = vec![false; count];
        for &value in &self.values {
            is_kept[value as usize] = true;
        }
        let kept: Vec<u32> = (0..count as u32).filter(|&value| is_kept[value as usize]).collect();
        if kept.len() < count {
            let mut new_numbers = vec![0; count];
            for (new, &old) in (0u32..).zip(&kept) {
                new_numbers[old as usize] = new;
            }
            for value in &mut self.values {
                *value = new_numbers[*value as usize];
            }
        }
        kept
    }

    /// Ids of the partitions that have leaves, with their leaves, in byte order of their values.
    pub(crate) fn partitions(&self) -> impl ExactSizeIterator<Item = (u32, Range<usize>)> + '_ {
        let start = |index: usize| {
            if index == 0 { 0 } else { self.partitions[index - 1].1 }
        };
        let with_start = move |(index, &(id, end)): (usize, &(u32, usize))| (id, start(index)..end);
        self.partitions.iter().enumerate().map(with_start)
    }
}
