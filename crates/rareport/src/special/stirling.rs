//! The two parts that factors of the form x^a·e^−x/Γ(a) are put together from without loss.
//!
//! Taking them from differences of log gammas would lose as many digits as those have before the
//! decimal point: five for parameters near 10⁵.

use super::{MAX_TERMS, ln_gamma};

/// ½·ln 2π.
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// From here on the series of Stirling's formula is exact to binary64.
const LARGE: f64 = 10.0;

/// How far apart two numbers are, in proportion to their sum, from which on the deviance is taken
/// as it is defined.
const FAR: f64 = 0.3;

/// What Stirling's formula leaves over: lnΓ(x) − (x−½)·ln x + x − ½·ln 2π, for x > 0.
pub(super) fn stirling_error(x: f64) -> f64 {
    /// Bernoulli numbers B₂ₖ / (2k·(2k−1)).
    const SERIES: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    if x < LARGE {
        return ln_gamma(x) - (x - 0.5) * x.ln() + x - HALF_LN_TWO_PI;
    }
    let inverse_square = 1.0 / (x * x);
    SERIES.iter().rev().fold(0.0, |sum, term| sum * inverse_square + term) / x
}

/// Deviance n·ln(n/m) + m − n for n, m > 0, where `difference` is n − m.
///
/// After C. Loader, "Fast and accurate computation of binomial probabilities" (2000): close to
/// n = m the logarithm is expanded, so that nothing cancels.
pub(super) fn deviance(n: f64, m: f64, difference: f64) -> f64 {
    if difference.abs() >= FAR * (n + m) {
        return n * (n / m).ln() - difference;
    }
    let v = difference / (n + m);
    let mut sum = difference * v;
    let mut term = 2.0 * n * v;
    for j in 1..MAX_TERMS {
        term *= v * v;
        let next = sum + term / (2 * j + 1) as f64;
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}
