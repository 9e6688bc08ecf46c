//! Data on stdout or in a file: one writer for each shape.
//!
//! What is written is decided elsewhere; a writer knows its shape only.

mod csv;
mod destination;
mod json;
mod ndjson;
mod rows;
mod table;

pub(crate) use self::csv::CsvWriter;
pub(crate) use self::destination::Destination;
pub(crate) use json::JsonBuffer;
pub(crate) use ndjson::NdjsonWriter;
pub(crate) use rows::{Row, RowWriter, header};
pub(crate) use table::{Column, TableWriter};

use crate::args::Format;

/// A shape of data, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Aligned columns.
    Table,
    /// One JSON document a line.
    Ndjson,
    /// Comma-separated values.
    Csv,
}

impl Shape {
    /// The shape that the command line asks for, of what goes to `destination`.
    pub(crate) fn of(format: Format, destination: &Destination) -> Shape {
        match format {
            Format::Auto if destination.is_terminal() => Shape::Table,
            Format::Auto | Format::Ndjson => Shape::Ndjson,
            Format::Table => Shape::Table,
            Format::Csv => Shape::Csv,
        }
    }
}
