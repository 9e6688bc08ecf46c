//! Combining several probabilities into one.
//!
//! This module owns the two ways of asking how unusual a set of probabilities is as a whole, and
//! the styles that weigh one against the other (rare-model §7.2–7.3): `joint` asks how extreme
//! all of them are together, `extreme` how small the few smallest are. It does not know what the
//! probabilities belong to; the result tree decides which are combined, and in which style.
//!
//! Both ways work on logarithms, since the probabilities reach far below the smallest binary64.

mod extreme;
mod joint;
mod quadrature;

use crate::constants::{LARGEST_SIGNIFICANT, SMALLEST_PROBABILITY};
use crate::score;

pub use extreme::ln_extreme;
pub use joint::ln_joint;
pub(crate) use joint::squared_z;

/// Fraction of the range of raw scores given to probabilities that binary64 can hold
/// (rare-model §2); smaller ones share the rest.
const ORDINARY_RANGE: f64 = 0.8;

/// The logarithm of a joint probability with the full score (rare-model §2).
const LN_JOINT_FULL_SCORE: f64 = -100_000.0;

/// The logarithm of an extreme probability with the full score (rare-model §2).
const LN_EXTREME_FULL_SCORE: f64 = -1500.0;

/// Below this |p·x| a power (1 − x)^p, and below this |x| the logarithm of 1 − x, is taken from its
/// series (rare-model §7.2).
const SERIES_LIMIT: f64 = 0.1;

/// Number of terms of such a series after the constant one (rare-model §7.2).
const SERIES_TERMS: i32 = 6;

/// How the joint and the extreme probability are weighed against each other, and how many of the
/// smallest probabilities the extreme one looks at (rare-model §2, §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Only the single smallest probability matters: the members are many, alike and independent.
    People,
    /// Up to five of the smallest and all together matter alike: the members describe one thing.
    Attributes,
    /// The single smallest and all together matter alike.
    Detectors,
}

/// The parameters of a style.
struct Weights {
    joint: f64,
    extreme: f64,
    fewest: usize,
    most: usize,
}

impl Style {
    fn weights(self) -> Weights {
        match self {
            Style::People => Weights { joint: 0.0, extreme: 1.0, fewest: 1, most: 1 },
            Style::Attributes => Weights { joint: 0.5, extreme: 0.5, fewest: 1, most: 5 },
            Style::Detectors => Weights { joint: 0.5, extreme: 0.5, fewest: 1, most: 1 },
        }
    }
}

/// A set of probabilities as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combined {
    /// Raw score, 0–100.
    pub raw_score: f64,
    /// The probability that belongs to the score, or, without a score, the weighted geometric
    /// mean of the joint and the extreme probability.
    pub probability: f64,
}

/// Combines probabilities (each in `(0, 1]`) in a style (rare-model §7.3 (20)).
///
/// Of no probabilities at all the combination is unsurprising: score 0, probability 1.
///
/// ```
/// use rareport::aggregate::{Style, combine};
///
/// // One rare member among two: being the smaller of two is less unusual.
/// let combined = combine(Style::People, &[0.5, 0.001]);
/// assert!((combined.probability - 0.001999).abs() < 1e-9);
/// assert!(combined.raw_score > 0.0);
/// ```
#[must_use]
pub fn combine(style: Style, probabilities: &[f64]) -> Combined {
    weigh(style, probabilities, || ln_joint(probabilities))
}

/// What [`combine`] gives, where the [`squared_z`] of each of the probabilities is known.
pub(crate) fn combine_known(style: Style, probabilities: &[f64], squared_z: &[f64]) -> Combined {
    weigh(style, probabilities, || joint::ln_joint_known(probabilities, squared_z))
}

/// Combines probabilities whose joint probability is known.
fn weigh(style: Style, probabilities: &[f64], ln_joint: impl FnOnce() -> f64) -> Combined {
    let weights = style.weights();
    let most = weights.most.min(probabilities.len());
    let fewest = weights.fewest.min(most).max(1);
    let ln_extreme = extreme::ln_extreme_up_to(fewest..=most, probabilities);
    let score_of_extreme = term(ln_extreme, weights.extreme, LN_EXTREME_FULL_SCORE);
    let threshold = LARGEST_SIGNIFICANT.ln();
    // Without a weight the joint probability only decides whether the other one has a score, which one
    // that is significant by itself has anyway.
    let is_decided = score_of_extreme == 0.0 || ln_extreme <= threshold;
    let is_idle = weights.joint == 0.0 && is_decided;
    let ln_joint = if is_idle { 0.0 } else { ln_joint() };

    let raw_score = if ln_joint > threshold && ln_extreme > threshold {
        0.0
    } else {
        term(ln_joint, weights.joint, LN_JOINT_FULL_SCORE) + score_of_extreme
    };
    let probability = if raw_score > 0.0 {
        score::probability((raw_score / ORDINARY_RANGE).min(100.0))
    } else {
        (weights.joint * ln_joint).exp() * (weights.extreme * ln_extreme).exp()
    };
    Combined { raw_score, probability }
}

/// What one of the two logarithms of probabilities contributes to the raw score.
fn term(ln_probability: f64, weight: f64, ln_full_score: f64) -> f64 {
    let ln_smallest = SMALLEST_PROBABILITY.ln();
    if ln_probability >= ln_smallest {
        return ORDINARY_RANGE * weight * score::raw_score(ln_probability.exp());
    }
    let beyond = ((ln_probability - ln_smallest) / (ln_full_score - ln_smallest)).min(1.0);
    (ORDINARY_RANGE + (1.0 - ORDINARY_RANGE) * beyond) * weight * 100.0
}
