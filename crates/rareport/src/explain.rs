//! Why a value is rare, in plain language and with the evidence: how often and when it was seen
//! before, and what else is about as rare.

use crate::category::CategoryModel;
use crate::partition::Partition;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Number of buckets that a model must have learned before its results are worth much.
pub const MATURE_AFTER: u64 = 20;

/// How many values of about the same rarity are named.
const NEIGHBORS: usize = 3;

/// What is said of a value that may have been known before.
const MAY_BE_FORGOTTEN: &str = " (earlier buckets with it may be forgotten)";

/// The evidence for a record, in addition to the two numbers of
/// [`ScoreExplanation`](crate::results::ScoreExplanation).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// One sentence that says it all.
    pub sentence: String,
    /// Number of earlier buckets that had the value, as far as is remembered.
    pub buckets_seen: u64,
    /// Number of earlier buckets that the model has learned, those with any value at all.
    pub buckets_learned: u64,
    /// Start of the first earlier bucket with the value, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_before: Option<i64>,
    /// Start of the last earlier bucket with the value, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_before: Option<i64>,
    /// Since when it is remembered whether the value was present, in milliseconds since the epoch;
    /// what was absent for very long before may have been forgotten when the detector's state was
    /// [pruned](crate::Detector::prune). `None` if all is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered_since: Option<i64>,
    /// Place among the known values, the rarest being 1; ties share a place. Those that are new in
    /// a bucket that is still open are known too, and the rarest.
    pub rank: u64,
    /// Number of known values, this one included.
    pub known_values: u64,
    /// The other values that are nearest in rarity, nearest first.
    pub nearest: Vec<Neighbor>,
    /// Whether the model has learned too few buckets to be relied on.
    pub immature: bool,
}

/// A value that is about as rare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbor {
    /// The value.
    pub value: String,
    /// Number of earlier buckets that had it.
    pub buckets_seen: u64,
}

/// What an explanation is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) field: &'a str,
    pub(crate) id: u32,
    /// Start of the bucket, and its length, in seconds.
    pub(crate) start: i64,
    pub(crate) bucket_span: u32,
    /// Whether the partition has learned the bucket already.
    pub(crate) learned: bool,
    /// The values of the bucket that the model has not learned, by ascending id.
    pub(crate) unlearned: &'a [u32],
}

impl Explanation {
    /// The evidence that a partition with this category model has on one of its by-field values.
    pub(crate) fn of(partition: &Partition, model: &CategoryModel, question: Question<'_>) -> Self {
        let Question { id, .. } = question;
        let history = partition.by_history.get(id);
        let neighbor = |id: u32| Neighbor {
            value: text(partition.by.value(id)),
            buckets_seen: partition.by_history.get(id).map_or(0, |history| history.buckets),
        };
        let (rank, nearest) = neighborhood(model, question.unlearned, id);
        let mut explanation = Explanation {
            sentence: String::new(),
            buckets_seen: history.map_or(0, |history| history.buckets),
            buckets_learned: partition.learned - u64::from(question.learned),
            first_seen_before: history.map(|history| history.first * 1000),
            last_seen_before: history.map(|history| history.last * 1000),
            remembered_since: history
                .map_or(partition.forgotten_before, |history| history.remembered_since)
                .map(|since| since * 1000),
            rank,
            known_values: (model.len() + question.unlearned.len()) as u64,
            nearest: nearest.into_iter().map(neighbor).collect(),
            immature: partition.learned < MATURE_AFTER,
        };
        explanation.sentence = explanation.sentence(&question, &text(partition.by.value(id)));
        explanation
    }

    fn sentence(&self, question: &Question<'_>, value: &str) -> String {
        let name = if value.is_empty() { "(none)" } else { value };
        let mut sentence = format!("{} {name} was {}", question.field, self.seen(question));
        let known = self.known_values;
        match self.rank {
            1 => sentence += &format!("; it is the rarest of {}", count(known, "known value")),
            rank => sentence += &format!("; it is number {rank} in rarity of {known} known values"),
        }
        if let Some(nearest) = self.nearest.first() {
            let seen = match nearest.buckets_seen {
                0 => "also new".to_owned(),
                buckets => format!("seen in {}", count(buckets, "bucket")),
            };
            sentence += &format!(", nearest to {} ({seen})", nearest.value);
        }
        if self.immature {
            sentence +=
                &format!("; with fewer than {MATURE_AFTER} buckets learned, this says little");
        }
        sentence + "."
    }

    /// How often and how long ago the value was seen, in words.
    fn seen(&self, question: &Question<'_>) -> String {
        let span = duration(i64::from(question.bucket_span));
        let before = |time: i64| duration(question.start - time / 1000) + " before";
        let learned = format!("{} of {span}", count(self.buckets_learned, "earlier bucket"));
        let buckets = count(self.buckets_seen, "bucket");
        match (self.last_seen_before.map(before), self.remembered_since.map(before)) {
            (None, None) => format!("never seen in {learned}"),
            (Some(last), None) => {
                format!("seen in {} of {learned}, last {last}", self.buckets_seen)
            }
            (None, Some(since)) => format!("not seen in the {since}{MAY_BE_FORGOTTEN}"),
            (Some(last), Some(since)) => {
                format!("seen in {buckets} of {span} in the {since}, last {last}{MAY_BE_FORGOTTEN}")
            }
        }
    }
}

/// The place of a category among all by rarity, and the others that are nearest to it. Those that
/// are `unlearned` are the rarest.
fn neighborhood(model: &CategoryModel, unlearned: &[u32], id: u32) -> (u64, Vec<u32>) {
    let concentration = |id: &u32| model.concentration(*id).unwrap_or(0.0);
    let own = concentration(&id);
    let Range { start: below, end: not_above } = model.places(id);
    let window = below.saturating_sub(NEIGHBORS)..below + NEIGHBORS + 1;
    let above = window.end.max(not_above)..not_above + NEIGHBORS;
    let mut near: Vec<u32> = unlearned.iter().copied().take(NEIGHBORS + 1).collect();
    near.extend(model.at_places(window));
    near.extend(model.at_places(above));
    near.retain(|&other| other != id);
    let rarity = |id: &u32| concentration(id).max(f64::MIN_POSITIVE).ln();
    let distance = |other: &u32| (rarity(other) - rarity(&id)).abs();
    near.sort_by(|x, y| distance(x).total_cmp(&distance(y)).then(x.cmp(y)));
    near.dedup();
    near.truncate(NEIGHBORS);
    let rarer = if own > 0.0 { unlearned.len() + below } else { 0 };
    (rarer as u64 + 1, near)
}

/// A value as text. Bytes that are not UTF-8 show as U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A length of time in the largest unit that leaves at least 2 of it, or in seconds.
fn duration(seconds: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "day"), (3600, "hour"), (60, "minute")];
    let fits = |(length, _): &&(i64, &str)| seconds >= 2 * length || seconds == *length;
    let (length, unit) = UNITS.iter().find(fits).copied().unwrap_or((1, "second"));
    count((seconds / length).unsigned_abs(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let texts = [1, 90, 300, 900, 3600, 5400, 86_400, 200_000].map(duration);
        let expected = [
            "1 second",
            "90 seconds",
            "5 minutes",
            "15 minutes",
            "1 hour",
            "90 minutes",
            "1 day",
            "2 days",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn ties_share_a_place_and_are_each_others_neighbors() {
        let mut model = CategoryModel::new(0.00025);
        for _ in 0..10 {
            model.learn(&[0, 1, 2]);
        }
        model.learn(&[0, 3, 4]);
        assert_eq!(neighborhood(&model, &[], 3), (1, vec![4, 1, 2]));
        assert_eq!(neighborhood(&model, &[], 4), (1, vec![3, 1, 2]));
        assert_eq!(neighborhood(&model, &[], 0), (5, vec![1, 2, 4]));
    }

    #[test]
    fn values_that_are_not_learned_are_the_rarest() {
        let mut model = CategoryModel::new(0.00025);
        for _ in 0..10 {
            model.learn(&[0, 1, 2]);
        }
        model.learn(&[0, 2]);
        model.learn(&[0]);
        // By concentration: 1, 2, 0.
        assert_eq!(neighborhood(&model, &[7], 7), (1, vec![1, 2, 0]));
        assert_eq!(neighborhood(&model, &[7, 9], 9), (1, vec![7, 1, 2]));
        assert_eq!(neighborhood(&model, &[7, 9], 1), (3, vec![2, 0, 7]));
        assert_eq!(neighborhood(&CategoryModel::new(0.1), &[3], 3), (1, vec![]));
    }
}
