//! Why a detector cannot do what it is asked for.

use crate::summary::SummaryError;

/// Why an observation or summary cannot be taken, or time cannot be advanced.
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
    /// Time cannot be advanced so far at once.
    #[error(
        "expected to advance by at most {limit} s from {closed_until}, up to which buckets are \
         closed, found {time}; if this time is right, raise limits.largest_gap of the job"
    )]
    TooFarAhead {
        /// The limit.
        limit: i64,
        /// Up to when buckets are closed, in seconds since the epoch.
        closed_until: i64,
        /// The time to advance to.
        time: i64,
    },
    /// Time cannot be advanced to a year that cannot be written.
    #[error("expected to advance to a time in the years 1 to 9999, found {time} s since 1970")]
    OutsideCalendar {
        /// The time to advance to, in seconds since the epoch.
        time: i64,
    },
    /// A summary was made for another job, or has too many events.
    #[error(transparent)]
    Summary(#[from] SummaryError),
}
