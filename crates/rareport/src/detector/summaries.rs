//! From summaries to open buckets.

use super::{Closed, Detector, DetectorError};
use crate::bucket::{self, Subject};
use crate::summary::{BucketSummary, Bytes, PartitionSummary, Position, SummaryJob, total_events};
use std::collections::{BTreeMap, BTreeSet};

impl Detector {
    /// Takes the summary of a bucket as if its events were pushed one by one, and gives the results
    /// of the buckets that it closes.
    ///
    /// Summaries are to come in order of time, those of the same bucket being merged or one after
    /// the other.
    ///
    /// # Errors
    /// If the summary was made for another job, if it brings more distinct values than the job's
    /// limits allow, or if there are more than 2⁵³ events in all.
    pub fn push_summary(&mut self, summary: &BucketSummary) -> Result<Closed<'_>, DetectorError> {
        SummaryJob::of(&self.job).check(&summary.job)?;
        // No other count is larger than that of all events.
        self.counts.pushed = total_events(self.counts.pushed, summary.event_count)?;
        if self.closed_until.is_some_and(|end| summary.start < end) {
            self.counts.late += summary.event_count;
            return Ok(Closed::nothing(self));
        }
        if self.is_too_far_ahead(summary.start) {
            self.counts.too_far_ahead += summary.event_count;
            return Ok(Closed::nothing(self));
        }
        self.gather_summary(summary)?;
        Ok(self.close_by(summary.start))
    }

    fn gather_summary(&mut self, summary: &BucketSummary) -> Result<(), DetectorError> {
        let (start, span) = (summary.start, self.job.bucket_span);
        let latency = self.latency;
        self.closed_until.get_or_insert(start - latency);
        let first_complete =
            *self.first_complete.get_or_insert(bucket::ceil(summary.first.time, span));
        let mut modelled = Vec::with_capacity(summary.partitions.len());
        let mut ignored = 0;
        for (value, partition) in &summary.partitions {
            let id = self.partition(value.as_ref(), partition.first.time);
            self.register(id, partition);
            self.check_values()?;
            if start < self.partitions.get(id).first_complete {
                ignored +=
                    partition.subjects.values().map(|subject| subject.event_count).sum::<u64>();
            } else {
                modelled.push((id, partition));
            }
        }
        if start < first_complete {
            self.counts.before_first_complete += summary.event_count;
            return Ok(());
        }
        let index = self.open_index(start);
        self.check_influencer_values(index, &modelled)?;
        self.open[index].1.event_count += summary.event_count;
        self.counts.without_value += summary.without_value;
        self.counts.before_partition_complete += ignored;
        for (id, partition) in modelled {
            self.note_subjects(index, id, partition);
        }
        Ok(())
    }

    /// Refuses partitions that would bring too many influencer values into an open bucket.
    fn check_influencer_values(
        &self,
        index: usize,
        partitions: &[(u32, &PartitionSummary)],
    ) -> Result<(), DetectorError> {
        let Some(limit) = self.job.limits.values else {
            return Ok(());
        };
        let bucket = &self.open[index].1;
        let subjects = partitions.iter().flat_map(|(_, partition)| partition.subjects.values());
        let influences = subjects.flat_map(|subject| &subject.influences);
        // Which values are new is only asked where it may matter.
        if bucket.value_count() + influences.clone().count() <= limit {
            return Ok(());
        }
        let distinct: BTreeSet<(u16, &[u8])> =
            influences.map(|(field, value)| (*field, value.as_ref())).collect();
        if bucket.value_count_with(distinct.into_iter()) > limit {
            return Err(DetectorError::TooManyInfluencerValues { limit });
        }
        Ok(())
    }

    /// Gives ids to the values of a partition in order of their first appearance.
    fn register(&mut self, id: u32, partition: &PartitionSummary) {
        let known = self.partitions.get_mut(id);
        let before = known.value_count();
        for value in in_order(&partition.by) {
            known.by.register(value.as_ref());
        }
        for value in in_order(&partition.over) {
            known.over.register(value.as_ref());
        }
        self.known_values += known.value_count() - before;
    }

    /// Notes the subjects of a partition in an open bucket.
    fn note_subjects(&mut self, index: usize, id: u32, partition: &PartitionSummary) {
        for ((over, by), subject) in &partition.subjects {
            let known = self.partitions.get_mut(id);
            let by = known.by.register(by.as_ref());
            let over = if self.fields.has_over { known.over.register(over.as_ref()) } else { 0 };
            let influences = subject.influences.iter();
            self.open[index].1.note(
                Subject { partition: id, over, by },
                subject.event_count,
                influences.map(|(field, value)| (*field, value.as_ref())),
            );
        }
    }
}

/// Values by their first appearance.
fn in_order(values: &BTreeMap<Bytes, Position>) -> impl Iterator<Item = &Bytes> {
    let mut values: Vec<_> = values.iter().collect();
    values.sort_by_key(|(_, position)| **position);
    values.into_iter().map(|(value, _)| value)
}
