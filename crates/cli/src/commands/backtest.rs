//! `rareport backtest`: what would have been an alert at several thresholds.
//!
//! The log is read once. Each threshold has rules of its own, all look at the
//! results of one model.

mod tally;

use anyhow::{Result, bail};
use rareport::Detector;
use rareport::detection::Detection;
use rareport::results::BucketResults;

use self::tally::{Tally, csv_columns, table_columns};
use crate::args::BacktestArgs;
use crate::carry;
use crate::console::Console;
use crate::exit::Exit;
use crate::feeding::{end_of, feed};
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection};
use crate::output::{Destination, RowWriter, Shape};
use crate::rule_file;
use crate::seen::{Seen, with_rule_fields};
use crate::text::count;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &BacktestArgs, console: &Console) -> Result<Exit> {
    let Chosen { job, feed } = job::default();
    let set = rule_file::choose(args.rules.as_deref(), None, &job)?;
    rule_file::check(&set, &job, args.feed.input_format, console);
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = with_rule_fields(Fields::of(&job, feed), &set);
    let thresholds = ascending(&args.threshold);
    let mut detections = Vec::new();
    for &threshold in &thresholds {
        let mut set = set.clone();
        set.rules.iter_mut().for_each(|rule| rule.threshold = threshold);
        detections.push(Detection::new(set, &job, rule_file::profile(args.feed.profile))?);
    }
    if !detections.iter().all(Detection::has_rules) {
        bail!("none of the rules can be executed: none is enabled and for the job {}", job.job_id);
    }
    let input = Input::open(&args.input, console)?.with_background();
    console.start_progress(input.size(), false);
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let csv_columns = csv_columns(&thresholds);
    let csv_columns: Vec<&str> = csv_columns.iter().map(String::as_str).collect();
    let mut out = RowWriter::new(out, shape, &table_columns(&thresholds), &csv_columns)?;
    let trials =
        Trials { detections, tally: Tally::of(thresholds), buckets: 0, from: input.from() };
    let mut run = Run { detector: carry::detector(job, args.feed.profile, None)?, trials };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| run.take(event, &fields))?;
    run.finish()?;
    let Run { detector, trials } = &run;
    for row in trials.tally.rows() {
        out.write(&row)?;
    }
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    unlearned::tell(&detector.counts(), detector.job(), "connects", console);
    trials.tell(detector.job().bucket_span, console);
    out.keep()?;
    Ok(Exit::Done)
}

/// The thresholds in order, each once.
fn ascending(thresholds: &[f64]) -> Vec<f64> {
    let mut sorted = thresholds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    sorted
}

/// The model, and the thresholds that are tried on its results.
struct Run {
    detector: Detector,
    trials: Trials,
}

/// The rules with each threshold, and what they found.
struct Trials {
    detections: Vec<Detection>,
    tally: Tally,
    /// Buckets that were looked at.
    buckets: u64,
    /// From when on results are looked at, in milliseconds since 1970.
    from: Option<i64>,
}

impl Run {
    fn take(&mut self, event: &Event, fields: &Fields) -> Result<()> {
        let Run { detector, trials } = self;
        if !trials.see(&Seen { fields, event }) {
            return Ok(());
        }
        feed(detector, event, fields, |results| {
            trials.judge(results);
            Ok(())
        })
    }

    fn finish(&mut self) -> Result<()> {
        let Run { detector, trials } = self;
        detector.finish().for_each(|results| trials.judge(results));
        for (place, detection) in trials.detections.iter_mut().enumerate() {
            trials.tally.count(place, &detection.finish());
        }
        Ok(())
    }
}

impl Trials {
    /// Shows an event to all rules; whether it is to be learned, which does not
    /// depend on the threshold.
    fn see(&mut self, event: &Seen<'_>) -> bool {
        self.detections.iter_mut().fold(true, |_, rules| rules.is_to_be_learned(event))
    }

    fn judge(&mut self, mut closed: BucketResults) {
        if self.from.is_some_and(|from| end_of(&closed.bucket) <= from) {
            closed.records.clear();
        } else {
            self.buckets += 1;
        }
        for (place, detection) in self.detections.iter_mut().enumerate() {
            self.tally.count(place, &detection.bucket(&closed));
        }
    }

    /// Tells how many alerts there would have been at each threshold.
    fn tell(&self, bucket_span: u32, console: &Console) {
        const DAY: f64 = 86_400.0;
        let days = self.buckets as f64 * f64::from(bucket_span) / DAY;
        for total in self.tally.totals() {
            let a_day = match days {
                0.0 => String::new(),
                days => format!(", {:.1} a day", total.alerts as f64 / days),
            };
            console.note(format_args!(
                "threshold {}: {}{a_day}, of {}",
                total.threshold,
                count(total.alerts, "alert", "alerts"),
                count(total.ports, "port", "ports"),
            ));
        }
        console.note(format_args!(
            "{} of {} minutes looked at",
            count(self.buckets, "bucket", "buckets"),
            bucket_span / 60
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_tried_once_each() {
        assert_eq!(ascending(&[75.0, 25.0, 75.0, 50.0]), [25.0, 50.0, 75.0]);
    }
}
