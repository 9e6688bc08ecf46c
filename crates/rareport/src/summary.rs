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
mod pairs;
mod summarizer;

pub use bytes::Bytes;
pub use summarizer::Summarizer;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A place in the whole input, such as the number of a file and the offset in it. What comes
/// earlier in the input has a smaller position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position(pub u64, pub u64);

/// What one bucket holds, as far as it has been counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSummary {
    /// Start of the bucket in seconds since the epoch.
    pub(crate) start: i64,
    /// Length of the bucket in seconds.
    pub(crate) bucket_span: u32,
    /// Influencer fields, in byte order.
    pub(crate) influencers: Vec<String>,
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

/// Why summaries do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// They are of different buckets.
    #[error("expected a summary of the bucket at {expected}, found one of the bucket at {found}")]
    OtherBucket {
        /// Start of the bucket, in seconds since the epoch.
        expected: i64,
        /// Start of the bucket of the other summary.
        found: i64,
    },
    /// They were made for different jobs.
    #[error(
        "expected a summary with a bucket span of {expected_span} s and the influencers \
         {expected:?}, found one with {found_span} s and {found:?}; summarise with the same job"
    )]
    OtherJob {
        /// Bucket length of the job in seconds.
        expected_span: u32,
        /// Influencers of the job, in byte order.
        expected: Vec<String>,
        /// Bucket length of the other job in seconds.
        found_span: u32,
        /// Influencers of the other job, in byte order.
        found: Vec<String>,
    },
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
    /// If the other summary is of another bucket, or was made for another job.
    pub fn merge(&mut self, other: BucketSummary) -> Result<(), SummaryError> {
        self.check_job(other.bucket_span, &other.influencers)?;
        if self.start != other.start {
            return Err(SummaryError::OtherBucket { expected: self.start, found: other.start });
        }
        self.event_count += other.event_count;
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

    /// Whether the summary was made for a job with this bucket span and these influencers.
    pub(crate) fn check_job(&self, span: u32, influencers: &[String]) -> Result<(), SummaryError> {
        if self.bucket_span == span && self.influencers == influencers {
            return Ok(());
        }
        Err(SummaryError::OtherJob {
            expected_span: span,
            expected: influencers.to_vec(),
            found_span: self.bucket_span,
            found: self.influencers.clone(),
        })
    }
}

impl PartitionSummary {
    fn merge(&mut self, other: PartitionSummary) {
        self.first = self.first.min(other.first);
        merge_positions(&mut self.by, other.by);
        merge_positions(&mut self.over, other.over);
        for (subject, summary) in other.subjects {
            let known = self.subjects.entry(subject).or_default();
            known.event_count += summary.event_count;
            known.influences.extend(summary.influences);
        }
    }
}

fn merge_positions(known: &mut BTreeMap<Bytes, Position>, other: BTreeMap<Bytes, Position>) {
    for (value, position) in other {
        let first = known.entry(value).or_insert(position);
        *first = position.min(*first);
    }
}

/// Merges summaries of any buckets, in any order; what comes out is in order of time.
///
/// # Errors
/// If the summaries were made for different jobs.
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
