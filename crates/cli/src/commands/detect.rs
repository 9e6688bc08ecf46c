//! `rareport detect`: alerts for rare destination ports, and for what else rules
//! look at.

mod alerts;
mod attended;
mod closest;
mod history;
mod idle;
mod judge;
mod later;
mod live_run;
mod report;
mod run;
mod written;

use std::cell::RefCell;
use std::io::{self, Write};

use anyhow::{Result, bail};
use jiff::Timestamp;
use rareport::rule::DEFAULT_TOML;

use self::alerts::Alerts;
use self::attended::{Attended, source};
use self::idle::Idle;
use self::judge::Judge;
use self::live_run::LiveRun;
use self::report::Report;
use self::run::Run;
use crate::alert::{COLUMNS, COLUMNS_OF_ANY, CSV};
use crate::args::DetectArgs;
use crate::carry::{self, Carry};
use crate::console::Console;
use crate::daemon::{Daemon, Source};
use crate::exit::Exit;
use crate::input::{Input, Until};
use crate::job;
use crate::job_run::{JobRun, events_of, feed_of, fields_of, run_all};
use crate::noun::Noun;
use crate::observations::{Observations, Selection};
use crate::output::{Destination, RowWriter, Shape};
use crate::rule_file;
use crate::sink::Sinks;

/// Runs the command.
pub(crate) fn run(args: &DetectArgs, console: &Console) -> Result<Exit> {
    if args.print_rule {
        return print(&default_rule(args, console)?);
    }
    let rules = args.rules.as_deref();
    let (jobs, set) = rule_file::asked_for(&args.job, rules, args.threshold, console)?;
    rule_file::check(&set, &jobs[0].job, args.feed.input_format, console);
    if args.explain_config {
        return print(&rule_file::explain(&set, &jobs, args, Timestamp::now())?);
    }
    let selection = &Selection::of(&args.feed, jobs.iter().filter_map(|chosen| chosen.feed))?;
    let (fields, feed) = (fields_of(&jobs, &set), feed_of(&jobs));
    written::check(args)?;
    let source = source(args)?;
    let input = open(args, source, console)?.with_background();
    let out = Destination::of(args.output.path())?;
    let shape = Shape::of(args.format(), &out);
    let is_handed_over = shape != Shape::Table && args.output.path().is_none();
    let (mut carry, snapshots) =
        carry::open(&args.state, is_handed_over, &args.feed, &fields, console)?;
    let jobs = run_all(jobs, &set, &fields, args.feed.profile, &snapshots)?;
    if !jobs.iter().any(|job| job.detection.has_rules()) {
        bail!("{}", rule_file::none_to_execute(jobs.iter().map(|job| job.names().0)));
    }
    if let Some(carry) = &mut carry {
        carry.run_beside(jobs.iter().skip(1).map(JobRun::names));
    }
    let is_of_ports = jobs.iter().all(|job| Noun(job.fields.by_name()).is_port());
    let columns = if is_of_ports { COLUMNS } else { COLUMNS_OF_ANY };
    let out = RowWriter::new(out, shape, columns, CSV)?;
    let owed = carry.as_ref().map_or_else(Vec::new, Carry::owed);
    let alerts = Alerts::new(out, Sinks::open(&args.sinks, owed)?, args.details, is_of_ports);
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
    let is_outside = input.is_outside();
    let mut run = run.into_inner();
    attended.iter().for_each(|attended| attended.end(&run));
    let is_appended = run.hand_over_rest()?;
    let read = read?;
    read.require_values_of(fields.by_name(), console)?;
    read.report(console);
    let Run { mut jobs, judges, alerts, carry, .. } = run;
    if let Some(carry) = &carry {
        carry.tell(events_of(&jobs), console);
    }
    let is_asked = args.exit_code;
    let idle = || Idle::of(&jobs, &judges, &read, carry.as_ref(), is_outside, is_asked);
    let idle = if source.is_none() { idle() } else { None };
    Report { jobs: &jobs, judges: &judges, carry: carry.as_ref(), idle }.tell(console);
    let found = alerts.found > 0;
    alerts.keep()?;
    if let Some(mut carry) = carry {
        if is_appended {
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

/// The default rule of the job, as text; with comments that of the job that is run by default.
fn default_rule(args: &DetectArgs, console: &Console) -> Result<String> {
    if !args.job.is_given() {
        return Ok(DEFAULT_TOML.to_owned());
    }
    let job = job::choose(&args.job, console)?.job;
    Ok(rule_file::default_for(&job)?.to_toml()?)
}

/// Prints a text to stdout.
fn print(text: &str) -> Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}
