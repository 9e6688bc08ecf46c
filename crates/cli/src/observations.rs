//! What the model is fed: events from audit logs, ECS documents and CSV, in
//! order of time, with the values that a job looks at.
//!
//! Every format has a reader of its own; what they have in common is an
//! [`Event`] and being a stream of them. What the model makes of events is not
//! known here.

mod audit;
mod csv;
mod document;
mod elements;
mod fields;
mod lines;
mod live;
mod ndjson;
pub(crate) mod probe;
mod read;
mod rows;
mod selection;
mod steady;
mod time;
mod totals;
mod unaddressed;

use std::cell::RefCell;

use anyhow::{Result, bail};
use rareport::job::Feed;

pub(crate) use self::audit::field_names;
use self::audit::{ConnectionEvent, has_field};
use self::csv::{CsvRows, is_header};
pub(crate) use self::fields::{Event, Fields};
pub(crate) use self::live::Taker;
use self::ndjson::NdjsonRows;
pub(crate) use self::read::Read;
use self::rows::{Context, RowStream};
pub(crate) use self::selection::{Selection, Verdict};
use self::steady::{Astray, Steady};
use self::totals::RowTotals;
use crate::args::{InputFormat, Profile};
use crate::console::Console;
use crate::ecs::Field;
use crate::input::{
    ConnectionStream, Input, Items, LaneStream, Lanes, Log, LogReader, MakeItems, Stream, Tally,
    Totals, is_json, merge,
};
use crate::spelling::meant;

/// Longest row of CSV or NDJSON, in bytes.
const LONGEST_ROW: usize = 1 << 20;

/// Longest value that the model keeps of CSV or NDJSON, in bytes.
const LONGEST_VALUE: usize = 1 << 10;

/// Everything that was named, as events.
pub(crate) struct Observations<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) format: InputFormat,
    pub(crate) fields: &'a Fields,
    /// Which events the job is to be fed, if it says so.
    pub(crate) feed: Option<Feed>,
    /// Which of them pass.
    pub(crate) selection: &'a Selection,
    pub(crate) console: &'a Console,
}

/// Where is counted what is read.
#[derive(Clone, Copy)]
struct Totalled<'a> {
    audit: &'a RefCell<Totals>,
    rows: &'a RefCell<RowTotals>,
    astray: &'a RefCell<Astray>,
}

/// A log, and how it is read.
struct Source<'a> {
    log: &'a Log,
    /// Whether it is known to be an audit log; otherwise its first line tells.
    is_audit: bool,
    /// Whether several threads read it.
    in_lane: bool,
}

type EventStream<'a> = Box<dyn Stream<Item = Event> + 'a>;

impl Observations<'_> {
    /// Gives all events that the job looks at to `each`, in order of time as
    /// far as each log is.
    ///
    /// # Errors
    ///
    /// Those of `each`, if so many logs cannot be open at once, and if there is
    /// nothing that could be used.
    pub(crate) fn read(&self, mut each: impl FnMut(&Event) -> Result<()>) -> Result<Read> {
        self.read_all(|event, verdict| if verdict.is_wanted() { each(event) } else { Ok(()) })
    }

    /// Gives all events to `each` as [`read`](Observations::read) does, those
    /// too that the job does not look at.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn read_all(
        &self,
        mut each: impl FnMut(&Event, Verdict) -> Result<()>,
    ) -> Result<Read> {
        self.input.make_room()?;
        let (fields, places) = self.fields.and(self.selection.fields());
        let sources: Vec<Source<'_>> =
            self.input.logs().iter().map(|log| self.source(log)).collect();
        let lanes = sources.iter().filter(|source| source.in_lane);
        let logs: Vec<&Log> = lanes.map(|source| source.log).collect();
        let mut merge = |lanes: Option<&Lanes<'_, Items<Event>>>| {
            self.merge(&sources, &fields, &places, lanes, &mut each)
        };
        let read = if logs.is_empty() {
            merge(None)?
        } else {
            let profile = self.selection.profile;
            let makers = logs.iter().map(|log| ConnectionEvent::new(&fields, profile, log));
            let work = MakeItems::new(self.input, makers.collect());
            self.input.at_once(&logs, &work, |lanes| merge(Some(lanes)))?
        };
        self.finish(read)
    }

    /// How a log is read.
    fn source<'a>(&self, log: &'a Log) -> Source<'a> {
        let may_be_audit = matches!(self.format, InputFormat::Auto | InputFormat::Audit);
        let is_audit = self.input.is_of_files(log)
            && ((may_be_audit && log.is_read_on()) || self.is_audit(log));
        Source { log, is_audit, in_lane: is_audit && self.input.is_in_parts() }
    }

    /// Whether a log of files is an audit log, found out in silence: what is to
    /// be said of it is said when it is read.
    fn is_audit(&self, log: &Log) -> bool {
        let (console, tally) = (Console::unheard(), Tally::default());
        let mut text = LogReader::new(log, &console, &tally, &|| Ok(()));
        let format = self.format(&mut text);
        matches!(format, Ok(Some(InputFormat::Auto | InputFormat::Audit)))
    }

    /// Gives the events of all logs to `each`, in order of time.
    fn merge(
        &self,
        sources: &[Source<'_>],
        fields: &Fields,
        places: &[usize],
        lanes: Option<&Lanes<'_, Items<Event>>>,
        each: &mut impl FnMut(&Event, Verdict) -> Result<()>,
    ) -> Result<Read> {
        let (audit, rows) = (RefCell::default(), RefCell::default());
        let astray = RefCell::new(Astray::default());
        let totalled = Totalled { audit: &audit, rows: &rows, astray: &astray };
        let mut streams = Vec::new();
        let mut in_lanes = 0..;
        for source in sources {
            let lane = lanes.filter(|_| source.in_lane);
            let lane = lane.and_then(|lanes| Some((lanes, in_lanes.next()?)));
            streams.extend(self.stream(source, lane, fields, totalled)?);
        }
        let mut read = Read::default();
        let names = self.fields.names_of_job();
        let mut has_values = vec![false; names.len()];
        merge(&mut streams, |event| {
            let verdict = self.verdict(event, places);
            if read.count(verdict) {
                has_values.iter_mut().enumerate().for_each(|(at, has)| *has |= event.has(at));
            }
            each(event, verdict)
        })?;
        drop(streams);
        (read.audit, read.rows) = (audit.into_inner(), rows.into_inner());
        read.astray = astray.into_inner();
        if read.events > 0 {
            let without = names.iter().zip(has_values).filter(|(_, has)| !has);
            read.without_values = without.map(|(name, _)| name.clone()).collect();
        }
        Ok(read)
    }

    /// What becomes of an event whose values the filter looks at in `places`.
    fn verdict(&self, event: &Event, places: &[usize]) -> Verdict {
        match self.selection.verdict(event, places) {
            Verdict::Excluded(reason) => Verdict::Excluded(reason),
            _ if !self.fields.looks_at(event) => Verdict::OtherEvent,
            passed => passed,
        }
    }

    /// The events of a log with these fields; `None` if there is nothing in it.
    fn stream<'a>(
        &'a self,
        source: &Source<'a>,
        lane: Option<(&'a Lanes<'a, Items<Event>>, usize)>,
        fields: &'a Fields,
        totalled: Totalled<'a>,
    ) -> Result<Option<EventStream<'a>>> {
        let Observations { input, console, .. } = *self;
        if let Some((lanes, lane)) = lane {
            self.check_audit()?;
            let stream = LaneStream::new(input, lanes, lane, totalled.audit);
            return Ok(Some(self.steady(stream, fields, totalled)));
        }
        let log = source.log;
        let mut text = input.log_reader(log);
        let format = match source.is_audit {
            true => Some(InputFormat::Audit),
            false => self.format(&mut text)?,
        };
        let Some(format) = format else { return Ok(None) };
        let context = Context { input, fields, totals: totalled.rows, console };
        Ok(Some(match format {
            InputFormat::Ndjson => Box::new(RowStream::<NdjsonRows<'_>>::new(text, context)),
            InputFormat::Csv => Box::new(RowStream::<CsvRows<'_>>::new(text, context)),
            InputFormat::Auto | InputFormat::Audit => {
                self.check_audit()?;
                let next = ConnectionEvent::new(fields, self.selection.profile, log);
                let stream = ConnectionStream::new(input, log, text, next, totalled.audit);
                self.steady(stream, fields, totalled)
            }
        }))
    }

    /// The events of an audit log, without those of a clock that was wrong.
    fn steady<'a>(
        &self,
        stream: impl Stream<Item = Event> + 'a,
        fields: &Fields,
        totalled: Totalled<'a>,
    ) -> EventStream<'a> {
        match self.selection.profile {
            Profile::Rareport => Box::new(Steady::new(stream, Event::new(fields), totalled.astray)),
            Profile::Elastic => Box::new(stream),
        }
    }

    /// The format of a log, told by its first line if it was not said.
    fn format(&self, text: &mut LogReader<'_>) -> Result<Option<InputFormat>> {
        let Some(line) = text.peek_line()? else { return Ok(None) };
        Ok(Some(match self.format {
            InputFormat::Auto if is_json(line) => InputFormat::Ndjson,
            InputFormat::Auto if is_header(line, self.fields) => InputFormat::Csv,
            InputFormat::Auto => InputFormat::Audit,
            said => said,
        }))
    }

    /// Checks that audit logs have what the job looks at.
    fn check_audit(&self) -> Result<()> {
        if matches!(self.feed, Some(Feed::ProcessStarts | Feed::ProcessStartsOf(_))) {
            bail!(
                "this job looks at the starts of programs, but of audit logs only connects are \
                 read; give it ECS documents or CSV of program starts"
            );
        }
        if let Some(name) = self.fields.needed().find(|name| !has_field(name)) {
            let known = Field::ALL.map(Field::name);
            let near = meant(name, known.into_iter());
            let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            bail!(
                "the connections of an audit log have no field {name}{hint}; they have {}",
                known.join(", ")
            );
        }
        Ok(())
    }

    /// Ends reading; an error if there was nothing to read.
    fn finish(&self, mut read: Read) -> Result<Read> {
        self.console.end_progress();
        read.is_rest = self.input.is_read_on();
        if read.rows.all_bad() && !read.audit.has_record() {
            read.rows.report(self.console);
            bail!("nothing to use: no row could be read");
        }
        if read.audit.has_record() || read.rows.has_file() {
            if self.input.check_range() {
                read.audit.bounded();
                read.rows.bounded();
            }
            return Ok(read);
        }
        if self.input.is_tapped() {
            return Ok(read);
        }
        read.audit.report_skipped(self.console);
        if read.is_rest {
            return Ok(read);
        }
        if self.console.failed() {
            bail!("nothing to use: no event could be read");
        }
        if self.input.is_empty() {
            bail!("nothing to use: the input is empty");
        }
        let times = self.fields.times().join(" or ");
        bail!(
            "nothing to use: no line of the input is an audit record, and it is neither NDJSON nor \
             CSV with a column {times}"
        );
    }
}
