//! `rareport detect`: alerts for rare destination ports.

mod alerts;
mod closest;
mod later;
mod report;

use std::io::{self, Write};

use anyhow::{Result, bail};
use jiff::Timestamp;
use rareport::Detector;
use rareport::alert::Alert;
use rareport::detection::Detection;
use rareport::results::{Bucket, BucketResults};
use rareport::rule::DEFAULT_TOML;

use self::alerts::Alerts;
use self::closest::Closest;
use self::later::Later;
use self::report::Report;
use crate::alert::{COLUMNS, CSV};
use crate::args::DetectArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection};
use crate::output::{Destination, RowWriter, Shape};
use crate::rule_file;
use crate::seen::{Seen, with_rule_fields};
use crate::sink::Sinks;

/// Runs the command.
pub(crate) fn run(args: &DetectArgs, console: &Console) -> Result<Exit> {
    if args.print_rule {
        return print(DEFAULT_TOML);
    }
    let Chosen { job, feed } = job::default();
    let set = rule_file::choose(args, &job.job_id)?;
    rule_file::check(&set, &job, args.feed.input_format, console);
    if args.explain_config {
        return print(&rule_file::explain(&set, &job, args, Timestamp::now())?);
    }
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = with_rule_fields(Fields::of(&job, feed), &set);
    let detection = Detection::new(set, &job, rule_file::profile(args.feed.profile))?;
    if !detection.has_rules() {
        bail!("none of the rules can be executed: none is enabled and for the job {}", job.job_id);
    }
    let input = Input::open(&args.input, console)?.with_background();
    console.start_progress(input.size(), false);
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let out = RowWriter::new(out, shape, COLUMNS, CSV)?;
    let alerts = Alerts::new(out, Sinks::open(&args.sinks)?, args.details);
    let (closest, later) = (Closest::of(&detection), Later::of(&detection));
    let mut run = Run {
        detector: Detector::new(job)?,
        reported: Reported { detection, alerts, closest, later, from: input.from() },
    };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| run.take(event, &fields));
    let closed_by_time = run.reported.alerts.buckets;
    run.finish()?;
    run.reported.alerts.finish(console)?;
    let read = read?;
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    let Run { detector, reported: Reported { detection, alerts, closest, later, .. } } = &run;
    let report = Report { alerts, closest, detector, detection, closed_by_time };
    later.tell(console);
    report.tell(|end| input.reaches(end), console);
    let found = alerts.found > 0;
    run.reported.alerts.keep()?;
    Ok(if found && args.exit_code { Exit::Found } else { Exit::Done })
}

/// Prints a text to stdout.
fn print(text: &str) -> Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The model, and what is made of its results.
struct Run {
    detector: Detector,
    reported: Reported,
}

/// The rules over results, and what comes of them.
struct Reported {
    detection: Detection,
    alerts: Alerts,
    closest: Closest,
    later: Later,
    /// From when on results are reported, in milliseconds since 1970; what was
    /// before is learned only.
    from: Option<i64>,
}

impl Run {
    /// Takes an event, and gives the alerts that are due by its time.
    fn take(&mut self, event: &Event, fields: &Fields) -> Result<()> {
        let Run { detector, reported } = self;
        reported.later.note(event, fields);
        if reported.detection.is_to_be_learned(&Seen { fields, event }) {
            fields.observe(event, |observation| {
                let mut closed = detector.push(observation)?;
                closed.try_for_each(|results| reported.judge(results))
            })
        } else {
            // A time that no event can have moves nothing, as with events that are learned.
            let mut closed =
                detector.advance_to(event.millis.div_euclid(1000)).into_iter().flatten();
            closed.try_for_each(|results| reported.judge(results))
        }
    }

    /// Closes what is open, and gives the alerts that are left.
    fn finish(&mut self) -> Result<()> {
        let Run { detector, reported } = self;
        detector.finish().try_for_each(|results| reported.judge(results))?;
        let left = reported.detection.finish();
        reported.give(&left)
    }
}

impl Reported {
    /// Gives the alerts that are due when a bucket is closed.
    fn judge(&mut self, mut closed: BucketResults) -> Result<()> {
        let Reported { detection, alerts, closest, later, from } = self;
        let is_background = from.is_some_and(|from| end_of(&closed.bucket) <= from);
        if is_background {
            closed.records.clear();
        }
        closest.note(&closed);
        closed.records.iter().for_each(|record| later.watch(record));
        alerts.count(&closed.bucket, is_background);
        let due = detection.bucket(&closed);
        self.give(&due)
    }

    /// Gives alerts.
    fn give(&mut self, due: &[Alert]) -> Result<()> {
        self.later.alerted(due);
        self.alerts.write(due)
    }
}

/// End of a bucket, in milliseconds since 1970.
fn end_of(bucket: &Bucket) -> i64 {
    bucket.timestamp + i64::from(bucket.bucket_span) * 1000
}
