//! The state of an open bucket as plain data: what was gathered, in an order that does not depend on
//! that of the events.

use super::{Bucket, Subject};
use crate::snapshot::{SnapshotError, impossible};
use crate::summary::{Bytes, MOST_EVENTS};
use serde::{Deserialize, Serialize};

/// Everything a [`Bucket`] has gathered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BucketState {
    event_count: u64,
    /// Influencer fields and values, ascending.
    values: Vec<(u16, Bytes)>,
    /// By ascending ids.
    subjects: Vec<SubjectState>,
}

/// A subject, and what it was seen with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SubjectState {
    partition: u32,
    over: u32,
    by: u32,
    event_count: u64,
    /// Indices of values, ascending.
    influences: Vec<u32>,
}

impl SubjectState {
    fn subject(&self) -> Subject {
        Subject { partition: self.partition, over: self.over, by: self.by }
    }
}

impl Bucket {
    /// All that was gathered, for [`from_state`](Self::from_state).
    pub(crate) fn state(&self) -> BucketState {
        let gathered = self.gathered();
        let value = |&(field, value): &(u16, &[u8])| (field, value.into());
        let subjects = gathered.subjects.iter().enumerate();
        BucketState {
            event_count: self.event_count,
            values: gathered.values.iter().map(value).collect(),
            subjects: subjects
                .map(|(index, &(Subject { partition, over, by }, event_count))| SubjectState {
                    partition,
                    over,
                    by,
                    event_count,
                    influences: gathered.influences.get(index).to_vec(),
                })
                .collect(),
        }
    }

    /// The bucket in which this was gathered, with subjects that are known and fewer than `fields`
    /// influencer fields.
    pub(crate) fn from_state(
        state: &BucketState,
        fields: usize,
        is_known: impl Fn(Subject) -> bool,
    ) -> Result<Bucket, SnapshotError> {
        state.check(fields)?;
        let mut bucket = Bucket { event_count: state.event_count, ..Bucket::default() };
        for subject in &state.subjects {
            if !is_known(subject.subject()) {
                return Err(impossible("an open bucket has values that are not known"));
            }
            let values = subject.influences.iter().map(|&index| &state.values[index as usize]);
            let values = values.map(|(field, value)| (*field, value.as_ref()));
            bucket.note(subject.subject(), subject.event_count, values);
        }
        if bucket.value_count() == state.values.len() {
            Ok(bucket)
        } else {
            Err(impossible("an open bucket has an influencer value that nothing was seen with"))
        }
    }
}

impl BucketState {
    fn check(&self, fields: usize) -> Result<(), SnapshotError> {
        let is_value = |(field, value): &(u16, Bytes)| {
            usize::from(*field) < fields && !value.as_ref().is_empty()
        };
        if !self.values.iter().all(is_value) || !self.values.is_sorted_by(|x, y| x < y) {
            return Err(impossible("influencer values of an open bucket are not in order"));
        }
        if !self.subjects.is_sorted_by(|x, y| x.subject() < y.subject()) {
            return Err(impossible("values of an open bucket are not in order"));
        }
        let mut left = self.event_count.min(MOST_EVENTS);
        for SubjectState { event_count, influences, .. } in &self.subjects {
            if !influences.is_sorted_by(|x, y| x < y)
                || influences.last().is_some_and(|&last| last as usize >= self.values.len())
            {
                return Err(impossible("influences in an open bucket are not in order"));
            }
            left = match left.checked_sub(*event_count) {
                Some(left) if *event_count > 0 => left,
                _ => return Err(impossible("the events of an open bucket are miscounted")),
            };
        }
        if self.event_count > MOST_EVENTS {
            return Err(impossible("an open bucket has more than 2^53 events"));
        }
        Ok(())
    }
}
