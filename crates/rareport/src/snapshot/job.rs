//! Which job a snapshot belongs to.

use super::SnapshotError;
use crate::job::{Function, JobConfig};
use crate::summary::{SummaryError, SummaryJob};
use serde::{Deserialize, Serialize};

/// The parts of a job that decide what its state means. Others, such as custom rules, latency and
/// limits, may change while the state is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotJob {
    pub(crate) job_id: String,
    pub(crate) function: Function,
    pub(crate) summarised: SummaryJob,
}

impl SnapshotJob {
    pub(crate) fn of(job: &JobConfig) -> Self {
        SnapshotJob {
            job_id: job.job_id.clone(),
            function: job.detector.function,
            summarised: SummaryJob::of(job),
        }
    }

    /// Refuses the state of another job, and says in what it differs.
    pub(crate) fn check(&self, of_state: &SnapshotJob) -> Result<(), SnapshotError> {
        let other = |expected, found| Err(SnapshotError::OtherJob { expected, found });
        if self.job_id != of_state.job_id {
            let name = |job: &SnapshotJob| format!("the id {:?}", job.job_id);
            return other(name(self), name(of_state));
        }
        if self.function != of_state.function {
            let name = |job: &SnapshotJob| match job.function {
                Function::Rare => "the function rare".to_owned(),
                Function::FreqRare => "the function freq_rare".to_owned(),
            };
            return other(name(self), name(of_state));
        }
        match self.summarised.check(&of_state.summarised) {
            Err(SummaryError::OtherJob { expected, found }) => other(expected, found),
            _ => Ok(()),
        }
    }
}
