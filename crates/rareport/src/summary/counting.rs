//! One bucket of a part of the input, while it is counted.

use super::contents::{Appearance, BY, Contents, OVER, PARTITION};
use super::{BucketSummary, FirstEvent, SummaryJob};
use crate::bucket::{Bucket, Recent, Subject};
use crate::dictionary::Scratch;
use crate::fields::{Fields, Values};
use crate::observation::Observation;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// What has been counted of one bucket.
#[derive(Clone, Debug)]
pub(super) struct Counting {
    /// The first event.
    first: FirstEvent,
    /// Subjects are ids of `names`.
    bucket: Bucket,
    /// Values of the by, over and partition fields.
    names: Scratch,
    /// The first event of each subject, by its place in the bucket.
    first_events: Vec<FirstEvent>,
    /// Events without a value of the by or over field.
    without_value: u64,
    /// The first of these in each partition.
    first_without_value: HashMap<u32, FirstEvent, RandomState>,
}

impl Counting {
    /// Nothing counted yet, of a bucket that has an event `first`.
    pub(super) fn starting_with(first: FirstEvent) -> Self {
        Counting {
            first,
            bucket: Bucket::default(),
            names: Scratch::default(),
            first_events: Vec::new(),
            without_value: 0,
            first_without_value: HashMap::default(),
        }
    }

    /// Counts an event of the bucket, which happened at the time and place that `event` says.
    pub(super) fn count(
        &mut self,
        observation: &Observation<'_>,
        fields: &Fields,
        event: FirstEvent,
    ) {
        self.first = event.min(self.first);
        self.bucket.event_count += 1;
        let values = Values::of(observation, fields);
        let Some(place) = self.place(&values, fields) else {
            self.count_without_value(values.partition, event);
            return;
        };
        match self.first_events.get_mut(place as usize) {
            Some(first) => *first = event.min(*first),
            None => self.first_events.push(event),
        }
        self.bucket.note_at(place, 1, fields.influences(observation, &values));
    }

    /// The place of an event's subject in the bucket; `None` if a value is missing.
    fn place(&mut self, values: &Values<'_>, fields: &Fields) -> Option<u32> {
        let sole = fields.sole_value(values);
        if let Some(place) = sole.and_then(|by| self.bucket.remembered_place(by)) {
            return Some(place);
        }
        let (over, by) = (values.over?, values.by?);
        let subject = Subject {
            partition: self.names.register(PARTITION, values.partition),
            over: self.names.register(OVER, over),
            by: self.names.register(BY, by),
        };
        let place = self.bucket.place(subject);
        if let Some(by) = sole {
            self.bucket.remember_place(by, place);
        }
        Some(place)
    }

    fn count_without_value(&mut self, partition: &[u8], event: FirstEvent) {
        self.without_value += 1;
        match self.first_without_value.entry(self.names.register(PARTITION, partition)) {
            Entry::Occupied(mut first) => *first.get_mut() = event.min(*first.get()),
            Entry::Vacant(first) => {
                first.insert(event);
            }
        }
    }

    /// Takes the memory for what was counted lately, for another bucket.
    pub(super) fn take_recent(&mut self) -> Recent {
        self.bucket.take_recent()
    }

    /// Remembers what is counted from now on in the memory of another bucket.
    pub(super) fn remember_in(&mut self, recent: Recent) {
        self.bucket.remember_in(recent);
    }

    /// The summary of the bucket, which starts at `start`, for a job with these fields.
    pub(super) fn summary(self, start: i64, job: SummaryJob) -> BucketSummary {
        let has_over = job.over_field.is_some();
        let subjects = || self.bucket.subjects().iter().map(|(subject, _)| *subject);
        let with_value = subjects().map(|subject| subject.partition).zip(self.first_events.clone());
        let without_value = self.first_without_value.iter().map(|(&name, &first)| (name, first));
        let appearances = subjects().zip(&self.first_events).flat_map(|(subject, first)| {
            let Subject { partition, over, by } = subject;
            let names = [Some(by), has_over.then_some(over)].into_iter().flatten();
            let position = first.position;
            names.map(move |name| Appearance { partition, name, position })
        });
        let first_events = with_value.chain(without_value);
        let contents = Contents::of(&self.bucket, &self.names, first_events, appearances);
        BucketSummary {
            start,
            job,
            event_count: self.bucket.event_count,
            without_value: self.without_value,
            first: self.first,
            contents,
        }
    }
}
