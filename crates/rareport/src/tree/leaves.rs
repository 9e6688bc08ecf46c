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
    influences: Vec<Influence>,
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
            influences: Vec::new(),
            partitions: Vec::new(),
        }
    }

    /// Adds a leaf to the partition that is ended next.
    pub(crate) fn push(
        &mut self,
        id: u32,
        probability: f64,
        influences: impl IntoIterator<Item = Influence>,
    ) {
        self.ids.push(id);
        self.probabilities.push(probability);
        self.influences.extend(influences);
        self.ends.push(self.influences.len());
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

    pub(crate) fn influences(&self, leaf: usize) -> &[Influence] {
        let start = if leaf == 0 { 0 } else { self.ends[leaf - 1] };
        &self.influences[start..self.ends[leaf]]
    }

    /// Numbers the influencer values anew so that only those with an influence are left, of
    /// `count`; gives their old numbers.
    pub(crate) fn compact_values(&mut self, count: usize) -> Vec<u32> {
        let mut new_number = vec![None; count];
        for influence in &self.influences {
            new_number[influence.value as usize] = Some(0);
        }
        let mut kept = Vec::with_capacity(count);
        for (old, new) in (0u32..).zip(&mut new_number) {
            if let Some(new) = new {
                *new = kept.len() as u32;
                kept.push(old);
            }
        }
        for influence in &mut self.influences {
            if let Some(new) = new_number[influence.value as usize] {
                influence.value = new;
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
