//! What to look for: the configuration of a job.

use serde::{Deserialize, Serialize};

/// Bucket length that Elastic's jobs of this kind use, in seconds.
const DEFAULT_BUCKET_SPAN: u32 = 900;

/// Most records written for one bucket (rare-model §9).
const DEFAULT_RECORD_LIMIT: usize = 500;

/// A job: one detector with its bucket length and influencers.
///
/// ```
/// use rareport::job::JobConfig;
///
/// let mut job = JobConfig::rare("destination.port");
/// job.influencers = vec!["host.name".into(), "process.name".into()];
/// assert_eq!(job.bucket_span, 900);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobConfig {
    /// Name of the job, part of the ids of its results.
    pub job_id: String,
    /// Bucket length in seconds, greater than zero.
    pub bucket_span: u32,
    /// What is rare.
    pub detector: DetectorConfig,
    /// Fields whose values explain a record, in the order in which observations give them.
    pub influencers: Vec<String>,
    /// How much is kept.
    pub limits: Limits,
}

/// What is looked at by a job's detector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectorConfig {
    /// The field whose values are rare or not.
    pub by_field: String,
}

/// Bounds of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most records of one bucket that are written; `None` writes all.
    pub records_per_bucket: Option<usize>,
}

impl JobConfig {
    /// A job that looks for rare values of a field in buckets of 15 minutes, without influencers.
    #[must_use]
    pub fn rare(by_field: &str) -> Self {
        JobConfig {
            job_id: format!("rare_{}", by_field.replace('.', "_")),
            bucket_span: DEFAULT_BUCKET_SPAN,
            detector: DetectorConfig {
                by_field: by_field.to_owned(),
            },
            influencers: Vec::new(),
            limits: Limits {
                records_per_bucket: Some(DEFAULT_RECORD_LIMIT),
            },
        }
    }
}
