//! Special functions: log gamma, the incomplete beta and gamma functions and their inverses as far
//! as the model needs them.
//!
//! What is here is numerics and nothing else: the formulas that use these functions live with the
//! part of the model that they belong to.
//!
//! # Accuracy
//! The rarity of a category is read off a piecewise linear function whose knots can lie close
//! together, which magnifies an error in a beta quantile (rare-model §5.3). Everything here is
//! therefore good to a few units in the last place, as far as the argument itself is: a beta
//! distribution with parameters near 10⁵ turns a relative change ε of its argument into one of
//! about 300·ε in its value. `tests/special.rs` measures the error against reference values made
//! with 50 digits.
#![doc = include_str!("special_tried.md")]

use std::f64::consts::PI;

/// ½·ln 2π.
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// Most terms of a series or continued fraction; none of those used comes near it for parameters
/// up to 10⁸.
const MAX_TERMS: usize = 100_000;

/// Natural logarithm of Γ(x) for x > 0.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// What Stirling's formula leaves over: lnΓ(x) − (x−½)·ln x + x − ½·ln 2π, for x > 0.
fn stirling_error(x: f64) -> f64 {
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
    if x < 10.0 {
        return ln_gamma(x) - (x - 0.5) * x.ln() + x - HALF_LN_TWO_PI;
    }
    let inverse_square = 1.0 / (x * x);
    SERIES.iter().rev().fold(0.0, |sum, term| sum * inverse_square + term) / x
}

/// Deviance n·ln(n/m) + m − n for n, m > 0, where `difference` is n − m.
///
/// After C. Loader, "Fast and accurate computation of binomial probabilities" (2000): close to
/// n = m the logarithm is expanded, so that nothing cancels.
fn deviance(n: f64, m: f64, difference: f64) -> f64 {
    if difference.abs() >= 0.1 * (n + m) {
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
        density / a * continued_fraction(a, b, x.part)
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

/// The continued fraction of I_x(a,b) (DLMF 8.17.22) by Lentz's method.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut c = 1.0;
    let mut value = d;
    for m in 1..MAX_TERMS {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        value *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

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

/// The z that a standard normal variable exceeds with probability `p` (0 < p < 1).
///
/// Algorithm AS 241 (PPND16) of M. J. Wichura, Applied Statistics 37 (1988), good to about one
/// part in 10¹⁶ down to the smallest binary64.
///
/// ```
/// let z = rareport::special::normal_upper_tail_quantile(0.025);
/// assert!((z - 1.959963984540054).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_upper_tail_quantile(p: f64) -> f64 {
    let q = 0.5 - p;
    if q.abs() <= 0.425 {
        return q * ratio(0.180_625 - q * q, &CENTRE);
    }
    let tail = if q > 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 { ratio(r - 1.6, &SHOULDER) } else { ratio(r - 5.0, &TAIL) };
    z.copysign(q)
}

/// Coefficients of a rational function, numerator first, constant term first.
type Rational = [[f64; 8]; 2];

fn ratio(x: f64, rational: &Rational) -> f64 {
    let [numerator, denominator] = rational;
    let at_x = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    at_x(numerator) / at_x(denominator)
}

const CENTRE: Rational = [
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
];

const SHOULDER: Rational = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        0.000_774_545_014_278_341_4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        0.000_547_593_808_499_534_5,
        1.050_750_071_644_416_9e-9,
    ],
];

const TAIL: Rational = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        0.000_786_869_131_145_613_3,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];
