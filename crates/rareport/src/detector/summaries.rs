//! From summaries to open buckets.

use super::{Closed, Detector, DetectorError};
use crate::bucket::{self, Subject};
use crate::summary::{
    Appearance, BucketSummary, Contents, PartitionContents, SummaryJob, total_events,
};

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
        let contents = &summary.contents;
        let (modelled, ignored) = self.identified(start, contents)?;
        if start < first_complete {
            self.counts.before_first_complete += summary.event_count;
            return Ok(());
        }
        let index = self.open_index(start);
        self.check_influencer_values(index, &modelled, contents)?;
        self.counts.without_value += summary.without_value;
        self.counts.before_partition_complete += ignored;
        let bucket = &mut self.open[index].1;
        bucket.event_count += summary.event_count;
        let subjects = modelled.into_iter().map(|(subject, place)| {
            (subject, contents.subjects[place].1, contents.influences.get(place))
        });
        bucket.note_listed(subjects, contents.values.list());
        Ok(())
    }

    /// The subjects that are modelled of a bucket that starts at `start`, with their places in its
    /// contents, and the number of events of all others. All values get ids if they have none.
    fn identified(&mut self, start: i64, contents: &Contents) -> Result<Identified, DetectorError> {
        let mut ids = vec![0; contents.names.list().len()];
        let mut modelled = Vec::with_capacity(contents.subjects.len());
        let mut ignored = 0;
        for partition in contents.partitions() {
            let id = self.partition(partition.value, partition.first.time);
            self.register(id, &partition, contents, &mut ids);
            self.check_values()?;
            if start < self.partitions.get(id).first_complete {
                let subjects = &contents.subjects[partition.subjects];
                ignored += subjects.iter().map(|(_, count)| count).sum::<u64>();
                continue;
            }
            modelled.extend(partition.subjects.map(|place| {
                let (Subject { over, by, .. }, _) = contents.subjects[place];
                let [over, by] = [over, by].map(|name| ids[name as usize]);
                (Subject { partition: id, over, by }, place)
            }));
        }
        Ok((modelled, ignored))
    }

    /// Gives ids to the values of a partition in order of their first appearance, and notes them in
    /// `ids` by name.
    fn register(
        &mut self,
        id: u32,
        partition: &PartitionContents<'_>,
        contents: &Contents,
        ids: &mut [u32],
    ) {
        let known = self.partitions.get_mut(id);
        let before = known.value_count();
        let sorts = [(partition.by, &mut known.by), (partition.over, &mut known.over)];
        for (appearances, dictionary) in sorts {
            for name in in_order(appearances) {
                ids[name as usize] = dictionary.register(contents.names.get(name).1);
            }
        }
        self.known_values += known.value_count() - before;
    }

    /// Refuses subjects that would bring too many influencer values into an open bucket.
    fn check_influencer_values(
        &self,
        index: usize,
        modelled: &[(Subject, usize)],
        contents: &Contents,
    ) -> Result<(), DetectorError> {
        let Some(limit) = self.job.limits.values else {
            return Ok(());
        };
        let bucket = &self.open[index].1;
        let values = contents.values.list();
        // Which values are new is only asked where it may matter.
        if bucket.value_count() + values.len() <= limit {
            return Ok(());
        }
        let mut is_there = vec![false; values.len()];
        let influences = modelled.iter().flat_map(|&(_, place)| contents.influences.get(place));
        influences.for_each(|&value| is_there[value as usize] = true);
        let there =
            (0u32..).zip(is_there).filter_map(|(value, is_there)| is_there.then_some(value));
        if bucket.value_count_with(there.map(|value| values.get(value))) > limit {
            return Err(DetectorError::TooManyInfluencerValues { limit });
        }
        Ok(())
    }
}

/// Subjects by the detector's ids with their places in a summary, and the number of events of those
/// that are not modelled.
type Identified = (Vec<(Subject, usize)>, u64);

/// Names by their first appearance.
fn in_order(appearances: &[Appearance]) -> impl Iterator<Item = u32> {
    let mut appearances = appearances.to_vec();
    appearances.sort_by_key(|appearance| appearance.position);
    appearances.into_iter().map(|appearance| appearance.name)
}
