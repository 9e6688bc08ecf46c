//! `rareport backtest`: what would have been an alert at several thresholds.
//!
//! The log is read once. Each threshold has rules of its own, all look at the
//! results of one model for each job.

mod tally;
mod trials;

use anyhow::{Result, bail};

use self::tally::{Of, Tally, Total};
use self::trials::Trials;
use crate::args::BacktestArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job_run::{feed_of, fields_of, tell_unfed};
use crate::noun::Noun;
use crate::observations::{Event, Observations, Selection, Verdict};
use crate::output::{Destination, RowWriter, Shape};
use crate::rule_file;
use crate::text::count;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &BacktestArgs, console: &Console) -> Result<Exit> {
    let (jobs, set) = rule_file::asked_for(&args.job, args.rules.as_deref(), None, console)?;
    rule_file::check(&set, &jobs[0].job, args.feed.input_format, console);
    let selection = &Selection::of(&args.feed, jobs.iter().filter_map(|chosen| chosen.feed))?;
    let (fields, feed) = (fields_of(&jobs, &set), feed_of(&jobs));
    let input = Input::open(&args.input, console)?.with_background();
    let thresholds = ascending(&args.threshold);
    let ids: Vec<String> = jobs.iter().map(|chosen| chosen.job.job_id.clone()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let trials = jobs.into_iter().enumerate().map(|(place, chosen)| {
        let set = rule_file::of_job(&set, &ids, place);
        Trials::new(chosen, &set, &thresholds, &fields, args.feed.profile, input.from())
    });
    let trials = trials.collect::<Result<Vec<_>>>()?;
    if !trials.iter().any(Trials::has_rules) {
        bail!("none of the rules can be executed: none is enabled and for {}", ids.join(" or "));
    }
    console.start_progress(input.size(), false);
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let of = trials.iter().zip(&ids).map(|(trials, id)| Of::new(id, trials.fields.by_name()));
    let mut run = Run { tally: Tally::new(thresholds, of.collect()), trials };
    let csv_columns = run.tally.csv_columns();
    let csv_columns: Vec<&str> = csv_columns.iter().map(String::as_str).collect();
    let mut out = RowWriter::new(out, shape, &run.tally.table_columns(), &csv_columns)?;
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read_judged(|event, verdict| run.take(event, verdict))?;
    run.finish();
    for row in run.tally.rows() {
        out.write(&row)?;
    }
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    run.tell(console);
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

/// All jobs, and what was found.
struct Run {
    trials: Vec<Trials>,
    tally: Tally,
}

impl Run {
    fn take(&mut self, event: &Event, verdict: Verdict) -> Result<()> {
        let Run { trials, tally } = self;
        let mut is_learned = false;
        for (job, trials) in trials.iter_mut().enumerate() {
            let each = |place, alerts: &[_]| tally.count(job, place, alerts);
            is_learned |= trials.take(event, verdict, each)?;
        }
        // No job is to be behind the others.
        if is_learned && trials.len() > 1 {
            for (job, trials) in trials.iter_mut().enumerate() {
                let each = |place, alerts: &[_]| tally.count(job, place, alerts);
                trials.pass_time(event.millis, each)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        let Run { trials, tally } = self;
        for (job, trials) in trials.iter_mut().enumerate() {
            trials.finish(|place, alerts| tally.count(job, place, alerts));
        }
    }

    /// Tells of each job what was not learned and how many alerts there would have been.
    fn tell(&self, console: &Console) {
        let is_one = self.trials.len() == 1;
        for (job, trials) in self.trials.iter().enumerate() {
            let (of, counts) = (self.tally.job(job), trials.detector.counts());
            if counts.pushed == 0 && !is_one {
                tell_unfed(of.id(), trials.feed, console);
                continue;
            }
            let events =
                if is_one { "connects".to_owned() } else { format!("events of {}", of.id()) };
            unlearned::tell(&counts, trials.detector.job(), &events, console);
            trials.report().iter().for_each(|report| rule_file::tell_idle(report, console));
            let name = if is_one { String::new() } else { format!("{}, ", of.id()) };
            self.tell_job(job, trials, &name, console);
        }
    }

    /// Tells how many alerts of a job there would have been at each threshold.
    fn tell_job(&self, job: usize, trials: &Trials, name: &str, console: &Console) {
        const DAY: f64 = 86_400.0;
        let span = trials.detector.job().bucket_span;
        let days = trials.buckets as f64 * f64::from(span) / DAY;
        let what = Noun(trials.fields.by_name());
        for Total { threshold, alerts, values } in self.tally.totals(job) {
            let a_day = match days {
                0.0 => String::new(),
                days => format!(", {:.1} a day", alerts as f64 / days),
            };
            console.note(format_args!(
                "{name}threshold {threshold}: {}{a_day}, of {}",
                count(alerts, "alert", "alerts"),
                count(values, &what.one(), &what.many()),
            ));
        }
        console.note(format_args!(
            "{name}{} of {} minutes looked at",
            count(trials.buckets, "bucket", "buckets"),
            span / 60
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
