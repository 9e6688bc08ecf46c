//! Where alerts go besides stdout: a file that grows, and a command that is
//! run for each. What an alert is and how it is written is not known here; a
//! sink takes a JSON document and the time that it is about.

mod exec;
mod file;

use anyhow::Result;

use self::exec::Exec;
use self::file::AlertFile;
use crate::args::SinkArgs;
use crate::console::Console;

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
    /// If the file cannot be opened or its name is no pattern of times.
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

    /// Gives every sink an alert: one line of JSON, and its time in
    /// milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If the file cannot be written. What becomes of commands is told in the
    /// end.
    pub(crate) fn alert(&mut self, line: &[u8], millis: i64) -> Result<()> {
        if let Some(file) = &mut self.file {
            file.append(line, millis)?;
        }
        if let Some(exec) = &mut self.exec {
            exec.run(line);
        }
        Ok(())
    }

    /// Waits for all commands and tells which of them failed.
    pub(crate) fn finish(&mut self, console: &Console) {
        if let Some(exec) = self.exec.take() {
            exec.finish(console);
        }
    }
}
