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
    let mut shown: u64 = 0;
    let mut wants = |id, node: Option<&[u8]>, host: &str| {
        let wanted = args.event.as_ref();
        let is_wanted = wanted.is_none_or(|event| event.has(id, node.unwrap_or(host.as_bytes())));
        shown += u64::from(is_wanted);
        is_wanted
    };
    let totals = if args.group {
        input.events(|event, host| {
            if !wants(event.id(), event.node(), host) {
                return Ok(());
            }
            let time = stamper.format(event.id().millis);
            Ok(out.borrow_mut().write(&EventDocument::new(event, time))?)
        })
    } else {
        input.records(|record, host| {
            if !wants(record.id(), record.node(), host) {
                return Ok(());
            }
            let time = stamper.format(record.id().millis);
            Ok(out.borrow_mut().write(&RecordDocument::new(record, time))?)
        })
    };
    out.borrow_mut().flush()?;
    let totals = totals?;
    out.into_inner().into_inner().keep()?;
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
