//! How extreme several probabilities are jointly: each is read as that of a two-sided z-score,
//! and the sum of the squared z-scores is held against the chi-squared distribution.

use crate::constants::{NEGLIGIBLE_MEAN_SQUARE, SMALLEST_PROBABILITY};
use crate::special;

/// Below this many times the smallest probability the incomplete gamma function counts as
/// underflowed and a bound takes its place (rare-model §7.2).
const UNDERFLOW: f64 = 10.0;

/// The square of the two-sided z-score that a probability stands for.
pub(crate) fn squared_z(probability: f64) -> f64 {
    special::normal_upper_tail_quantile(probability.max(SMALLEST_PROBABILITY) / 2.0).powi(2)
}

/// The logarithm of the joint probability of independent `probabilities` (rare-model §7.2 (14),
/// (15)), at most 0; 0 for none.
#[must_use]
pub fn ln_joint(probabilities: &[f64]) -> f64 {
    match probabilities {
        [] => 0.0,
        [single] => ln_joint_of_single(*single),
        several => ln_joint_of_several(several.iter().map(|&p| squared_z(p))),
    }
}

/// [`ln_joint`] where the [`squared_z`] of each of the probabilities is known.
pub(super) fn ln_joint_known(probabilities: &[f64], squared_z: &[f64]) -> f64 {
    match probabilities {
        [] => 0.0,
        [single] => ln_joint_of_single(*single),
        _ => ln_joint_of_several(squared_z.iter().copied()),
    }
}

fn ln_joint_of_single(probability: f64) -> f64 {
    probability.max(SMALLEST_PROBABILITY).ln().min(0.0)
}

fn ln_joint_of_several(squares: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = squares.len() as f64;
    let squares: f64 = squares.sum();
    if squares / count < NEGLIGIBLE_MEAN_SQUARE {
        return 0.0;
    }
    let (shape, x) = (count / 2.0, squares / 2.0);
    let upper = special::gamma_q(shape, x);
    if upper > UNDERFLOW * SMALLEST_PROBABILITY { upper.ln() } else { ln_upper_bound(shape, x) }
}

/// An upper bound of ln Q(s, x) where Q itself underflows (rare-model §7.2 (15)).
fn ln_upper_bound(shape: f64, x: f64) -> f64 {
    let k = (shape - 1.0).ceil();
    let ratio = k / x;
    let ln_power = (k + 1.0) * ratio.ln();
    let geometric = if k == x {
        (k + 1.0).ln()
    } else if ln_power >= (0.1 * f64::MAX).ln() {
        ln_power - (ratio - 1.0).ln()
    } else {
        ((1.0 - ratio.powf(k + 1.0)) / (1.0 - ratio)).ln()
    };
    let factorial = special::ln_gamma(k + 1.0) - k * x.ln() + x;
    let bound = (shape - 1.0) * x.ln() - x + geometric.min(factorial) - special::ln_gamma(shape);
    bound.min(0.0)
}
