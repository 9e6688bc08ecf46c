//! Judging raw scores against the history of a normaliser (rare-model §8.6).

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{DISCRETISATION, Normalizer, Scope, discretise, significant_raw_score};
use crate::constants::FULL_SCORE;
use crate::digest::{Bounds, QuantileDigest};
use crate::score;
use crate::special::Beta;

/// Percentile → score (rare-model §2, knot points), both 0–100.
const KNOTS: [(f64, f64); 9] = [
    (0.0, 0.0),
    (70.0, 1.0),
    (85.0, 1.2),
    (90.0, 1.5),
    (95.0, 3.0),
    (97.0, 20.0),
    (99.0, 50.0),
    (99.9, 90.0),
    (100.0, 100.0),
];

/// The noise level as a fraction of the scores (rare-model §2, noise percentile).
const NOISE_FRACTION: f64 = 0.5;

/// The score at the noise level: that of the first knot at or above it (rare-model §8.6).
const NOISE_SCORE: f64 = 1.0;

/// Slope of the noise ceiling per unit of discretised score (rare-model §8.6 (27)).
const NOISE_SLOPE: f64 = 10.0 / DISCRETISATION;

/// The quantiles of a 70 % confidence interval (rare-model §2).
const CONFIDENCE: Bounds = Bounds { lower: 0.15, upper: 0.85 };

/// What limits a score: the score is the smallest of these and 100 (rare-model §8.6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceilings {
    /// C₁: how far the raw score stands out from the noise.
    pub noise: f64,
    /// C₂: how rare raw scores this high are in the history.
    pub percentile: f64,
    /// C₃: how the raw score compares to the largest of its scope; `None` if the scope has none.
    pub maximum: Option<f64>,
    /// C₄: how small the probability is by itself.
    pub probability: f64,
    /// Between which percentiles (0–100) of the history the raw score lies, with 70 % confidence:
    /// the basis of `percentile`.
    pub percentiles: (f64, f64),
}

impl Ceilings {
    /// The score, 0–100.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.noise
            .min(self.percentile)
            .min(self.maximum.unwrap_or(FULL_SCORE))
            .min(self.probability)
            .min(FULL_SCORE)
    }
}

/// Judges nodes against the history of a [`Normalizer`], which stands still meanwhile.
#[derive(Clone, Debug)]
pub struct Scorer<'a> {
    normalizer: &'a Normalizer,
    /// What all scores have in common; worked out with the first one.
    history: Option<History>,
    /// Percentiles of the discretised scores judged so far: equal probabilities are common.
    percentiles: HashMap<u32, (f64, f64), RandomState>,
}

/// What the digests say by themselves.
#[derive(Clone, Copy, Debug)]
struct History {
    /// z, the noise level as a discretised score.
    noise_level: f64,
    /// Fraction of the scores that are 0.
    zeros: Bounds,
    /// φ_l, φ_u: confidence interval of the fraction of scores that are not high.
    ordinary: Bounds,
}

impl<'a> Scorer<'a> {
    pub(super) fn new(normalizer: &'a Normalizer) -> Scorer<'a> {
        Scorer { normalizer, history: None, percentiles: HashMap::default() }
    }

    /// The normalised score, 0–100, of a node with this probability.
    pub fn score(&mut self, scope: Scope<'_>, probability: f64) -> f64 {
        self.ceilings(scope, probability).map_or(0.0, |ceilings| ceilings.score())
    }

    /// [`score`](Scorer::score), by what documents show of the scope.
    pub(crate) fn score_shown(&mut self, shown: Scope<'_>, probability: f64) -> f64 {
        match self.normalizer.maxima.shown_as(shown) {
            None => self.score(shown, probability),
            Some((partition, value)) => {
                self.score(Scope { partition: &partition, value: &value }, probability)
            }
        }
    }

    /// What limits the score of a node with this probability; `None` if the score is 0 because
    /// the probability is not significant or there is no history.
    pub fn ceilings(&mut self, scope: Scope<'_>, probability: f64) -> Option<Ceilings> {
        let normalizer = self.normalizer;
        let raw_score = significant_raw_score(probability);
        if raw_score == 0.0 || normalizer.scores.is_empty() {
            return None;
        }
        let history = *self.history.get_or_insert_with(|| History::of(normalizer));
        let value = discretise(raw_score);
        let percentiles = *self
            .percentiles
            .entry(value)
            .or_insert_with(|| percentiles(normalizer, &history, value));
        Some(Ceilings {
            noise: history.noise_ceiling(value),
            percentile: (knot_score(percentiles.0) + knot_score(percentiles.1)) / 2.0,
            maximum: normalizer.maxima.get(scope).map(|largest| {
                let ratio = raw_score / largest;
                FULL_SCORE * (1.5 * ratio).min(0.5 + 0.5 * ratio)
            }),
            probability: score::probability_ceiling(raw_score),
            percentiles,
        })
    }
}

impl History {
    fn of(normalizer: &Normalizer) -> History {
        let scores = &normalizer.scores;
        let count = scores.len() as f64;
        let ordinary = (normalizer.high.ordinary as f64 / count).clamp(0.0, 1.0);
        History {
            noise_level: f64::from(scores.quantile(NOISE_FRACTION)),
            zeros: scores.cdf(0),
            ordinary: Bounds {
                lower: fraction_quantile(count, ordinary, CONFIDENCE.lower),
                upper: fraction_quantile(count, ordinary, CONFIDENCE.upper),
            },
        }
    }

    /// C₁ (rare-model §8.6 (27)).
    fn noise_ceiling(&self, value: u32) -> f64 {
        let above = 1.0 + NOISE_SLOPE * (f64::from(value) - self.noise_level);
        let zeros = self.zeros.lower + self.zeros.upper;
        NOISE_SCORE * above.max(0.0) + FULL_SCORE * (2.0 * zeros.min(1.0) - 1.0).max(0.0)
    }
}

/// The percentiles between which a discretised score lies (rare-model §8.6 (28)).
fn percentiles(normalizer: &Normalizer, history: &History, value: u32) -> (f64, f64) {
    let high = &normalizer.high;
    let count = normalizer.scores.len() as f64;
    let rank = if value <= high.threshold || high.digest.is_empty() {
        ordinary_rank(&normalizer.scores, history.ordinary, value)
    } else {
        high_rank(&high.digest, history.ordinary, high.threshold, value)
    };
    let lower = 100.0 * fraction_quantile(count, rank.lower, CONFIDENCE.lower);
    let upper = 100.0 * fraction_quantile(count, rank.upper, CONFIDENCE.upper);
    (lower.min(upper).clamp(0.0, 100.0), lower.max(upper).clamp(0.0, 100.0))
}

/// Bounds of the fraction of all scores below a value that is not high.
fn ordinary_rank(scores: &QuantileDigest, ordinary: Bounds, value: u32) -> Bounds {
    let (rank, density) = (scores.cdf(value), scores.pdf(value));
    Bounds {
        lower: (rank.lower - density.upper).clamp(0.0, ordinary.lower),
        upper: (rank.upper - density.lower).clamp(0.0, ordinary.upper),
    }
}

/// Bounds of the fraction of all scores below a high value: the ordinary ones and a part of the
/// high ones.
fn high_rank(high: &QuantileDigest, ordinary: Bounds, threshold: u32, value: u32) -> Bounds {
    let (rank, density, base) = (high.cdf(value), high.pdf(value), high.cdf(threshold));
    let part = |rank: f64, base: f64, density: f64| {
        (rank - base - density).max(0.0) / (1.0 - base).max(f64::EPSILON)
    };
    let lower = part(rank.lower, base.upper, density.upper);
    let upper = part(rank.upper, base.lower, density.lower);
    Bounds {
        lower: ordinary.lower + (1.0 - ordinary.lower) * lower,
        upper: ordinary.upper + (1.0 - ordinary.upper) * upper,
    }
}

/// B(x, τ): the `tau`-quantile of the fraction of which `count` samples show `fraction`
/// (rare-model §8.6 (28)).
fn fraction_quantile(count: f64, fraction: f64, tau: f64) -> f64 {
    let (below, above) = (count * fraction, count * (1.0 - fraction));
    Beta::new(below + 1.0 / 3.0, above + 1.0 / 3.0).quantile(tau)
}

/// κ: linear interpolation through the knots.
fn knot_score(percentile: f64) -> f64 {
    KNOTS.windows(2).find(|pair| percentile <= pair[1].0).map_or(FULL_SCORE, |pair| {
        let ((from, low), (to, high)) = (pair[0], pair[1]);
        low + (high - low) * (percentile - from) / (to - from)
    })
}
