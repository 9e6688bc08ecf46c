//! Documents and rows read from any source, for fuzz targets.

use std::cell::RefCell;
use std::io::{self, BufReader, Read};

use rareport::JobConfig;

use super::csv::CsvRows;
use super::elements::is_wrapped;
use super::fields::{Event, Fields};
use super::lines::Line;
use super::ndjson::{NdjsonRows, Texts};
use super::rows::{Context, RowStream};
use super::totals::RowTotals;
use crate::args::InputArgs;
use crate::console::Console;
use crate::input::{Input, Stream};

/// A document that was cut out of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Line in which it begins, counted from 1.
    pub line: u64,
    /// Its text; `None` if it was skipped, being too long or broken.
    pub text: Option<Vec<u8>>,
}

/// Cuts a source into the texts of documents: lines or, as the start of the text
/// tells, the elements of an array or the hits of search responses.
///
/// # Errors
///
/// Those of the source.
pub fn documents(start: &[u8], source: impl Read) -> io::Result<Vec<Cut>> {
    let mut texts = Texts::new(is_wrapped(start), BufReader::new(source));
    let mut cuts = Vec::new();
    while let Some(line) = texts.next()? {
        let text = (line == Line::Text).then(|| texts.text().to_vec());
        cuts.push(Cut { line: texts.number(), text });
    }
    Ok(cuts)
}

/// How rows are written.
#[derive(Clone, Copy, Debug)]
pub enum RowFormat {
    /// JSON documents, as lines, in an array or in search responses.
    Ndjson,
    /// CSV with a header line.
    Csv,
}

/// What was read of a source of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsRead {
    /// The time of each event in milliseconds since 1970, and the values of the
    /// job's fields, several of one joined by commas.
    pub events: Vec<(i64, Vec<Vec<u8>>)>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that cannot be used.
    pub bad: u64,
    /// Whether something was told that makes the run fail.
    pub has_failed: bool,
}

/// Reads a source of rows as a job does: the values of its by field, its over and
/// partition fields and its influencers.
///
/// # Errors
///
/// Those that are not about the input; there are none but for a fault.
pub fn rows(format: RowFormat, job: &JobConfig, source: impl Read) -> anyhow::Result<RowsRead> {
    let (console, totals) = (Console::silent(), RefCell::new(RowTotals::default()));
    let args = InputArgs::default();
    let input = Input::open_stdin(&args, &console)?;
    let fields = Fields::of(job, None);
    let text = input.reader_over(source);
    let context = Context { input: &input, fields: &fields, totals: &totals, console: &console };
    let mut stream: Box<dyn Stream<Item = Event> + '_> = match format {
        RowFormat::Ndjson => Box::new(RowStream::<NdjsonRows<'_>>::new(text, context)),
        RowFormat::Csv => Box::new(RowStream::<CsvRows<'_>>::new(text, context)),
    };
    let mut read = RowsRead::default();
    while let Some(millis) = stream.advance()? {
        let event = stream.item();
        let values = (0..event.value_count()).map(|place| event.value(place).to_vec());
        read.events.push((millis, values.collect()));
    }
    (read.rows, read.bad) = totals.borrow().rows_and_bad();
    read.has_failed = console.failed();
    Ok(read)
}
