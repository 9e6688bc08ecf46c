//! Quotients of factorials.

/// ln (n!/(n−m)!).
pub(crate) fn ln_falling_factorial(n: f64, m: usize) -> f64 {
    (0..m).map(|i| (n - i as f64).ln()).sum()
}
