//! Constants of the model that more than one part of it uses (rare-model §2).
//!
//! A constant that belongs to a single part is defined there.

/// Standard bucket length in seconds, L₀.
pub const STANDARD_BUCKET_SPAN: f64 = 1800.0;

/// Decay rate per standard bucket, λ₀.
pub const BASE_DECAY_RATE: f64 = 0.0005;

/// Smallest positive normal binary64, P_MIN: the floor of every probability.
pub const SMALLEST_PROBABILITY: f64 = f64::MIN_POSITIVE;

/// The largest score, raw or normalised (rare-model §7.1, §8.6).
pub const FULL_SCORE: f64 = 100.0;

/// Mean squared z-score below which probabilities are taken to be all 1 (rare-model §7.2).
pub const NEGLIGIBLE_MEAN_SQUARE: f64 = 1e-8;

/// Largest probability that is written as a result, and the largest that earns a normalised
/// score, P_CUT.
pub const LARGEST_SIGNIFICANT: f64 = 0.035;

/// Decay rate per bucket of `bucket_span` seconds: λ = λ₀·min(1, L/L₀).
///
/// ```
/// assert_eq!(rareport::constants::decay_rate(900), 0.00025);
/// ```
#[must_use]
pub fn decay_rate(bucket_span: u32) -> f64 {
    BASE_DECAY_RATE * (f64::from(bucket_span) / STANDARD_BUCKET_SPAN).min(1.0)
}

/// Largest number of buckets after which an absent value is forgotten (rare-model §2).
const LONGEST_PRUNE_WINDOW: f64 = 1_000_000.0;

/// The number of decay times that make up the prune window (rare-model §2).
const PRUNE_WINDOW_DECAYS: f64 = 4.0;

/// Number of buckets after which an absent value is forgotten: min(⌊4/λ⌋, 10⁶).
///
/// ```
/// use rareport::constants::prune_window;
///
/// assert_eq!([60, 900, 1800, 3600].map(prune_window), [240_000, 16_000, 8000, 8000]);
/// assert_eq!(prune_window(5), 1_000_000);
/// ```
#[must_use]
pub fn prune_window(bucket_span: u32) -> i64 {
    (PRUNE_WINDOW_DECAYS / decay_rate(bucket_span)).floor().min(LONGEST_PRUNE_WINDOW) as i64
}
