//! Closing a bucket: learning what was in it, judging it, and scoring it (rare-model §1, §3.2,
//! §13).

use super::Detector;
use super::documents::Documents;
use super::judgement::Judgement;
use crate::bucket::Bucket;
use crate::results::BucketResults;

impl Detector {
    /// Provisional results of the earliest open bucket, by what was learned from those before it;
    /// nothing of it is remembered (rare-model §13).
    ///
    /// `None` if no observation came yet or if the open bucket is the incomplete first one.
    #[must_use]
    pub fn interim(&self) -> Option<BucketResults> {
        let (start, first_complete) = (self.closed_until?, self.first_complete?);
        if start < first_complete {
            return None;
        }
        let none = Bucket::default();
        let bucket = self.open.front().filter(|(first, _)| *first == start);
        let bucket = bucket.map_or(&none, |(_, bucket)| bucket);
        let gathered = bucket.gathered();
        let present = self.partitions.present(&gathered);
        let judgement =
            Judgement::of(&self.partitions, &self.fields, &self.rules, &gathered, &present)
                .with_unlearned(&self.partitions);
        Some(self.documents(start, true).write(&judgement, bucket.event_count))
    }

    /// Whether a bucket that is not closed ends at `until` or before.
    pub(super) fn has_complete(&self, until: i64) -> bool {
        let span = i64::from(self.job.bucket_span);
        self.closed_until.is_some_and(|start| start + span <= until)
    }

    /// Closes the next bucket that ends at `until` or before and has results.
    pub(super) fn close_next(&mut self, until: i64) -> Option<BucketResults> {
        let (span, first_complete) = (i64::from(self.job.bucket_span), self.first_complete?);
        loop {
            let start = self.closed_until?;
            if start + span > until {
                return None;
            }
            self.closed_until = Some(start + span);
            if start >= first_complete {
                let mut bucket = self.take_open(start);
                let results = self.close(start, &bucket);
                bucket.clear();
                self.spare = bucket;
                return Some(results);
            }
        }
    }

    /// The bucket that starts at `start`, which is empty if no event opened it.
    fn take_open(&mut self, start: i64) -> Bucket {
        let is_next = self.open.front().is_some_and(|(first, _)| *first == start);
        let next = if is_next { self.open.pop_front() } else { None };
        next.map_or_else(|| std::mem::take(&mut self.spare), |(_, bucket)| bucket)
    }

    fn close(&mut self, start: i64, bucket: &Bucket) -> BucketResults {
        let gathered = bucket.gathered();
        let present = self.partitions.present(&gathered);
        for (id, range) in &present {
            self.partitions.get_mut(*id).learn(&gathered.subjects[range.clone()]);
        }
        let judgement =
            Judgement::of(&self.partitions, &self.fields, &self.rules, &gathered, &present);
        self.normalizers.learn(&judgement.tree, &judgement.leaf_scopes, &judgement.value_scopes);
        let results = self.documents(start, false).write(&judgement, bucket.event_count);
        let written = judgement.written.leaves.iter().filter(|is_written| **is_written).count();
        let limit = self.job.limits.results_per_bucket.unwrap_or(usize::MAX);
        self.counts.records_cut += written.saturating_sub(limit) as u64;
        for (id, range) in &present {
            self.note_newcomers(*id, range.clone(), &gathered, start);
            self.partitions.remember(*id, &gathered.subjects[range.clone()], start);
        }
        self.prune_at_close(start);
        results
    }

    fn documents(&self, start: i64, is_interim: bool) -> Documents<'_> {
        Documents {
            job: &self.job,
            fields: &self.fields,
            partitions: &self.partitions,
            normalizers: &self.normalizers,
            start,
            is_interim,
        }
    }
}
