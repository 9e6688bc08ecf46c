//! A file to which alerts are appended, a line each. Its name may hold a date,
//! so that every day or month of the log has a file of its own.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::fmt::strtime;

use super::AlertLine;
use crate::console::Console;
use crate::text::count;

/// The file of the alerts of now.
#[derive(Debug)]
pub(super) struct AlertFile {
    pattern: String,
    open: Option<(PathBuf, File)>,
    /// Alerts that could not be appended.
    failed: u64,
    /// Why the first of them could not.
    reason: Option<String>,
}

impl AlertFile {
    /// A file whose name is a pattern in the manner of `date +FORMAT`.
    ///
    /// # Errors
    ///
    /// If the pattern is none, or no file can be made in its directory.
    pub(super) fn new(pattern: &Path) -> Result<AlertFile> {
        let shown = pattern.display();
        let pattern = pattern.to_str().with_context(|| format!("{shown}: the name is no UTF-8"))?;
        let file = AlertFile { pattern: pattern.to_owned(), open: None, failed: 0, reason: None };
        file.path(0)?;
        if let Some(directory) = file.directory() {
            tempfile::tempfile_in(directory)
                .with_context(|| format!("{shown}: no file can be made in its directory"))?;
        }
        Ok(file)
    }

    /// The directory of all files; `None` if it depends on the time as well.
    fn directory(&self) -> Option<&Path> {
        let directory = Path::new(&self.pattern).parent()?;
        match directory.to_str()? {
            "" => Some(Path::new(".")),
            name => (!name.contains('%')).then_some(directory),
        }
    }

    /// Appends an alert to the file of its time. Should it fail, that is told
    /// in the end.
    pub(super) fn append(&mut self, alert: &AlertLine<'_>) {
        if let Err(error) = self.write(alert) {
            self.failed += 1;
            self.reason.get_or_insert_with(|| format!("{error:#}"));
        }
    }

    fn write(&mut self, alert: &AlertLine<'_>) -> Result<()> {
        let path = self.path(alert.millis)?;
        let mut file = match self.open.take() {
            Some((open, file)) if open == path => file,
            _ => {
                OpenOptions::new().append(true).create(true).open(&path).with_context(|| {
                    format!("{}: cannot be opened for appending", path.display())
                })?
            }
        };
        // In one piece, so that others who append or read see whole lines.
        let line = [alert.json, b"\n"].concat();
        file.write_all(&line).with_context(|| format!("{}: cannot be written", path.display()))?;
        self.open = Some((path, file));
        Ok(())
    }

    fn path(&self, millis: i64) -> Result<PathBuf> {
        // Names of days end with the year 9999; later alerts go to the last of them.
        let nearest = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let time = Timestamp::from_millisecond(millis).unwrap_or(nearest);
        let name = strtime::format(&self.pattern, time).with_context(|| {
            format!(
                "{}: `%` stands for a part of the date, as in %Y-%m-%d; `%%` for itself",
                self.pattern
            )
        })?;
        Ok(name.into())
    }

    /// Tells what could not be appended.
    pub(super) fn finish(self, console: &Console) {
        if let Some(reason) = self.reason {
            console.error(format_args!(
                "--append: {} not appended: {reason}",
                count(self.failed, "alert was", "alerts were")
            ));
        }
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
        // The last is midnight, by `date -u -d @1780358400`.
        for (json, millis) in
            [("{1}", 1_780_357_500_000), ("{2}", 1_780_358_399_999), ("{3}", 1_780_358_400_000)]
        {
            file.append(&AlertLine { json: json.as_bytes(), millis, name: "" });
        }
        assert_eq!(file.failed, 0);
        assert_eq!(read_to_string(at("a-2026-06-01")).unwrap(), "old\n{1}\n{2}\n");
        assert_eq!(read_to_string(at("a-2026-06-02")).unwrap(), "{3}\n");
    }

    #[test]
    fn an_alert_of_the_last_day_that_can_be_written_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = AlertFile::new(&directory.path().join("a-%Y")).unwrap();
        // By `date -u -d @253402300799`, 9999-12-31T23:59:59, and a quarter of an hour later.
        for millis in [253_402_300_799_000, 253_402_301_699_000] {
            file.append(&AlertLine { json: b"{}", millis, name: "" });
        }
        assert_eq!(file.failed, 0);
        let text = read_to_string(directory.path().join("a-9999")).unwrap();
        assert_eq!(text, "{}\n{}\n");
    }

    #[test]
    fn what_cannot_work_is_refused_before_there_is_an_alert() {
        let error = AlertFile::new(Path::new("alerts-%")).unwrap_err();
        assert!(error.to_string().contains("`%%` for itself"), "{error}");
        let error = AlertFile::new(Path::new("/nonexistent/alerts")).unwrap_err();
        assert!(error.to_string().contains("no file can be made"), "{error}");
        assert!(AlertFile::new(Path::new("alerts-%Y")).is_ok());
    }

    #[test]
    fn what_fails_later_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = AlertFile::new(&directory.path().join("%Y/alerts")).unwrap();
        for _ in 0..2 {
            file.append(&AlertLine { json: b"{}", millis: 0, name: "" });
        }
        assert_eq!(file.failed, 2);
        let reason = file.reason.unwrap();
        assert!(
            reason.contains("1970/alerts: cannot be opened for appending: No such"),
            "{reason}"
        );
    }
}
