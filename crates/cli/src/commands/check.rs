//! `rareport check`: is this log fit for detection?

use std::io::{self, Write};

use anyhow::Result;
use rareport::rule::RuleSet;
use serde::Serialize;

use crate::args::{AnswerFormat, CheckArgs};
use crate::check::{Connects, Finding, Host, Missing, Severity, Sighting, Survey, findings};
use crate::console::Console;
use crate::exit::Exit;
use crate::input::{Account, Cut, Input, Unit, Window, Work};
use crate::job;
use crate::output::{Column, Destination, TableWriter};
use crate::stamp::rfc3339;
use crate::text::{Utf8, count, grouped, length};

/// Hosts that are shown to people; JSON has them all.
const SHOWN_HOSTS: usize = 20;

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, console: &Console) -> Result<Exit> {
    let input = Input::open(&args.input, console)?;
    let mut out = Destination::of(args.output.path())?;
    console.start_progress(input.size(), false);
    let job = job::destination_port();
    let thresholds = RuleSet::default_rules()?.rules.into_iter().map(|rule| rule.threshold);
    let threshold = thresholds.fold(f64::INFINITY, f64::min);
    let mut survey = Survey::new(job.bucket_span);
    let totals = match input.is_in_parts() {
        true => input.in_parts(&MakeSightings(input.window()), |seen| {
            seen.each(|name, event| survey.add(name, event));
            Ok(())
        }),
        false => input.events(|event, host| {
            survey.add(event.node().unwrap_or(host.as_bytes()), &Sighting::of(event));
            Ok(())
        }),
    }?;
    console.detail(totals.summary(false));
    totals.report_skipped(console);
    let lost_events = totals.lost_events();
    let missing = Missing { events: lost_events, calls: totals.unknown_calls() };
    let findings = findings(&survey, missing, &job, threshold);
    let answer = Answer { fleet: survey.fleet(), survey, lost_events, findings };
    let as_text = match args.format {
        AnswerFormat::Auto => out.is_terminal(),
        AnswerFormat::Text => true,
        AnswerFormat::Json => false,
    };
    if as_text {
        answer.write_text(&mut out)?;
    } else {
        answer.write_json(&mut out)?;
    }
    out.keep()?;
    let is_bad = answer.worst().is_some_and(|severity| severity < Severity::Remark);
    Ok(if is_bad && args.exit_code { Exit::Found } else { Exit::Done })
}

/// Sees what counts of the parts of a log.
struct MakeSightings(Window);

/// What counts of the events of a part.
#[derive(Default)]
struct Sightings {
    /// The names of hosts, one behind the other.
    names: Vec<u8>,
    /// Where the name of each of them ends, and the events of the host that
    /// follow each other.
    hosts: Vec<(usize, usize)>,
    events: Vec<Sighting>,
}

impl Sightings {
    /// Empties it.
    fn clear(&mut self) {
        let Sightings { names, hosts, events } = self;
        names.clear();
        hosts.clear();
        events.clear();
    }

    /// Adds an event of a host.
    fn add(&mut self, name: &[u8], event: Sighting) {
        let Sightings { names, hosts, events } = self;
        let start = hosts.iter().rev().nth(1).map_or(0, |(end, _)| *end);
        match hosts.last_mut() {
            Some((end, count)) if names[start..*end] == *name => *count += 1,
            _ => {
                names.extend_from_slice(name);
                hosts.push((names.len(), 1));
            }
        }
        events.push(event);
    }

    /// Gives every event to `each`, with the name of its host.
    fn each(&self, mut each: impl FnMut(&[u8], &Sighting)) {
        let mut start = 0;
        let mut events = self.events.iter();
        for &(end, count) in &self.hosts {
            let name = &self.names[start..end];
            events.by_ref().take(count).for_each(|event| each(name, event));
            start = end;
        }
    }
}

impl Work for MakeSightings {
    type Made = Sightings;
    type Tools = ();

    fn unit(&self) -> Unit {
        Unit::Events
    }

    fn tools(&self) {}

    fn make(
        &self,
        part: &Cut<'_>,
        (): &mut (),
        made: &mut Sightings,
        account: &mut Account,
    ) -> Result<()> {
        made.clear();
        let events = part.batch.events();
        for event in events.filter(|event| self.0.wants(event.id().millis, &mut account.met)) {
            made.add(event.node().unwrap_or(part.host.as_bytes()), Sighting::of(&event));
        }
        Ok(())
    }

    fn size(made: &Sightings) -> usize {
        made.names.len() + size_of_val(&*made.hosts) + size_of_val(&*made.events)
    }
}

/// What was found out about a log.
struct Answer {
    survey: Survey,
    fleet: Host,
    lost_events: u64,
    findings: Vec<Finding>,
}

impl Answer {
    fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }

    fn verdict(&self) -> &'static str {
        match self.worst() {
            Some(Severity::Problem) => "not fit for detection",
            Some(Severity::Warning) => "fit for detection, but something may be missed",
            Some(Severity::Remark) | None => "fit for detection",
        }
    }

    /// Events in an hour of log.
    fn events_per_hour(&self) -> f64 {
        /// Less than a minute of log says nothing of an hour.
        const SHORTEST: u64 = 60_000;
        self.fleet.events as f64 * 3_600_000.0 / self.fleet.millis().max(SHORTEST) as f64
    }

    fn write_text(&self, mut out: impl Write) -> io::Result<()> {
        let Host { events, connections, connects, .. } = &self.fleet;
        writeln!(out, "{}\n", self.verdict())?;
        if let Some((first, last)) = self.fleet.span {
            let length = length(self.fleet.millis());
            writeln!(out, "time         {} to {}, {length}", rfc3339(first), rfc3339(last))?;
        }
        let an_hour = grouped(self.events_per_hour().round() as u64);
        writeln!(out, "events       {}, {an_hour} an hour", grouped(*events))?;
        writeln!(out, "lost         {}", count(self.lost_events, "event", "events"))?;
        writeln!(out, "connections  {}", grouped(*connections))?;
        writeln!(
            out,
            "connects     {}, {} of them to an IPv4 or IPv6 address, {} failed or went on in the \
             background\n",
            grouped(connects.total),
            grouped(connects.internet),
            grouped(connects.unsuccessful)
        )?;
        self.write_hosts(&mut out)?;
        for Finding { severity, message, .. } in &self.findings {
            writeln!(out, "{}: {message}", severity.name())?;
        }
        out.flush()
    }

    fn write_hosts(&self, mut out: impl Write) -> io::Result<()> {
        let hosts = self.survey.hosts();
        let more = hosts.len().saturating_sub(SHOWN_HOSTS);
        let mut table = TableWriter::new(&mut out, COLUMNS);
        for (name, host) in hosts.take(SHOWN_HOSTS) {
            let (first, last) = host.span.unwrap_or_default();
            table.row([
                Utf8(name).to_string(),
                grouped(host.events),
                grouped(host.connects.total),
                rfc3339(first),
                rfc3339(last),
            ])?;
        }
        table.flush()?;
        if more > 0 {
            writeln!(out, "and {} more; --format json has them all", grouped(more as u64))?;
        }
        writeln!(out)
    }

    fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        let document = AnswerDocument {
            fit: self.worst() != Some(Severity::Problem),
            verdict: self.verdict(),
            events_per_hour: self.events_per_hour(),
            lost_events: self.lost_events,
            fleet: HostDocument::new(None, &self.fleet),
            findings: &self.findings,
            hosts: self
                .survey
                .hosts()
                .map(|(name, host)| HostDocument::new(Some(name), host))
                .collect(),
        };
        serde_json::to_writer(&mut out, &document)?;
        writeln!(out)?;
        out.flush()
    }
}

/// Columns of the table of hosts.
const COLUMNS: &[Column] = &[
    Column::text("HOST"),
    Column::number("EVENTS"),
    Column::number("CONNECTS"),
    Column::text("FIRST"),
    Column::text("LAST"),
];

/// The answer as JSON.
#[derive(Serialize)]
struct AnswerDocument<'a> {
    fit: bool,
    verdict: &'static str,
    events_per_hour: f64,
    lost_events: u64,
    #[serde(flatten)]
    fleet: HostDocument<'a>,
    findings: &'a [Finding],
    hosts: Vec<HostDocument<'a>>,
}

/// A host, or all of them, as JSON.
#[derive(Serialize)]
struct HostDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Utf8<'a>>,
    first: Option<String>,
    last: Option<String>,
    events: u64,
    connections: u64,
    connects: Connects,
    steps_back: u64,
    longest_silence_seconds: u64,
}

impl<'a> HostDocument<'a> {
    fn new(name: Option<&'a [u8]>, host: &Host) -> HostDocument<'a> {
        HostDocument {
            name: name.map(Utf8),
            first: host.span.map(|(first, _)| rfc3339(first)),
            last: host.span.map(|(_, last)| rfc3339(last)),
            events: host.events,
            connections: host.connections,
            connects: host.connects,
            steps_back: host.steps_back,
            longest_silence_seconds: host.silence.millis() / 1000,
        }
    }
}
