//! What became of the rows of NDJSON and CSV, and the closing summary of it.

use crate::console::Console;
use crate::text::{count, grouped};

/// Why a row cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadRow {
    /// It is no JSON object, or more than one.
    NotJson,
    /// It has more or fewer cells than the header.
    Ragged,
    /// It is longer than [`super::LONGEST_ROW`].
    TooLong,
    /// It has a value longer than [`super::LONGEST_VALUE`].
    LongValue,
    /// It has no time.
    NoTime,
    /// Its time cannot be read.
    UnreadableTime,
}

impl BadRow {
    /// Every reason, with what is said of the rows.
    const ALL: [(BadRow, &'static str); 6] = [
        (BadRow::NotJson, "not one whole JSON object"),
        (BadRow::Ragged, "with more or fewer cells than the header"),
        (BadRow::TooLong, "longer than 1 MiB"),
        (BadRow::LongValue, "with a value longer than 1,024 bytes"),
        (BadRow::NoTime, "without a time"),
        (
            BadRow::UnreadableTime,
            "with a time that is not RFC 3339, nor seconds or milliseconds since 1970, or not what \
             time_format of the job says",
        ),
    ];
}

/// Rows that cannot be used for one reason.
#[derive(Clone, Debug)]
struct Bad {
    rows: u64,
    /// Where the first of them is.
    first: String,
}

/// Counts over all files of rows.
#[derive(Debug, Default)]
pub(crate) struct RowTotals {
    files: u64,
    rows: u64,
    wanted: u64,
    /// Whether the wanted range leaves any time out.
    bounded: bool,
    bad: [Option<Bad>; BadRow::ALL.len()],
}

impl RowTotals {
    /// Counts a file that can be read.
    pub(super) fn file(&mut self) {
        self.files += 1;
    }

    /// Counts a row that can be read, and whether it is in the wanted range of
    /// time.
    pub(super) fn row(&mut self, wanted: bool) {
        self.rows += 1;
        self.wanted += u64::from(wanted);
    }

    /// Counts a row that cannot be used.
    pub(super) fn bad(&mut self, reason: BadRow, file: &str, line: u64) {
        self.rows += 1;
        let bad = self.bad[reason as usize]
            .get_or_insert_with(|| Bad { rows: 0, first: format!("line {line} of {file}") });
        bad.rows += 1;
    }

    /// Rows that could be read, and those of them that cannot be used.
    pub(super) fn rows_and_bad(&self) -> (u64, u64) {
        (self.rows, self.bad.iter().flatten().map(|bad| bad.rows).sum())
    }

    /// Whether any file could be read.
    pub(super) fn has_file(&self) -> bool {
        self.files > 0
    }

    /// Whether there were rows, and none that could be used.
    pub(super) fn all_bad(&self) -> bool {
        let (rows, bad) = self.rows_and_bad();
        rows > 0 && bad == rows
    }

    /// Notes that the wanted range of time leaves something out.
    pub(super) fn bounded(&mut self) {
        self.bounded = true;
    }

    /// Tells what was read and what of it could not be used.
    pub(crate) fn report(&self, console: &Console) {
        if self.files == 0 {
            return;
        }
        let (rows, files) = (count(self.rows, "row", "rows"), count(self.files, "file", "files"));
        if self.bounded {
            let wanted = grouped(self.wanted);
            console.detail(format_args!(
                "{rows} in {files}, {wanted} of them in the wanted range of time"
            ));
        } else {
            console.detail(format_args!("{rows} in {files}"));
        }
        for (reason, words) in BadRow::ALL {
            if let Some(bad) = &self.bad[reason as usize] {
                console.warn(format_args!(
                    "{} skipped: {words}; the first is {}",
                    count(bad.rows, "row", "rows"),
                    bad.first
                ));
            }
        }
    }
}
