//! An event given to the model, and what becomes of the buckets that it closes.

use anyhow::Result;
use rareport::Detector;
use rareport::results::{Bucket, BucketResults};

use crate::observations::{Event, Fields};

/// Gives the model an event or, if it is not to be learned, its time; and gives
/// the results of the buckets that it closes to `each`.
///
/// # Errors
///
/// Those of `each`, and if there are more values than the job allows.
pub(crate) fn feed(
    detector: &mut Detector,
    event: &Event,
    fields: &Fields,
    is_learned: bool,
    each: impl FnMut(BucketResults) -> Result<()>,
) -> Result<()> {
    if is_learned {
        fields.observe(event, |observation| detector.push(observation)?.try_for_each(each))
    } else {
        // A time that no event can have moves nothing, as with events that are learned.
        let closed = detector.advance_to(event.millis.div_euclid(1000));
        closed.into_iter().flatten().try_for_each(each)
    }
}

/// End of a bucket, in milliseconds since 1970.
pub(crate) fn end_of(bucket: &Bucket) -> i64 {
    bucket.timestamp + i64::from(bucket.bucket_span) * 1000
}
