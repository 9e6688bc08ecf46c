//! The state of a detector as plain data.

use super::crowd::Newcomers;
use super::{BELIEVED_AFTER, Counts, Detector};
use crate::bucket::{Bucket, BucketState, Subject};
use crate::explain::MATURE_AFTER;
use crate::job::JobConfig;
use crate::normalizers::{Normalizers, NormalizersState};
use crate::partition::{PartitionState, Partitions};
use crate::snapshot::{SnapshotError, SnapshotJob, Times, impossible};
use crate::summary::MOST_EVENTS;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Everything a [`Detector`] remembers (rare-model §12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectorState {
    job: SnapshotJob,
    /// `None` before the first observation.
    started: Option<Started>,
    ahead_in_a_row: u32,
    counts: Counts,
    newcomers: Option<Newcomers>,
    /// By id.
    partitions: Vec<PartitionState>,
    /// The open buckets that have events, by start.
    open: Vec<OpenBucket>,
    normalizers: NormalizersState,
}

/// Where a detector is in time, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Started {
    closed_until: i64,
    first_complete: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OpenBucket {
    start: i64,
    gathered: BucketState,
}

impl DetectorState {
    /// Name of the job that the state belongs to.
    #[must_use]
    pub fn job_id(&self) -> &str {
        &self.job.job_id
    }

    /// Length of a bucket in seconds.
    #[must_use]
    pub fn bucket_span(&self) -> u32 {
        self.job.summarised.bucket_span
    }

    /// Up to when buckets are closed, in seconds since the epoch; `None` before the first
    /// observation.
    #[must_use]
    pub fn closed_until(&self) -> Option<i64> {
        self.started.map(|started| started.closed_until)
    }

    /// Start of the first complete bucket, in seconds since the epoch; `None` before the first
    /// observation.
    #[must_use]
    pub fn first_complete(&self) -> Option<i64> {
        self.started.map(|started| started.first_complete)
    }

    /// What became of the observations.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Number of partitions; 1 in a job without a partition field that has observations.
    #[must_use]
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    /// Number of values that are known of the detector's fields, in all partitions.
    #[must_use]
    pub fn value_count(&self) -> usize {
        self.partitions.iter().map(PartitionState::value_count).sum()
    }

    /// Number of buckets, those with any value, that the partition which learned most has learned.
    #[must_use]
    pub fn buckets_learned(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.learned).max().unwrap_or(0)
    }

    /// Whether enough buckets were learned for results to be worth something.
    #[must_use]
    pub fn is_mature(&self) -> bool {
        self.buckets_learned() >= MATURE_AFTER
    }

    fn has_seen_nothing(&self) -> bool {
        self.partitions.is_empty() && self.open.is_empty() && self.newcomers.is_none()
    }

    fn check_counts(&self) -> Result<(), SnapshotError> {
        let Counts {
            pushed,
            late,
            outside_calendar,
            too_far_ahead,
            before_first_complete,
            before_partition_complete,
            without_value,
            // Of records, not of observations.
            records_cut: _,
        } = self.counts;
        let parts = [
            late,
            outside_calendar,
            too_far_ahead,
            before_first_complete,
            before_partition_complete,
            without_value,
        ];
        let sum = parts.iter().try_fold(0u64, |sum, part| sum.checked_add(*part));
        if pushed <= MOST_EVENTS && sum.is_some_and(|sum| sum <= pushed) {
            return Ok(());
        }
        Err(impossible("observations are miscounted"))
    }
}

impl Detector {
    /// The whole state, for [`restore`](Self::restore).
    ///
    /// A detector that is restored gives the same results as this one for the same observations.
    #[must_use]
    pub fn snapshot(&self) -> DetectorState {
        let times = self.closed_until.zip(self.first_complete);
        let open = self.open.iter().filter(|(_, bucket)| bucket.event_count > 0);
        DetectorState {
            job: SnapshotJob::of(&self.job),
            started: times
                .map(|(closed_until, first_complete)| Started { closed_until, first_complete }),
            ahead_in_a_row: self.ahead_in_a_row,
            counts: self.counts,
            newcomers: self.newcomers.clone(),
            partitions: self.partitions.state(),
            open: open
                .map(|(start, bucket)| OpenBucket { start: *start, gathered: bucket.state() })
                .collect(),
            normalizers: self.normalizers.state(),
        }
    }

    /// The detector of a job that was in a state.
    ///
    /// Custom rules, their filters, latency and limits of the job may be others than they were.
    ///
    /// # Errors
    /// If the job cannot be run, if the state is that of another job, or if no detector can be in
    /// it.
    pub fn restore(job: JobConfig, state: &DetectorState) -> Result<Detector, SnapshotError> {
        let mut detector = Detector::new(job)?;
        SnapshotJob::of(&detector.job).check(&state.job)?;
        state.check_counts()?;
        if state.ahead_in_a_row > BELIEVED_AFTER {
            return Err(impossible("too many observations in a row were too far ahead"));
        }
        let (span, influencers) = (detector.job.bucket_span, detector.fields.influencers.len());
        detector.normalizers = Normalizers::from_state(span, influencers, &state.normalizers)?;
        detector.counts = state.counts;
        detector.ahead_in_a_row = state.ahead_in_a_row;
        detector.newcomers.clone_from(&state.newcomers);
        match state.started {
            Some(started) => detector.resume(started, state)?,
            None if state.has_seen_nothing() => {}
            None => return Err(impossible("something was seen before the first observation")),
        }
        Ok(detector)
    }

    /// Takes over what goes with time.
    fn resume(&mut self, started: Started, state: &DetectorState) -> Result<(), SnapshotError> {
        let times = Times::new(self.job.bucket_span, started.closed_until)?;
        times.check_boundary(started.first_complete)?;
        self.closed_until = Some(started.closed_until);
        self.first_complete = Some(started.first_complete);
        self.partitions = Partitions::from_state(&self.job, &state.partitions, times)?;
        let of_partitions = if self.fields.has_partition { self.partitions.len() } else { 0 };
        let values = state.partitions.iter().map(PartitionState::value_count);
        self.known_values = of_partitions + values.sum::<usize>();
        if let Some(newcomers) = &state.newcomers {
            newcomers.check(self.partitions.len(), times, started.first_complete)?;
        }
        if !state.open.is_sorted_by(|x, y| x.start < y.start) {
            return Err(impossible("the open buckets are not in order"));
        }
        let furthest = self.job.largest_gap().map(|gap| gap + self.latency);
        let influencers = self.fields.influencers.len();
        let is_known = |subject: Subject| self.knows(subject);
        let mut open = VecDeque::with_capacity(state.open.len());
        for OpenBucket { start, gathered } in &state.open {
            times.check_open(*start, furthest)?;
            open.push_back((*start, Bucket::from_state(gathered, influencers, is_known)?));
        }
        self.open = open;
        Ok(())
    }

    /// Whether there is such a subject.
    fn knows(&self, Subject { partition, over, by }: Subject) -> bool {
        if partition as usize >= self.partitions.len() {
            return false;
        }
        let partition = self.partitions.get(partition);
        let knows_over = if self.fields.has_over { partition.over.knows(over) } else { over == 0 };
        knows_over && partition.by.knows(by)
    }
}
