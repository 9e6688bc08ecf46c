//! From the observations of a part of the input to summaries.

use super::counting::Counting;
use super::{BucketSummary, FirstEvent, Position, SummaryJob};
use crate::bucket;
use crate::detector::CALENDAR;
use crate::fields::Fields;
use crate::job::{JobConfig, JobError};
use crate::observation::Observation;
use std::collections::BTreeMap;

/// Counts a part of the input, bucket by bucket.
///
/// Observations may come in any order. Memory goes with what the buckets of the part have in all: their
/// values, and the pairs of a subject and an influencer value.
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
    /// The bucket of the last observation.
    current: Option<(i64, Counting)>,
    /// All other buckets, by start.
    others: BTreeMap<i64, Counting>,
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
            current: None,
            others: BTreeMap::new(),
            outside_calendar: 0,
        })
    }

    /// Counts an observation, which is at `position` of the whole input.
    pub fn push(&mut self, observation: &Observation<'_>, position: Position) {
        let time = observation.time;
        if !CALENDAR.contains(&time) {
            self.outside_calendar += 1;
            return;
        }
        let event = FirstEvent { position, time };
        let span = i64::from(self.job.bucket_span);
        let is_current =
            self.current.as_ref().is_some_and(|(start, _)| (0..span).contains(&(time - start)));
        if !is_current {
            self.turn_to(bucket::floor(time, self.job.bucket_span), event);
        }
        if let Some((_, counting)) = &mut self.current {
            counting.count(observation, &self.fields, event);
        }
    }

    /// Makes the bucket that starts at `start` and has this event the current one.
    fn turn_to(&mut self, start: i64, event: FirstEvent) {
        let next = self.others.remove(&start);
        let mut next = next.unwrap_or_else(|| Counting::starting_with(event));
        if let Some((start, mut last)) = self.current.take() {
            next.remember_in(last.take_recent());
            self.others.insert(start, last);
        }
        self.current = Some((start, next));
    }

    /// Number of observations dropped because their time is outside the years 1 to 9999.
    #[must_use]
    pub fn outside_calendar(&self) -> u64 {
        self.outside_calendar
    }

    /// The summaries, in order of time.
    pub fn into_summaries(self) -> impl Iterator<Item = BucketSummary> {
        let Summarizer { job, current, others: mut buckets, .. } = self;
        buckets.extend(current);
        buckets.into_iter().map(move |(start, counting)| counting.summary(start, job.clone()))
    }
}
