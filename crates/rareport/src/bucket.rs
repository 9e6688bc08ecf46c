//! Buckets: which one a time belongs to, and what is gathered in one while it is open.
//!
//! Only presence is kept of the events of a bucket: which values were there, how often, and which
//! influencer values each of them was seen with (rare-model §3, §4, §14). What the values mean to
//! the model is decided when the bucket is closed.

mod memo;
mod state;

pub(crate) use state::BucketState;

use crate::dictionary::Scratch;
use crate::packed::Packed;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use memo::Memo;
use std::ops::Range;

/// Start of the bucket of `span` seconds that `time` belongs to.
pub(crate) fn floor(time: i64, span: u32) -> i64 {
    time - time.rem_euclid(i64::from(span))
}

/// Start of the first bucket of `span` seconds that begins at `time` or later.
pub(crate) fn ceil(time: i64, span: u32) -> i64 {
    floor(time + i64::from(span) - 1, span)
}

/// Who and what was present: ids of a partition, of an over-field value within it (0 in a job
/// without an over field) and of a by-field value within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Subject {
    pub(crate) partition: u32,
    pub(crate) over: u32,
    pub(crate) by: u32,
}

/// Which of a partition's two sorts of values an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    By,
    Over,
}

/// What has been seen so far in one bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket {
    /// Accepted events, with or without a by-field value.
    pub(crate) event_count: u64,
    places: HashMap<Subject, u32, RandomState>,
    /// The subjects and their numbers of events, in order of appearance.
    subjects: Vec<(Subject, u64)>,
    /// Influencer values.
    values: Scratch,
    /// By influencer value, the place in `subjects` of the first subject that it was seen with:
    /// many values are seen with no other.
    first_places: Vec<u32>,
    /// Pairs of a place in `subjects` and an influencer value, each once.
    influences: Vec<(u32, u32)>,
    /// Those of `influences` that are not of the first place of their value.
    further_influences: HashSet<u64, RandomState>,
    /// Places in `subjects` of by-field values, in a job without partition and over fields.
    recent_places: Memo,
    /// Places in `subjects` of influencer values that were noted there.
    recent_influences: Memo,
}

impl Bucket {
    /// Notes `count` events of a subject with certain influencer values.
    pub(crate) fn note<'a>(
        &mut self,
        subject: Subject,
        count: u64,
        influences: impl Iterator<Item = (u16, &'a [u8])>,
    ) {
        let place = self.place(subject);
        self.note_at(place, count, influences);
    }

    /// The place of a subject, which gets one if it has none, for [`note_at`](Self::note_at).
    pub(crate) fn place(&mut self, subject: Subject) -> u32 {
        *self.places.entry(subject).or_insert_with(|| {
            self.subjects.push((subject, 0));
            (self.subjects.len() - 1) as u32
        })
    }

    /// Notes `count` events of the subject at `place` with certain influencer values.
    pub(crate) fn note_at<'a>(
        &mut self,
        place: u32,
        count: u64,
        influences: impl Iterator<Item = (u16, &'a [u8])>,
    ) {
        self.subjects[place as usize].1 += count;
        for (field, value) in influences {
            let Some(packed) = Packed::of(field, value) else {
                let value = self.values.register_long(field, value);
                self.note_influence(place, value);
                continue;
            };
            if !self.recent_influences.note(packed, place, place) {
                let value = self.values.register_short(packed);
                self.note_influence(place, value);
            }
        }
    }

    /// Notes an influencer value of the subject at `place`.
    #[inline]
    fn note_influence(&mut self, place: u32, value: u32) {
        let is_new = match self.first_places.get(value as usize) {
            None => {
                self.first_places.push(place);
                true
            }
            Some(&first) => {
                let influence = u64::from(place) << 32 | u64::from(value);
                first != place && self.further_influences.insert(influence)
            }
        };
        if is_new {
            self.influences.push((place, value));
            self.recent_influences.make_room(self.influences.len());
        }
    }

    /// Remembers where a by-field value is, in a job without partition and over fields.
    pub(crate) fn remember_place(&mut self, by: Packed, place: u32) {
        self.recent_places.make_room(self.subjects.len());
        self.recent_places.note(by, 0, place);
    }

    /// Where a by-field value is, if that is remembered.
    #[inline]
    pub(crate) fn remembered_place(&self, by: Packed) -> Option<u32> {
        self.recent_places.get(by, 0)
    }

    /// Number of distinct influencer values held.
    pub(crate) fn value_count(&self) -> usize {
        self.values.len()
    }

    /// Number of distinct influencer values that would be held with certain ones, each given once.
    pub(crate) fn value_count_with<'a>(
        &self,
        influences: impl Iterator<Item = (u16, &'a [u8])>,
    ) -> usize {
        let new = influences.filter(|&(field, value)| !self.values.contains(field, value));
        self.value_count() + new.count()
    }

    /// Partition, sort and id of the values that the bucket refers to.
    pub(crate) fn values_in_use(&self) -> impl Iterator<Item = (u32, Kind, u32)> + '_ {
        self.subjects.iter().flat_map(|&(Subject { partition, over, by }, _)| {
            [(partition, Kind::By, by), (partition, Kind::Over, over)]
        })
    }

    /// What was gathered, in an order that does not depend on that of the events.
    pub(crate) fn gathered(&self) -> Gathered<'_> {
        let by_value = self.values.sorted();
        let mut rank = vec![0; by_value.len()];
        for (position, &id) in by_value.iter().enumerate() {
            rank[id as usize] = position as u32;
        }
        let by_subject = self.places_by_subject();
        let mut position = vec![0; by_subject.len()];
        for (index, &place) in by_subject.iter().enumerate() {
            position[place as usize] = index as u32;
        }
        let pairs = self.influences.iter();
        let pairs = pairs.map(|&(place, id)| (position[place as usize], rank[id as usize]));
        let influences = Groups::of(by_subject.len(), by_value.len(), pairs);
        Gathered {
            values: by_value.iter().map(|&id| self.values.value(id)).collect(),
            subjects: by_subject.iter().map(|&place| self.subjects[place as usize]).collect(),
            influences,
        }
    }

    /// The places in `subjects` in order of the subjects.
    fn places_by_subject(&self) -> Vec<u32> {
        // As one number they are quicker to compare.
        let number = |(place, &(Subject { partition, over, by }, _)): (u32, &(Subject, u64))| {
            let [partition, over, by] = [partition, over, by].map(u128::from);
            partition << 96 | over << 64 | by << 32 | u128::from(place)
        };
        let mut numbers: Vec<u128> = (0u32..).zip(&self.subjects).map(number).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|number| number as u32).collect()
    }

    /// Forgets everything but keeps the memory for the next bucket.
    pub(crate) fn clear(&mut self) {
        self.event_count = 0;
        self.places.clear();
        self.subjects.clear();
        self.values.clear();
        self.influences.clear();
        self.first_places.clear();
        if !self.further_influences.is_empty() {
            self.further_influences.clear();
        }
        self.recent_places.clear();
        self.recent_influences.clear();
    }
}

/// What was gathered in a bucket, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Gathered<'a> {
    /// Influencer fields and values, ascending.
    pub(crate) values: Vec<(u16, &'a [u8])>,
    /// Subjects with their numbers of events, ascending.
    pub(crate) subjects: Vec<(Subject, u64)>,
    /// For each of `subjects`, indices into `values`, ascending.
    pub(crate) influences: Groups,
}

/// Lists of numbers for the members 0, 1, 2, … of something, in one piece of memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    /// Where the list of each member starts, and at the end where the last one ends.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Groups {
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

    pub(crate) fn get(&self, member: usize) -> &[u32] {
        &self.items[self.range(member)]
    }

    fn range(&self, member: usize) -> Range<usize> {
        self.starts[member] as usize..self.starts[member + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_aligned_to_the_epoch() {
        assert_eq!([899, 900, -1].map(|time| floor(time, 900)), [0, 900, -900]);
        assert_eq!([899, 900, -1].map(|time| ceil(time, 900)), [900, 900, 0]);
    }

    #[test]
    fn what_is_gathered_is_sorted() {
        let subject = |by| Subject { partition: 0, over: 0, by };
        let mut bucket = Bucket::default();
        bucket.note(subject(7), 1, [(1, b"b".as_slice()), (0, b"z")].into_iter());
        bucket.note(subject(2), 1, [(1, b"a".as_slice())].into_iter());
        bucket.note(subject(7), 1, [(1, b"a".as_slice()), (0, b"z")].into_iter());
        let gathered = bucket.gathered();
        assert_eq!(gathered.values, [(0, b"z".as_slice()), (1, b"a"), (1, b"b")]);
        assert_eq!(gathered.subjects, [(subject(2), 1), (subject(7), 2)]);
        assert_eq!(gathered.influences.get(0), [1]);
        assert_eq!(gathered.influences.get(1), [0, 1, 2]);
    }
}
