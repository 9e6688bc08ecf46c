//! `rareport detect`: alerts for rare destination ports.

mod alerts;
mod report;

use std::io::{self, Write};

use anyhow::{Result, bail};
use jiff::Timestamp;
use rareport::Detector;
use rareport::detection::Detection;
use rareport::results::BucketResults;
use rareport::rule::DEFAULT_TOML;

use self::alerts::Alerts;
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
        return print(&rule_file::explain(&set, &job, &args.feed, Timestamp::now())?);
    }
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = with_rule_fields(Fields::of(&job, feed), &set);
    let detection = Detection::new(set, &job, rule_file::profile(args.feed.profile))?;
    if !detection.has_rules() {
        bail!("none of the rules can be executed: none is enabled and for the job {}", job.job_id);
    }
    let input = Input::open(&args.input, console)?;
    console.start_progress(input.size(), false);
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let out = RowWriter::new(out, shape, COLUMNS, CSV)?;
    let alerts = Alerts::new(out, Sinks::open(&args.sinks)?);
    let mut run = Run { detector: Detector::new(job)?, detection, alerts };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = observations.read(|event| run.take(event, &fields));
    let closed_by_time = run.alerts.buckets;
    run.finish()?;
    run.alerts.finish(console)?;
    read?.report(console);
    let Run { detector, detection, alerts } = &run;
    let report = Report { alerts, detector, detection, closed_by_time };
    report.tell(|end| input.reaches(end), console);
    let found = alerts.found > 0;
    run.alerts.keep()?;
    Ok(if found && args.exit_code { Exit::Found } else { Exit::Done })
}

/// Prints a text to stdout.
fn print(text: &str) -> Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The model, and the rules over its results.
struct Run {
    detector: Detector,
    detection: Detection,
    alerts: Alerts,
}

impl Run {
    /// Takes an event, and gives the alerts that are due by its time.
    fn take(&mut self, event: &Event, fields: &Fields) -> Result<()> {
        let Run { detector, detection, alerts } = self;
        if detection.is_to_be_learned(&Seen { fields, event }) {
            fields.observe(event, |observation| {
                let mut closed = detector.push(observation)?;
                closed.try_for_each(|results| judge(&results, detection, alerts))
            })
        } else {
            // A time that no event can have moves nothing, as with events that are learned.
            let mut closed =
                detector.advance_to(event.millis.div_euclid(1000)).into_iter().flatten();
            closed.try_for_each(|results| judge(&results, detection, alerts))
        }
    }

    /// Closes what is open, and gives the alerts that are left.
    fn finish(&mut self) -> Result<()> {
        let Run { detector, detection, alerts } = self;
        detector.finish().try_for_each(|results| judge(&results, detection, alerts))?;
        alerts.write(&detection.finish())
    }
}

/// Gives the alerts that are due when a bucket is closed.
fn judge(closed: &BucketResults, detection: &mut Detection, alerts: &mut Alerts) -> Result<()> {
    alerts.count(closed);
    alerts.write(&detection.bucket(closed))
}
