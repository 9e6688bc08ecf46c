//! Rows on stdout in the shape that was asked for.

use std::io::{self, StdoutLock, Write};

use serde::Serialize;

use super::csv::CsvWriter;
use super::json::JsonBuffer;
use super::ndjson::NdjsonWriter;
use super::table::{Column, TableWriter};
use super::{Shape, to_terminal};

/// Something that can be shown in every shape.
pub(crate) trait Row {
    /// The cells of its row in a table.
    fn table_cells(&self) -> Vec<String>;

    /// Adds the cells of its row in a CSV.
    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()>;

    /// Writes its document as a member.
    fn json(&self, json: &mut JsonBuffer) -> io::Result<()>;
}

/// Writes rows to stdout.
#[derive(Debug)]
pub(crate) enum RowWriter<'a> {
    Table(TableWriter<StdoutLock<'a>>),
    Ndjson(NdjsonWriter<StdoutLock<'a>>),
    Csv(CsvWriter<StdoutLock<'a>>),
}

impl RowWriter<'_> {
    /// A writer of rows that have these columns in a table and in a CSV.
    pub(crate) fn new(shape: Shape, table: &[Column], csv: &[&str]) -> io::Result<Self> {
        let out = io::stdout().lock();
        Ok(match shape {
            Shape::Table => RowWriter::Table(TableWriter::new(out, table)),
            Shape::Ndjson => RowWriter::Ndjson(NdjsonWriter::new(out)),
            Shape::Csv => RowWriter::Csv(CsvWriter::new(out, csv)?),
        })
    }

    /// Adds a row.
    pub(crate) fn write(&mut self, row: &impl Row) -> io::Result<()> {
        match self {
            RowWriter::Table(out) => out.row(row.table_cells()),
            RowWriter::Ndjson(out) => out.write_with(|json| row.json(json)),
            RowWriter::Csv(out) => {
                row.csv_cells(out)?;
                out.end_row()
            }
        }
    }

    /// Adds a document for which only NDJSON has room; in other shapes it is
    /// left out.
    pub(crate) fn write_document(&mut self, document: &impl Serialize) -> io::Result<()> {
        match self {
            RowWriter::Ndjson(out) => out.write(document),
            RowWriter::Table(_) | RowWriter::Csv(_) => Ok(()),
        }
    }

    /// Hands over what was written so far to whoever waits for it, but for a
    /// table, whose columns are still to be aligned.
    pub(crate) fn flush_lines(&mut self) -> io::Result<()> {
        match self {
            RowWriter::Table(_) => Ok(()),
            RowWriter::Ndjson(_) | RowWriter::Csv(_) => self.flush(),
        }
    }

    /// Hands over what was written so far before the input is waited for. A
    /// table that no terminal shows is still aligned in batches, so that its
    /// bytes do not depend on when the input came.
    pub(crate) fn flush_before_waiting(&mut self) -> io::Result<()> {
        match self {
            RowWriter::Table(_) if !to_terminal() => Ok(()),
            _ => self.flush(),
        }
    }

    /// Writes everything that is not written yet.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            RowWriter::Table(out) => out.flush(),
            RowWriter::Ndjson(out) => out.flush(),
            RowWriter::Csv(out) => out.flush(),
        }
    }
}
