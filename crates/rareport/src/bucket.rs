//! Buckets: which one a time belongs to, and what is gathered in one while it is open.
//!
//! Only presence is kept of the events of a bucket: which values were there, how often, and which
//! influencer values each of them was seen with (rare-model §3, §4, §14). What the values mean to
//! the model is decided when the bucket is closed.

mod memo;
mod state;

pub(crate) use memo::Recent;
pub(crate) use state::BucketState;

use crate::dictionary::Scratch;
use crate::groups::Groups;
use crate::packed::Packed;
use crate::value_list::ValueList;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

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
    recent: Recent,
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
    #[inline]
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
            if !self.recent.influences.note(packed, place, place) {
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
            self.recent.influences.make_room(self.influences.len());
        }
    }

    /// Notes subjects with their numbers of events and the indices of influencer values in a list.
    pub(crate) fn note_listed<'a>(
        &mut self,
        subjects: impl Iterator<Item = (Subject, u64, &'a [u32])>,
        values: &ValueList,
    ) {
        let mut ids: Vec<Option<u32>> = vec![None; values.len()];
        for (subject, count, influences) in subjects {
            let place = self.place(subject);
            self.subjects[place as usize].1 += count;
            for &index in influences {
                let id = *ids[index as usize].get_or_insert_with(|| {
                    let (field, value) = values.get(index);
                    self.values.register(field, value)
                });
                self.note_influence(place, id);
            }
        }
    }

    /// Takes what is remembered of places and influences, for another bucket to use its memory.
    pub(crate) fn take_recent(&mut self) -> Recent {
        std::mem::take(&mut self.recent)
    }

    /// Remembers places and influences in the memory of what another bucket remembered.
    pub(crate) fn remember_in(&mut self, mut recent: Recent) {
        recent.clear();
        self.recent = recent;
    }

    /// Remembers where a by-field value is, in a job without partition and over fields.
    pub(crate) fn remember_place(&mut self, by: Packed, place: u32) {
        self.recent.places.make_room(self.subjects.len());
        self.recent.places.note(by, 0, place);
    }

    /// Where a by-field value is, if that is remembered.
    #[inline]
    pub(crate) fn remembered_place(&self, by: Packed) -> Option<u32> {
        self.recent.places.get(by, 0)
    }

    /// The subjects with their numbers of events, by place.
    pub(crate) fn subjects(&self) -> &[(Subject, u64)] {
        &self.subjects
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
        self.gathered_in(&self.places_by(|subject| subject))
    }

    /// What was gathered, with the subjects in order of their `places`.
    pub(crate) fn gathered_in(&self, places: &[u32]) -> Gathered<'_> {
        let by_value = self.values.sorted();
        let rank = positions(&by_value);
        let position = positions(places);
        let pairs = self.influences.iter();
        let pairs = pairs.map(|&(place, id)| (position[place as usize], rank[id as usize]));
        let influences = Groups::of(places.len(), by_value.len(), pairs);
        Gathered {
            values: by_value.iter().map(|&id| self.values.value(id)).collect(),
            subjects: places.iter().map(|&place| self.subjects[place as usize]).collect(),
            influences,
        }
    }

    /// The places of the subjects in order of what they are numbered as.
    pub(crate) fn places_by(&self, numbered: impl Fn(Subject) -> Subject) -> Vec<u32> {
        // As one number they are quicker to compare.
        let number = |(place, &(subject, _)): (u32, &(Subject, u64))| {
            let Subject { partition, over, by } = numbered(subject);
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
        self.recent.clear();
    }
}

/// By number, where it stands among numbers of which each from 0 on is there once.
pub(crate) fn positions(numbers: &[u32]) -> Vec<u32> {
    let mut positions = vec![0; numbers.len()];
    for (position, &number) in numbers.iter().enumerate() {
        positions[number as usize] = position as u32;
    }
    positions
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
