//! `rareport records`: every record, or every event, as JSON.

use std::io;

use anyhow::Result;

use crate::args::RecordsArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::{NdjsonWriter, to_terminal};
use crate::record_document::{EventDocument, RecordDocument};
use crate::stamp::Stamper;

/// Runs the command.
pub(crate) fn run(args: &RecordsArgs, console: &Console) -> Result<Exit> {
    let input = Input::open(&args.input, console)?;
    console.start_progress(input.size(), to_terminal());
    let mut out = NdjsonWriter::new(io::stdout().lock());
    let mut stamper = Stamper::new();
    let totals = if args.group {
        input.events(|event| {
            let time = stamper.format(event.id().millis);
            Ok(out.write(&EventDocument::new(event, time))?)
        })
    } else {
        input.records(|record| {
            let time = stamper.format(record.id().millis);
            Ok(out.write(&RecordDocument::new(record, time))?)
        })
    };
    out.flush()?;
    totals?.report(console, false);
    Ok(Exit::Done)
}
