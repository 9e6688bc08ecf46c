//! The detector: takes observations, closes buckets as time goes on, and gives their results.
//!
//! Time comes from the observations alone (rare-model §3).

use crate::bucket::{self, Bucket, Influences};
use crate::category::CategoryModel;
use crate::constants::{LARGEST_SIGNIFICANT, SMALLEST_PROBABILITY, decay_rate};
use crate::dictionary::Dictionary;
use crate::job::JobConfig;
use crate::observation::{Observation, present};
use crate::results::{BucketResult, BucketResults, Record, RecordInfluencer, ScoreExplanation};
use crate::score::probability_score;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Finds rare values in a stream of observations.
///
/// ```
/// use rareport::{Detector, JobConfig, Observation};
///
/// let mut detector = Detector::new(JobConfig::rare("destination.port"));
/// for bucket in 0..100 {
///     for port in ["22", "53", "80", "443"] {
///         detector.push(&Observation::new(bucket * 900, port));
///     }
/// }
/// detector.push(&Observation::new(99 * 900 + 1, "4444"));
/// let results: Vec<_> = detector.finish().collect();
/// assert_eq!(results[0].records[0].by_field_value, "4444");
/// ```
#[derive(Clone, Debug)]
pub struct Detector {
    job: JobConfig,
    influencer_sources: Vec<InfluencerSource>,
    values: Dictionary,
    model: CategoryModel,
    /// Whether each id was present in a bucket that was learned.
    seen: Vec<bool>,
    /// The buckets that are not closed yet and have events, by start.
    open: VecDeque<(i64, Bucket)>,
    /// A closed bucket, kept for its memory.
    spare: Bucket,
    /// End of the last closed bucket; `None` before the first observation.
    closed_until: Option<i64>,
    /// Start of the first complete bucket; `None` before the first observation.
    first_complete: Option<i64>,
    counts: Counts,
}

/// Where the value of an influencer field comes from.
#[derive(Clone, Copy, Debug)]
enum InfluencerSource {
    /// The field is the by field too.
    By,
    /// The list of the observation, at this index.
    Listed(usize),
}

/// What became of the observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All observations pushed.
    pub pushed: u64,
    /// Dropped: the bucket that they belong to was closed.
    pub late: u64,
    /// Dropped: the time is outside the years 1 to 9999.
    pub outside_calendar: u64,
    /// Not modelled: before the first complete bucket.
    pub before_first_complete: u64,
    /// Counted as events but not modelled: no by-field value.
    pub without_by: u64,
}

/// Earliest and latest time of an observation: the years 1 to 9999, which RFC 3339 can write.
const CALENDAR: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Detector {
    /// A detector that has seen nothing yet.
    #[must_use]
    pub fn new(job: JobConfig) -> Self {
        let source = |(index, field): (usize, &String)| {
            if *field == job.detector.by_field {
                InfluencerSource::By
            } else {
                InfluencerSource::Listed(index)
            }
        };
        Detector {
            influencer_sources: job.influencers.iter().enumerate().map(source).collect(),
            values: Dictionary::default(),
            model: CategoryModel::new(decay_rate(job.bucket_span)),
            seen: Vec::new(),
            open: VecDeque::new(),
            spare: Bucket::default(),
            closed_until: None,
            first_complete: None,
            counts: Counts::default(),
            job,
        }
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

    /// Takes one observation, and gives the results of the buckets that it closes.
    ///
    /// The buckets are closed even if the iterator is dropped.
    pub fn push(&mut self, observation: &Observation<'_>) -> Closed<'_> {
        self.counts.pushed += 1;
        let time = observation.time;
        if !CALENDAR.contains(&time) {
            self.counts.outside_calendar += 1;
            return Closed {
                detector: self,
                until: i64::MIN,
            };
        }
        if self.closed_until.is_some_and(|end| time < end) {
            self.counts.late += 1;
            return Closed {
                detector: self,
                until: i64::MIN,
            };
        }
        self.note(observation);
        Closed {
            detector: self,
            until: time,
        }
    }

    /// Closes the buckets that end at `time` (seconds since the epoch) or before, and gives their
    /// results.
    ///
    /// The buckets are closed even if the iterator is dropped.
    pub fn advance_to(&mut self, time: i64) -> Closed<'_> {
        Closed {
            detector: self,
            until: time,
        }
    }

    /// Closes the bucket of the latest observation too, as if time went on to its end.
    pub fn finish(&mut self) -> Closed<'_> {
        let end = self
            .open
            .back()
            .map(|(start, _)| start + i64::from(self.job.bucket_span));
        self.advance_to(end.unwrap_or(i64::MIN))
    }

    /// Gathers an observation that is not late into its bucket (rare-model §3.1, steps 3 to 7;
    /// closing buckets before or after makes no difference to it).
    fn note(&mut self, observation: &Observation<'_>) {
        let (time, span) = (observation.time, self.job.bucket_span);
        self.closed_until.get_or_insert(bucket::floor(time, span));
        let first_complete = *self.first_complete.get_or_insert(bucket::ceil(time, span));
        let by = present(observation.by);
        let id = by.map(|value| self.values.register(value));
        if time < first_complete {
            self.counts.before_first_complete += 1;
            return;
        }
        let index = self.open_index(bucket::floor(time, span));
        let bucket = &mut self.open[index].1;
        bucket.event_count += 1;
        let Some(id) = id else {
            self.counts.without_by += 1;
            return;
        };
        let value_of = |source: &InfluencerSource| match *source {
            InfluencerSource::By => by,
            InfluencerSource::Listed(index) => observation
                .influencers
                .get(index)
                .copied()
                .and_then(present),
        };
        let values = self.influencer_sources.iter().map(value_of);
        bucket.note(
            id,
            (0u16..)
                .zip(values)
                .filter_map(|(field, value)| Some((field, value?))),
        );
    }

    /// Index in `open` of the bucket that starts at `start`, which is opened if it is not.
    fn open_index(&mut self, start: i64) -> usize {
        match self.open.back() {
            Some((last, _)) if *last == start => self.open.len() - 1,
            _ => match self.open.binary_search_by_key(&start, |(other, _)| *other) {
                Ok(index) => index,
                Err(index) => {
                    self.open
                        .insert(index, (start, std::mem::take(&mut self.spare)));
                    index
                }
            },
        }
    }

    /// Closes the next bucket that ends at `until` or before and has results.
    fn close_next(&mut self, until: i64) -> Option<BucketResults> {
        let (span, first_complete) = (i64::from(self.job.bucket_span), self.first_complete?);
        loop {
            let start = self.closed_until?;
            if start + span > until {
                return None;
            }
            self.closed_until = Some(start + span);
            if start < first_complete {
                continue;
            }
            let mut bucket = match self.open.front() {
                Some((first, _)) if *first == start => self.open.pop_front().map(|(_, b)| b),
                _ => None,
            }
            .unwrap_or_else(|| std::mem::take(&mut self.spare));
            let results = self.results(start, &bucket);
            bucket.clear();
            self.spare = bucket;
            return Some(results);
        }
    }

    /// Learns a bucket, then judges it (rare-model §1).
    fn results(&mut self, start: i64, bucket: &Bucket) -> BucketResults {
        let influences = bucket.influences();
        let present: Vec<u32> = influences.iter().map(|(id, _)| *id).collect();
        self.model.learn(&present);
        let timestamp = start * 1000;
        let mut records = self.records(timestamp, &influences);
        records.sort_by(|x, y| {
            let by_probability = x.probability.total_cmp(&y.probability);
            by_probability.then_with(|| x.by_field_value.cmp(&y.by_field_value))
        });
        records.truncate(self.job.limits.records_per_bucket.unwrap_or(usize::MAX));
        self.seen.resize(self.values.len(), false);
        for id in present {
            self.seen[id as usize] = true;
        }
        BucketResults {
            records,
            bucket: BucketResult {
                timestamp,
                bucket_span: self.job.bucket_span,
                event_count: bucket.event_count,
            },
        }
    }

    /// The records of the by-field values that are rare enough to be written.
    fn records(&self, timestamp: i64, influences: &[Influences<'_>]) -> Vec<Record> {
        if influences.is_empty() {
            return Vec::new();
        }
        let rarity = self.model.rarity();
        let mut memo: HashMap<u64, f64, RandomState> = HashMap::default();
        let mut records = Vec::new();
        for (id, values) in influences {
            let Some(concentration) = self.model.concentration(*id) else {
                continue;
            };
            let modelled = *memo
                .entry(concentration.to_bits())
                .or_insert_with(|| rarity.probability_at(concentration));
            let probability = modelled.clamp(SMALLEST_PROBABILITY, 1.0);
            if probability < LARGEST_SIGNIFICANT {
                records.push(self.record(timestamp, *id, probability, concentration, values));
            }
        }
        records
    }

    fn record(
        &self,
        timestamp: i64,
        id: u32,
        probability: f64,
        concentration: f64,
        influences: &[(u16, &[u8])],
    ) -> Record {
        let score = probability_score(probability);
        let median = self.model.median().unwrap_or(concentration);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let influencers = influences
            .chunk_by(|(x, _), (y, _)| x == y)
            .map(|group| RecordInfluencer {
                influencer_field_name: self.job.influencers[usize::from(group[0].0)].clone(),
                influencer_field_values: group.iter().map(|(_, value)| text(value)).collect(),
            })
            .collect();
        Record {
            timestamp,
            bucket_span: self.job.bucket_span,
            detector_index: 0,
            function: "rare",
            function_description: "rare",
            by_field_name: self.job.detector.by_field.clone(),
            by_field_value: text(self.values.value(id)),
            probability,
            record_score: score,
            initial_record_score: score,
            multi_bucket_impact: -0.0,
            typical: [probability],
            actual: [1.0],
            anomaly_score_explanation: ScoreExplanation {
                by_field_first_occurrence: !self.seen.get(id as usize).copied().unwrap_or(false),
                by_field_relative_rarity: median / concentration,
            },
            influencers,
        }
    }
}

/// The results of buckets being closed, in order of time.
///
/// Dropping it closes the buckets that are left.
#[derive(Debug)]
pub struct Closed<'a> {
    detector: &'a mut Detector,
    until: i64,
}

impl Iterator for Closed<'_> {
    type Item = BucketResults;

    fn next(&mut self) -> Option<BucketResults> {
        self.detector.close_next(self.until)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}
