//! Aligned columns for reading.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::text::Inert;

/// Rows that are aligned together before they are written.
const BATCH: usize = 200;

/// Widest cell in characters; longer text is cut and ends in an ellipsis.
const WIDEST: usize = 60;

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Heading.
    pub(crate) title: Cow<'static, str>,
    /// Whether it holds numbers, which are aligned to the right.
    pub(crate) number: bool,
}

impl Column {
    /// A column of text.
    pub(crate) const fn text(title: &'static str) -> Column {
        Column { title: Cow::Borrowed(title), number: false }
    }

    /// A column of numbers.
    pub(crate) const fn number(title: &'static str) -> Column {
        Column { title: Cow::Borrowed(title), number: true }
    }

    /// A column of the values of a field.
    pub(crate) fn of_field(name: &str) -> Column {
        Column { title: Cow::Owned(name.to_uppercase()), number: false }
    }
}

/// Writes rows in aligned columns, in batches: a column that was once wide
/// stays so.
#[derive(Debug)]
pub(crate) struct TableWriter<W> {
    out: W,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// What stands below the rows that are not written yet.
    details: String,
    widths: Vec<u16>,
    begun: bool,
}

impl<W: Write> TableWriter<W> {
    /// A writer to `out` of rows with these columns.
    pub(crate) fn new(out: W, columns: &[Column]) -> TableWriter<W> {
        TableWriter {
            out,
            columns: columns.to_vec(),
            rows: Vec::new(),
            details: String::new(),
            widths: Vec::new(),
            begun: false,
        }
    }

    /// Adds a row of one cell for each column. Cells may hold anything; they
    /// are made inert.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
        self.row_with(cells, None)
    }

    /// Adds a row, and whole lines that are to stand below it and those that
    /// are written with it.
    pub(crate) fn row_with(
        &mut self,
        cells: impl IntoIterator<Item = String>,
        details: Option<String>,
    ) -> io::Result<()> {
        self.details.extend(details);
        self.rows.push(cells.into_iter().map(|cell| shorten(&cell)).collect());
        if self.rows.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes the rows gathered so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if !self.begun {
            table.set_header(self.columns.iter().map(|column| shorten(&column.title)));
        }
        table.add_rows(self.rows.drain(..));
        self.lay_out(&mut table);
        self.widths = table.column_max_content_widths();
        self.begun = true;
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.out.write_all(self.details.as_bytes())?;
        self.details.clear();
        self.out.flush()
    }

    /// What was written to; rows that were not written yet are lost.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }

    fn lay_out(&self, table: &mut Table) {
        for (index, column) in self.columns.iter().enumerate() {
            let Some(cells) = table.column_mut(index) else {
                continue;
            };
            let left = if index == 0 { 0 } else { 1 };
            cells.set_padding((left, 1));
            if column.number {
                cells.set_cell_alignment(CellAlignment::Right);
            }
            if let Some(&width) = self.widths.get(index) {
                let width = Width::Fixed(width + left + 1);
                cells.set_constraint(ColumnConstraint::LowerBoundary(width));
            }
        }
    }
}

/// A cell as it is shown.
fn shorten(cell: &str) -> String {
    let shown = Inert(cell.as_bytes()).to_string();
    match shown.char_indices().nth(WIDEST) {
        None => shown,
        Some(_) => {
            let kept: String = shown.chars().take(WIDEST - 1).collect();
            format!("{kept}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::text("NAME"), Column::number("PORT"), Column::text("END")];

    fn table(rows: &[[&str; 3]]) -> String {
        let mut out = Vec::new();
        let mut writer = TableWriter::new(&mut out, COLUMNS);
        for row in rows {
            writer.row(row.map(str::to_owned)).unwrap();
        }
        writer.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned() {
        assert_eq!(
            table(&[["nc", "4444", "x"], ["python3", "53", "y"]]),
            "NAME     PORT  END\nnc       4444  x\npython3    53  y\n"
        );
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn batches_keep_their_widths() {
        let mut rows = vec![["a-long-name", "1", "x"]; BATCH];
        rows.push(["b", "2", "y"]);
        let text = table(&rows);
        assert_eq!(text.lines().count(), 1 + BATCH + 1);
        assert_eq!(text.lines().last().unwrap(), "b               2  y");
        assert_eq!(text.matches("NAME").count(), 1);
    }

    #[test]
    fn cells_can_do_nothing() {
        let text = table(&[["\x1b[31mred\nnext", "1", "\u{202e}"]]);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("\\x1b[31mred\\x0anext") && text.contains("\\xe2\\x80\\xae"));
        assert!(
            table(&[[&"x".repeat(500), "1", ""]]).lines().all(|line| line.chars().count() < 80)
        );
    }
}
