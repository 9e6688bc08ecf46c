//! `rareport detect`: alerts for rare destination ports.

use anyhow::Result;
use rareport::Detector;
use rareport::results::BucketResults;

use crate::alert::{Alert, COLUMNS, CSV};
use crate::args::DetectArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Fields, Observations, Selection};
use crate::output::{Destination, RowWriter, Shape};
use crate::sink::Sinks;
use crate::stamp::rfc3339;
use crate::text::count;
use crate::unlearned;

/// Buckets that a model of rare values should have learned from before its
/// scores mean much.
const LEARNING_BUCKETS: u64 = rareport::explain::MATURE_AFTER;

/// Runs the command.
pub(crate) fn run(args: &DetectArgs, console: &Console) -> Result<Exit> {
    let Chosen { job, feed } = job::default();
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = Fields::of(&job, feed);
    let input = Input::open(&args.input, console)?;
    console.start_progress(input.size(), false);
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let out = RowWriter::new(out, shape, COLUMNS, CSV)?;
    let mut alerts = Alerts::new(args.threshold, out, Sinks::open(&args.sinks)?);
    let mut detector = Detector::new(job)?;
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| {
        fields.observe(event, |observation| {
            for closed in detector.push(observation)? {
                alerts.bucket(&closed)?;
            }
            Ok(())
        })
    });
    let before = alerts.buckets;
    for closed in detector.finish() {
        alerts.bucket(&closed)?;
    }
    alerts.out.flush()?;
    alerts.sinks.finish(console);
    read?.report(console);
    let is_whole = |end| input.reaches(end);
    alerts.report(before, &detector, is_whole, console);
    alerts.out.keep()?;
    Ok(if alerts.found > 0 && args.exit_code { Exit::Found } else { Exit::Done })
}

/// Alerts being written, and counts of what they came from.
struct Alerts {
    threshold: f64,
    out: RowWriter,
    sinks: Sinks,
    found: u64,
    immature: u64,
    buckets: u64,
    last: Option<(i64, i64)>,
}

impl Alerts {
    fn new(threshold: f64, out: RowWriter, sinks: Sinks) -> Alerts {
        Alerts { threshold, out, sinks, found: 0, immature: 0, buckets: 0, last: None }
    }

    /// Writes the alerts of a closed bucket, the highest score first.
    fn bucket(&mut self, closed: &BucketResults) -> Result<()> {
        let mut alerts: Vec<Alert<'_>> = closed
            .records
            .iter()
            .filter(|record| record.record_score >= self.threshold)
            .map(Alert)
            .collect();
        alerts.sort_by(Alert::by_score);
        for alert in &alerts {
            self.out.write(alert)?;
            if !self.sinks.is_empty() {
                let line = serde_json::to_vec(alert.0)?;
                self.sinks.alert(&line, alert.0.timestamp)?;
            }
        }
        if !alerts.is_empty() {
            self.out.flush_lines()?;
        }
        self.found += alerts.len() as u64;
        self.immature += alerts.iter().filter(|alert| alert.is_immature()).count() as u64;
        self.buckets += 1;
        let start = closed.bucket.timestamp;
        self.last = Some((start, start + i64::from(closed.bucket.bucket_span) * 1000));
        Ok(())
    }

    /// Tells what was found, and how far to trust it. `closed_by_time` is the
    /// number of buckets that had ended before the input did; `is_whole` tells
    /// whether the input goes on after a bucket with this end.
    fn report(
        &self,
        closed_by_time: u64,
        detector: &Detector,
        is_whole: impl Fn(i64) -> bool,
        console: &Console,
    ) {
        let counts = detector.counts();
        if counts.late > 0 {
            console.warn(format_args!(
                "{} came after a bucket was closed and could not be counted; the log is not in \
                 order of time",
                count(counts.late, "connect", "connects")
            ));
        }
        unlearned::tell(detector, "connects", console);
        let span = detector.job().bucket_span / 60;
        if self.buckets == 0 && counts.pushed > 0 {
            console.warn(format_args!(
                "what was read of the log spans less than one full bucket of {span} minutes: \
                 nothing was learned and nothing scored. Give more of the log, such as its \
                 rotations"
            ));
        } else if self.buckets < LEARNING_BUCKETS && counts.pushed > 0 {
            console.warn(format_args!(
                "only {} of {span} minutes to learn from: scores mean little before \
                 {LEARNING_BUCKETS}. Give more of the log, such as its rotations",
                count(self.buckets, "bucket", "buckets")
            ));
        } else if self.immature > 0 {
            console.warn(format_args!(
                "{} from the time when the model had learned little yet",
                count(self.immature, "alert is", "alerts are")
            ));
        }
        if let Some((start, end)) = self.last
            && self.buckets > closed_by_time
            && !is_whole(end)
        {
            console.note(format_args!(
                "the last bucket, {} to {}, was closed with the input and may be incomplete",
                rfc3339(start),
                rfc3339(end)
            ));
        }
        console.note(format_args!(
            "{} with a score of {} or more in {} of {span} minutes",
            count(self.found, "alert", "alerts"),
            self.threshold,
            count(self.buckets, "bucket", "buckets")
        ));
    }
}
