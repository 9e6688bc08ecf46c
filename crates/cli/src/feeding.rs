//! An event given to the model, and what becomes of the buckets that it closes.

use anyhow::Result;
use rareport::Detector;
use rareport::detector::DetectorError;
use rareport::results::{Bucket, BucketResults};

use crate::observations::{Event, Fields};
use crate::unlearned::dropped;

/// What became of an event in a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether it was learned.
    pub(crate) is_learned: bool,
    /// Number of observations of it that came after their bucket was closed.
    pub(crate) late: u64,
}

/// Gives the model an event, and the results of the buckets that it closes to
/// `each`; what became of it.
///
/// # Errors
///
/// Those of `each`, and if there are more values than the job allows.
pub(crate) fn feed(
    detector: &mut Detector,
    event: &Event,
    fields: &Fields,
    each: impl FnMut(BucketResults) -> Result<()>,
) -> Result<Outcome> {
    let (were_dropped, late) = (dropped(detector), detector.counts().late);
    fields.observe(event, |observation| detector.push(observation)?.try_for_each(each))?;
    Ok(Outcome {
        is_learned: dropped(detector) == were_dropped,
        late: detector.counts().late - late,
    })
}

/// Tells the model what time it is, in milliseconds since 1970, when no event
/// does, and gives the results of the buckets that it closes to `each`.
///
/// A time that is too far ahead of the last event, as where an old log is
/// followed, closes nothing: the next event decides.
///
/// # Errors
///
/// Those of `each`.
pub(crate) fn pass_time(
    detector: &mut Detector,
    millis: i64,
    each: impl FnMut(BucketResults) -> Result<()>,
) -> Result<()> {
    match detector.advance_to(millis.div_euclid(1000)) {
        Ok(mut closed) => closed.try_for_each(each),
        Err(DetectorError::TooFarAhead { .. } | DetectorError::OutsideCalendar { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// End of a bucket, in milliseconds since 1970.
pub(crate) fn end_of(bucket: &Bucket) -> i64 {
    bucket.timestamp + i64::from(bucket.bucket_span) * 1000
}

/// Whether a bucket is background: it ended before results are asked for, `from` a
/// time in milliseconds since 1970 on. It is learned, and no rule looks at it.
pub(crate) fn is_background(bucket: &Bucket, from: Option<i64>) -> bool {
    from.is_some_and(|from| end_of(bucket) <= from)
}
