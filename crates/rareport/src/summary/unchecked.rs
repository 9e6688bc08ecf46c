//! Summaries as they are read, which may be anything, and whether observations can have given them.

use super::contents::{Appearance, BY, Contents, OVER, PARTITION};
use super::{
    BucketSummary, Bytes, FirstEvent, MOST_EVENTS, Position, SummaryError, SummaryJob, pairs,
};
use crate::bucket::{self, Bucket, Subject};
use crate::detector::CALENDAR;
use crate::dictionary::Scratch;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is written of a [`BucketSummary`], whatever is in it.
#[derive(Deserialize)]
pub(super) struct Unchecked {
    start: i64,
    job: SummaryJob,
    event_count: u64,
    without_value: u64,
    first: FirstEvent,
    #[serde(with = "pairs")]
    partitions: BTreeMap<Bytes, Partition>,
}

#[derive(Deserialize)]
struct Partition {
    first: FirstEvent,
    #[serde(with = "pairs")]
    by: BTreeMap<Bytes, Position>,
    #[serde(with = "pairs")]
    over: BTreeMap<Bytes, Position>,
    /// Pairs of an over-field and a by-field value.
    #[serde(with = "pairs")]
    subjects: BTreeMap<(Bytes, Bytes), SubjectSummary>,
}

#[derive(Deserialize)]
struct SubjectSummary {
    event_count: u64,
    influences: BTreeSet<(u16, Bytes)>,
}

impl TryFrom<Unchecked> for BucketSummary {
    type Error = SummaryError;

    fn try_from(read: Unchecked) -> Result<Self, SummaryError> {
        if let Some(flaw) = flaw(&read) {
            return Err(SummaryError::Impossible { start: read.start, flaw });
        }
        let contents = contents(&read.partitions);
        let Unchecked { start, job, event_count, without_value, first, .. } = read;
        Ok(BucketSummary { start, job, event_count, without_value, first, contents })
    }
}

fn contents(partitions: &BTreeMap<Bytes, Partition>) -> Contents {
    let (mut bucket, mut names) = (Bucket::default(), Scratch::default());
    let (mut first_events, mut appearances) = (Vec::new(), Vec::new());
    for (value, read) in partitions {
        let partition = names.register(PARTITION, value.as_ref());
        first_events.push((partition, read.first));
        for (sort, values) in [(BY, &read.by), (OVER, &read.over)] {
            appearances.extend(values.iter().map(|(value, &position)| {
                let name = names.register(sort, value.as_ref());
                Appearance { partition, name, position }
            }));
        }
        for ((over, by), subject) in &read.subjects {
            let over = names.register(OVER, over.as_ref());
            let by = names.register(BY, by.as_ref());
            let influences = subject.influences.iter();
            let influences = influences.map(|(field, value)| (*field, value.as_ref()));
            bucket.note(Subject { partition, over, by }, subject.event_count, influences);
        }
    }
    Contents::of(&bucket, &names, first_events.into_iter(), appearances.into_iter())
}

fn flaw(summary: &Unchecked) -> Option<&'static str> {
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

fn time_flaw(summary: &Unchecked) -> Option<&'static str> {
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

fn count_flaw(summary: &Unchecked) -> Option<&'static str> {
    let subjects = summary.partitions.values().flat_map(|partition| partition.subjects.values());
    let mut counts = subjects.map(|subject| subject.event_count);
    let sum = counts.try_fold(summary.without_value, u64::checked_add);
    first_of([
        (summary.event_count > MOST_EVENTS, "with more events than can be counted"),
        (sum != Some(summary.event_count), "whose numbers of events do not add up"),
    ])
}

fn partition_flaw(
    summary: &Unchecked,
    value: &Bytes,
    partition: &Partition,
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
