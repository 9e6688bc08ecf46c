//! Where alerts go besides stdout: a file that grows, and a command that is
//! run for each. What an alert is and how it is written is not known here; a
//! sink takes a JSON document and the time that it is about.

mod attempt;
mod exec;
mod file;
mod owed;
mod whole_lines;

use anyhow::Result;

use self::exec::Exec;
use self::file::AlertFile;
pub(crate) use self::owed::Owed;
use crate::args::SinkArgs;
use crate::console::Console;

/// Bytes of alerts that may wait until a sink takes them.
const MOST_WAITING: usize = 16 << 20;

/// An alert as sinks take it.
pub(crate) struct AlertLine<'a> {
    /// The document, a line of JSON without its end.
    pub(crate) json: &'a str,
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
    /// Makes the sinks ready. What earlier runs owe the command is given to it
    /// first.
    ///
    /// # Errors
    ///
    /// If no file can be made where alerts are to be appended, or its name is no
    /// pattern of times.
    pub(crate) fn open(args: &SinkArgs, owed: Vec<Owed>) -> Result<Sinks> {
        Ok(Sinks {
            file: args.append.as_deref().map(AlertFile::new).transpose()?,
            exec: args.exec.as_deref().map(|command| Exec::new(command, args.exec_jobs, owed)),
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

    /// Tries again what failed, some time after it did, and tells of it. To be
    /// called often.
    pub(crate) fn tend(&mut self, console: &Console) {
        if let Some(file) = &mut self.file {
            file.tend(console);
        }
        if let Some(exec) = &mut self.exec {
            exec.tend(console);
        }
    }

    /// The alerts that the command is still owed; `None` without a command.
    pub(crate) fn owed(&self) -> Option<Vec<Owed>> {
        self.exec.as_ref().map(Exec::owed)
    }

    /// Whether the command is owed others now than when this was asked last.
    pub(crate) fn take_change(&self) -> bool {
        self.exec.as_ref().is_some_and(Exec::take_change)
    }

    /// Whether all alerts that are to be appended are on disk now.
    pub(crate) fn is_settled(&mut self) -> bool {
        self.file.as_mut().is_none_or(AlertFile::is_settled)
    }

    /// Waits for all commands and tells what failed. `is_kept` says whether the
    /// next run is given what is left.
    pub(crate) fn finish(&mut self, is_kept: bool, console: &Console) -> Left {
        Left {
            is_appended: self.file.take().is_none_or(|file| file.finish(console)),
            owed: self.exec.take().map(|exec| exec.finish(is_kept, console)),
        }
    }
}

/// What sinks could not be given.
#[derive(Debug)]
pub(crate) struct Left {
    /// Whether all alerts were appended that are to be.
    pub(crate) is_appended: bool,
    /// The alerts that the command is still owed; `None` without a command.
    pub(crate) owed: Option<Vec<Owed>>,
}
