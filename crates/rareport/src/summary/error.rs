//! Why summaries cannot be used.

use super::MOST_EVENTS;

/// Why summaries do not fit together, or cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// They are of different buckets.
    #[error("expected a summary of the bucket at {expected}, found one of the bucket at {found}")]
    OtherBucket {
        /// Start of the bucket, in seconds since the epoch.
        expected: i64,
        /// Start of the bucket of the other summary.
        found: i64,
    },
    /// They were made for different jobs.
    #[error(
        "expected a summary for a job with {expected}, found one for a job with {found}; \
         summarise with the same job"
    )]
    OtherJob {
        /// The first thing in which the jobs differ, as it is in this job.
        expected: String,
        /// The same, as it is in the other job.
        found: String,
    },
    /// No observations can have given the summary.
    #[error("expected a summary as it was written, found one of the bucket at {start} {flaw}")]
    Impossible {
        /// Start of the bucket, in seconds since the epoch, as far as it can be believed.
        start: i64,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// More events than can be counted.
    #[error("expected summaries of at most {MOST_EVENTS} events in all, found more")]
    TooManyEvents,
}
