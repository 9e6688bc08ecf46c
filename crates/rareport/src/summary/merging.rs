//! The contents of two summaries as one.
//!
//! All lists are in order, and stay so when the values in them get other indices, as these are in the
//! order of the values before and after. So everything is gone through once.

use super::FirstEvent;
use super::contents::{Appearance, Contents};
use crate::bucket::Subject;
use crate::groups::Groups;
use itertools::{EitherOrBoth, Itertools};

impl Contents {
    /// What was seen in either.
    pub(super) fn merged(&self, other: &Contents) -> Contents {
        let (names, [names_here, names_there]) = self.names.union(&other.names);
        let (values, [values_here, values_there]) = self.values.union(&other.values);
        let here = Renumbered { contents: self, names: names_here, values: values_here };
        let there = Renumbered { contents: other, names: names_there, values: values_there };
        let partitions =
            here.partitions().merge_join_by(there.partitions(), |(x, _), (y, _)| x.cmp(y));
        let appearances =
            here.appearances().merge_join_by(there.appearances(), |x, y| x.place().cmp(&y.place()));
        let (subjects, influences) = here.subjects_with(&there);
        Contents {
            names,
            values,
            partitions: partitions.map(|sides| sides.reduce(Ord::min)).collect(),
            appearances: appearances.map(|sides| sides.reduce(Ord::min)).collect(),
            subjects,
            influences,
        }
    }
}

/// Contents whose values have other indices.
struct Renumbered<'a> {
    contents: &'a Contents,
    /// By index of a name, what it is now.
    names: Vec<u32>,
    /// By index of an influencer value, what it is now.
    values: Vec<u32>,
}

impl Renumbered<'_> {
    fn name(&self, index: u32) -> u32 {
        self.names[index as usize]
    }

    fn partitions(&self) -> impl Iterator<Item = (u32, FirstEvent)> {
        self.contents.partitions.iter().map(|&(partition, first)| (self.name(partition), first))
    }

    fn appearances(&self) -> impl Iterator<Item = Appearance> {
        self.contents.appearances.iter().map(|&Appearance { partition, name, position }| {
            Appearance { partition: self.name(partition), name: self.name(name), position }
        })
    }

    /// Each subject with its number of events and the old indices of its influencer values.
    fn subjects(&self) -> impl Iterator<Item = (Subject, u64, &[u32])> {
        let subjects = self.contents.subjects.iter().enumerate();
        subjects.map(|(index, &(Subject { partition, over, by }, count))| {
            let [partition, over, by] = [partition, over, by].map(|name| self.name(name));
            (Subject { partition, over, by }, count, self.contents.influences.get(index))
        })
    }

    /// What influencer values are now.
    fn values<'a>(&'a self, indices: &'a [u32]) -> impl Iterator<Item = u32> {
        indices.iter().map(|&index| self.values[index as usize])
    }

    /// The subjects of both with their numbers of events, and their influencer values.
    fn subjects_with(&self, other: &Renumbered<'_>) -> (Vec<(Subject, u64)>, Groups) {
        let [one, another] = [self, other].map(|side| &side.contents.influences);
        let items = one.item_count() + another.item_count();
        let mut subjects = Vec::new();
        let mut influences = Groups::with_capacity(self.contents.subjects.len(), items);
        for sides in self.subjects().merge_join_by(other.subjects(), |x, y| x.0.cmp(&y.0)) {
            let (subject, count, here, there) = match sides {
                EitherOrBoth::Left((subject, count, here)) => (subject, count, here, &[][..]),
                EitherOrBoth::Right((subject, count, there)) => (subject, count, &[][..], there),
                EitherOrBoth::Both((subject, count, here), (_, more, there)) => {
                    (subject, count + more, here, there)
                }
            };
            subjects.push((subject, count));
            influences.push_union(self.values(here), other.values(there));
        }
        influences.shrink_to_fit();
        (subjects, influences)
    }
}
