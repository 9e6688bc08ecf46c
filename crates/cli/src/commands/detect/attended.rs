//! A run that goes on: between events it tells how it is doing, hears what it
//! is asked, and lets time pass while nothing comes.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use anyhow::{Error, Result, bail};
use jiff::Timestamp;
use rareport::detection::Detection;

use super::closest::Closest;
use super::run::Run;
use crate::args::DetectArgs;
use crate::config_file;
use crate::daemon::{Became, Daemon, Found, Source};
use crate::job::Chosen;
use crate::observations::{Fields, Verdict};
use crate::rule_file;

/// How far the time is behind the clock while nothing comes: what happened
/// until then has arrived.
const QUERY_DELAY: Duration = Duration::from_secs(120);

/// Where the input comes from, if the run is to go on.
///
/// # Errors
///
/// If a socket is not all that is to be read, or something is asked for that
/// only such a run has.
pub(super) fn source(args: &DetectArgs) -> Result<Option<Source<'_>>> {
    let paths = &args.input.paths;
    let source = match &paths[..] {
        _ if args.daemon.plugin => Some(Source::Stdin),
        [path] if is_socket(path) => Some(Source::Socket(path)),
        [path] if args.follow.follow && path == Path::new("-") => Some(Source::Stdin),
        _ if paths.iter().any(|path| is_socket(path)) => {
            bail!("a socket is to be read alone; name no other path beside it")
        }
        _ => args.follow.follow.then_some(Source::Logs),
    };
    if source.is_none() && args.daemon.status.is_some() {
        bail!("--status tells of a run that goes on; give --follow, --plugin or auditd's socket");
    }
    Ok(source)
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_socket(_: &Path) -> bool {
    false
}

/// What a run needs to go on.
pub(super) struct Attended<'a> {
    daemon: &'a Daemon<'a>,
    /// The fields that are read.
    fields: &'a Fields,
    /// What went wrong where nothing could be returned.
    failure: RefCell<Option<Error>>,
}

impl<'a> Attended<'a> {
    /// A run of `daemon` over these fields.
    pub(super) fn new(daemon: &'a Daemon<'a>, fields: &'a Fields) -> Attended<'a> {
        Attended { daemon, fields, failure: RefCell::default() }
    }

    /// Does what is due; whether the run is to go on.
    pub(super) fn attend(&self, run: &mut Run<'_>) -> bool {
        if self.daemon.take_reload() {
            self.daemon.reload(|| self.reload(run));
        }
        run.alerts.tend(run.console);
        self.daemon.pulse(|| found(run));
        !self.daemon.is_ending()
    }

    /// Does what is due while nothing comes by a queue.
    pub(super) fn attend_silence(&self, run: &mut Run<'_>) {
        self.attend(run);
        let mut passed = Ok(());
        if self.daemon.silence() >= QUERY_DELAY {
            let millis = Timestamp::now().as_millisecond() - QUERY_DELAY.as_millis() as i64;
            passed = run.pass_time(millis);
        }
        if let Err(error) = passed.and_then(|()| run.save_if_due(None)) {
            self.failure.borrow_mut().get_or_insert(error);
            self.daemon.end();
        }
    }

    /// What went wrong while nothing came.
    ///
    /// # Errors
    ///
    /// That.
    pub(super) fn check(&self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Tells that the run ends, and how.
    pub(super) fn end(&self, run: &Run<'_>) {
        self.daemon.stopping(found(run));
    }

    /// Notes how many events are missing by serial number so far.
    pub(super) fn missing(&self, events: u64) {
        self.daemon.missing(events);
    }

    /// Counts an event.
    pub(super) fn note(&self, millis: i64, verdict: Verdict) {
        let became = match verdict {
            Verdict::Passed | Verdict::Chosen | Verdict::Start => Became::Used,
            Verdict::Excluded(reason) => Became::Excluded(reason),
            Verdict::OtherEvent => Became::NotLookedAt,
        };
        self.daemon.event(millis, became);
    }

    /// Goes on with the rules as they are said now.
    fn reload(&self, run: &mut Run<'_>) -> Result<()> {
        let args = config_file::reread()?;
        let Run { jobs, judges, console, .. } = run;
        let rules = args.rules.as_deref();
        let (wanted, set) = rule_file::asked_for(&args.job, rules, args.threshold, console)?;
        let ids: Vec<&str> = jobs.iter().map(|job| job.names().0).collect();
        let is_run = |wanted: &Chosen| jobs.iter().any(|it| *it.detector.job() == wanted.job);
        if wanted.len() != ids.len() || !wanted.iter().all(is_run) {
            bail!("they are for other jobs than at the start; start anew");
        }
        if let Some(field) = set.fields().find(|field| self.fields.place(field).is_none()) {
            bail!(
                "they look at {field}, which no rule did at the start, so that it is not read; \
                 start anew"
            );
        }
        rule_file::check(&set, &wanted[0].job, args.feed.input_format, console);
        let profile = rule_file::profile(args.feed.profile);
        let detections = jobs.iter().enumerate().map(|(place, job)| {
            let set = rule_file::of_job(&set, &ids, place);
            Detection::restore(set, job.detector.job(), profile, &job.detection.snapshot())
        });
        let detections = detections.collect::<Result<Vec<_>, _>>()?;
        if !detections.iter().any(Detection::has_rules) {
            bail!("{}", rule_file::none_to_execute(ids.into_iter()));
        }
        for ((job, judge), detection) in jobs.iter_mut().zip(judges).zip(detections) {
            judge.closest = Closest::of(&detection);
            job.detection = detection;
        }
        Ok(())
    }
}

/// What was found so far; of buckets, those of the first job.
fn found(run: &Run<'_>) -> Found {
    let tally = run.judges.first().map(|judge| &judge.tally);
    Found {
        buckets: tally.map_or(0, |tally| tally.buckets),
        last_bucket: tally.and_then(|tally| tally.last),
        alerts: run.alerts.found,
        last_alert: run.alerts.latest.clone(),
    }
}
