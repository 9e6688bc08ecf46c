//! Why an observation cannot be taken.

use crate::summary::SummaryError;

/// Why an observation or summary cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DetectorError {
    /// The detector's fields have more distinct values than allowed.
    #[error(
        "expected at most {limit} distinct values of the detector's fields, found more; \
         raise limits.values of the job or choose fields with fewer values"
    )]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// The influencers have more distinct values in one bucket than allowed.
    #[error(
        "expected at most {limit} distinct influencer values in a bucket, found more; \
         raise limits.values of the job or leave out an influencer"
    )]
    TooManyInfluencerValues {
        /// The limit.
        limit: usize,
    },
    /// A summary was made for another job, or has too many events.
    #[error(transparent)]
    Summary(#[from] SummaryError),
}
