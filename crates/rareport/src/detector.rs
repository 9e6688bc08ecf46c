//! The detector: takes observations, closes buckets as time goes on, and gives their results.
//!
//! Time comes from the observations alone (rare-model §3). What is made of a closed bucket is
//! decided in the submodules.

mod closed;
mod closing;
mod crowd;
mod documents;
mod error;
mod gather;
mod judgement;
mod known;
mod pruning;
mod state;
mod summaries;

#[cfg(test)]
mod tests;

pub use closed::Closed;
pub use crowd::{Crowd, CrowdInfluencer};
pub use error::DetectorError;
pub use known::{Calculation, Known};
pub use pruning::Pruning;
pub use state::DetectorState;

use crate::bucket::{self, Bucket};
use crate::custom_rule::CustomRules;
use crate::fields::Fields;
use crate::job::{JobConfig, JobError};
use crate::normalizers::Normalizers;
use crate::observation::Observation;
use crate::partition::Partitions;
use crate::renormalize::Renormalizer;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Earliest and latest time of an observation: the years 1 to 9999, which RFC 3339 can write.
pub(crate) const CALENDAR: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Finds rare values in a stream of observations.
///
/// ```
/// use rareport::{Detector, JobConfig, Observation};
///
/// let mut detector = Detector::new(JobConfig::rare("destination.port"))?;
/// for bucket in 0..100 {
///     for port in ["22", "53", "80", "443"] {
///         detector.push(&Observation::new(bucket * 900, port))?;
///     }
/// }
/// detector.push(&Observation::new(99 * 900 + 1, "4444"))?;
/// let results: Vec<_> = detector.finish().collect();
/// assert_eq!(results[0].records[0].by_field_value.as_deref(), Some("4444"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An observation so far ahead that [`Limits::largest_gap`](crate::job::Limits::largest_gap) would be
/// exceeded is dropped; after 100 in a row the next is believed, for then the clock was wrong before
/// (at a boot, often in 1970) and not now.
#[derive(Clone, Debug)]
pub struct Detector {
    job: JobConfig,
    fields: Fields,
    rules: CustomRules,
    partitions: Partitions,
    normalizers: Normalizers,
    /// The buckets that have events and are not closed yet, by start.
    open: VecDeque<(i64, Bucket)>,
    /// An empty bucket, kept for its memory.
    spare: Bucket,
    /// By how much an event may be late, in seconds: whole buckets.
    latency: i64,
    /// End of the last closed bucket, E; `None` before the first observation.
    closed_until: Option<i64>,
    /// Observations in a row that were too far ahead.
    ahead_in_a_row: u32,
    /// Start of the first complete bucket, S; `None` before the first observation.
    first_complete: Option<i64>,
    /// Number of values that the partitions know.
    known_values: usize,
    pruning: Pruning,
    /// The bucket that brought the most new values at once; `None` before there are any.
    newcomers: Option<crowd::Newcomers>,
    counts: Counts,
}

/// What became of the observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All observations pushed.
    pub pushed: u64,
    /// Dropped: the bucket that they belong to was closed.
    pub late: u64,
    /// Dropped: the time is outside the years 1 to 9999.
    pub outside_calendar: u64,
    /// Dropped: so long after what came before that more buckets would be closed than
    /// [`Limits::largest_gap`](crate::job::Limits::largest_gap) allows.
    pub too_far_ahead: u64,
    /// Not modelled: before the first complete bucket.
    pub before_first_complete: u64,
    /// Counted as events but not modelled: before the first complete bucket of their partition.
    pub before_partition_complete: u64,
    /// Counted as events but not modelled: no value of the by or over field.
    pub without_value: u64,
    /// Records that were not written, as their bucket had more than
    /// [`Limits::results_per_bucket`](crate::job::Limits::results_per_bucket).
    pub records_cut: u64,
}

/// After so many observations in a row that were too far ahead the next is believed.
const BELIEVED_AFTER: u32 = 100;

impl Detector {
    /// A detector that has seen nothing yet.
    ///
    /// # Errors
    /// If the job cannot be run, or if a rule refers to a filter or field that is not there.
    pub fn new(job: JobConfig) -> Result<Self, JobError> {
        job.validate()?;
        Ok(Detector {
            fields: Fields::of(&job),
            rules: CustomRules::of(&job)?,
            partitions: Partitions::default(),
            normalizers: Normalizers::new(job.bucket_span, job.influencers.len()),
            open: VecDeque::new(),
            spare: Bucket::default(),
            latency: job.latency_buckets() * i64::from(job.bucket_span),
            closed_until: None,
            ahead_in_a_row: 0,
            first_complete: None,
            known_values: 0,
            pruning: Pruning::default(),
            newcomers: None,
            counts: Counts::default(),
            job,
        })
    }

    /// The job that the detector runs.
    #[must_use]
    pub fn job(&self) -> &JobConfig {
        &self.job
    }

    /// What became of the observations so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Up to when buckets are closed, in seconds since the epoch; `None` before the first
    /// observation.
    #[must_use]
    pub fn closed_until(&self) -> Option<i64> {
        self.closed_until
    }

    /// Takes one observation, and gives the results of the buckets that it closes.
    ///
    /// The buckets are closed even if the iterator is dropped.
    ///
    /// # Errors
    /// If there are more distinct values than the job's limits allow. Nothing is forgotten to make
    /// room: after too many values of the detector's fields every further observation is refused,
    /// after too many influencer values every one that has further ones in the same bucket.
    pub fn push(&mut self, observation: &Observation<'_>) -> Result<Closed<'_>, DetectorError> {
        self.counts.pushed += 1;
        let time = observation.time;
        if !CALENDAR.contains(&time) {
            self.counts.outside_calendar += 1;
            return Ok(Closed::nothing(self));
        }
        // What belongs to a bucket that is open is neither late nor too far ahead.
        if !self.is_in_last_open(time) {
            if self.closed_until.is_some_and(|end| time < end) {
                self.counts.late += 1;
                return Ok(Closed::nothing(self));
            }
            if self.is_too_far_ahead(time) && self.ahead_in_a_row < BELIEVED_AFTER {
                self.ahead_in_a_row += 1;
                self.counts.too_far_ahead += 1;
                return Ok(Closed::nothing(self));
            }
        }
        self.ahead_in_a_row = 0;
        self.gather(observation)?;
        Ok(self.close_by(time))
    }

    /// Whether a time belongs to the last of the open buckets.
    fn is_in_last_open(&self, time: i64) -> bool {
        let last = self.open.back();
        last.is_some_and(|(start, _)| {
            (0..i64::from(self.job.bucket_span)).contains(&(time - start))
        })
    }

    /// Closes the buckets that are complete at `time` (seconds since the epoch), and gives their
    /// results.
    ///
    /// The buckets are closed even if the iterator is dropped. Nothing happens before the first
    /// observation.
    ///
    /// # Errors
    /// If the time is outside the years 1 to 9999, or so far ahead that more buckets would be
    /// closed than [`Limits::largest_gap`](crate::job::Limits::largest_gap) allows.
    pub fn advance_to(&mut self, time: i64) -> Result<Closed<'_>, DetectorError> {
        if !CALENDAR.contains(&time) {
            return Err(DetectorError::OutsideCalendar { time });
        }
        match (self.closed_until, self.job.largest_gap()) {
            (Some(closed_until), Some(limit)) if self.is_too_far_ahead(time) => {
                Err(DetectorError::TooFarAhead { limit, closed_until, time })
            }
            _ => Ok(self.close_by(time)),
        }
    }

    /// Closes the buckets that are complete at `time`.
    fn close_by(&mut self, time: i64) -> Closed<'_> {
        let until = time - self.latency;
        Closed::until(self, until)
    }

    /// Whether more buckets are complete at `time`, which is in the calendar, than may be closed
    /// at once.
    fn is_too_far_ahead(&self, time: i64) -> bool {
        let complete_until = bucket::floor(time, self.job.bucket_span) - self.latency;
        let limit = self.closed_until.zip(self.job.largest_gap());
        limit.is_some_and(|(closed_until, gap)| complete_until - closed_until > gap)
    }

    /// Closes the buckets of all observations, as if time went on far enough.
    pub fn finish(&mut self) -> Closed<'_> {
        let end = self.open.back().map(|(start, _)| start + i64::from(self.job.bucket_span));
        Closed::until(self, end.unwrap_or(i64::MIN))
    }

    /// Scores stored results of this detector anew, with what it has learned up to now.
    #[must_use]
    pub fn renormalizer(&self) -> Renormalizer<'_> {
        Renormalizer::new(&self.job, &self.fields, &self.normalizers, self.closed_until)
    }
}
