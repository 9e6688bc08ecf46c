//! Why a snapshot cannot be used.

use super::format::NEWEST_VERSION;
use crate::job::JobError;
use crate::normalizer::NormalizerError;
use crate::rule::RuleError;

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes are something else.
    #[error("expected a snapshot of rareport, found something else; name the file that it wrote")]
    NotASnapshot,
    /// The bytes end too early, or go on behind the end.
    #[error("expected a snapshot of {expected} bytes, found {found}; use an earlier snapshot")]
    Torn {
        /// The length that the snapshot says it has, or at least has.
        expected: u64,
        /// The length that it has.
        found: u64,
    },
    /// The bytes are not those that were written.
    #[error(
        "expected the checksum {expected:016x}, found {found:016x}: the snapshot was damaged; use \
         an earlier one"
    )]
    Damaged {
        /// The checksum in the snapshot.
        expected: u64,
        /// The checksum of what is there.
        found: u64,
    },
    /// A later version of this crate wrote the snapshot.
    #[error(
        "expected a snapshot of format {NEWEST_VERSION} at most, found format {found}; use the \
         version of rareport that wrote it, or a later one"
    )]
    NewerFormat {
        /// The version of the format.
        found: u32,
    },
    /// No version of this crate writes such a snapshot.
    #[error("expected a snapshot of format 1 to {NEWEST_VERSION}, found format {found}")]
    UnknownFormat {
        /// The version of the format.
        found: u32,
    },
    /// No detector and no rule can be in the state.
    #[error(
        "expected a state as it was saved, found one in which {flaw}; use an earlier snapshot, or \
         learn anew"
    )]
    Impossible {
        /// What is wrong with it.
        flaw: String,
    },
    /// A score history of the state cannot be.
    #[error("{0}; use an earlier snapshot, or learn anew")]
    Normalizer(#[from] NormalizerError),
    /// The state is that of another job.
    #[error(
        "expected the state of a job with {expected}, found that of a job with {found}; run the \
         job that it was saved by, or learn anew in another file"
    )]
    OtherJob {
        /// The first thing in which the jobs differ, as it is in this job.
        expected: String,
        /// The same, as it is in the job that the state was saved by.
        found: String,
    },
    /// The rules cannot carry on from the state without losing alerts.
    #[error(
        "expected rule {rule_id} {expected}, as alerts of it wait in the state, found it \
         {found}; run once with the rule as it was, or begin anew with the rules"
    )]
    OtherRule {
        /// Id of the rule.
        rule_id: String,
        /// How the rule was when the state was saved.
        expected: String,
        /// How it is.
        found: String,
    },
    /// The job cannot be run.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The rules cannot be executed.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The state cannot be written.
    #[error("expected a state that can be written, found one that cannot: {0}")]
    Unwritable(String),
}

/// An error for a state that nothing can be in.
pub(crate) fn impossible(flaw: impl Into<String>) -> SnapshotError {
    SnapshotError::Impossible { flaw: flaw.into() }
}
