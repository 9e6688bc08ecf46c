//! Normalisers: from raw scores to scores of 0–100 that can be compared over time.
//!
//! This module owns what a normaliser remembers of past raw scores, how it ages and is fed, and
//! how a raw score is judged against it (rare-model §8.1, §8.3, §8.5, §8.6). Which nodes of the
//! result tree are fed to which normaliser, and in what order, is the caller's business.
//!
//! A bucket is normalised in three steps: [age](Normalizer::age) every normaliser once,
//! [feed](Normalizer::feed) the nodes of the bucket, then [score](Normalizer::scorer) them. So
//! the scores of a bucket are judged against a history that includes them.

mod high_scores;
mod maxima;
mod scorer;
mod state;

use crate::constants::{LARGEST_SIGNIFICANT, STANDARD_BUCKET_SPAN, decay_rate};
use crate::digest::{DIGEST_SIZE, QuantileDigest};
use crate::score;
use high_scores::HighScores;
use maxima::Maxima;

pub use maxima::Scope;
pub use scorer::{Ceilings, Scorer};
pub use state::{MaximumState, NormalizerError, NormalizerState};

/// Raw scores are multiplied by this and rounded to become the integers of a digest
/// (rare-model §2).
const DISCRETISATION: f64 = 1000.0;

/// The ageing period of the digests in buckets, to be divided by the sampling interval
/// (rare-model §2).
const AGEING_PERIOD: f64 = 20.0;

/// One hour in seconds: the sampling interval is such that an hour has about one value.
const HOUR: u32 = 3600;

/// The shortest time in seconds that one sampled value stands for (rare-model §2).
const SHORTEST_SAMPLED: u32 = 300;

/// The history of the raw scores of one kind of node, against which new ones are judged.
///
/// There is one for the bucket root, one for all leaves, and for each influencer field one for
/// its values and one for the field itself (rare-model §8.1).
///
/// ```
/// use rareport::normalizer::{Normalizer, Scope};
///
/// let mut normalizer = Normalizer::new(900);
/// let port = Scope { partition: b"", value: b"4444" };
/// for _ in 0..999 {
///     normalizer.age();
///     normalizer.feed(Scope::default(), 0.9);
/// }
/// normalizer.age();
/// let grew = normalizer.feed(port, 0.001);
/// assert!(grew);
/// let score = normalizer.scorer().score(port, 0.001);
/// assert!((score - 64.8).abs() < 0.1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Normalizer {
    rates: Rates,
    /// D, all scores.
    scores: QuantileDigest,
    high: HighScores,
    maxima: Maxima,
    /// y, the largest raw score since the last one that entered the digests.
    pending_maximum: f64,
    /// k, how many raw scores were fed since then.
    pending_count: u32,
    /// A, what is left of the ageing period.
    clock: f64,
}

/// What depends on the bucket span alone (rare-model §2, §8.5).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rates {
    /// λ, the decay rate of the digests per unit of ageing.
    digest_decay: f64,
    /// 2·λ', the decay rate of the maxima per bucket.
    maximum_decay: f64,
    /// s, of how many consecutive raw scores the largest enters the digests.
    sampling_interval: u32,
}

impl Rates {
    fn of(bucket_span: u32) -> Rates {
        let digest_decay = decay_rate(bucket_span);
        let stretch = (f64::from(bucket_span) / STANDARD_BUCKET_SPAN).max(1.0);
        let sampled = bucket_span.saturating_mul(2).clamp(SHORTEST_SAMPLED, HOUR);
        Rates {
            digest_decay,
            maximum_decay: 2.0 * (digest_decay * stretch),
            sampling_interval: HOUR / sampled,
        }
    }
}

impl Normalizer {
    /// A normaliser without history for buckets of `bucket_span` seconds (at least 1).
    #[must_use]
    pub fn new(bucket_span: u32) -> Normalizer {
        let rates = Rates::of(bucket_span);
        Normalizer {
            rates,
            scores: QuantileDigest::new(DIGEST_SIZE, rates.digest_decay),
            high: HighScores::new(rates.digest_decay),
            maxima: Maxima::default(),
            pending_maximum: 0.0,
            pending_count: 0,
            clock: AGEING_PERIOD,
        }
    }

    /// Ages the history by one bucket (rare-model §8.5 (25), (26)): to be called for every
    /// bucket with a result, also an empty one, before anything is fed.
    pub fn age(&mut self) {
        self.maxima.age(self.rates.maximum_decay);
        self.clock -= 1.0 / f64::from(self.rates.sampling_interval);
        if self.clock > 0.0 {
            return;
        }
        let time = ((AGEING_PERIOD - self.clock) / AGEING_PERIOD).floor();
        let before = self.scores.len();
        self.scores.age(time);
        self.high.age(time, before, self.scores.len());
        self.clock += AGEING_PERIOD + (-self.clock / AGEING_PERIOD).floor();
    }

    /// Adds the probability of a node to the history (rare-model §8.3); whether it raised a
    /// maximum so much that the state is worth saving (rare-model §8.7).
    pub fn feed(&mut self, scope: Scope<'_>, probability: f64) -> bool {
        let raw_score = significant_raw_score(probability);
        let grew = self.maxima.raise(scope, raw_score);
        self.pending_maximum = self.pending_maximum.max(raw_score);
        self.pending_count += 1;
        if self.pending_count >= self.rates.sampling_interval {
            self.record(discretise(self.pending_maximum));
            self.pending_maximum = 0.0;
            self.pending_count = 0;
        }
        grew
    }

    /// Judges nodes against the history as it is now.
    #[must_use]
    pub fn scorer(&self) -> Scorer<'_> {
        Scorer::new(self)
    }

    /// Enters a value into the digests (rare-model §8.3 (24)).
    fn record(&mut self, value: u32) {
        if self.scores.len() + 1 == DIGEST_SIZE {
            self.high.initialise(&self.scores);
        }
        self.scores.add(value, 1);
        self.high.record(value);
        let count = self.scores.len();
        if count > DIGEST_SIZE && count.is_multiple_of(DIGEST_SIZE) {
            self.high.refresh(&self.scores);
        }
    }
}

/// R̃, the raw score of a probability that is small enough to matter, otherwise 0
/// (rare-model §8.3 (23)).
fn significant_raw_score(probability: f64) -> f64 {
    if probability > LARGEST_SIGNIFICANT { 0.0 } else { score::raw_score(probability) }
}

/// The integer that stands for a raw score in the digests.
fn discretise(raw_score: f64) -> u32 {
    (DISCRETISATION * raw_score + 0.5) as u32
}
