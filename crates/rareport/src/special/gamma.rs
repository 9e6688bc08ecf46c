//! The regularised incomplete gamma function.

use super::MAX_TERMS;
use super::stirling::{deviance, stirling_error};
use std::f64::consts::PI;

/// Regularised upper incomplete gamma function Q(s, x) = Γ(s, x)/Γ(s), for s > 0 and x ≥ 0.
///
/// ```
/// // Q(1, x) = e^−x
/// assert!((rareport::special::gamma_q(1.0, 2.0) - (-2.0f64).exp()).abs() < 1e-15);
/// ```
#[must_use]
pub fn gamma_q(s: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    // x^s·e^−x / Γ(s)
    let density = (0.5 * (s / (2.0 * PI)).ln() - stirling_error(s) - deviance(s, x, s - x)).exp();
    if x < s + 1.0 {
        1.0 - density * gamma_p_series(s, x)
    } else {
        density * gamma_q_fraction(s, x)
    }
}

/// Σ_{n≥0} xⁿ / (s·(s+1)…(s+n)).
fn gamma_p_series(s: f64, x: f64) -> f64 {
    let mut term = 1.0 / s;
    let mut sum = term;
    for n in 1..MAX_TERMS {
        term *= x / (s + n as f64);
        sum += term;
        if term < sum * f64::EPSILON * 0.1 {
            break;
        }
    }
    sum
}

/// The continued fraction of Γ(s,x)·e^x·x^−s (DLMF 8.9.2, contracted) by Lentz's method.
fn gamma_q_fraction(s: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - s;
    let mut d = 1.0 / b;
    let mut c = f64::INFINITY;
    let mut value = d;
    for n in 1..MAX_TERMS {
        let n = n as f64;
        let a = n * (s - n);
        b += 2.0;
        d = 1.0 / (b + a * d);
        c = b + a / c;
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}
