//! A file to which alerts are appended, a line each. Its name may hold a date,
//! so that every day or month of the log has a file of its own.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use jiff::fmt::strtime;

use super::{AlertLine, MOST_WAITING, whole_lines};
use crate::console::Console;
use crate::text::count;

/// The parts of a time that a name may hold, as date(1) has them.
const DIRECTIVES: &str = "YymdFjGVuaAbBHIpMSTs";

/// Time between two tries to append what waits.
const PAUSE: Duration = Duration::from_secs(1);

/// The file of the alerts of now.
#[derive(Debug)]
pub(super) struct AlertFile {
    pattern: String,
    open: Option<(PathBuf, File)>,
    /// Alerts that could not be appended yet.
    waiting: VecDeque<Line>,
    waiting_bytes: usize,
    /// Alerts for which there was no room to wait.
    lost: u64,
    trouble: Option<Trouble>,
}

/// An alert that waits.
#[derive(Debug)]
struct Line {
    millis: i64,
    text: Vec<u8>,
}

/// Why alerts cannot be appended.
#[derive(Debug)]
struct Trouble {
    reason: String,
    is_told: bool,
    tried: Instant,
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
        let file = AlertFile {
            pattern: pattern.to_owned(),
            open: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lost: 0,
            trouble: None,
        };
        check(&file.pattern)?;
        file.path(0)?;
        if let Some(directory) = file.directory() {
            if !directory.exists() {
                bail!("{shown}: there is no such directory to put it in");
            }
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

    /// Appends an alert to the file of its time. Should that fail, it waits
    /// until it can be.
    pub(super) fn append(&mut self, alert: &AlertLine<'_>) {
        let line = Line { millis: alert.millis, text: [alert.json, "\n"].concat().into_bytes() };
        if self.waiting_bytes + line.text.len() > MOST_WAITING {
            self.lost += 1;
            return;
        }
        self.waiting_bytes += line.text.len();
        self.waiting.push_back(line);
        if self.trouble.is_none() {
            self.append_waiting();
        }
    }

    /// Tries again, some time after it failed, and tells what went wrong, once
    /// until it goes well again.
    pub(super) fn tend(&mut self, console: &Console) {
        let Some(trouble) = &self.trouble else { return };
        if trouble.is_told && trouble.tried.elapsed() < PAUSE {
            return;
        }
        let (waiting, is_told) = (self.waiting.len() as u64, trouble.is_told);
        self.append_waiting();
        match &mut self.trouble {
            None if is_told => console.note(format_args!(
                "--append: {} appended that had to wait",
                count(waiting, "alert was", "alerts were")
            )),
            Some(trouble) if !is_told => {
                trouble.is_told = true;
                console.trouble(format_args!(
                    "--append: {}; alerts wait until it can be, and no state is saved before",
                    trouble.reason
                ));
            }
            _ => {}
        }
    }

    /// Whether all alerts are on disk now.
    pub(super) fn is_settled(&mut self) -> bool {
        if self.trouble.is_some() {
            return false;
        }
        let Some((path, file)) = &self.open else { return true };
        match file.sync_data() {
            Ok(()) => true,
            // A pipe or a device has nothing to bring to disk.
            Err(_) if !file.metadata().is_ok_and(|it| it.is_file()) => true,
            Err(error) => {
                let reason = format!("{}: cannot be written: {error}", path.display());
                self.trouble = Some(Trouble { reason, is_told: false, tried: Instant::now() });
                false
            }
        }
    }

    /// Appends what waits, as far as that can be done.
    fn append_waiting(&mut self) {
        let is_told = self.trouble.take().is_some_and(|trouble| trouble.is_told);
        while let Some(line) = self.waiting.pop_front() {
            if let Err(error) = self.write(&line) {
                self.waiting.push_front(line);
                let reason = format!("{error:#}");
                self.trouble = Some(Trouble { reason, is_told, tried: Instant::now() });
                return;
            }
            self.waiting_bytes -= line.text.len();
        }
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        let path = self.path(line.millis)?;
        let mut file = match self.open.take() {
            Some((open, file)) if open == path => file,
            _ => whole_lines::open(&path)
                .with_context(|| format!("{}: cannot be opened for appending", path.display()))?,
        };
        whole_lines::append(&mut file, &line.text)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
        self.open = Some((path, file));
        Ok(())
    }

    fn path(&self, millis: i64) -> Result<PathBuf> {
        // Names of days end with the year 9999; later alerts go to the last of them.
        let nearest = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let time = Timestamp::from_millisecond(millis).unwrap_or(nearest);
        Ok(strtime::format(&self.pattern, time).with_context(|| self.pattern.clone())?.into())
    }

    /// Tries a last time, and tells what could not be appended; whether all was.
    pub(super) fn finish(mut self, console: &Console) -> bool {
        self.append_waiting();
        let failed = self.waiting.len() as u64 + self.lost;
        let reason = self.trouble.map_or_else(
            || "there was no room any more for those that had to wait".to_owned(),
            |trouble| trouble.reason,
        );
        if failed > 0 {
            console.error(format_args!(
                "--append: {} not appended: {reason}",
                count(failed, "alert was", "alerts were")
            ));
        }
        failed == 0
    }
}

/// Checks that a name has no part of a time but those that are known.
///
/// # Errors
///
/// If it has.
fn check(pattern: &str) -> Result<()> {
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            continue;
        }
        let directive = chars.next();
        if directive != Some('%') && !directive.is_some_and(|it| DIRECTIVES.contains(it)) {
            let found = directive.map_or(String::new(), String::from);
            let known: Vec<String> = DIRECTIVES.chars().map(|it| format!("%{it}")).collect();
            bail!(
                "{pattern}: `%{found}` is no part of a date that is known here, such as %Y-%m-%d; \
                 there are {}, and `%%` for `%` itself",
                known.join(" ")
            );
        }
    }
    Ok(())
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
            file.append(&AlertLine { json, millis, name: "" });
        }
        assert!(file.is_settled());
        assert_eq!(read_to_string(at("a-2026-06-01")).unwrap(), "old\n{1}\n{2}\n");
        assert_eq!(read_to_string(at("a-2026-06-02")).unwrap(), "{3}\n");
    }

    #[test]
    fn an_alert_of_the_last_day_that_can_be_written_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = AlertFile::new(&directory.path().join("a-%Y")).unwrap();
        // By `date -u -d @253402300799`, 9999-12-31T23:59:59, and a quarter of an hour later.
        for millis in [253_402_300_799_000, 253_402_301_699_000] {
            file.append(&AlertLine { json: "{}", millis, name: "" });
        }
        assert!(file.is_settled());
        let text = read_to_string(directory.path().join("a-9999")).unwrap();
        assert_eq!(text, "{}\n{}\n");
    }

    #[test]
    fn what_cannot_work_is_refused_before_there_is_an_alert() {
        for wrong in ["alerts-%", "alerts-%Q", "alerts-%-d", "alerts-%D", "alerts-%é", "%%%"] {
            let error = AlertFile::new(Path::new(wrong)).unwrap_err().to_string();
            assert!(error.contains("there are %Y %y %m %d "), "{error}");
        }
        let all: String = DIRECTIVES.chars().map(|it| format!("-%{it}")).collect();
        assert!(AlertFile::new(Path::new(&(all + "%%"))).is_ok());
        let error = AlertFile::new(Path::new("/nonexistent/alerts")).unwrap_err();
        assert!(error.to_string().ends_with("no such directory to put it in"), "{error}");
        assert!(AlertFile::new(Path::new("alerts-%Y")).is_ok());
    }

    #[test]
    fn what_fails_waits_until_it_can_be_appended() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = AlertFile::new(&directory.path().join("%Y/alerts")).unwrap();
        for json in ["{1}", "{2}"] {
            file.append(&AlertLine { json, millis: 0, name: "" });
        }
        assert_eq!((file.waiting.len(), file.is_settled()), (2, false));
        let reason = &file.trouble.as_ref().unwrap().reason;
        assert!(
            reason.contains("1970/alerts: cannot be opened for appending: No such"),
            "{reason}"
        );
        std::fs::create_dir(directory.path().join("1970")).unwrap();
        file.append(&AlertLine { json: "{3}", millis: 0, name: "" });
        file.tend(&Console::silent());
        assert!(file.is_settled());
        let text = read_to_string(directory.path().join("1970/alerts")).unwrap();
        assert_eq!(text, "{1}\n{2}\n{3}\n");
    }

    #[test]
    fn what_waits_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = AlertFile::new(&directory.path().join("%Y/alerts")).unwrap();
        let json = &"x".repeat(MOST_WAITING / 4);
        for _ in 0..5 {
            file.append(&AlertLine { json, millis: 0, name: "" });
        }
        assert_eq!((file.waiting.len(), file.lost), (3, 2));
        assert!(file.waiting_bytes <= MOST_WAITING);
        assert!(!file.finish(&Console::silent()));
    }
}
