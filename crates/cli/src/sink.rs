//! Where alerts go besides stdout: a file that grows, and a command that is
//! run for each. What an alert is and how it is written is not known here; a
//! sink takes a JSON document and the time that it is about.

mod exec;
mod file;
mod whole_lines;

use anyhow::Result;

use self::exec::Exec;
use self::file::AlertFile;
use crate::args::SinkArgs;
use crate::console::Console;

/// An alert as sinks take it.
pub(crate) struct AlertLine<'a> {
    /// The document, a line of JSON without its end.
    pub(crate) json: &'a [u8],
    /// Its time in milliseconds since 1970.
    pub(crate) millis: i64,
    /// What it is called where a sink tells that it failed.
    pub(crate) name: &'a str,
}

/// All sinks that the command line asks for.
pub(crate) struct Sinks {
    file: Option<AlertFile>,
    exec: Option<Exec>,
}

impl Sinks {
    /// Makes the sinks ready.
    ///
    /// # Errors
    ///
    /// If no file can be made where alerts are to be appended, or its name is no
    /// pattern of times.
    pub(crate) fn open(args: &SinkArgs) -> Result<Sinks> {
        Ok(Sinks {
            file: args.append.as_deref().map(AlertFile::new).transpose()?,
            exec: args.exec.as_deref().map(|command| Exec::new(command, args.exec_jobs)),
        })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.file.is_none() && self.exec.is_none()
    }

    /// Gives every sink an alert. What fails is told later, for no sink is to
    /// cost an alert that others would have had.
    pub(crate) fn alert(&mut self, alert: &AlertLine<'_>) {
        if let Some(file) = &mut self.file {
            file.append(alert);
        }
        if let Some(exec) = &mut self.exec {
            exec.run(alert);
        }
    }

    /// Tries again what could not be appended, some time after it failed, and
    /// tells of it. To be called often.
    pub(crate) fn tend(&mut self, console: &Console) {
        if let Some(file) = &mut self.file {
            file.tend(console);
        }
    }

    /// Whether all alerts that are to be appended are on disk now.
    pub(crate) fn is_settled(&mut self) -> bool {
        self.file.as_mut().is_none_or(AlertFile::is_settled)
    }

    /// Waits for all commands and tells what failed; whether all alerts were
    /// appended that are to be.
    pub(crate) fn finish(&mut self, console: &Console) -> bool {
        let is_appended = self.file.take().is_none_or(|file| file.finish(console));
        if let Some(exec) = self.exec.take() {
            exec.finish(console);
        }
        is_appended
    }
}
