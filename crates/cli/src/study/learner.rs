//! One job of a pass: its model, its rules, and what its watcher is told.

use anyhow::Result;
use rareport::Detector;
use rareport::detection::{Detection, Report};
use rareport::detector::{Closed, Counts, DetectorError};
use rareport::job::Feed;

use super::{LeftOut, Watcher};
use crate::feeding::{end_of, is_background};
use crate::job_run::JobRun;
use crate::observations::{Event, Verdict};
use crate::seen::Seen;
use crate::unlearned;

/// A job that learns.
pub(super) struct Learner {
    pub(super) job: JobRun,
    /// From when on results are shown, in milliseconds since 1970; what was before is learned only.
    from: Option<i64>,
    /// Buckets that were closed.
    pub(super) buckets: u64,
    /// Start and end of the last of those that were closed with the input, in milliseconds since
    /// 1970.
    pub(super) closed_at_end: Option<(i64, i64)>,
    /// What a state had counted before.
    before: Counts,
}

impl Learner {
    /// A job that has closed no bucket yet.
    pub(super) fn new(job: JobRun, from: Option<i64>) -> Learner {
        let before = job.detector.counts();
        Learner { job, from, buckets: 0, closed_at_end: None, before }
    }

    /// Id of the job.
    pub(super) fn id(&self) -> &str {
        self.job.names().0
    }

    /// What its events are called.
    pub(super) fn events(&self) -> &'static str {
        if self.job.feed == Some(Feed::Connections) { "connects" } else { "events" }
    }

    /// What became of the events of this pass.
    pub(super) fn counts(&self) -> Counts {
        unlearned::since(self.job.detector.counts(), self.before)
    }

    /// Learns an event, if the job looks at it and no rule says that it is not to be learned;
    /// whether it was learned.
    pub(super) fn take(
        &mut self,
        event: &Event,
        verdict: Verdict,
        watcher: &mut impl Watcher,
    ) -> Result<bool> {
        if !self.job.looks_at(event, verdict) {
            watcher.left_out(event, LeftOut::OtherEvent);
            return Ok(false);
        }
        let Learner { job, from, buckets, .. } = self;
        let JobRun { fields, detector, detection, .. } = job;
        let seen = Seen { fields, event };
        if !detection.is_to_be_learned(&seen) {
            watcher.left_out(event, LeftOut::Rules);
            return Ok(false);
        }
        let dropped = unlearned::dropped(detector);
        fields.observe(event, |observation| -> Result<()> {
            *buckets += judge(detector.push(observation)?, detection, watcher, *from).number;
            Ok(())
        })?;
        if unlearned::dropped(detector) != dropped {
            watcher.left_out(event, LeftOut::Time);
            return Ok(false);
        }
        fields.observe(event, |observation| {
            if let Some(value) = observation.by.filter(|value| !value.is_empty()) {
                watcher.learned(value, &seen);
            }
        });
        Ok(true)
    }

    /// Closes what ends before this time, in milliseconds since 1970, at which another job has
    /// learned an event.
    pub(super) fn pass_time(&mut self, millis: i64, watcher: &mut impl Watcher) -> Result<()> {
        let Learner { job, from, buckets, .. } = self;
        let JobRun { detector, detection, .. } = job;
        match detector.advance_to(millis.div_euclid(1000)) {
            Ok(closed) => *buckets += judge(closed, detection, watcher, *from).number,
            Err(DetectorError::TooFarAhead { .. } | DetectorError::OutsideCalendar { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Closes what is open.
    pub(super) fn finish(&mut self, watcher: &mut impl Watcher) {
        let Learner { job, from, buckets, closed_at_end, .. } = self;
        let JobRun { detector, detection, .. } = job;
        let closed = judge(detector.finish(), detection, watcher, *from);
        *buckets += closed.number;
        *closed_at_end = closed.last;
        watcher.judged(detection.finish(), &[]);
    }

    /// What it has learned, and what its rules did.
    pub(super) fn end(self) -> (Detector, Report) {
        let JobRun { detector, detection, .. } = self.job;
        (detector, detection.report())
    }
}

/// Buckets that were closed together.
#[derive(Default)]
struct Judged {
    number: u64,
    /// Start and end of the last of them, in milliseconds since 1970.
    last: Option<(i64, i64)>,
}

/// Gives the results of buckets to the rules, and both to the watcher; which buckets they were.
fn judge(
    mut closed: Closed<'_>,
    detection: &mut Detection,
    watcher: &mut impl Watcher,
    from: Option<i64>,
) -> Judged {
    let mut judged = Judged::default();
    while let Some(mut results) = closed.next() {
        judged.number += 1;
        judged.last = Some((results.bucket.timestamp, end_of(&results.bucket)));
        if is_background(&results.bucket, from) {
            results.records.clear();
            results.influencers.clear();
            results.bucket.anomaly_score = 0.0;
        }
        watcher.bucket(&results, closed.detector());
        let alerts = detection.bucket(&results);
        watcher.judged(alerts, detection.hidden());
    }
    judged
}
