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
mod error;
mod job;
mod pairs;
mod summarizer;
mod unchecked;

pub use bytes::Bytes;
pub use error::SummaryError;
pub(crate) use job::SummaryJob;
pub use summarizer::Summarizer;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What was seen in each partition.
    #[serde(with = "pairs")]
    pub(crate) partitions: BTreeMap<Bytes, PartitionSummary>,
}

/// The first event of something, and when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FirstEvent {
    pub(crate) position: Position,
    pub(crate) time: i64,
}

/// What was seen in one partition in one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartitionSummary {
    pub(crate) first: FirstEvent,
    /// Values of the by field, and where they appeared first.
    #[serde(with = "pairs")]
    pub(crate) by: BTreeMap<Bytes, Position>,
    /// Values of the over field, and where they appeared first.
    #[serde(with = "pairs")]
    pub(crate) over: BTreeMap<Bytes, Position>,
    /// Pairs of an over-field and a by-field value.
    #[serde(with = "pairs")]
    pub(crate) subjects: BTreeMap<(Bytes, Bytes), SubjectSummary>,
}

/// What was seen with one by-field value (of one over-field value).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SubjectSummary {
    pub(crate) event_count: u64,
    /// Indices of influencer fields, and their values.
    pub(crate) influences: BTreeSet<(u16, Bytes)>,
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
    /// its grouping makes a difference.
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
        for (value, partition) in other.partitions {
            match self.partitions.get_mut(&value) {
                Some(known) => known.merge(partition),
                None => {
                    self.partitions.insert(value, partition);
                }
            }
        }
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

impl PartitionSummary {
    fn merge(&mut self, other: PartitionSummary) {
        self.first = self.first.min(other.first);
        merge_positions(&mut self.by, other.by);
        merge_positions(&mut self.over, other.over);
        for (subject, summary) in other.subjects {
            let known = self.subjects.entry(subject).or_default();
            known.event_count += summary.event_count;
            unite(&mut known.influences, summary.influences);
        }
    }
}

fn merge_positions(known: &mut BTreeMap<Bytes, Position>, other: BTreeMap<Bytes, Position>) {
    for (value, position) in other {
        let first = known.entry(value).or_insert(position);
        *first = position.min(*first);
    }
}

/// How many times larger one set is than another for it to be quicker to look for each item of that in
/// it than to go through both.
const FEW: usize = 8;

/// Adds a set to another, in time that goes with the smaller one unless they are much alike in size.
fn unite<T: Ord>(known: &mut BTreeSet<T>, mut other: BTreeSet<T>) {
    if known.len() < other.len() {
        std::mem::swap(known, &mut other);
    }
    if other.len() * FEW < known.len() {
        known.extend(other);
    } else {
        known.append(&mut other);
    }
}

/// Merges summaries of any buckets, in any order; what comes out is in order of time.
///
/// # Errors
/// If the summaries were made for different jobs, or if a bucket has more than 2⁵³ events.
pub fn merge(
    parts: impl IntoIterator<Item = BucketSummary>,
) -> Result<Vec<BucketSummary>, SummaryError> {
    let mut merged: BTreeMap<i64, BucketSummary> = BTreeMap::new();
    for part in parts {
        match merged.get_mut(&part.start) {
            Some(known) => known.merge(part)?,
            None => {
                merged.insert(part.start, part);
            }
        }
    }
    Ok(merged.into_values().collect())
}
