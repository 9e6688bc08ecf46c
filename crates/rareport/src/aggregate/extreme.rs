//! How small the smallest of several probabilities are: the probability that the m smallest of
//! as many independent uniform variables are at least this small.
//!
//! The m-fold integral is worked out by a recurrence on the coefficients of a polynomial, which
//! loses its digits to cancellation when the probabilities are widely spread; the quadrature of
//! `quadrature` then takes its place.

use super::{SERIES_LIMIT, SERIES_TERMS, quadrature};
use crate::constants::SMALLEST_PROBABILITY;
use crate::special::ln_falling_factorial;
use std::ops::RangeInclusive;

/// Divisor of ln M in the calibration (rare-model §2, (19)).
const CALIBRATION: f64 = 2.1;

/// How many times the sum its largest term may be before the sum is held to be noise
/// (rare-model §7.2).
const LARGEST_CANCELLATION: f64 = 1e6;

/// A logarithm of a probability that reaches this is held to be a failure (rare-model §7.2).
const LARGEST_LN_PROBABILITY: f64 = 0.001;

/// Above this p a power of 1 − x is taken to be e^(−p·x) (rare-model §7.2).
const EXPONENTIAL_LIMIT: f64 = 1000.0;

/// The calibrated logarithm of the probability that the `m` smallest (at least 1) of independent
/// uniform variables, as many as there are `probabilities`, are at least as small as the `m`
/// smallest of these (rare-model §7.2 (16)–(19)); at most 0, and 0 for none.
#[must_use]
pub fn ln_extreme(m: usize, probabilities: &[f64]) -> f64 {
    ln_calibrated(&smallest(m, probabilities), probabilities.len())
}

/// The lowest [`ln_extreme`] for several numbers of smallest variables, at most 0.
pub(super) fn ln_extreme_up_to(numbers: RangeInclusive<usize>, probabilities: &[f64]) -> f64 {
    let smallest = smallest(*numbers.end(), probabilities);
    let of_number = |m: usize| ln_calibrated(&smallest[..m], probabilities.len());
    numbers.map(of_number).fold(0.0, f64::min)
}

/// (19) for the smallest values of `n`, ascending.
fn ln_calibrated(smallest: &[f64], n: usize) -> f64 {
    let ln_probability = ln_probability(smallest, n as f64);
    ln_probability / (1.0 + (smallest.len().max(1) as f64).ln() / CALIBRATION)
}

/// The `m` smallest in ascending order, each in `[SMALLEST_PROBABILITY, 1]`.
fn smallest(m: usize, probabilities: &[f64]) -> Vec<f64> {
    let (first, rest) = probabilities.split_at(m.min(probabilities.len()));
    let mut values = first.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    // Few are asked for, and few of many are smaller than those: most are looked at once.
    for value in rest {
        if values.last().is_some_and(|largest| value.total_cmp(largest).is_lt()) {
            values.pop();
            let place = values.partition_point(|smaller| smaller.total_cmp(value).is_le());
            values.insert(place, *value);
        }
    }
    for value in &mut values {
        *value = value.clamp(SMALLEST_PROBABILITY, 1.0);
    }
    values
}

/// The logarithm of (16) or (17) for the smallest values `y` of `n`.
fn ln_probability(y: &[f64], n: f64) -> f64 {
    match y {
        [] => 0.0,
        [single] => one_minus_power(*single, n).ln().min(0.0),
        several => {
            let ln_probability = ln_by_recurrence(several, n)
                .filter(|&ln_probability| ln_probability < LARGEST_LN_PROBABILITY)
                .unwrap_or_else(|| quadrature::ln_probability(several, n));
            ln_probability.min(0.0)
        }
    }
}

/// The coefficients of the recurrence, the oldest first, scaled by e^`ln_scale`.
struct Coefficients {
    scaled: Vec<f64>,
    ln_scale: f64,
}

impl Coefficients {
    /// The coefficients with their index, which is their age: the newest has 1.
    fn indexed(&mut self) -> impl Iterator<Item = (f64, &mut f64)> {
        let count = self.scaled.len();
        self.scaled.iter_mut().enumerate().map(move |(at, k)| ((count - at) as f64, k))
    }

    /// The recurrence over y_M … y_2 (rare-model §7.2).
    fn of(y: &[f64], n: f64) -> Coefficients {
        let m = y.len();
        let mut coefficients = Coefficients { scaled: Vec::with_capacity(m), ln_scale: 0.0 };
        let mut ln_factor = 0.0;
        for (j, &y) in (1..m).zip(y.iter().rev()) {
            let remaining = n - (m - j) as f64;
            ln_factor -= (2.0 * remaining).ln();
            let mut sum = 0.0;
            for (index, k) in coefficients.indexed() {
                *k /= index;
                sum += *k * power(y / 2.0, index);
            }
            let weight = power(y, remaining).clamp(0.0, 1.0);
            let newest = -sum - weight * (ln_factor - coefficients.ln_scale).exp();
            coefficients.scaled.push(newest);
            coefficients.rescale();
        }
        coefficients
    }

    /// Makes the largest coefficient 1.
    fn rescale(&mut self) {
        let largest = self.scaled.iter().fold(0.0_f64, |largest, k| largest.max(k.abs()));
        if largest > 1.0 / f64::MAX {
            for k in &mut self.scaled {
                *k /= largest;
            }
            self.ln_scale += largest.ln();
        }
    }
}

/// The logarithm of (17) by (18); `None` where cancellation leaves nothing of it.
fn ln_by_recurrence(y: &[f64], n: f64) -> Option<f64> {
    let m = y.len() as f64;
    let mut coefficients = Coefficients::of(y, n);
    let single = one_minus_power(y[0], n);
    let ln_scale = m * 2.0_f64.ln() + ln_falling_factorial(n, y.len()) + coefficients.ln_scale;
    let ln_share = single.ln() - ln_scale;
    if ln_share > f64::MAX.ln() {
        return Some(single.ln());
    }
    let terms: Vec<f64> = coefficients
        .indexed()
        .map(|(index, k)| *k / index * one_minus_power(y[0] / 2.0, index))
        .collect();
    let size: f64 = terms.iter().map(|term| term.abs()).sum();
    if size == 0.0 {
        return Some(single.ln());
    }
    let share = if ln_share < SMALLEST_PROBABILITY.ln() { 0.0 } else { ln_share.exp() };
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for term in terms {
        let part = term.abs() * share / size;
        sum += part + term;
        largest = largest.max(part).max(term.abs()).max((part + term).abs());
    }
    (sum > 0.0 && largest <= LARGEST_CANCELLATION * sum).then(|| ln_scale + sum.ln())
}

/// (1 − x)^p.
fn power(x: f64, p: f64) -> f64 {
    if p == 1.0 || x == 1.0 {
        1.0 - x
    } else if (p * x).abs() < SERIES_LIMIT {
        1.0 - binomial_series(x, p)
    } else if p > EXPONENTIAL_LIMIT {
        (-p * x).exp()
    } else {
        (p * (1.0 - x).ln()).exp()
    }
}

/// 1 − (1 − x)^p.
fn one_minus_power(x: f64, p: f64) -> f64 {
    if p == 1.0 || x == 1.0 {
        x
    } else if (p * x).abs() < SERIES_LIMIT {
        binomial_series(x, p)
    } else if p > EXPONENTIAL_LIMIT {
        1.0 - (-p * x).exp()
    } else {
        1.0 - (p * (1.0 - x).ln()).exp()
    }
}

/// 1 − (1 − x)^p by the first terms of the binomial series.
fn binomial_series(x: f64, p: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    for k in 1..=SERIES_TERMS {
        let k = f64::from(k);
        term *= -(p - k + 1.0) / k * x;
        sum -= term;
    }
    sum
}
