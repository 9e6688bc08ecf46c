//! `rareport detect`: alerts for rare destination ports.

mod alerts;
mod attended;
mod closest;
mod crowd;
mod history;
mod later;
mod report;

use std::cell::RefCell;
use std::io::{self, Write};

use anyhow::{Result, bail};
use jiff::Timestamp;
use rareport::Detector;
use rareport::alert::Alert;
use rareport::detection::Detection;
use rareport::results::BucketResults;
use rareport::rule::DEFAULT_TOML;

use self::alerts::Alerts;
use self::attended::{Attended, source};
use self::closest::Closest;
use self::history::History;
use self::later::Later;
use self::report::{Before, Report};
use crate::alert::{COLUMNS, CSV};
use crate::args::DetectArgs;
use crate::carry::{self, Carry};
use crate::console::Console;
use crate::daemon::{Daemon, Source};
use crate::exit::Exit;
use crate::feeding::{end_of, feed, pass_time};
use crate::input::{Input, Positions, Until};
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection, Taker, Verdict};
use crate::output::{Destination, RowWriter, Shape};
use crate::rule_file;
use crate::seen::{Seen, with_rule_fields};
use crate::sink::Sinks;
use crate::unlearned;

/// Runs the command.
pub(crate) fn run(args: &DetectArgs, console: &Console) -> Result<Exit> {
    if args.print_rule {
        return print(DEFAULT_TOML);
    }
    let Chosen { job, feed } = job::default();
    let set = rule_file::choose(args.rules.as_deref(), args.threshold, &job.job_id)?;
    rule_file::check(&set, &job, args.feed.input_format, console);
    if args.explain_config {
        return print(&rule_file::explain(&set, &job, args, Timestamp::now())?);
    }
    let selection = &Selection::of(&args.feed, feed)?;
    let fields = with_rule_fields(Fields::of(&job, feed), &set);
    let source = source(args)?;
    let input = open(args, source, console)?.with_background();
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let is_handed_over = shape != Shape::Table && args.output.path().is_none();
    let (carry, snapshot) = carry::open(&args.state, is_handed_over, &args.feed, &fields, console)?;
    let detection = carry::detection(set, &job, args.feed.profile, snapshot.as_ref())?;
    if !detection.has_rules() {
        bail!("none of the rules can be executed: none is enabled and for the job {}", job.job_id);
    }
    let out = RowWriter::new(out, shape, COLUMNS, CSV)?;
    // Only a table shows it.
    let history = (shape == Shape::Table).then(|| History::new(job.bucket_span));
    let alerts = Alerts::new(out, Sinks::open(&args.sinks)?, history, args.details);
    let (closest, later) = (Closest::of(&detection), Later::of(&detection));
    let detector = carry::detector(job, args.feed.profile, snapshot.as_ref())?;
    let before = Before {
        counts: detector.counts(),
        rules: detection.report().rules,
        buckets: carry.as_ref().map_or(0, |carry| carry.buckets_before),
    };
    let status = args.daemon.status.as_deref();
    let daemon = source.map(|source| Daemon::start(source, status, console)).transpose()?;
    let attended = daemon.as_ref().map(|daemon| Attended::new(daemon, &fields));
    let run = RefCell::new(Run {
        detector,
        carry,
        console,
        reported: Reported { detection, alerts, closest, later, from: input.from() },
    });
    let while_waiting = || {
        attended.iter().for_each(|attended| attended.attend_silence(&mut run.borrow_mut()));
    };
    let input = input.with_tap(daemon.as_ref().and_then(|daemon| daemon.tap(&while_waiting)));
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = if source == Some(Source::Logs) {
        let run = &mut *run.borrow_mut();
        let mut live = LiveRun { run, fields: &fields, attended: attended.as_ref() };
        observations.follow(&mut live, Until::Stopped)
    } else {
        observations.read_all(|event, verdict| {
            let run = &mut *run.borrow_mut();
            if let Some(attended) = &attended {
                attended.note(event.millis, verdict);
                attended.attend(run);
            }
            match verdict {
                Verdict::Passed | Verdict::Chosen => run.take(event, &fields)?,
                Verdict::Excluded(_) | Verdict::OtherEvent => return Ok(()),
            }
            run.save_if_due(None)
        })
    };
    attended.iter().try_for_each(Attended::check)?;
    let closed_by_time = run.borrow().reported.alerts.buckets;
    run.borrow_mut().finish()?;
    let is_whole = |(_, end)| input.reaches(end);
    let is_whole = run.borrow().reported.alerts.last.is_some_and(is_whole);
    let mut run = run.into_inner();
    attended.iter().for_each(|attended| attended.end(&run));
    run.reported.alerts.finish(console)?;
    let read = read?;
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    let Run {
        detector, carry, reported: Reported { detection, alerts, closest, later, .. }, ..
    } = &run;
    if let Some(carry) = carry {
        carry.tell("connects", console);
    }
    let report = Report { alerts, closest, detector, detection, closed_by_time, before };
    later.tell(console);
    report.tell(is_whole, console);
    let found = alerts.found > 0;
    let Run { mut detector, carry, reported: Reported { detection, alerts, .. }, .. } = run;
    let is_handed_over = alerts.keep()?;
    if let Some(mut carry) = carry {
        if is_handed_over {
            carry.save_at_end(&mut detector, Some(&detection), console);
        } else {
            console.error(format_args!(
                "{}: the state is not saved, so that the next run gives these alerts again",
                carry.name()
            ));
        }
    }
    Ok(if found && args.exit_code { Exit::Found } else { Exit::Done })
}

/// Whether the run goes on until it is told to end.
pub(crate) fn goes_on(args: &DetectArgs) -> bool {
    source(args).is_ok_and(|source| source.is_some())
}

/// What is to be read.
fn open<'a>(
    args: &'a DetectArgs,
    source: Option<Source<'_>>,
    console: &'a Console,
) -> Result<Input<'a>> {
    match source {
        None | Some(Source::Logs) => {
            Input::open_or_follow(&args.input, &args.follow, false, console)
        }
        Some(Source::Stdin | Source::Socket(_)) => Input::open_stdin(&args.input, console),
    }
}

/// Prints a text to stdout.
fn print(text: &str) -> Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The model, and what is made of its results.
struct Run<'a> {
    detector: Detector,
    /// The state that the run carries on, if it does.
    carry: Option<Carry>,
    console: &'a Console,
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

impl Run<'_> {
    /// Takes an event, and gives the alerts that are due by its time.
    fn take(&mut self, event: &Event, fields: &Fields) -> Result<()> {
        let Run { detector, carry, reported, .. } = self;
        if carry.as_mut().is_some_and(|carry| !carry.is_new(event)) {
            return Ok(());
        }
        reported.later.note(event, fields);
        if !reported.detection.is_to_be_learned(&Seen { fields, event }) {
            return Ok(());
        }
        let dropped = unlearned::dropped(detector);
        feed(detector, event, fields, |results| {
            if let Some(carry) = carry {
                carry.count(&results.bucket);
            }
            reported.judge(results)
        })?;
        if unlearned::dropped(detector) == dropped {
            fields.observe(event, |observation| {
                reported.alerts.seen(observation.by.unwrap_or_default(), event.millis);
            });
        }
        Ok(())
    }

    /// Closes what ends before this time, in milliseconds since 1970.
    fn pass_time(&mut self, millis: i64) -> Result<()> {
        let Run { detector, carry, reported, .. } = self;
        pass_time(detector, millis, |results| {
            carry.iter_mut().for_each(|carry| carry.count(&results.bucket));
            reported.judge(results)
        })
    }

    /// Saves the state if it is time to, with the positions of followed logs.
    fn save_if_due(&mut self, positions: Option<&dyn Fn() -> Positions>) -> Result<()> {
        let Run { detector, carry, console, reported } = self;
        let Some(carry) = carry.as_mut().filter(|carry| carry.is_due()) else {
            return Ok(());
        };
        // No alert may be lost that the state takes for given.
        if !reported.alerts.hand_over()? {
            return Ok(());
        }
        positions.into_iter().for_each(|positions| carry.reached(positions()));
        carry.save(detector, Some(&reported.detection), console);
        Ok(())
    }

    /// Closes what is open, and gives the alerts that are left; nothing if the
    /// next run carries on.
    fn finish(&mut self) -> Result<()> {
        if self.carry.is_some() {
            return Ok(());
        }
        let Run { detector, reported, .. } = self;
        detector.finish().try_for_each(|results| reported.judge(results))?;
        let left = reported.detection.finish();
        reported.give(&left)
    }
}

/// A run over logs that are followed.
struct LiveRun<'a, 'b> {
    run: &'a mut Run<'b>,
    fields: &'a Fields,
    attended: Option<&'a Attended<'a>>,
}

impl Taker for LiveRun<'_, '_> {
    fn positions(&self) -> Positions {
        self.run.carry.as_ref().map_or_else(Positions::default, Carry::positions)
    }

    fn reached(&mut self, positions: Positions) {
        if let Some(carry) = &mut self.run.carry {
            carry.reached(positions);
        }
    }

    fn take(&mut self, event: &Event) -> Result<()> {
        self.run.take(event, self.fields)
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        self.run.pass_time(millis)
    }

    fn note(&mut self, millis: i64, verdict: Verdict) {
        self.attended.iter().for_each(|attended| attended.note(millis, verdict));
    }

    fn goes_on(&mut self, missing: u64) -> bool {
        self.attended.is_none_or(|attended| {
            attended.missing(missing);
            attended.attend(self.run)
        })
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.run.save_if_due(Some(positions))
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
