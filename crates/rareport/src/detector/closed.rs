//! The results of buckets being closed.

use super::Detector;
use crate::results::BucketResults;

/// The results of buckets being closed, in order of time.
///
/// Dropping it closes the buckets that are left.
#[derive(Debug)]
pub struct Closed<'a> {
    detector: &'a mut Detector,
    until: i64,
}

impl<'a> Closed<'a> {
    /// Closes the buckets that end at `time` or before.
    pub(super) fn until(detector: &'a mut Detector, time: i64) -> Self {
        Closed { detector, until: time }
    }

    /// The detector as it is behind the bucket whose results were given last: what it
    /// [knows](Detector::calculation) is what that bucket was judged by.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        self.detector
    }

    /// Closes no bucket.
    pub(super) fn nothing(detector: &'a mut Detector) -> Self {
        Closed { detector, until: i64::MIN }
    }
}

impl Iterator for Closed<'_> {
    type Item = BucketResults;

    fn next(&mut self) -> Option<BucketResults> {
        self.detector.close_next(self.until)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        // While a panic of the caller unwinds nothing may panic again; the next observation closes
        // what is left.
        if self.detector.has_complete(self.until) && !std::thread::panicking() {
            self.for_each(drop);
        }
    }
}
