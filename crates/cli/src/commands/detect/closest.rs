//! What came closest to being an alert: for each rule the record with the
//! highest score below its threshold.

use std::fmt::{self, Display};

use rareport::detection::Detection;
use rareport::results::{BucketResults, Record};

use crate::anomaly::shown_score;
use crate::noun::Noun;
use crate::stamp::rfc3339;
use crate::text::Inert;

/// The fields that say whose the record is.
const WHOSE: [&str; 2] = ["host.name", "process.name"];

/// The closest records of all rules that are executed.
#[derive(Debug)]
pub(super) struct Closest {
    /// Threshold and record of each rule.
    rules: Vec<(f64, Option<Record>)>,
}

impl Closest {
    /// No record yet of these rules.
    pub(super) fn of(detection: &Detection) -> Closest {
        let rules = detection.report().rules.into_iter().filter(|rule| rule.idle.is_none());
        Closest { rules: rules.map(|rule| (rule.rule.threshold, None)).collect() }
    }

    /// Looks at the records of a closed bucket.
    pub(super) fn note(&mut self, closed: &BucketResults) {
        for (threshold, closest) in &mut self.rules {
            let highest = closest.as_ref().map_or(-1.0, |record: &Record| record.record_score);
            let is_closer = |score: f64| score < *threshold && score > highest;
            let closer = closed.records.iter().filter(|record| is_closer(record.record_score));
            let closer =
                closer.max_by(|left, right| left.record_score.total_cmp(&right.record_score));
            if let Some(closer) = closer {
                *closest = Some(closer.clone());
            }
        }
    }

    /// The closest record of a rule, by its place among those that are executed.
    pub(super) fn record(&self, rule: usize) -> Option<&Record> {
        self.rules.get(rule)?.1.as_ref()
    }
}

/// A score in words, rounded down, so that it never reads as a threshold that it does not reach.
pub(super) fn score(record: &Record) -> String {
    shown_score(record.record_score)
}

/// Displays which record it was.
pub(super) struct Named<'a>(pub(super) &'a Record);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named(record) = *self;
        let what = Noun(&record.by_field_name).before_value();
        let value = Inert(record.value().as_bytes());
        write!(f, "{what} {value} at {}", rfc3339(record.timestamp))?;
        let firsts = WHOSE.iter().filter_map(|field| record.values_of(field).first().copied());
        for (place, first) in firsts.enumerate() {
            let before = if place == 0 { " (" } else { ", " };
            write!(f, "{before}{}", Inert(first.as_bytes()))?;
        }
        let has_any = WHOSE.iter().any(|field| !record.values_of(field).is_empty());
        f.write_str(if has_any { ")" } else { "" })
    }
}
