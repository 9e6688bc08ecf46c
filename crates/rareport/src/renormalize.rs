//! Scoring stored results anew, with what a detector has learned since they were written.
//!
//! Early scores of a young job are judged against little history; Elastic goes over them again
//! whenever its normalisers have changed a lot (rare-model §8.8). Here that is an explicit step.
//! Probabilities and initial scores stay as they are.

use crate::fields::{Fields, Source};
use crate::job::JobConfig;
use crate::normalizer::Scope;
use crate::normalizers::{Normalizers, Scorers};
use crate::results::{BUCKET_TIME, Bucket, BucketResults, Influencer, Record};

/// Shortest window unless a job says otherwise, in days and in buckets; the longer one holds.
const DEFAULT_WINDOW: (i64, i64) = (30, 100);

/// Difference between two scores that is worth a change.
const BIG_DIFFERENCE: f64 = 1.5;

/// Ratio of two scores below which a change is worth it however small they are.
const BIG_RATIO: f64 = 0.33;

/// Width of a class of scores, a quarter of 0–100; moving from one class to another is worth a
/// change.
const CLASS_WIDTH: f64 = 25.0;

/// Scores stored results anew.
///
/// ```
/// use rareport::{Detector, JobConfig, Observation};
///
/// let mut detector = Detector::new(JobConfig::rare("destination.port"))?;
/// let mut stored = Vec::new();
/// for bucket in 0..100 {
///     let port = if bucket % 10 == 9 { "4444" } else { "443" };
///     stored.extend(detector.push(&Observation::new(bucket * 900, port))?);
/// }
/// let mut renormalizer = detector.renormalizer();
/// let changed: usize = stored.iter_mut().map(|results| renormalizer.rescore(results)).sum();
/// println!("{changed} scores have changed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Renormalizer<'a> {
    fields: &'a Fields,
    scorers: Scorers<'a>,
    /// Results between these times, in milliseconds since the epoch and both excluded, are scored.
    window: (i64, i64),
}

impl<'a> Renormalizer<'a> {
    pub(crate) fn new(
        job: &JobConfig,
        fields: &'a Fields,
        normalizers: &'a Normalizers,
        closed_until: Option<i64>,
    ) -> Self {
        const DAY: i64 = 86_400;
        let span = i64::from(job.bucket_span);
        let length = match job.renormalization_window_days {
            Some(days) => i64::from(days) * DAY,
            None => (DEFAULT_WINDOW.0 * DAY).max(DEFAULT_WINDOW.1 * span),
        };
        let last = closed_until.map_or(i64::MIN / 2000, |end| end - span);
        Renormalizer {
            fields,
            scorers: normalizers.scorers(),
            window: ((last - length) * 1000, last * 1000),
        }
    }

    /// Scores the documents of one bucket anew; how many scores have changed.
    ///
    /// Nothing changes if the bucket was still open, is outside the job's window, or is the last
    /// one that was closed.
    pub fn rescore(&mut self, results: &mut BucketResults) -> usize {
        let mut changed = self.bucket(&mut results.bucket);
        for record in &mut results.records {
            changed += usize::from(self.record(record));
        }
        for influencer in &mut results.influencers {
            changed += usize::from(self.influencer(influencer));
        }
        changed
    }

    /// Scores a record anew; whether its score has changed.
    pub fn record(&mut self, record: &mut Record) -> bool {
        if record.is_interim || !self.covers(record.timestamp) {
            return false;
        }
        let text = |value: &'_ Option<String>| value.clone().unwrap_or_default();
        let (partition, value) = match record.over_field_value {
            Some(_) => (String::new(), String::new()),
            None => (text(&record.partition_field_value), text(&record.by_field_value)),
        };
        let scope = Scope { partition: partition.as_bytes(), value: value.as_bytes() };
        let score = self.scorers.leaf_shown(scope, record.probability);
        replace(&mut record.record_score, score)
    }

    /// Scores an influencer anew; whether its score has changed.
    pub fn influencer(&mut self, influencer: &mut Influencer) -> bool {
        let Some(field) = self.fields.index_of(&influencer.influencer_field_name) else {
            return false;
        };
        if influencer.is_interim || !self.covers(influencer.timestamp) {
            return false;
        }
        let is_shared = self.fields.influencers[field].source == Source::Over;
        let value = if is_shared { "" } else { &influencer.influencer_field_value };
        let scope = Scope { partition: b"", value: value.as_bytes() };
        let score = self.scorers.value_shown(field, scope, influencer.probability);
        replace(&mut influencer.influencer_score, score)
    }

    /// Scores a bucket and its bucket influencers anew; how many scores have changed.
    pub fn bucket(&mut self, bucket: &mut Bucket) -> usize {
        if bucket.is_interim || !self.covers(bucket.timestamp) {
            return 0;
        }
        let mut changed = 0;
        let scorers = &mut self.scorers;
        for influencer in &mut bucket.bucket_influencers {
            let name = influencer.influencer_field_name.as_str();
            let score = if name == BUCKET_TIME {
                scorers.root(influencer.probability)
            } else if let Some(field) = self.fields.index_of(name) {
                scorers.field(field, influencer.probability)
            } else {
                continue;
            };
            changed += usize::from(replace(&mut influencer.anomaly_score, score));
        }
        let scores = bucket.bucket_influencers.iter().map(|influencer| influencer.anomaly_score);
        let score = scores.fold(0.0, f64::max);
        changed += usize::from(score != bucket.anomaly_score);
        bucket.anomaly_score = score;
        changed
    }

    fn covers(&self, timestamp: i64) -> bool {
        self.window.0 < timestamp && timestamp < self.window.1
    }
}

/// Replaces a score if the change is big, by the new one with seven digits; whether it was.
fn replace(old: &mut f64, new: f64) -> bool {
    let class = |score: f64| (score / CLASS_WIDTH).floor();
    let (smaller, larger) = (old.min(new), old.max(new));
    let is_big = class(*old) != class(new)
        || larger - smaller >= BIG_DIFFERENCE
        || smaller < BIG_RATIO * larger;
    if is_big {
        *old = seven_digits(new);
    }
    is_big
}

/// A number as it reads after being written with seven significant digits.
fn seven_digits(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_big_changes_count() {
        let changed = |old: f64, new: f64| replace(&mut { old }, new);
        assert!(!changed(50.0, 51.0) && !changed(0.0, 0.0) && !changed(1.0, 1.2));
        assert!(changed(49.5, 50.0), "another quarter");
        assert!(changed(60.0, 61.5), "a difference of 1.5");
        assert!(!changed(60.0, 61.45), "a smaller one");
        assert!(changed(24.9, 25.1) && changed(75.1, 74.9), "other quarters");
        assert!(!changed(19.5, 20.5) && !changed(60.5, 59.5), "the same quarter");
        assert!(changed(0.32, 1.0) && changed(1.0, 0.32), "less than 0.33 of the larger");
        assert!(!changed(0.34, 1.0) && !changed(1.0, 0.34), "more than 0.33 of the larger");
        let mut score = 10.0;
        replace(&mut score, 47.123_456_789);
        assert_eq!(score, 47.123_46);
    }
}
