//! Buckets: which one a time belongs to, and what is gathered in one while it is open.
//!
//! Only presence is kept of the events of a bucket: which by-field values were there, and which
//! influencer values each of them was seen with (rare-model §3, §4).

use crate::dictionary::Scratch;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

/// Start of the bucket of `span` seconds that `time` belongs to.
pub(crate) fn floor(time: i64, span: u32) -> i64 {
    time - time.rem_euclid(i64::from(span))
}

/// Start of the first bucket of `span` seconds that begins at `time` or later.
pub(crate) fn ceil(time: i64, span: u32) -> i64 {
    floor(time.saturating_add(i64::from(span) - 1), span)
}

/// An id and the influencer fields and values seen with it.
pub(crate) type Influences<'a> = (u32, Vec<(u16, &'a [u8])>);

/// What has been seen so far in one bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket {
    /// Accepted events, with or without a by-field value.
    pub(crate) event_count: u64,
    /// Where in `present` each id is.
    places: HashMap<u32, u32, RandomState>,
    /// Ids of the by-field values, in order of appearance.
    present: Vec<u32>,
    /// Influencer values.
    values: Scratch,
    /// Pairs of a place in `present` and an influencer value.
    influences: HashSet<(u32, u32), RandomState>,
}

impl Bucket {
    /// Notes that the by-field value `id` is present, and with which influencer values.
    pub(crate) fn note<'a>(&mut self, id: u32, influences: impl Iterator<Item = (u16, &'a [u8])>) {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.present.push(id);
            (self.present.len() - 1) as u32
        });
        for (field, value) in influences {
            let value = self.values.register(field, value);
            self.influences.insert((place, value));
        }
    }

    /// For each id, in ascending order, the influencer fields and values seen with it, in order
    /// of field and value.
    pub(crate) fn influences(&self) -> Vec<Influences<'_>> {
        let mut all: Vec<Influences<'_>> =
            self.present.iter().map(|&id| (id, Vec::new())).collect();
        for &(place, value) in &self.influences {
            all[place as usize].1.push(self.values.value(value));
        }
        for (_, values) in &mut all {
            values.sort_unstable();
        }
        all.sort_unstable_by_key(|(id, _)| *id);
        all
    }

    /// Forgets everything but keeps the memory for the next bucket.
    pub(crate) fn clear(&mut self) {
        self.event_count = 0;
        self.places.clear();
        self.present.clear();
        self.values.clear();
        self.influences.clear();
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
}
