//! The rules of one job with each of several thresholds, over the results of one model.

use anyhow::Result;
use rareport::Detector;
use rareport::alert::Alert;
use rareport::detection::{Detection, Report};
use rareport::job::Feed;
use rareport::results::BucketResults;
use rareport::rule::RuleSet;

use crate::args::Profile;
use crate::carry;
use crate::feeding::{feed, is_background, pass_time};
use crate::job::Chosen;
use crate::observations::{Event, Fields, Verdict};
use crate::rule_file;
use crate::seen::Seen;

/// A job that runs, and its rules with each threshold.
pub(super) struct Trials {
    /// The fields of all jobs, as this one looks at them.
    pub(super) fields: Fields,
    pub(super) feed: Option<Feed>,
    pub(super) detector: Detector,
    detections: Vec<Detection>,
    /// Buckets that were looked at.
    pub(super) buckets: u64,
    /// From when on results are looked at, in milliseconds since 1970.
    from: Option<i64>,
}

impl Trials {
    /// A job that has seen nothing yet, with the rules that are for it.
    ///
    /// # Errors
    ///
    /// If the job or its rules cannot be run.
    pub(super) fn new(
        Chosen { job, feed }: Chosen,
        set: &RuleSet,
        thresholds: &[f64],
        fields: &Fields,
        profile: Profile,
        from: Option<i64>,
    ) -> Result<Trials> {
        let at = |&threshold: &f64| {
            let mut set = set.clone();
            set.rules.iter_mut().for_each(|rule| rule.threshold = threshold);
            Ok(Detection::new(set, &job, rule_file::profile(profile))?)
        };
        let detections = thresholds.iter().map(at).collect::<Result<Vec<_>>>()?;
        let fields = fields.for_job(&job, feed);
        let detector = carry::detector(job, profile, None)?;
        Ok(Trials { fields, feed, detector, detections, buckets: 0, from })
    }

    /// Whether any rule is executed.
    pub(super) fn has_rules(&self) -> bool {
        self.detections.iter().all(Detection::has_rules)
    }

    /// What the rules did, but for their alerts, which depend on the threshold.
    pub(super) fn report(&self) -> Option<Report> {
        self.detections.first().map(Detection::report)
    }

    /// Gives the model an event, if the job looks at it and no rule says that it is not to be
    /// learned, and the alerts of each threshold to `each`, with its place. Whether it was learned.
    ///
    /// # Errors
    ///
    /// If there are more values than the job allows.
    pub(super) fn take(
        &mut self,
        event: &Event,
        verdict: Verdict,
        mut each: impl FnMut(usize, &[Alert]),
    ) -> Result<bool> {
        if !verdict.is_for(self.feed) || !self.fields.looks_at(event) || !self.see(event) {
            return Ok(false);
        }
        let Trials { fields, detector, detections, buckets, from, .. } = self;
        let outcome = feed(detector, event, fields, |results| {
            *buckets += u64::from(judge(detections, results, *from, &mut each));
            Ok(())
        })?;
        Ok(outcome.is_learned)
    }

    /// Tells the model what time it is, in milliseconds since 1970; `each` is as in
    /// [`take`](Trials::take).
    ///
    /// # Errors
    ///
    /// If the time cannot be.
    pub(super) fn pass_time(
        &mut self,
        millis: i64,
        mut each: impl FnMut(usize, &[Alert]),
    ) -> Result<()> {
        let Trials { detector, detections, buckets, from, .. } = self;
        pass_time(detector, millis, |results| {
            *buckets += u64::from(judge(detections, results, *from, &mut each));
            Ok(())
        })
    }

    /// Closes what is open, and gives the alerts that are left.
    pub(super) fn finish(&mut self, mut each: impl FnMut(usize, &[Alert])) {
        let Trials { detector, detections, buckets, from, .. } = self;
        for results in detector.finish() {
            *buckets += u64::from(judge(detections, results, *from, &mut each));
        }
        for (place, detection) in detections.iter_mut().enumerate() {
            each(place, &detection.finish());
        }
    }

    /// Shows an event to all rules; whether it is to be learned, which does not
    /// depend on the threshold.
    fn see(&mut self, event: &Event) -> bool {
        let seen = &Seen { fields: &self.fields, event };
        self.detections.iter_mut().fold(true, |_, rules| rules.is_to_be_learned(seen))
    }
}

/// Gives the results of a bucket to the rules, but those of a bucket that ended before `from`;
/// whether they were looked at.
fn judge(
    detections: &mut [Detection],
    mut closed: BucketResults,
    from: Option<i64>,
    each: &mut impl FnMut(usize, &[Alert]),
) -> bool {
    let is_background = is_background(&closed.bucket, from);
    if is_background {
        closed.records.clear();
    }
    for (place, detection) in detections.iter_mut().enumerate() {
        each(place, &detection.bucket(&closed));
    }
    !is_background
}
