//! Rows in the shape that was asked for.

use std::io::{self, Write};

use anyhow::Result;
use serde::Serialize;

use super::Shape;
use super::csv::CsvWriter;
use super::destination::Destination;
use super::json::JsonBuffer;
use super::ndjson::NdjsonWriter;
use super::table::{Column, TableWriter};

/// Something that can be shown in every shape.
pub(crate) trait Row {
    /// The cells of its row in a table.
    fn table_cells(&self) -> Vec<String>;

    /// Whole lines that a table shows below its rows, if there are any.
    fn details(&self) -> Option<String> {
        None
    }

    /// Adds the cells of its row in a CSV.
    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()>;

    /// Writes its document as a member.
    fn json(&self, json: &mut JsonBuffer) -> io::Result<()>;
}

/// Writes rows.
#[derive(Debug)]
pub(crate) struct RowWriter<W: Write = Destination> {
    out: Writer<W>,
    to_terminal: bool,
}

/// The writer of a shape.
#[derive(Debug)]
enum Writer<W: Write> {
    Table(TableWriter<W>),
    Ndjson(NdjsonWriter<W>),
    Csv(CsvWriter<W>),
}

/// What stands above the rows of a shape that has no table's alignment.
pub(crate) fn header(shape: Shape, csv: &[&str]) -> io::Result<Vec<u8>> {
    match shape {
        Shape::Table | Shape::Ndjson => Ok(Vec::new()),
        Shape::Csv => CsvWriter::new(Vec::new(), csv)?.into_inner(),
    }
}

impl RowWriter<Vec<u8>> {
    /// A writer of rows without anything above them, which become bytes; rows of
    /// a table cannot be aligned so.
    pub(crate) fn in_memory(bytes: Vec<u8>, shape: Shape) -> RowWriter<Vec<u8>> {
        let out = match shape {
            Shape::Table => Writer::Table(TableWriter::new(bytes, &[])),
            Shape::Ndjson => Writer::Ndjson(NdjsonWriter::new(bytes)),
            Shape::Csv => Writer::Csv(CsvWriter::headless(bytes)),
        };
        RowWriter { out, to_terminal: false }
    }

    /// The bytes.
    pub(crate) fn into_bytes(mut self) -> io::Result<Vec<u8>> {
        self.flush()?;
        match self.out {
            Writer::Table(out) => Ok(out.into_inner()),
            Writer::Ndjson(out) => Ok(out.into_inner()),
            Writer::Csv(out) => out.into_inner(),
        }
    }
}

impl RowWriter {
    /// A writer of rows that have these columns in a table and in a CSV.
    pub(crate) fn new(
        out: Destination,
        shape: Shape,
        table: &[Column],
        csv: &[&str],
    ) -> io::Result<RowWriter> {
        let to_terminal = out.is_terminal();
        let out = match shape {
            Shape::Table => Writer::Table(TableWriter::new(out, table)),
            Shape::Ndjson => Writer::Ndjson(NdjsonWriter::new(out)),
            Shape::Csv => Writer::Csv(CsvWriter::new(out, csv)?),
        };
        Ok(RowWriter { out, to_terminal })
    }

    /// Writes everything that is not written yet and keeps it, as there is no
    /// more.
    ///
    /// # Errors
    ///
    /// If that cannot be done. A file is not kept then.
    pub(crate) fn keep(mut self) -> Result<()> {
        self.flush()?;
        match self.out {
            Writer::Table(out) => out.into_inner(),
            Writer::Ndjson(out) => out.into_inner(),
            Writer::Csv(out) => out.into_inner()?,
        }
        .keep()
    }
}

impl<W: Write> RowWriter<W> {
    /// Adds a row.
    pub(crate) fn write(&mut self, row: &impl Row) -> io::Result<()> {
        match &mut self.out {
            Writer::Table(out) => out.row_with(row.table_cells(), row.details()),
            Writer::Ndjson(out) => out.write_with(|json| row.json(json)),
            Writer::Csv(out) => {
                row.csv_cells(out)?;
                out.end_row()
            }
        }
    }

    /// Adds a document for which only NDJSON has room; in other shapes it is
    /// left out.
    pub(crate) fn write_document(&mut self, document: &impl Serialize) -> io::Result<()> {
        match &mut self.out {
            Writer::Ndjson(out) => out.write(document),
            Writer::Table(_) | Writer::Csv(_) => Ok(()),
        }
    }

    /// Hands over what was written so far to whoever waits for it, but for a
    /// table, whose columns are still to be aligned.
    pub(crate) fn flush_lines(&mut self) -> io::Result<()> {
        match self.out {
            Writer::Table(_) => Ok(()),
            Writer::Ndjson(_) | Writer::Csv(_) => self.flush(),
        }
    }

    /// Hands over what was written so far before the input is waited for. A
    /// table that no terminal shows is still aligned in batches, so that its
    /// bytes do not depend on when the input came.
    pub(crate) fn flush_before_waiting(&mut self) -> io::Result<()> {
        match self.out {
            Writer::Table(_) if !self.to_terminal => Ok(()),
            _ => self.flush(),
        }
    }

    /// Writes everything that is not written yet.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Writer::Table(out) => out.flush(),
            Writer::Ndjson(out) => out.flush(),
            Writer::Csv(out) => out.flush(),
        }
    }
}
