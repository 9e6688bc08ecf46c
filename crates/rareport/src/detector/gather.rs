//! From observations to open buckets (rare-model §3.1, §3.3).

use super::{Detector, DetectorError};
use crate::bucket::{self, Subject};
use crate::fields::Values;
use crate::observation::Observation;
use crate::packed::Packed;
use crate::partition::{Model, Partition};

impl Detector {
    /// Gathers an observation that is not late into its bucket. Whether earlier buckets are closed
    /// before or after makes no difference to it.
    pub(super) fn gather(&mut self, observation: &Observation<'_>) -> Result<(), DetectorError> {
        let values = Values::of(observation, &self.fields);
        let by = self.fields.sole_value(&values);
        let (index, place) = match self.remembered_place(observation.time, by) {
            Some(found) => {
                self.check_values()?;
                self.check_room(found.0, observation, &values)?;
                found
            }
            None => match self.find_place(observation, &values, by)? {
                Some(found) => found,
                None => return Ok(()),
            },
        };
        let bucket = &mut self.open[index].1;
        bucket.event_count += 1;
        bucket.note_at(place, 1, self.fields.influences(observation, &values));
        Ok(())
    }

    /// Index in `open` of the last bucket and place in it of a sole value, if the time belongs to
    /// that bucket and the place is remembered.
    fn remembered_place(&self, time: i64, by: Option<Packed>) -> Option<(usize, u32)> {
        if !self.is_in_last_open(time) {
            return None;
        }
        let (_, bucket) = self.open.back()?;
        Some((self.open.len() - 1, bucket.remembered_place(by?)?))
    }

    /// Index in `open` of the bucket of an observation and place of its subject, which get them if
    /// they have none; `None` if it is not modelled, which is counted.
    fn find_place(
        &mut self,
        observation: &Observation<'_>,
        values: &Values<'_>,
        by: Option<Packed>,
    ) -> Result<Option<(usize, u32)>, DetectorError> {
        let (time, span, latency) = (observation.time, self.job.bucket_span, self.latency);
        self.closed_until.get_or_insert_with(|| bucket::floor(time, span) - latency);
        let first_complete = *self.first_complete.get_or_insert_with(|| bucket::ceil(time, span));
        let partition = self.partition(values.partition, time);
        let subject = self.subject(partition, values);
        self.check_values()?;
        if time < first_complete {
            self.counts.before_first_complete += 1;
            return Ok(None);
        }
        let index = self.open_index(bucket::floor(time, span));
        let Some(subject) = subject else {
            self.counts.without_value += 1;
            self.open[index].1.event_count += 1;
            return Ok(None);
        };
        if time < self.partitions.get(partition).first_complete {
            self.counts.before_partition_complete += 1;
            self.open[index].1.event_count += 1;
            return Ok(None);
        }
        self.check_room(index, observation, values)?;
        let bucket = &mut self.open[index].1;
        let place = bucket.place(subject);
        if let Some(by) = by {
            bucket.remember_place(by, place);
        }
        Ok(Some((index, place)))
    }

    /// Refuses an observation that would bring too many influencer values into an open bucket.
    #[inline]
    fn check_room(
        &self,
        index: usize,
        observation: &Observation<'_>,
        values: &Values<'_>,
    ) -> Result<(), DetectorError> {
        let bucket = &self.open[index].1;
        // Which values are new is only asked where it may matter.
        match self.job.limits.values {
            Some(limit)
                if bucket.value_count() + self.fields.influencers.len() > limit
                    && bucket.value_count_with(self.fields.influences(observation, values))
                        > limit =>
            {
                Err(DetectorError::TooManyInfluencerValues { limit })
            }
            _ => Ok(()),
        }
    }

    /// The id of a partition, which begins to exist with the first event in it.
    pub(super) fn partition(&mut self, value: &[u8], time: i64) -> u32 {
        if !self.fields.has_partition && self.partitions.len() == 1 {
            return 0;
        }
        let (job, before) = (&self.job, self.partitions.len());
        let id = self.partitions.register(value, || {
            let first_complete = bucket::ceil(time, job.bucket_span);
            Partition::new(first_complete, Model::of(job))
        });
        if self.fields.has_partition {
            self.known_values += self.partitions.len() - before;
        }
        id
    }

    /// The ids of an observation's values, which get them if they have none; `None` if a value is
    /// missing.
    fn subject(&mut self, partition: u32, values: &Values<'_>) -> Option<Subject> {
        let (over, by) = (values.over?, values.by?);
        let known = self.partitions.get_mut(partition);
        let before = known.value_count();
        let by = known.by.register(by);
        let over = if self.fields.has_over { known.over.register(over) } else { 0 };
        self.known_values += known.value_count() - before;
        Some(Subject { partition, over, by })
    }

    /// Refuses observations once there are too many values.
    pub(super) fn check_values(&self) -> Result<(), DetectorError> {
        match self.job.limits.values {
            Some(limit) if self.known_values > limit => Err(DetectorError::TooManyValues { limit }),
            _ => Ok(()),
        }
    }

    /// Index in `open` of the bucket that starts at `start`, which is opened if it is not.
    pub(super) fn open_index(&mut self, start: i64) -> usize {
        match self.open.back() {
            Some((last, _)) if *last == start => self.open.len() - 1,
            _ => match self.open.binary_search_by_key(&start, |(other, _)| *other) {
                Ok(index) => index,
                Err(index) => {
                    self.open.insert(index, (start, std::mem::take(&mut self.spare)));
                    index
                }
            },
        }
    }
}
