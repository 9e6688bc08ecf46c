//! A file to which alerts are appended, a line each. Its name may hold a date,
//! so that every day or month of the log has a file of its own.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::fmt::strtime;

/// The file of the alerts of now.
#[derive(Debug)]
pub(super) struct AlertFile {
    pattern: String,
    open: Option<(PathBuf, File)>,
}

impl AlertFile {
    /// A file whose name is a pattern in the manner of `date +FORMAT`.
    ///
    /// # Errors
    ///
    /// If the pattern is none, or the file of the year 1970 could not be
    /// named by it.
    pub(super) fn new(pattern: &Path) -> Result<AlertFile> {
        let shown = pattern.display();
        let pattern = pattern.to_str().with_context(|| format!("{shown}: the name is no UTF-8"))?;
        let file = AlertFile { pattern: pattern.to_owned(), open: None };
        file.path(0)?;
        Ok(file)
    }

    /// Appends a line, and a newline, to the file of this time, in milliseconds
    /// since 1970.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened or written.
    pub(super) fn append(&mut self, line: &[u8], millis: i64) -> Result<()> {
        let path = self.path(millis)?;
        let mut file = match self.open.take() {
            Some((open, file)) if open == path => file,
            _ => {
                OpenOptions::new().append(true).create(true).open(&path).with_context(|| {
                    format!("{}: cannot be opened for appending", path.display())
                })?
            }
        };
        // In one piece, so that others who append or read see whole lines.
        let whole = [line, b"\n"].concat();
        file.write_all(&whole).with_context(|| format!("{}: cannot be written", path.display()))?;
        self.open = Some((path, file));
        Ok(())
    }

    fn path(&self, millis: i64) -> Result<PathBuf> {
        let time = Timestamp::from_millisecond(millis)?;
        let name = strtime::format(&self.pattern, time).with_context(|| {
            format!(
                "{}: `%` stands for a part of the date, as in %Y-%m-%d; `%%` for itself",
                self.pattern
            )
        })?;
        Ok(name.into())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::read_to_string;

    use super::*;

    #[test]
    fn every_day_has_its_file_and_keeps_what_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("a-2026-06-01"), "old\n").unwrap();
        let mut file = AlertFile::new(&at("a-%Y-%m-%d")).unwrap();
        // 2026-06-01T23:45:00Z and, by `date -u -d @1780359300`, a day's turn later.
        file.append(b"{1}", 1_780_357_500_000).unwrap();
        file.append(b"{2}", 1_780_358_399_999).unwrap();
        file.append(b"{3}", 1_780_358_400_000).unwrap();
        assert_eq!(read_to_string(at("a-2026-06-01")).unwrap(), "old\n{1}\n{2}\n");
        assert_eq!(read_to_string(at("a-2026-06-02")).unwrap(), "{3}\n");
    }

    #[test]
    fn a_name_that_is_no_pattern_is_refused() {
        let error = AlertFile::new(Path::new("alerts-%")).unwrap_err();
        assert!(error.to_string().contains("`%%` for itself"), "{error}");
        let directory = tempfile::tempdir().unwrap();
        let mut file = AlertFile::new(&directory.path().join("100%%/alerts")).unwrap();
        let error = file.append(b"{}", 0).unwrap_err().to_string();
        assert!(error.contains("100%/alerts: cannot be opened"), "{error}");
    }
}
