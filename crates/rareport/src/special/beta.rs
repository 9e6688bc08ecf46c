//! The beta distribution: its distribution function and quantiles.

use super::stirling::{deviance, stirling_error};
use super::{MAX_TERMS, ln_gamma, normal_upper_tail_quantile};
use std::f64::consts::PI;

/// x·y − z·w with one rounding error of the result's own size.
fn difference_of_products(x: f64, y: f64, z: f64, w: f64) -> f64 {
    let zw = z * w;
    let rounding = z.mul_add(w, -zw);
    x.mul_add(y, -zw) - rounding
}

/// Most steps of a quantile search; it takes about four, and bisection alone would take some
/// hundred for the smallest parameters.
const MAX_STEPS: usize = 2000;

/// Relative distance from the wanted probability at which one more step of third order leaves
/// nothing but rounding.
const NEARLY: f64 = 1e-6;

/// A number in [0, 1] together with its complement, both to full precision.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share {
    part: f64,
    rest: f64,
}

/// The beta distribution with parameters a, b > 0.
///
/// ```
/// use rareport::special::Beta;
///
/// let beta = Beta::new(2.0, 1.0); // its distribution function is x²
/// assert!((beta.cdf(0.5) - 0.25).abs() < 1e-15);
/// assert!((beta.quantile(0.25) - 0.5).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Beta {
    a: f64,
    b: f64,
    /// Logarithm of the factor that the density in logit coordinates has in front of the two
    /// deviances.
    ln_scale: f64,
}

impl Beta {
    /// The distribution with parameters `a` and `b`, both greater than zero and finite.
    #[must_use]
    pub fn new(a: f64, b: f64) -> Self {
        let n = a + b;
        let ln_scale = 0.5 * (a / n * b / (2.0 * PI)).ln() + stirling_error(n)
            - stirling_error(a)
            - stirling_error(b);
        Beta { a, b, ln_scale }
    }

    /// Probability of a value of at most `x`; arguments outside [0, 1] count as the nearer end.
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        self.share_below(Share { part: x, rest: 1.0 - x }).part
    }

    /// The value that a draw stays below with probability `p` (0 ≤ p ≤ 1).
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return 1.0;
        }
        let target = Share { part: p, rest: 1.0 - p };
        let mut x = self.guess(target);
        let (mut low, mut high) = (Share { part: 0.0, rest: 1.0 }, Share { part: 1.0, rest: 0.0 });
        for _ in 0..MAX_STEPS {
            if x.part <= 0.0 || x.rest <= 0.0 {
                break;
            }
            let below = self.share_below(x);
            let excess = if p <= 0.5 { below.part - target.part } else { target.rest - below.rest };
            if excess < 0.0 {
                low = x;
            } else {
                high = x;
            }
            let stepped = self.improved(x, excess);
            if excess.abs() < NEARLY * p.min(1.0 - p) {
                return stepped.part;
            }
            let inside = stepped.part > low.part && stepped.rest > high.rest;
            x = if inside { stepped } else { middle(low, high) };
        }
        x.part
    }

    /// One step of Halley's method in the logit of x.
    ///
    /// In the logit the density is x^a·(1−x)^b/B(a,b), smooth and log-concave for every a and b,
    /// and its logarithmic derivative is a − (a+b)·x.
    fn improved(&self, x: Share, excess: f64) -> Share {
        let newton = excess / self.logit_density(x);
        let bend = difference_of_products(self.a, x.rest, self.b, x.part);
        let damping = 1.0 - (0.5 * newton * bend).clamp(-0.5, 0.5);
        shifted(x, -newton / damping)
    }

    /// A first approximation to a quantile: the power law of the nearer end where a parameter is
    /// small, otherwise formula 26.5.22 of Abramowitz and Stegun.
    fn guess(&self, target: Share) -> Share {
        let (a, b) = (self.a, self.b);
        if a >= 1.0 && b >= 1.0 {
            let z = -normal_upper_tail_quantile(target.part);
            let (ia, ib) = (1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0));
            let h = 2.0 / (ia + ib);
            let lambda = (z * z - 3.0) / 6.0;
            let w = z * (h + lambda).max(0.0).sqrt() / h
                + (ia - ib) * (lambda + 5.0 / 6.0 - 2.0 / (3.0 * h));
            return shifted(Share { part: a / (a + b), rest: b / (a + b) }, 2.0 * w);
        }
        let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
        let ln_x = (target.part.ln() + a.ln() + ln_beta) / a;
        let ln_rest = (target.rest.ln() + b.ln() + ln_beta) / b;
        if ln_x <= ln_rest {
            let part = ln_x.min(-1e-3).exp();
            Share { part, rest: 1.0 - part }
        } else {
            let rest = ln_rest.min(-1e-3).exp();
            Share { part: 1.0 - rest, rest }
        }
    }

    /// x^a·(1−x)^b / B(a,b).
    fn logit_density(&self, x: Share) -> f64 {
        let n = self.a + self.b;
        let gap = difference_of_products(self.a, x.rest, self.b, x.part);
        let distance = deviance(self.a, n * x.part, gap) + deviance(self.b, n * x.rest, -gap);
        (self.ln_scale - distance).exp()
    }

    /// The probabilities of values below and above `x`.
    fn share_below(&self, x: Share) -> Share {
        if x.part <= 0.0 {
            return Share { part: 0.0, rest: 1.0 };
        }
        if x.rest <= 0.0 {
            return Share { part: 1.0, rest: 0.0 };
        }
        let density = self.logit_density(x);
        if x.part <= (self.a + 1.0) / (self.a + self.b + 2.0) {
            let part = lower_tail(self.a, self.b, x, density);
            Share { part, rest: 1.0 - part }
        } else {
            let flipped = Share { part: x.rest, rest: x.part };
            let rest = lower_tail(self.b, self.a, flipped, density);
            Share { part: 1.0 - rest, rest }
        }
    }
}

/// `x` with `step` added to its logit.
fn shifted(x: Share, step: f64) -> Share {
    let factor = step.exp();
    if !factor.is_finite() {
        return Share { part: 1.0, rest: 0.0 };
    }
    let sum = x.rest + x.part * factor;
    Share { part: x.part * factor / sum, rest: x.rest / sum }
}

/// A value between two others, halfway in the logit where both have one.
fn middle(low: Share, high: Share) -> Share {
    if low.part > 0.0 && high.rest > 0.0 {
        let part = (low.part * high.part).sqrt();
        let rest = (low.rest * high.rest).sqrt();
        return Share { part: part / (part + rest), rest: rest / (part + rest) };
    }
    if low.part > 0.0 {
        let rest = 0.5 * low.rest;
        return Share { part: 1.0 - rest, rest };
    }
    let part = 0.5 * high.part;
    Share { part, rest: 1.0 - part }
}

/// I_x(a,b) for x below about the mean, where `density` is x^a·(1−x)^b/B(a,b).
fn lower_tail(a: f64, b: f64, x: Share, density: f64) -> f64 {
    if b * x.part <= 1.0 && x.part <= 0.7 {
        density * (-b * (-x.part).ln_1p()).exp() / a * power_series(a, b, x.part)
    } else {
        density / continued_fraction(a, b, x)
    }
}

/// 1 + a·Σ_{n≥1} (1−b)(2−b)…(n−b) / (n!·(a+n)) · xⁿ.
fn power_series(a: f64, b: f64, x: f64) -> f64 {
    let (mut sum, mut factor) = (0.0, 1.0);
    for n in 1..MAX_TERMS {
        let n = n as f64;
        factor *= (n - b) / n * x;
        let term = factor / (a + n);
        sum += term;
        if term.abs() <= f64::EPSILON * 0.1 * (sum.abs() + 1.0 / a) {
            break;
        }
    }
    1.0 + a * sum
}

/// What x^a·(1−x)^b/B(a,b) has to be divided by to give I_x(a,b): a continued fraction by Lentz's
/// method, after A. R. DiDonato and A. H. Morris, "Algorithm 708" (1992), equation 9.
///
/// It takes the distance from the mean, a·(1−x) − b·x, as one number, so that nothing cancels.
fn continued_fraction(a: f64, b: f64, x: Share) -> f64 {
    let gap = difference_of_products(a, x.rest, b, x.part);
    let denominator = |m: f64| {
        let past_mean = gap + 1.0 + m * (1.0 + x.rest);
        m + m * (b - m) * x.part / (a + 2.0 * m - 1.0) + (a + m) * past_mean / (a + 2.0 * m + 1.0)
    };
    let mut value = a * (gap + 1.0) / (a + 1.0);
    let mut c = value;
    let mut d = 0.0;
    for m in 1..MAX_TERMS {
        let m = m as f64;
        let step = x.part / (a + 2.0 * m - 1.0);
        let numerator = (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * step * step;
        let denominator = denominator(m);
        d = 1.0 / (denominator + numerator * d);
        c = denominator + numerator / c;
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I_x(1,b) = 1 − (1−x)^b and I_x(a,1) = x^a.
    #[test]
    fn closed_forms() {
        for parameter in [0.5f64, 1.0, 2.0, 10.0, 1000.0] {
            for x in (1..100).map(|percent| f64::from(percent) / 100.0) {
                let expected = -(parameter * (-x).ln_1p()).exp_m1();
                let error = Beta::new(1.0, parameter).cdf(x) / expected - 1.0;
                assert!(error.abs() < 1e-13, "b {parameter}, x {x}: {error:e}");
                let expected = x.powf(parameter);
                let value = Beta::new(parameter, 1.0).cdf(x);
                let gap = (value - expected).abs();
                assert!(gap <= 1e-12 * expected, "a {parameter}, x {x}: {value:e}");
            }
        }
    }

    #[test]
    fn quantiles_invert_the_cdf_for_whole_parameters() {
        for (a, b) in [(1.0, 10.0), (1.0, 500.0), (2.0, 1.0), (3.0, 4.0), (1.0, 1.0), (40.0, 2.0)] {
            for level in [1.0 / 7.0, 0.2, 1.0 / 3.0, 0.6, 0.8, 6.0 / 7.0] {
                let beta = Beta::new(a, b);
                let error = beta.cdf(beta.quantile(level)) / level - 1.0;
                assert!(error.abs() < 1e-13, "a {a}, b {b}, level {level}: {error:e}");
            }
        }
    }
}
