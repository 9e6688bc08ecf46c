//! What is made of the results of one job: alerts, and what is told of the job at
//! the end.

use rareport::alert::Alert;
use rareport::detection::{Detection, Report};
use rareport::detector::Counts;
use rareport::results::BucketResults;

use super::closest::Closest;
use super::history::History;
use super::later::Later;
use crate::feeding::{end_of, is_background};
use crate::job_run::JobRun;
use crate::observations::{Event, Verdict};

/// Judges the results of a job.
pub(super) struct Judge {
    pub(super) closest: Closest,
    pub(super) later: Later,
    /// Only a table shows it.
    history: Option<History>,
    pub(super) tally: Tally,
    /// What earlier runs did, of which this one does not tell.
    pub(super) before: Before,
    /// From when on results are reported, in milliseconds since 1970; what was
    /// before is learned only.
    from: Option<i64>,
}

/// What the buckets of a job were.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Buckets that were closed.
    pub(super) buckets: u64,
    /// Of these, buckets that were learned only.
    pub(super) background: u64,
    /// Of these, those that had ended before the input did.
    pub(super) closed_by_time: u64,
    /// Start and end of the last of them, in milliseconds since 1970.
    pub(super) last: Option<(i64, i64)>,
    /// Whether the input goes on after that.
    pub(super) is_whole: bool,
    /// Alerts of a model that had learned too little to be relied on.
    pub(super) immature: u64,
}

impl Tally {
    /// Start and end of the last bucket, in milliseconds since 1970, if it was
    /// closed because the input ended.
    pub(super) fn cut_short(&self) -> Option<(i64, i64)> {
        self.last.filter(|_| self.buckets > self.closed_by_time && !self.is_whole)
    }
}

/// What a state that is carried on had counted before.
pub(super) struct Before {
    pub(super) counts: Counts,
    pub(super) report: Report,
    /// Buckets that were learned.
    pub(super) buckets: u64,
}

/// An alert that is due.
pub(super) struct Due {
    pub(super) alert: Alert,
    /// When its value was seen so far, as a table shows it.
    pub(super) history: String,
}

impl Judge {
    /// A judge of a job that had learned so many buckets before; `with_history` says
    /// whether histories of values are shown.
    pub(super) fn new(job: &JobRun, buckets: u64, with_history: bool, from: Option<i64>) -> Judge {
        let JobRun { detector, detection, .. } = job;
        let span = detector.job().bucket_span;
        let report = detection.report();
        Judge {
            closest: Closest::of(detection),
            later: Later::of(detection),
            history: with_history.then(|| History::new(span)),
            tally: Tally::default(),
            before: Before { counts: detector.counts(), report, buckets },
            from,
        }
    }

    /// Notes an event before it is taken.
    pub(super) fn note(&mut self, job: &JobRun, event: &Event, verdict: Verdict) {
        if job.looks_at(event, verdict) {
            self.later.note(event, &job.fields, &job.detection);
        }
    }

    /// Notes an event that was learned.
    pub(super) fn learned(&mut self, job: &JobRun, event: &Event) {
        if let Some(history) = &mut self.history {
            job.fields.observe(event, |observation| {
                history.note(observation.by.unwrap_or_default(), event.millis);
            });
        }
    }

    /// The alerts that are due when a bucket is closed.
    pub(super) fn judge(
        &mut self,
        detection: &mut Detection,
        mut closed: BucketResults,
    ) -> Vec<Due> {
        let end = end_of(&closed.bucket);
        let is_background = is_background(&closed.bucket, self.from);
        if is_background {
            closed.records.clear();
        }
        self.closest.note(&closed);
        closed.records.iter().for_each(|record| self.later.watch(record));
        self.tally.buckets += 1;
        self.tally.background += u64::from(is_background);
        self.tally.last = Some((closed.bucket.timestamp, end));
        let due = detection.bucket(&closed);
        self.later.hidden(&closed.records, detection.hidden());
        self.due(due)
    }

    /// The alerts that are left at the end.
    pub(super) fn finish(&mut self, detection: &mut Detection) -> Vec<Due> {
        let left = detection.finish();
        self.due(left)
    }

    fn due(&mut self, alerts: Vec<Alert>) -> Vec<Due> {
        self.later.alerted(&alerts);
        let immature = |alert: &&Alert| {
            alert.record.explanation.as_ref().is_some_and(|explanation| explanation.immature)
        };
        self.tally.immature += alerts.iter().filter(immature).count() as u64;
        let history = |alert: &Alert| {
            let history = self.history.as_ref();
            history.map_or(String::new(), |history| history.line(alert.record.value()))
        };
        alerts.into_iter().map(|alert| Due { history: history(&alert), alert }).collect()
    }
}
