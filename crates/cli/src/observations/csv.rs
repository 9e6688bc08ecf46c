//! Events from CSV (RFC 4180) whose header line has the names of ECS fields.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::LONGEST_ROW;
use super::fields::{Event, Fields};
use super::rows::{Context, Rows};
use super::totals::BadRow;
use crate::console::Console;
use crate::input::LogReader;

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// A CSV file being read.
pub(super) struct CsvRows<'a> {
    name: String,
    reader: Reader<Bounded<LogReader<'a>>>,
    row: ByteRecord,
    line: u64,
    columns: Columns,
    console: &'a Console,
}

impl<'a> Rows<'a> for CsvRows<'a> {
    fn open(name: &str, text: LogReader<'a>, context: &Context<'a>) -> io::Result<Option<Self>> {
        let mut reader = ReaderBuilder::new()
            .buffer_capacity(CHUNK)
            .from_reader(Bounded { inner: text, left: LONGEST_ROW });
        let console = context.console;
        let header = match reader.byte_headers() {
            Ok(header) => header,
            Err(error) => return report_endless(error, name, 1, console).map(|()| None),
        };
        let Some(columns) = Columns::of(header, context.fields) else {
            console.error(format_args!(
                "{name}: the header line has no column {}; name it in time_field of the job",
                context.fields.times().join(" or ")
            ));
            return Ok(None);
        };
        let (name, row) = (name.to_owned(), ByteRecord::new());
        Ok(Some(CsvRows { name, reader, row, line: 0, columns, console }))
    }

    fn read(&mut self, event: &mut Event) -> io::Result<Option<Result<&[u8], BadRow>>> {
        self.reader.get_mut().left = LONGEST_ROW;
        self.line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.row) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) if matches!(error.kind(), ErrorKind::UnequalLengths { .. }) => {
                return Ok(Some(Err(BadRow::Ragged)));
            }
            Err(error) => {
                report_endless(error, &self.name, self.line, self.console)?;
                return Ok(None);
            }
        }
        for &(column, place) in &self.columns.values {
            // As this program joins several values in a cell.
            let cell = &self.row[column];
            if !cell.is_empty() {
                cell.split(|&byte| byte == b',').for_each(|one| event.value_mut(place).push(one));
            }
        }
        Ok(Some(Ok(&self.row[self.columns.time])))
    }

    fn line(&self) -> u64 {
        self.row.position().map_or(self.line, csv::Position::line)
    }
}

/// Where the wanted values stand in a row.
struct Columns {
    time: usize,
    /// Column of each value that there is, and its place in an event.
    values: Vec<(usize, usize)>,
}

impl Columns {
    /// `None` if there is no column of times.
    fn of(header: &ByteRecord, fields: &Fields) -> Option<Columns> {
        let time = fields.times().iter().find_map(|name| position(header, name))?;
        let names = fields.names().iter().enumerate();
        let values = names.filter_map(|(place, name)| Some((position(header, name)?, place)));
        Some(Columns { time, values: values.collect() })
    }
}

/// The first column of this name.
fn position(header: &ByteRecord, name: &str) -> Option<usize> {
    header.iter().position(|column| column == name.as_bytes())
}

/// Whether the first line of a file is a header with a column of times.
pub(super) fn is_header(line: &[u8], fields: &Fields) -> bool {
    let mut reader = ReaderBuilder::new().from_reader(line);
    reader.byte_headers().is_ok_and(|header| Columns::of(header, fields).is_some())
}

/// Tells that a row has no end; other errors are not about the input.
fn report_endless(error: csv::Error, name: &str, line: u64, console: &Console) -> io::Result<()> {
    match error.into_kind() {
        ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<Endless>()) => {
            console.error(format_args!(
                "{name}: the row in line {line} does not end within 1 MiB: is a quote not closed? \
                 The rest of this file is lost, what came before it was used"
            ));
            Ok(())
        }
        ErrorKind::Io(error) => Err(error),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// A row is longer than it may be.
#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row does not end")
    }
}

impl Error for Endless {}

/// A reader that fails when too much is read for one row.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(Endless));
        }
        let length = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(length);
        Ok(length)
    }
}
