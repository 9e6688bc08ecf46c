//! What the model is fed: events from audit logs, ECS documents and CSV, in
//! order of time, with the values that a job looks at.
//!
//! Every format has a reader of its own; what they have in common is an
//! [`Event`] and being a stream of them. What the model makes of events is not
//! known here.

mod audit;
mod bundle;
mod csv;
mod document;
mod elements;
mod fields;
mod judged;
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
use std::sync::Arc;

use anyhow::{Result, bail};
use rareport::evidence::LogFiles;
use rareport::job::Feed;

pub(crate) use self::audit::field_names;
use self::audit::{ConnectionEvent, has_field};
use self::bundle::{EventBundle, Judged};
use self::csv::{CsvRows, is_header};
pub(crate) use self::fields::{Event, Fields};
use self::judged::{EventStream, Sieved, Unbundled};
pub(crate) use self::live::Taker;
use self::ndjson::NdjsonRows;
pub(crate) use self::read::Read;
use self::rows::{Context, RowStream};
use self::selection::Sieve;
pub(crate) use self::selection::{Selection, Verdict};
use self::steady::{Astray, Steady};
use self::totals::RowTotals;
use crate::args::{InputFormat, Profile};
use crate::console::Console;
use crate::ecs::Field;
use crate::input::{
    ConnectionStream, Input, Items, LaneStream, Lanes, Log, LogReader, MakeItems, Stream, Tally,
    Totals, is_json, log_files, merge,
};

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

/// The events of a log.
type Events<'a> = Box<dyn EventStream + 'a>;

impl Observations<'_> {
    /// Gives all events that the job looks at to `each`, in order of time as
    /// far as each log is.
    ///
    /// # Errors
    ///
    /// Those of `each`, if so many logs cannot be open at once, and if there is
    /// nothing that could be used.
    pub(crate) fn read(&self, mut each: impl FnMut(&Event) -> Result<()>) -> Result<Read> {
        self.read_judged(|event, verdict| if verdict.is_wanted() { each(event) } else { Ok(()) })
    }

    /// Gives all events to `each` as [`read`](Observations::read) does, those
    /// too that the job does not look at; of these nothing but the time is
    /// told.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn read_judged(
        &self,
        each: impl FnMut(&Event, Verdict) -> Result<()>,
    ) -> Result<Read> {
        self.read_with(false, each)
    }

    /// Gives all events to `each` as [`read`](Observations::read) does, those
    /// too that the job does not look at.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn read_all(&self, each: impl FnMut(&Event, Verdict) -> Result<()>) -> Result<Read> {
        self.read_with(true, each)
    }

    /// Gives all events to `each`; `with_all` says that those that the job does
    /// not look at are to have values too.
    fn read_with(
        &self,
        with_all: bool,
        mut each: impl FnMut(&Event, Verdict) -> Result<()>,
    ) -> Result<Read> {
        self.input.make_room()?;
        let (fields, places) = self.fields.and(self.selection.fields());
        let sieve = self.sieve(&places);
        let sources: Vec<Source<'_>> =
            self.input.logs().iter().map(|log| self.source(log)).collect();
        let lanes = sources.iter().filter(|source| source.in_lane);
        let logs: Vec<&Log> = lanes.map(|source| source.log).collect();
        let mut merge = |lanes: Option<&Lanes<'_, Items<EventBundle>>>| {
            self.merge(&sources, &fields, sieve, lanes, &mut each)
        };
        let read = if logs.is_empty() {
            merge(None)?
        } else {
            let maker = ConnectionEvent::new(&fields, self.selection.profile);
            // Behind the values of jobs and rules are those of the filter, which
            // is done with them then.
            let places = self.fields.names().len();
            let put = |event: &Event, bundle: &mut EventBundle| {
                let verdict = sieve.verdict(event);
                let has_values = with_all || verdict.is_wanted();
                bundle.put(event, verdict, if has_values { places } else { 0 });
            };
            let work = MakeItems::new(self.input, maker, put);
            self.input.at_once(&logs, &work, |lanes| merge(Some(lanes)))?
        };
        self.finish(read)
    }

    /// What events are held against, whose values that the filter looks at are
    /// at `places`.
    fn sieve<'b>(&'b self, places: &'b [usize]) -> Sieve<'b> {
        Sieve { selection: self.selection, fields: self.fields, places }
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
        sieve: Sieve<'_>,
        lanes: Option<&Lanes<'_, Items<EventBundle>>>,
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
            streams.extend(self.stream(source, lane, fields, sieve, totalled)?);
        }
        let mut read = Read::default();
        let names = self.fields.names_of_job();
        let mut has_values = vec![false; names.len()];
        merge(&mut streams, |stream| {
            let (event, verdict) = (stream.item(), stream.verdict());
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

    /// The events of a log with these fields; `None` if there is nothing in it.
    fn stream<'a>(
        &'a self,
        source: &Source<'a>,
        lane: Option<(&'a Lanes<'a, Items<EventBundle>>, usize)>,
        fields: &'a Fields,
        sieve: Sieve<'a>,
        totalled: Totalled<'a>,
    ) -> Result<Option<Events<'a>>> {
        let Observations { input, console, .. } = *self;
        if let Some((lanes, lane)) = lane {
            self.check_audit()?;
            let mut place = Event::new(fields);
            (place.is_audit, place.log) = (true, files_of(source.log));
            let place = Judged::new(place);
            let stream = LaneStream::new(input, lanes, lane, totalled.audit, place);
            return Ok(Some(self.steady(Unbundled(stream), fields, totalled)));
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
            InputFormat::Ndjson => {
                let stream = RowStream::<NdjsonRows<'_>>::new(text, context);
                Box::new(Sieved { stream, sieve })
            }
            InputFormat::Csv => {
                let stream = RowStream::<CsvRows<'_>>::new(text, context);
                Box::new(Sieved { stream, sieve })
            }
            InputFormat::Auto | InputFormat::Audit => {
                self.check_audit()?;
                let next = ConnectionEvent::new(fields, self.selection.profile);
                let next = next.of_log(files_of(log));
                let stream = ConnectionStream::new(input, log, text, next, totalled.audit);
                self.steady(Sieved { stream, sieve }, fields, totalled)
            }
        }))
    }

    /// The events of an audit log, without those of a clock that was wrong.
    fn steady<'a>(
        &self,
        stream: impl EventStream + 'a,
        fields: &Fields,
        totalled: Totalled<'a>,
    ) -> Events<'a> {
        match self.selection.profile {
            Profile::Rareport => {
                let spare = Judged::new(Event::new(fields));
                Box::new(Steady::new(stream, spare, totalled.astray))
            }
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
            let known = Field::ALL.map(Field::name).join(", ");
            bail!("the connections of an audit log have no field {name}; they have {known}");
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

/// The files of a log, as evidence names them.
fn files_of(log: &Log) -> Option<Arc<LogFiles>> {
    log_files(log).map(Arc::new)
}
