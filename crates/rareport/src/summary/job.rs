//! What of a job decides what its summaries hold.

use super::SummaryError;
use crate::job::JobConfig;
use serde::{Deserialize, Serialize};

/// The parts of a job that its summaries depend on. Summaries fit together, and fit a detector, if
/// they agree in all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SummaryJob {
    /// Length of a bucket in seconds, at least 1.
    pub(crate) bucket_span: u32,
    pub(crate) by_field: String,
    pub(crate) over_field: Option<String>,
    pub(crate) partition_field: Option<String>,
    /// Whether a missing by-field value is a value.
    pub(crate) use_null: bool,
    /// Influencer fields, in byte order.
    pub(crate) influencers: Vec<String>,
}

impl SummaryJob {
    pub(crate) fn of(job: &JobConfig) -> Self {
        let detector = &job.detector;
        let mut influencers = job.influencers.clone();
        influencers.sort_unstable();
        SummaryJob {
            bucket_span: job.bucket_span,
            by_field: detector.by_field.clone(),
            over_field: detector.over_field.clone(),
            partition_field: detector.partition_field.clone(),
            use_null: detector.use_null,
            influencers,
        }
    }

    /// Refuses `other` if it differs, and says in what.
    pub(crate) fn check(&self, other: &SummaryJob) -> Result<(), SummaryError> {
        if self == other {
            return Ok(());
        }
        let mut parts = self.in_words().into_iter().zip(other.in_words());
        match parts.find(|(expected, found)| expected != found) {
            None => Ok(()),
            Some((expected, found)) => Err(SummaryError::OtherJob { expected, found }),
        }
    }

    /// Each part as it reads after "a job with". Names are quoted, so that different parts never
    /// read the same.
    fn in_words(&self) -> [String; 6] {
        let field = |what: &str, name: &Option<String>| match name {
            Some(name) => format!("the {what} field {name:?}"),
            None => format!("no {what} field"),
        };
        [
            format!("a bucket span of {} s", self.bucket_span),
            format!("the by field {:?}", self.by_field),
            field("over", &self.over_field),
            field("partition", &self.partition_field),
            format!("use_null = {}", self.use_null),
            format!("the influencers {:?}", self.influencers),
        ]
    }
}
