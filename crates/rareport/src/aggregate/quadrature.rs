//! The extreme-value integral by nested three-point quadrature, for when the recurrence fails.
//!
//! It is crude for widely spread limits (errors of several units in the logarithm), and part of
//! the model as it is: rare-model §7.2 prescribes it to the letter.

use super::{SERIES_LIMIT, SERIES_TERMS};
use crate::constants::SMALLEST_PROBABILITY;
use crate::special::ln_falling_factorial;

/// Nodes and weights of the three-point Gauss–Legendre rule on `[-1, 1]` (rare-model §7.2).
const GAUSS_LEGENDRE: [(f64, f64); 3] = [
    (-0.774_596_669_241_483_4, 0.555_555_555_555_555_6),
    (0.0, 0.888_888_888_888_888_8),
    (0.774_596_669_241_483_4, 0.555_555_555_555_555_6),
];

/// Largest ratio of neighbouring limits, by the number of probabilities up to the last
/// (rare-model §7.2).
const LARGEST_RATIO: [f64; 5] = [1e32, 1e16, 1e8, 1e4, 100.0];

/// The nested integrals, outermost first.
struct Nested {
    /// Upper limits u_1 … u_M.
    limits: Vec<f64>,
    /// ln corrections r_1 … r_M for the limits that were lowered.
    corrections: Vec<f64>,
    /// N − M, the exponent of the integrand.
    exponent: f64,
}

/// The logarithm of (17) for the smallest values `y`, at least one and ascending, of `n`.
pub(super) fn ln_probability(y: &[f64], n: f64) -> f64 {
    let nested = Nested::new(y, n);
    let outermost = ln_integral(|t| nested.ln_inner(1, t), 0.0, nested.limits[0]);
    outermost + ln_falling_factorial(n, y.len())
}

impl Nested {
    fn new(y: &[f64], n: f64) -> Nested {
        let ratio = LARGEST_RATIO[(n as usize).min(LARGEST_RATIO.len() - 1)];
        let mut limits = vec![y[0]];
        let mut corrections = vec![0.0];
        for pair in y.windows(2) {
            let (previous, value) = (pair[0], pair[1]);
            let below = limits[limits.len() - 1];
            let limit = value.min(ratio * below);
            limits.push(limit);
            corrections.push(if value == previous {
                0.0
            } else {
                (value - previous).ln() - (limit - below).ln()
            });
        }
        Nested { limits, corrections, exponent: n - y.len() as f64 }
    }

    /// ψ_i at `t`, the logarithm of what the first `i` integrals enclose.
    fn ln_inner(&self, i: usize, t: f64) -> f64 {
        if i == self.limits.len() {
            return self.exponent * ln_one_minus(t);
        }
        ln_integral(|s| self.ln_inner(i + 1, s), t, self.limits[i]) + self.corrections[i]
    }
}

/// The logarithm of the integral of e^`ln_f` between two limits in either order.
fn ln_integral(ln_f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    let (low, high) = if b <= a { (b, a) } else { (a, b) };
    let (centre, half) = ((low + high) / 2.0, (high - low) / 2.0);
    let values = GAUSS_LEGENDRE.map(|(node, weight)| (ln_f(centre + half * node), weight));
    let largest = values.iter().fold(f64::NEG_INFINITY, |largest, (value, _)| largest.max(*value));
    let sum: f64 = values.iter().map(|(value, weight)| weight * (value - largest).exp()).sum();
    if half * sum > 0.0 { largest + (half * sum).ln() } else { SMALLEST_PROBABILITY.ln() }
}

/// ln(1 − x), for small x in place of it −ln(1 + x).
///
/// That the signs of the series alternate is no slip here: the reference values of (17) come out
/// exactly this way and in no other. It makes the value too large by about x².
fn ln_one_minus(x: f64) -> f64 {
    if x.abs() < SERIES_LIMIT {
        (1..=SERIES_TERMS).map(|k| (-x).powi(k) / f64::from(k)).sum()
    } else {
        (1.0 - x).ln()
    }
}
