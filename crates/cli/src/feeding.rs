//! An event given to the model, and what becomes of the buckets that it closes.

use anyhow::Result;
use rareport::Detector;
use rareport::results::{Bucket, BucketResults};

use crate::observations::{Event, Fields};

/// Gives the model an event, and the results of the buckets that it closes to
/// `each`.
///
/// # Errors
///
/// Those of `each`, and if there are more values than the job allows.
pub(crate) fn feed(
    detector: &mut Detector,
    event: &Event,
    fields: &Fields,
    each: impl FnMut(BucketResults) -> Result<()>,
) -> Result<()> {
    fields.observe(event, |observation| detector.push(observation)?.try_for_each(each))
}

/// End of a bucket, in milliseconds since 1970.
pub(crate) fn end_of(bucket: &Bucket) -> i64 {
    bucket.timestamp + i64::from(bucket.bucket_span) * 1000
}
