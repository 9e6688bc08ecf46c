//! What the model is fed: events from audit logs, ECS documents and CSV, in
//! order of time, with the values that a job looks at.
//!
//! Every format has a reader of its own; what they have in common is an
//! [`Event`] and being a stream of them. What the model makes of events is not
//! known here.

mod audit;
mod csv;
mod document;
mod fields;
mod ndjson;
mod rows;
mod time;
mod totals;

use std::cell::RefCell;

use anyhow::{Result, bail};
use rareport::job::Feed;

use self::audit::Connect;
use self::csv::{CsvRows, is_header};
pub(crate) use self::fields::{Event, Fields};
use self::ndjson::NdjsonRows;
use self::rows::{Context, RowStream};
pub(crate) use self::totals::RowTotals;
use crate::args::InputFormat;
use crate::console::Console;
use crate::ecs::Field;
use crate::input::{ConnectionStream, Input, Log, LogReader, Stream, Totals, is_json, merge};
use crate::text::count;

/// Longest row of CSV or NDJSON, in bytes.
const LONGEST_ROW: usize = 1 << 20;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Of audit logs.
    pub(crate) audit: Totals,
    /// Of NDJSON and CSV.
    pub(crate) rows: RowTotals,
    /// Events that the job looks at.
    pub(crate) events: u64,
    /// Events that it does not look at.
    pub(crate) not_looked_at: u64,
    /// Fields of the job of which no event had a value.
    pub(crate) without_values: Vec<String>,
}

impl Read {
    /// Tells what was read and what of it is not used.
    pub(crate) fn report(&self, console: &Console) {
        let Read { audit, rows, not_looked_at, without_values, .. } = self;
        if audit.has_record() {
            audit.report(console, true);
            audit.report_left_out(console);
        }
        rows.report(console);
        if *not_looked_at > 0 {
            console.note(format_args!(
                "{} left out: the job does not look at them",
                count(*not_looked_at, "event", "events")
            ));
        }
        if !without_values.is_empty() {
            console.warn(format_args!("no event has a value of {}", without_values.join(", ")));
        }
    }
}

/// Everything that was named, as events.
pub(crate) struct Observations<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) format: InputFormat,
    pub(crate) fields: &'a Fields,
    /// Which events the job is to be fed, if it says so.
    pub(crate) feed: Option<Feed>,
    pub(crate) console: &'a Console,
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
        self.input.make_room()?;
        let (audit, rows) = (RefCell::default(), RefCell::default());
        let mut streams = Vec::new();
        for log in self.input.logs() {
            streams.extend(self.stream(log, &audit, &rows)?);
        }
        let mut read = Read::default();
        let names = self.fields.asked();
        let mut has_values = vec![false; names.len()];
        merge(&mut streams, |event| {
            if !self.fields.looks_at(event) {
                read.not_looked_at += 1;
                return Ok(());
            }
            read.events += 1;
            has_values.iter_mut().enumerate().for_each(|(place, has)| *has |= event.has(place));
            each(event)
        })?;
        drop(streams);
        (read.audit, read.rows) = (audit.into_inner(), rows.into_inner());
        if read.events > 0 {
            let without = names.iter().zip(has_values).filter(|(_, has)| !has);
            read.without_values = without.map(|(name, _)| name.clone()).collect();
        }
        self.finish(read)
    }

    /// The events of a log; `None` if there is nothing in it.
    fn stream<'a>(
        &'a self,
        log: &'a Log,
        audit: &'a RefCell<Totals>,
        totals: &'a RefCell<RowTotals>,
    ) -> Result<Option<EventStream<'a>>> {
        let Observations { input, fields, console, .. } = *self;
        let mut text = input.log_reader(log);
        let Some(format) = self.format(&mut text)? else { return Ok(None) };
        let context = Context { input, fields, totals, console };
        Ok(Some(match format {
            InputFormat::Ndjson => Box::new(RowStream::<NdjsonRows<'_>>::new(text, context)),
            InputFormat::Csv => Box::new(RowStream::<CsvRows<'_>>::new(text, context)),
            InputFormat::Auto | InputFormat::Audit => {
                self.check_audit()?;
                let next = Connect::new(fields);
                Box::new(Connects(ConnectionStream::new(input, log, text, next, audit)))
            }
        }))
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
        let is_unknown = |name: &&str| Field::named(name).is_none();
        if let Some(name) = self.fields.needed().find(is_unknown) {
            let known = Field::ALL.map(Field::name).join(", ");
            bail!("the connects of an audit log have no field {name}; they have {known}");
        }
        Ok(())
    }

    /// Ends reading; an error if there was nothing to read.
    fn finish(&self, mut read: Read) -> Result<Read> {
        self.console.end_progress();
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
        read.audit.report_skipped(self.console);
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

/// The connects of a log as a stream of events.
struct Connects<'a>(ConnectionStream<'a, Connect>);

impl Stream for Connects<'_> {
    type Item = Event;

    fn advance(&mut self) -> Result<Option<i64>> {
        self.0.advance()
    }

    fn item(&self) -> &Event {
        &self.0.item().event
    }
}
