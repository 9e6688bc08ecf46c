//! Scores of probabilities: the raw score of a probability, its inverse, and the 0–100 score that
//! a probability earns by itself.
//!
//! How several probabilities become one is `aggregate`'s, and how a score is judged against the
//! scores seen before is `normalizer`'s.

use crate::constants::{FULL_SCORE, LARGEST_SIGNIFICANT, SMALLEST_PROBABILITY};

/// Largest probability with a raw score above zero (P_SIG, rare-model §2).
const LARGEST_SCORED: f64 = 0.05;

/// The ceiling of a probability of [`LARGEST_SCORED`], as a share of [`FULL_SCORE`]; that of [`SMALL`]
/// is all of it (rare-model §8.6 (30)).
const CEILING_OF_LARGEST: f64 = 0.05;

/// Probability whose raw score is 1 (P_SMALL, rare-model §2).
const SMALL: f64 = 1e-4;

/// Probability whose raw score is [`SCORE_OF_TINY`] (P_TINY, rare-model §2).
const TINY: f64 = 1e-50;

/// Raw score of the probability [`TINY`].
const SCORE_OF_TINY: f64 = 50.0;

/// The probability that stands for a raw score of zero (rare-model §7.1 (13)).
const UNREMARKABLE: f64 = 0.525;

/// Raw score of a probability, 0 to 100 (rare-model §7.1 (12)).
///
/// ```
/// use rareport::score::raw_score;
///
/// assert_eq!(raw_score(0.05), 0.0);
/// assert_eq!(raw_score(1e-4), 1.0);
/// ```
#[must_use]
pub fn raw_score(probability: f64) -> f64 {
    let p = probability.max(SMALLEST_PROBABILITY);
    if p >= LARGEST_SCORED {
        0.0
    } else if p >= SMALL {
        let (lowest, highest) = (1.0 / LARGEST_SCORED, 1.0 / SMALL);
        (1.0 / p - lowest) / (highest - lowest)
    } else if p >= TINY {
        1.0 + (SCORE_OF_TINY - 1.0) * (SMALL.ln() - p.ln()) / (SMALL.ln() - TINY.ln())
    } else {
        let (tiny, smallest) = (TINY.ln(), SMALLEST_PROBABILITY.ln());
        SCORE_OF_TINY + (FULL_SCORE - SCORE_OF_TINY) * (tiny - p.ln()) / (tiny - smallest)
    }
}

/// The probability that has a raw score, the inverse of [`raw_score()`]; 0.525 for a score of 0
/// (rare-model §7.1 (13)).
///
/// ```
/// assert_eq!(rareport::score::probability(1.0), 1e-4);
/// ```
#[must_use]
pub fn probability(raw_score: f64) -> f64 {
    if raw_score <= 0.0 {
        UNREMARKABLE
    } else if raw_score <= 1.0 {
        let (lowest, highest) = (1.0 / LARGEST_SCORED, 1.0 / SMALL);
        1.0 / (lowest + raw_score * (highest - lowest))
    } else if raw_score <= SCORE_OF_TINY {
        let (small, tiny) = (SMALL.ln(), TINY.ln());
        (small + (raw_score - 1.0) * (tiny - small) / (SCORE_OF_TINY - 1.0)).exp()
    } else {
        let (tiny, smallest) = (TINY.ln(), SMALLEST_PROBABILITY.ln());
        let above = raw_score - SCORE_OF_TINY;
        (tiny + above * (smallest - tiny) / (FULL_SCORE - SCORE_OF_TINY)).exp()
    }
}

/// The ceiling that a node's raw score sets to its normalised score through the probability it
/// stands for: 5 at a probability of 0.05, 100 at 1e-4, more beyond (rare-model §8.6 (30)).
#[must_use]
pub fn probability_ceiling(raw_score: f64) -> f64 {
    let (start, end) = (LARGEST_SCORED.ln(), SMALL.ln());
    let share = (probability(raw_score).ln() - start) / (end - start);
    FULL_SCORE * ((1.0 - CEILING_OF_LARGEST) * share + CEILING_OF_LARGEST)
}

/// The score 0 to 100 of a record judged by its probability alone: 0 above 0.035, otherwise
/// [`probability_ceiling`] of its raw score, at most 100.
///
/// ```
/// use rareport::score::probability_score;
///
/// assert_eq!(probability_score(0.04), 0.0);
/// assert!((probability_score(1e-3) - 64.8).abs() < 0.05);
/// assert_eq!(probability_score(1e-9), 100.0);
/// ```
#[must_use]
pub fn probability_score(probability: f64) -> f64 {
    if probability > LARGEST_SIGNIFICANT {
        return 0.0;
    }
    probability_ceiling(raw_score(probability)).clamp(0.0, FULL_SCORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branches_meet() {
        for edge in [SMALL, TINY] {
            let gap = raw_score(edge * (1.0 - 1e-9)) - raw_score(edge * (1.0 + 1e-9));
            assert!((0.0..1e-6).contains(&gap), "{edge}: {gap}");
        }
        assert_eq!(raw_score(0.0), FULL_SCORE);
    }
}
