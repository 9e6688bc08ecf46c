//! What a summary holds of its events: values in tables, and sorted lists of indices into these.

use super::table::Table;
use super::{FirstEvent, Position};
use crate::bucket::{Bucket, Gathered, Subject, positions};
use crate::dictionary::Scratch;
use crate::groups::Groups;
use std::collections::BTreeMap;
use std::ops::Range;

/// The sort of names that are values of the by field.
pub(super) const BY: u16 = 0;
/// The sort of names that are values of the over field; the empty one alone if there is none.
pub(super) const OVER: u16 = 1;
/// The sort of names that are values of the partition field; the empty one alone if there is none.
pub(super) const PARTITION: u16 = 2;

/// What was seen in a bucket, all in ascending order. A value is an index of `names` wherever it is
/// not one of an influencer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Values of the by, over and partition fields, by sort.
    pub(crate) names: Table,
    /// Influencer values, by the index of their field.
    pub(crate) values: Table,
    /// The partitions, and the first event in each.
    pub(super) partitions: Vec<(u32, FirstEvent)>,
    /// Where each by-field and over-field value appeared first in each partition.
    pub(super) appearances: Vec<Appearance>,
    /// Who and what was present, with numbers of events.
    pub(crate) subjects: Vec<(Subject, u64)>,
    /// For each of `subjects` the influencer values that it was seen with.
    pub(crate) influences: Groups,
}

/// Where a value appeared first in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Appearance {
    pub(crate) partition: u32,
    pub(crate) name: u32,
    pub(crate) position: Position,
}

/// What was seen in one partition.
#[derive(Clone, Debug)]
pub(crate) struct PartitionContents<'a> {
    pub(crate) value: &'a [u8],
    pub(crate) first: FirstEvent,
    /// By-field values.
    pub(crate) by: &'a [Appearance],
    /// Over-field values.
    pub(crate) over: &'a [Appearance],
    /// Which of the subjects are in it.
    pub(crate) subjects: Range<usize>,
}

impl Contents {
    /// What was gathered in a bucket with certain names, to which its subjects and the rest refer by
    /// id. Of several first events of a partition and of several appearances of a value the first one
    /// counts.
    pub(super) fn of(
        bucket: &Bucket,
        names: &Scratch,
        first_events: impl Iterator<Item = (u32, FirstEvent)>,
        appearances: impl Iterator<Item = Appearance>,
    ) -> Contents {
        let sorted = names.sorted();
        let ranks = positions(&sorted);
        let rank = |id: u32| ranks[id as usize];
        let numbered = |Subject { partition, over, by }| Subject {
            partition: rank(partition),
            over: rank(over),
            by: rank(by),
        };
        let Gathered { values, subjects, influences } =
            bucket.gathered_in(&bucket.places_by(numbered));
        let mut partitions: BTreeMap<u32, FirstEvent> = BTreeMap::new();
        for (partition, first) in first_events {
            let known = partitions.entry(rank(partition)).or_insert(first);
            *known = first.min(*known);
        }
        let ranked = |Appearance { partition, name, position }| Appearance {
            partition: rank(partition),
            name: rank(name),
            position,
        };
        let mut appearances: Vec<Appearance> = appearances.map(ranked).collect();
        appearances.sort_unstable();
        appearances.dedup_by_key(|appearance| appearance.place());
        Contents {
            names: Table::of(sorted.iter().map(|&id| names.value(id))),
            values: Table::of(values.into_iter()),
            partitions: partitions.into_iter().collect(),
            appearances,
            subjects: subjects.into_iter().map(|(it, count)| (numbered(it), count)).collect(),
            influences,
        }
    }

    /// About how long it takes to go through all.
    pub(super) fn size(&self) -> usize {
        self.names.list().len()
            + self.values.list().len()
            + self.appearances.len()
            + self.subjects.len()
            + self.influences.item_count()
    }

    /// What was seen in each partition, by their values.
    pub(crate) fn partitions(&self) -> impl ExactSizeIterator<Item = PartitionContents<'_>> {
        self.partitions.iter().map(|&(partition, first)| {
            let appearances = range(&self.appearances, partition, |it| it.partition);
            let appearances = &self.appearances[appearances];
            let is_by = |appearance: &Appearance| self.names.get(appearance.name).0 == BY;
            let (by, over) = appearances.split_at(appearances.partition_point(is_by));
            PartitionContents {
                value: self.names.get(partition).1,
                first,
                by,
                over,
                subjects: range(&self.subjects, partition, |(subject, _)| subject.partition),
            }
        })
    }
}

impl Appearance {
    /// What appeared, and in which partition.
    pub(super) fn place(&self) -> (u32, u32) {
        (self.partition, self.name)
    }
}

/// Where the items of a partition are among those of all.
fn range<T>(items: &[T], partition: u32, of: impl Fn(&T) -> u32) -> Range<usize> {
    let start = items.partition_point(|item| of(item) < partition);
    let length = items[start..].partition_point(|item| of(item) == partition);
    start..start + length
}
