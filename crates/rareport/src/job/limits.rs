//! The bounds of a job.
//!
//! A bound that is not there is `None`. TOML has no such value, and Elastic's configurations write
//! 0 for it; so 0 stands for it wherever a job is read or written as text.

use super::{JobError, span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most records, influencers and bucket influencers written for one bucket (rare-model §9).
const DEFAULT_RESULTS: usize = 500;

/// Most values that are held unless a job says otherwise.
const DEFAULT_VALUES: usize = 10_000_000;

/// Longest gap between observations unless a job says otherwise, in seconds: a year.
const DEFAULT_GAP: u32 = 366 * 86_400;

/// Bounds of a job.
///
/// ```
/// use rareport::job::{JobConfig, Limits};
///
/// let job = JobConfig::from_toml(
///     r#"
///     job_id = "ports"
///     detector = { by_field = "destination.port" }
///     limits = { results_per_bucket = 0, largest_gap = "30d" }
///     "#,
/// )?;
/// let expected = Limits {
///     results_per_bucket: None,
///     largest_gap: Some(30 * 86_400),
///     ..Limits::default()
/// };
/// assert_eq!(job.limits, expected);
/// # Ok::<(), rareport::job::JobError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most records of one bucket that are written, most influencers, and most bucket influencers;
    /// at least 1. `None` (0 in TOML) writes all.
    #[serde(serialize_with = "or_zero", deserialize_with = "unless_zero")]
    pub results_per_bucket: Option<usize>,
    /// Most distinct values of the detector's fields, and most distinct influencer values of one
    /// bucket, at least 1; more are an error. `None` (0 in TOML) has no bound.
    #[serde(serialize_with = "or_zero", deserialize_with = "unless_zero")]
    pub values: Option<usize>,
    /// The longest time, in seconds and at least 1, for which one observation, or one call that
    /// advances time, may close buckets; one bucket may always be closed. In TOML also a text such
    /// as `366d`. An observation that comes later than this after the others is not taken, as one
    /// from a wrong clock would otherwise close millions of empty buckets. `None` (0 in TOML) has
    /// no bound.
    #[serde(serialize_with = "or_zero", deserialize_with = "span_unless_zero")]
    pub largest_gap: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            results_per_bucket: Some(DEFAULT_RESULTS),
            values: Some(DEFAULT_VALUES),
            largest_gap: Some(DEFAULT_GAP),
        }
    }
}

impl Limits {
    pub(super) fn validate(&self) -> Result<(), JobError> {
        let zeros = [
            ("results_per_bucket", self.results_per_bucket == Some(0)),
            ("values", self.values == Some(0)),
            ("largest_gap", self.largest_gap == Some(0)),
        ];
        match zeros.into_iter().find(|(_, is_zero)| *is_zero) {
            Some((limit, _)) => Err(JobError::ZeroLimit { limit }),
            None => Ok(()),
        }
    }
}

fn or_zero<T, S>(limit: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Copy + Default + Serialize,
    S: Serializer,
{
    limit.unwrap_or_default().serialize(serializer)
}

fn unless_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    usize::deserialize(deserializer).map(|limit| Some(limit).filter(|&limit| limit > 0))
}

fn span_unless_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    span::deserialize(deserializer).map(|limit| Some(limit).filter(|&limit| limit > 0))
}
