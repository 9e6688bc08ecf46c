//! From the observations of a part of the input to summaries.

use super::{BucketSummary, Bytes, FirstEvent, PartitionSummary, Position, SummaryJob};
use crate::bucket;
use crate::detector::{CALENDAR, Fields, Values};
use crate::job::{JobConfig, JobError};
use crate::observation::Observation;
use std::collections::BTreeMap;

/// Counts a part of the input, bucket by bucket.
///
/// ```
/// use rareport::summary::{Position, Summarizer, merge};
/// use rareport::{Detector, JobConfig, Observation};
///
/// let job = JobConfig::rare("destination.port");
/// let mut first_file = Summarizer::new(&job)?;
/// first_file.push(&Observation::new(900, "443"), Position(0, 0));
/// let mut second_file = Summarizer::new(&job)?;
/// second_file.push(&Observation::new(901, "80"), Position(1, 0));
///
/// let parts = second_file.into_summaries().chain(first_file.into_summaries());
/// let mut detector = Detector::new(job)?;
/// for summary in merge(parts)? {
///     detector.push_summary(&summary)?;
/// }
/// let results: Vec<_> = detector.finish().collect();
/// assert_eq!(results[0].bucket.event_count, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Summarizer {
    job: SummaryJob,
    fields: Fields,
    buckets: BTreeMap<i64, BucketSummary>,
    outside_calendar: u64,
}

impl Summarizer {
    /// A summariser that has counted nothing yet.
    ///
    /// # Errors
    /// If the job cannot be run.
    pub fn new(job: &JobConfig) -> Result<Self, JobError> {
        job.validate()?;
        Ok(Summarizer {
            job: SummaryJob::of(job),
            fields: Fields::of(job),
            buckets: BTreeMap::new(),
            outside_calendar: 0,
        })
    }

    /// Counts an observation, which is at `position` of the whole input.
    pub fn push(&mut self, observation: &Observation<'_>, position: Position) {
        if !CALENDAR.contains(&observation.time) {
            self.outside_calendar += 1;
            return;
        }
        let first = FirstEvent { position, time: observation.time };
        let values = Values::of(observation, &self.fields);
        let start = bucket::floor(observation.time, self.job.bucket_span);
        let (job, fields) = (&self.job, &self.fields);
        let summary = self.buckets.entry(start).or_insert_with(|| BucketSummary {
            start,
            job: job.clone(),
            event_count: 0,
            without_value: 0,
            first,
            partitions: BTreeMap::new(),
        });
        summary.event_count += 1;
        summary.first = summary.first.min(first);
        let partition = summary.partitions.entry(values.partition.into());
        let partition = partition.or_insert_with(|| PartitionSummary::starting_with(first));
        partition.first = partition.first.min(first);
        let (Some(over), Some(by)) = (values.over, values.by) else {
            summary.without_value += 1;
            return;
        };
        note_position(&mut partition.by, by, position);
        if fields.has_over {
            note_position(&mut partition.over, over, position);
        }
        let subject = partition.subjects.entry((over.into(), by.into())).or_default();
        subject.event_count += 1;
        let influences = fields.influences(observation, &values);
        subject.influences.extend(influences.map(|(field, value)| (field, Bytes::from(value))));
    }

    /// Number of observations dropped because their time is outside the years 1 to 9999.
    #[must_use]
    pub fn outside_calendar(&self) -> u64 {
        self.outside_calendar
    }

    /// The summaries, in order of time.
    pub fn into_summaries(self) -> impl Iterator<Item = BucketSummary> {
        self.buckets.into_values()
    }
}

impl PartitionSummary {
    fn starting_with(first: FirstEvent) -> Self {
        PartitionSummary {
            first,
            by: BTreeMap::new(),
            over: BTreeMap::new(),
            subjects: BTreeMap::new(),
        }
    }
}

fn note_position(known: &mut BTreeMap<Bytes, Position>, value: &[u8], position: Position) {
    let first = known.entry(value.into()).or_insert(position);
    *first = position.min(*first);
}
