//! `rareport records`: every record, or every event, as JSON.

use std::cell::RefCell;
use std::io::{self, Write};

use anyhow::Result;
use auditparse::{Event, EventId, Record};

use super::parts::{self, Text};
use crate::args::RecordsArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::{Account, Cut, Input, Totals, Unit, Window, Work};
use crate::output::{Destination, NdjsonWriter};
use crate::record_document::{EventDocument, RecordDocument};
use crate::stamp::Stamper;

/// Runs the command.
pub(crate) fn run(args: &RecordsArgs, console: &Console) -> Result<Exit> {
    let input = Input::open(&args.input, console)?;
    let out = Destination::of(args.output.path())?;
    console.start_progress(input.size(), out.is_terminal());
    let write = if input.is_in_parts() { write_in_parts } else { write_one_by_one };
    let (totals, shown) = write(args, input, out)?;
    match &args.event {
        None => console.note(totals.summary(false)),
        Some(event) if shown == 0 => console.warn(format_args!(
            "no record is of the event {event}; is its log among those named, and is it between \
             --from and --to?"
        )),
        Some(_) => console.detail(totals.summary(false)),
    }
    totals.report_skipped(console);
    Ok(Exit::Done)
}

/// Writes every record or event as it is read; what was read, and how many were
/// shown.
fn write_one_by_one(
    args: &RecordsArgs,
    input: Input<'_>,
    out: Destination,
) -> Result<(Totals, u64)> {
    let out = RefCell::new(NdjsonWriter::new(out));
    let flush = || out.borrow_mut().flush();
    let input = input.before_waiting(&flush);
    let mut documents = Documents::new(args);
    let totals = if args.group {
        input.events(|event, host| Ok(documents.event(event, host, &mut out.borrow_mut())?))
    } else {
        input.records(|record, host| Ok(documents.record(record, host, &mut out.borrow_mut())?))
    };
    out.borrow_mut().flush()?;
    let totals = totals?;
    out.into_inner().into_inner().keep()?;
    Ok((totals, documents.shown))
}

/// Writes every record or event as [`write_one_by_one`] does, by several
/// threads.
fn write_in_parts(args: &RecordsArgs, input: Input<'_>, out: Destination) -> Result<(Totals, u64)> {
    let work = MakeDocuments { args, window: input.window() };
    parts::write(&work, &input, out)
}

/// Makes documents of records and events.
struct Documents<'a> {
    args: &'a RecordsArgs,
    stamper: Stamper,
    shown: u64,
}

impl Documents<'_> {
    fn new(args: &RecordsArgs) -> Documents<'_> {
        Documents { args, stamper: Stamper::new(), shown: 0 }
    }

    /// Whether an event, or a record of it, is shown.
    fn shows(&mut self, id: EventId, node: Option<&[u8]>, host: &str) -> bool {
        let wanted = self.args.event.as_ref();
        let is_wanted = wanted.is_none_or(|event| event.has(id, node.unwrap_or(host.as_bytes())));
        self.shown += u64::from(is_wanted);
        is_wanted
    }

    fn record<W: Write>(
        &mut self,
        record: &Record<'_>,
        host: &str,
        out: &mut NdjsonWriter<W>,
    ) -> io::Result<()> {
        if !self.shows(record.id(), record.node(), host) {
            return Ok(());
        }
        let time = self.stamper.format(record.id().millis);
        out.write(&RecordDocument::new(record, time))
    }

    fn event<W: Write>(
        &mut self,
        event: &Event<'_>,
        host: &str,
        out: &mut NdjsonWriter<W>,
    ) -> io::Result<()> {
        if !self.shows(event.id(), event.node(), host) {
            return Ok(());
        }
        let time = self.stamper.format(event.id().millis);
        out.write(&EventDocument::new(event, time))
    }
}

/// Makes documents of the parts of a log.
struct MakeDocuments<'a> {
    args: &'a RecordsArgs,
    window: Window,
}

impl Work for MakeDocuments<'_> {
    type Made = Text;
    type Tools = ();

    fn unit(&self) -> Unit {
        if self.args.group { Unit::Events } else { Unit::Records }
    }

    fn tools(&self) {}

    fn make(
        &self,
        part: &Cut<'_>,
        (): &mut (),
        made: &mut Text,
        account: &mut Account,
    ) -> Result<()> {
        made.bytes.clear();
        let mut out = NdjsonWriter::new(std::mem::take(&mut made.bytes));
        let mut documents = Documents::new(self.args);
        let mut wants = |id: EventId| self.window.wants(id.millis, &mut account.met);
        if self.args.group {
            let events = part.batch.events().filter(|event| wants(event.id()));
            events
                .into_iter()
                .try_for_each(|event| documents.event(&event, part.host, &mut out))?;
        } else {
            let records = part.batch.records().filter(|record| wants(record.id()));
            records
                .into_iter()
                .try_for_each(|record| documents.record(&record, part.host, &mut out))?;
        }
        out.flush()?;
        *made = Text { bytes: out.into_inner(), shown: documents.shown };
        Ok(())
    }

    fn size(made: &Text) -> usize {
        made.bytes.len()
    }
}
