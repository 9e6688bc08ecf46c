//! Comma-separated values (RFC 4180) under a header line.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

/// Writes rows of the same number of cells.
#[derive(Debug)]
pub(crate) struct CsvWriter<W: Write> {
    out: Box<csv::Writer<W>>,
    cell: String,
}

impl<W: Write> CsvWriter<W> {
    /// A writer to `out`; the header line is written at once.
    pub(crate) fn new(out: W, columns: &[&str]) -> io::Result<CsvWriter<W>> {
        let mut out = Box::new(csv::Writer::from_writer(out));
        out.write_record(columns)?;
        Ok(CsvWriter { out, cell: String::new() })
    }

    /// A writer of rows alone, without a header line.
    pub(crate) fn headless(out: W) -> CsvWriter<W> {
        CsvWriter { out: Box::new(csv::Writer::from_writer(out)), cell: String::new() }
    }

    /// Adds a cell to the row; `None` is an empty cell.
    pub(crate) fn cell(&mut self, value: Option<impl fmt::Display>) -> io::Result<()> {
        self.cell.clear();
        if let Some(value) = value {
            write!(self.cell, "{value}").map_err(io::Error::other)?;
        }
        Ok(self.out.write_field(&self.cell)?)
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) -> io::Result<()> {
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    /// Writes what is still in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// What was written to, after what is still in the buffer.
    pub(crate) fn into_inner(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| error.error().kind().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        let mut writer = CsvWriter::new(&mut out, &["a", "b"]).unwrap();
        writer.cell(Some("x,\"y\"")).unwrap();
        writer.cell(None::<&str>).unwrap();
        writer.end_row().unwrap();
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(String::from_utf8(out).unwrap(), "a,b\n\"x,\"\"y\"\"\",\n");
    }
}
