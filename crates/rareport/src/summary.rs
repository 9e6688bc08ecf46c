//! Partial counts of buckets: logs counted in parts, by files, threads or machines, give the same
//! results as one pass over all of them.
//!
//! A part of the input is summarised by bucket with a [`Summarizer`]; summaries of the same bucket
//! are [merged](BucketSummary::merge) in any order, and a detector
//! [takes](crate::Detector::push_summary) them instead of observations. What follows from the order
//! of the input, which is the ids that values get (rare-model §3.1, §8.4) and where the first
//! complete bucket begins, follows from the [`Position`]s that the caller gives.
//!
//! The results are those of a pass over the whole input if no event in it comes after one of a
//! later bucket. Such an event may be late for a pass, which a summary cannot tell.

mod bytes;
mod contents;
mod counting;
mod error;
mod job;
mod merging;
mod pairs;
mod summarizer;
mod table;
mod unchecked;
mod written;

pub use bytes::Bytes;
pub(crate) use contents::{Appearance, Contents, PartitionContents};
pub use error::SummaryError;
pub(crate) use job::SummaryJob;
pub use summarizer::Summarizer;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most events of all summaries that are used together: the largest number up to which every reader
/// of JSON has all integers.
pub(crate) const MOST_EVENTS: u64 = 1 << f64::MANTISSA_DIGITS;

/// A place in the whole input, such as the number of a file and the offset in it. What comes
/// earlier in the input has a smaller position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position(pub u64, pub u64);

/// What one bucket holds, as far as it has been counted.
///
/// What is read from elsewhere is checked: a summary that no observations can have given is an
/// error of the format that it is read from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "unchecked::Unchecked")]
pub struct BucketSummary {
    /// Start of the bucket in seconds since the epoch.
    pub(crate) start: i64,
    /// What was counted.
    pub(crate) job: SummaryJob,
    /// Events in the bucket.
    pub(crate) event_count: u64,
    /// Events without a value of the by or over field.
    pub(crate) without_value: u64,
    /// The first event in the bucket.
    pub(crate) first: FirstEvent,
    /// What was seen.
    pub(crate) contents: Contents,
}

/// The first event of something, and when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FirstEvent {
    pub(crate) position: Position,
    pub(crate) time: i64,
}

impl BucketSummary {
    /// Start of the bucket in seconds since the epoch.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Number of events counted.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        self.event_count
    }

    /// Adds what another summary of the same bucket has counted. Neither the order of merging nor
    /// its grouping makes a difference. It takes time that goes with the size of both: many are
    /// [merged](merge) at once more quickly than one by one.
    ///
    /// # Errors
    /// If the other summary is of another bucket, or was made for another job; if there are more
    /// than 2⁵³ events. Then this summary is as it was.
    pub fn merge(&mut self, other: BucketSummary) -> Result<(), SummaryError> {
        self.job.check(&other.job)?;
        if self.start != other.start {
            return Err(SummaryError::OtherBucket { expected: self.start, found: other.start });
        }
        self.event_count = total_events(self.event_count, other.event_count)?;
        // No other count is larger than that of all events.
        self.without_value += other.without_value;
        self.first = self.first.min(other.first);
        self.contents = self.contents.merged(&other.contents);
        Ok(())
    }
}

/// The sum of two numbers of events.
///
/// # Errors
/// If there are more events than can be counted.
pub(crate) fn total_events(before: u64, more: u64) -> Result<u64, SummaryError> {
    let total = before.checked_add(more).filter(|total| *total <= MOST_EVENTS);
    total.ok_or(SummaryError::TooManyEvents)
}

/// Merges summaries of any buckets, in any order; what comes out is in order of time.
///
/// # Errors
/// If the summaries were made for different jobs, or if a bucket has more than 2⁵³ events.
pub fn merge(
    parts: impl IntoIterator<Item = BucketSummary>,
) -> Result<Vec<BucketSummary>, SummaryError> {
    let mut buckets: BTreeMap<i64, Vec<BucketSummary>> = BTreeMap::new();
    for part in parts {
        add(buckets.entry(part.start).or_default(), part)?;
    }
    let mut merged = Vec::with_capacity(buckets.len());
    for parts in buckets.into_values() {
        let mut parts = parts.into_iter().rev();
        if let Some(smallest) = parts.next() {
            merged.push(parts.try_fold(smallest, |small, large| both(large, small))?);
        }
    }
    Ok(merged)
}

/// Adds a summary to others of the same bucket, each of which is over twice as large as the one behind
/// it. So what summaries hold is only gone through as often as there are others: a logarithm.
fn add(parts: &mut Vec<BucketSummary>, mut part: BucketSummary) -> Result<(), SummaryError> {
    let limit = |part: &BucketSummary| part.contents.size().saturating_mul(2);
    while let Some(last) = parts.pop_if(|last| last.contents.size() <= limit(&part)) {
        part = both(last, part)?;
    }
    parts.push(part);
    Ok(())
}

fn both(mut part: BucketSummary, other: BucketSummary) -> Result<BucketSummary, SummaryError> {
    part.merge(other)?;
    Ok(part)
}
