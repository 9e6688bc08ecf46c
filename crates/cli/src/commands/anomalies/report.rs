//! The closing summary of `rareport anomalies`.

use rareport::detector::Counts;
use rareport::{Detector, JobConfig};

use super::Order;
use crate::console::Console;
use crate::observations::Read;
use crate::result_writer::Written;
use crate::stamp::rfc3339;
use crate::text::count;
use crate::unlearned;

/// What is told of a run.
pub(super) struct Report {
    pub(super) read: Read,
    pub(super) written: Written,
    /// Scores that were changed in the end, if any could be.
    pub(super) changed: Option<u64>,
    /// What became of observations in earlier runs that the state carries on.
    pub(super) before: Counts,
    /// Whether provisional results were asked for.
    pub(super) interim: bool,
}

impl Report {
    /// Tells what was read, what became of it, and what came out.
    pub(super) fn tell(&self, detector: &Detector, order: &Order, console: &Console) {
        self.read.report(console);
        let counts = unlearned::since(detector.counts(), self.before);
        tell_events(&counts, detector.job(), order, console);
        self.tell_open(detector, order, console);
        self.tell_written(detector.job().bucket_span, console);
    }

    /// Tells that the last events have no results yet.
    fn tell_open(&self, detector: &Detector, order: &Order, console: &Console) {
        let closed_until = detector.closed_until().map_or(i64::MAX, |end| end.saturating_mul(1000));
        if !self.interim && order.latest.is_some_and(|latest| latest >= closed_until) {
            let open = format_args!(
                "buckets from {} on are not closed and have no results: --advance-time closes \
                 them, --interim shows the first as it is",
                rfc3339(closed_until)
            );
            match self.written.buckets {
                0 => console.note(open),
                _ => console.detail(open),
            }
        }
    }

    fn tell_written(&self, bucket_span: u32, console: &Console) {
        let Written { records, immature, influencers, buckets } = self.written;
        if immature > 0 {
            console.warn(format_args!(
                "{} from the time when the model had learned little yet",
                count(immature, "record is", "records are")
            ));
        }
        if let Some(changed) = self.changed {
            console.note(format_args!(
                "{} changed by scoring anew",
                count(changed, "score was", "scores were")
            ));
        }
        console.note(format_args!(
            "{} and {} in {} of {}",
            count(records, "record", "records"),
            count(influencers, "influencer", "influencers"),
            count(buckets, "bucket", "buckets"),
            length(bucket_span)
        ));
    }
}

/// Tells which events the model did not take.
fn tell_events(counts: &Counts, job: &JobConfig, order: &Order, console: &Console) {
    unlearned::tell(counts, job, "events", console);
    if order.disordered > 0 {
        console.detail(format_args!(
            "{} out of order",
            count(order.disordered, "event was", "events were")
        ));
    }
    let late = counts.late;
    if late > 0 {
        console.warn(format_args!(
            "{} too late: the bucket was closed. Sort the input, or give the job a latency",
            count(late, "event came", "events came")
        ));
    }
}

/// A length of time in words.
fn length(seconds: u32) -> String {
    if seconds.is_multiple_of(60) {
        count(u64::from(seconds / 60), "minute", "minutes")
    } else {
        count(u64::from(seconds), "second", "seconds")
    }
}
