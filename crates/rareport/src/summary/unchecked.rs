//! Summaries as they are read, which may be anything, and whether observations can have given them.

use super::{BucketSummary, Bytes, MOST_EVENTS, PartitionSummary, SummaryError, SummaryJob, pairs};
use super::{FirstEvent, SubjectSummary};
use crate::bucket;
use crate::detector::CALENDAR;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The fields of a [`BucketSummary`], whatever is in them.
#[derive(Deserialize)]
pub(super) struct Unchecked {
    start: i64,
    job: SummaryJob,
    event_count: u64,
    without_value: u64,
    first: FirstEvent,
    #[serde(with = "pairs")]
    partitions: BTreeMap<Bytes, PartitionSummary>,
}

impl TryFrom<Unchecked> for BucketSummary {
    type Error = SummaryError;

    fn try_from(read: Unchecked) -> Result<Self, SummaryError> {
        let Unchecked { start, job, event_count, without_value, first, partitions } = read;
        let summary = BucketSummary { start, job, event_count, without_value, first, partitions };
        match flaw(&summary) {
            None => Ok(summary),
            Some(flaw) => Err(SummaryError::Impossible { start, flaw }),
        }
    }
}

fn flaw(summary: &BucketSummary) -> Option<&'static str> {
    job_flaw(&summary.job).or_else(|| time_flaw(summary)).or_else(|| count_flaw(summary)).or_else(
        || {
            let mut partitions = summary.partitions.iter();
            partitions.find_map(|(value, partition)| partition_flaw(summary, value, partition))
        },
    )
}

/// The first of some flaws that is there.
fn first_of<const N: usize>(flaws: [(bool, &'static str); N]) -> Option<&'static str> {
    flaws.into_iter().find(|(is_there, _)| *is_there).map(|(_, flaw)| flaw)
}

fn job_flaw(job: &SummaryJob) -> Option<&'static str> {
    let influencers = &job.influencers;
    first_of([
        (job.bucket_span == 0, "with a bucket span of 0"),
        (
            !influencers.is_sorted_by(|x, y| x < y) || influencers.len() > usize::from(u16::MAX),
            "whose influencers are too many, or not in byte order and each once",
        ),
    ])
}

fn time_flaw(summary: &BucketSummary) -> Option<&'static str> {
    let (start, span) = (summary.start, summary.job.bucket_span);
    let is_outside = |first: &FirstEvent| {
        !CALENDAR.contains(&first.time) || bucket::floor(first.time, span) != start
    };
    let partitions = summary.partitions.values().map(|partition| &partition.first);
    first_of([
        (is_outside(&summary.first), "whose first event is not in it"),
        (partitions.clone().any(is_outside), "with a partition whose first event is not in it"),
        (
            partitions.min() != Some(&summary.first),
            "whose first event is not that of its first partition",
        ),
    ])
}

fn count_flaw(summary: &BucketSummary) -> Option<&'static str> {
    let subjects = summary.partitions.values().flat_map(|partition| partition.subjects.values());
    let mut counts = subjects.map(|subject| subject.event_count);
    let sum = counts.try_fold(summary.without_value, u64::checked_add);
    first_of([
        (summary.event_count > MOST_EVENTS, "with more events than can be counted"),
        (sum != Some(summary.event_count), "whose numbers of events do not add up"),
    ])
}

fn partition_flaw(
    summary: &BucketSummary,
    value: &Bytes,
    partition: &PartitionSummary,
) -> Option<&'static str> {
    let (job, subjects) = (&summary.job, &partition.subjects);
    let is_empty = |value: &Bytes| value.as_ref().is_empty();
    let by: BTreeSet<&Bytes> = subjects.keys().map(|(_, by)| by).collect();
    let mut over: BTreeSet<&Bytes> = subjects.keys().map(|(over, _)| over).collect();
    if job.over_field.is_none() {
        over.retain(|value| !is_empty(value));
    }
    let first_positions = partition.by.values().chain(partition.over.values());
    first_of([
        (
            job.partition_field.is_none() && !is_empty(value),
            "with the value of a partition field that the job does not have",
        ),
        (
            !job.use_null && by.iter().any(|value| is_empty(value)),
            "with an empty value of the by field",
        ),
        (over.iter().any(|value| is_empty(value)), "with an empty value of the over field"),
        (
            job.over_field.is_none() && !over.is_empty(),
            "with the value of an over field that the job does not have",
        ),
        (
            !by.into_iter().eq(partition.by.keys()) || !over.into_iter().eq(partition.over.keys()),
            "with a value of which either the events or the first appearance are missing",
        ),
        (
            first_positions.min().is_some_and(|position| *position < partition.first.position),
            "with a value that appeared before the first event",
        ),
        (
            subjects.values().any(|subject| has_flaw(subject, job.influencers.len())),
            "with values that no event had, or with those of an influencer that the job does not have",
        ),
    ])
}

fn has_flaw(subject: &SubjectSummary, influencers: usize) -> bool {
    let is_wrong = |(field, value): &(u16, Bytes)| {
        usize::from(*field) >= influencers || value.as_ref().is_empty()
    };
    subject.event_count == 0 || subject.influences.iter().any(is_wrong)
}
