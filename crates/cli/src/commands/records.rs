//! `rareport records`: every record, or every event, as JSON.

use std::cell::RefCell;

use anyhow::Result;

use crate::args::RecordsArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::{Destination, NdjsonWriter};
use crate::record_document::{EventDocument, RecordDocument};
use crate::stamp::Stamper;

/// Runs the command.
pub(crate) fn run(args: &RecordsArgs, console: &Console) -> Result<Exit> {
    let input = Input::open(&args.input, console)?;
    let out = Destination::of(args.output.path())?;
    console.start_progress(input.size(), out.is_terminal());
    let out = RefCell::new(NdjsonWriter::new(out));
    let flush = || out.borrow_mut().flush();
    let input = input.before_waiting(&flush);
    let mut stamper = Stamper::new();
    let totals = if args.group {
        input.events(|event, _| {
            let time = stamper.format(event.id().millis);
            Ok(out.borrow_mut().write(&EventDocument::new(event, time))?)
        })
    } else {
        input.records(|record| {
            let time = stamper.format(record.id().millis);
            Ok(out.borrow_mut().write(&RecordDocument::new(record, time))?)
        })
    };
    out.borrow_mut().flush()?;
    let totals = totals?;
    out.into_inner().into_inner().keep()?;
    console.note(totals.summary(false));
    totals.report_skipped(console);
    Ok(Exit::Done)
}
