//! `rareport detect`: alerts for rare destination ports, and for what else rules
//! look at.

mod alerts;
mod attended;
mod closest;
mod history;
mod judge;
mod later;
mod report;
mod run;

use std::cell::RefCell;
use std::io::{self, Write};

use anyhow::{Result, bail};
use jiff::Timestamp;
use rareport::rule::DEFAULT_TOML;

use self::alerts::Alerts;
use self::attended::{Attended, source};
use self::judge::Judge;
use self::report::Report;
use self::run::{LiveRun, Run};
use crate::alert::{COLUMNS, COLUMNS_OF_ANY, CSV};
use crate::args::DetectArgs;
use crate::carry::{self, Carry};
use crate::console::Console;
use crate::daemon::{Daemon, Source};
use crate::exit::Exit;
use crate::input::{Input, Until};
use crate::job;
use crate::job_run::{JobRun, feed_of, fields_of, run_all};
use crate::noun::Noun;
use crate::observations::{Observations, Selection};
use crate::output::{Destination, RowWriter, Shape};
use crate::rule_file;
use crate::sink::Sinks;

/// Runs the command.
pub(crate) fn run(args: &DetectArgs, console: &Console) -> Result<Exit> {
    if args.print_rule {
        return print(DEFAULT_TOML);
    }
    let default = job::default().job;
    let set = rule_file::choose(args.rules.as_deref(), args.threshold, &default)?;
    rule_file::check(&set, &default, args.feed.input_format, console);
    let jobs = rule_file::jobs(&set);
    if args.explain_config {
        return print(&rule_file::explain(&set, &jobs, args, Timestamp::now())?);
    }
    let selection = &Selection::of(&args.feed, jobs.iter().filter_map(|chosen| chosen.feed))?;
    let (fields, feed) = (fields_of(&jobs, &set), feed_of(&jobs));
    let source = source(args)?;
    let input = open(args, source, console)?.with_background();
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format, &out);
    let is_handed_over = shape != Shape::Table && args.output.path().is_none();
    let (mut carry, snapshots) =
        carry::open(&args.state, is_handed_over, &args.feed, &fields, console)?;
    let jobs = run_all(jobs, &set, &fields, args.feed.profile, &snapshots)?;
    if !jobs.iter().any(|job| job.detection.has_rules()) {
        bail!("none of the rules can be executed: none is enabled and for a ready-made job");
    }
    if let Some(carry) = &mut carry {
        carry.run_beside(jobs.iter().skip(1).map(JobRun::names));
    }
    let is_of_ports = jobs.iter().all(|job| Noun(job.fields.by_name()).is_port());
    let columns = if is_of_ports { COLUMNS } else { COLUMNS_OF_ANY };
    let out = RowWriter::new(out, shape, columns, CSV)?;
    let alerts = Alerts::new(out, Sinks::open(&args.sinks)?, args.details, is_of_ports);
    let judges = jobs.iter().enumerate().map(|(place, job)| {
        let buckets = carry.as_ref().map_or(0, |carry| carry.buckets(place));
        Judge::new(job, buckets, shape == Shape::Table, input.from())
    });
    let judges = judges.collect();
    let status = args.daemon.status.as_deref();
    let daemon = source.map(|source| Daemon::start(source, status, console)).transpose()?;
    let attended = daemon.as_ref().map(|daemon| Attended::new(daemon, &fields));
    let run = RefCell::new(Run { jobs, judges, alerts, carry, console });
    let while_waiting = || {
        attended.iter().for_each(|attended| attended.attend_silence(&mut run.borrow_mut()));
    };
    let input = input.with_tap(daemon.as_ref().and_then(|daemon| daemon.tap(&while_waiting)));
    let positions = run.borrow().carry.as_ref().map(Carry::positions);
    let input = match positions {
        Some(positions) if source.is_none() => input.reading_on(positions),
        _ => input,
    };
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let read = if source == Some(Source::Logs) {
        let run = &mut *run.borrow_mut();
        let mut live = LiveRun { run, attended: attended.as_ref() };
        observations.follow(&mut live, Until::Stopped)
    } else {
        observations.read_judged(|event, verdict| {
            let run = &mut *run.borrow_mut();
            if let Some(attended) = &attended {
                attended.note(event.millis, verdict);
                attended.attend(run);
            }
            if !verdict.is_wanted() {
                return Ok(());
            }
            run.take(event, verdict)?;
            run.save_if_due(None)
        })
    };
    attended.iter().try_for_each(Attended::check)?;
    if source.is_none() {
        run.borrow_mut().reached(input.positions());
    }
    run.borrow_mut().finish(|end| input.reaches(end))?;
    let mut run = run.into_inner();
    attended.iter().for_each(|attended| attended.end(&run));
    run.alerts.finish(console)?;
    let read = read?;
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    let Run { mut jobs, judges, alerts, carry, .. } = run;
    if let Some(carry) = &carry {
        carry.tell("connects", console);
    }
    Report { jobs: &jobs, judges: &judges }.tell(console);
    let found = alerts.found > 0;
    let is_handed_over = alerts.keep()?;
    if let Some(mut carry) = carry {
        if is_handed_over {
            carry.save_at_end(jobs.iter_mut().map(JobRun::state), console);
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
