//! Alerts of all jobs being written, in order of time.
//!
//! Who reads stdout may go when they have enough. Where alerts go elsewhere too,
//! that is no reason to end.

use std::io;

use anyhow::Result;

use super::judge::Due;
use crate::alert::{AlertRow, Shown};
use crate::console::Console;
use crate::daemon::LastAlert;
use crate::output::RowWriter;
use crate::sink::{AlertLine, Left, Owed, Sinks};

/// Writes alerts as they are given.
pub(super) struct Alerts {
    /// `None` when nobody reads it any more.
    out: Option<RowWriter>,
    sinks: Sinks,
    /// The exceptions that a table with details has shown; `None` without details.
    shown: Option<Shown>,
    /// Whether all are about ports.
    is_of_ports: bool,
    pub(super) found: u64,
    /// The last of them.
    pub(super) latest: Option<LastAlert>,
}

impl Alerts {
    pub(super) fn new(
        out: RowWriter,
        sinks: Sinks,
        with_details: bool,
        is_of_ports: bool,
    ) -> Alerts {
        Alerts {
            out: Some(out),
            sinks,
            shown: with_details.then(Shown::default),
            is_of_ports,
            found: 0,
            latest: None,
        }
    }

    /// Writes alerts that are due, in order of time; those of the same time in the
    /// order of their jobs.
    pub(super) fn write(&mut self, mut due: Vec<Due>) -> Result<()> {
        due.sort_by_key(|due| due.alert.time);
        for Due { alert, history } in &due {
            let is_of_ports = self.is_of_ports;
            let details = self.shown.as_mut().map(|shown| shown.next(alert));
            self.show(|out| out.write(&AlertRow { alert, history, details, is_of_ports }))?;
            if !self.sinks.is_empty() {
                let json = &serde_json::to_string(alert)?;
                self.sinks.alert(&AlertLine { json, millis: alert.time, name: &alert.id() });
            }
            self.found += 1;
        }
        if let Some(last) = due.last() {
            self.latest = Some(LastAlert::of(&last.alert));
            self.show(RowWriter::flush_lines)?;
        }
        Ok(())
    }

    /// Hands over what is not written yet; whether all alerts are handed over.
    pub(super) fn hand_over(&mut self) -> io::Result<bool> {
        self.show(RowWriter::flush)?;
        Ok(self.sinks.is_settled())
    }

    /// The alerts that the command of `--exec` is still owed; `None` without one.
    pub(super) fn owed(&self) -> Option<Vec<Owed>> {
        self.sinks.owed()
    }

    /// Whether the command is owed others now than when this was asked last.
    pub(super) fn take_change(&self) -> bool {
        self.sinks.take_change()
    }

    /// Tries again what could not be handed over. To be called often.
    pub(super) fn tend(&mut self, console: &Console) {
        self.sinks.tend(console);
    }

    /// Writes to stdout or the file, as long as somebody reads it.
    fn show(&mut self, write: impl FnOnce(&mut RowWriter) -> io::Result<()>) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        match write(out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !self.sinks.is_empty() => {
                self.out = None;
                Ok(())
            }
            written => written,
        }
    }

    /// Hands over what is not written yet, and waits for the commands. `is_kept`
    /// says whether the next run is given what is left.
    pub(super) fn finish(&mut self, is_kept: bool, console: &Console) -> io::Result<Left> {
        self.show(RowWriter::flush)?;
        Ok(self.sinks.finish(is_kept, console))
    }

    /// Keeps what was written.
    pub(super) fn keep(self) -> Result<()> {
        self.out.map_or(Ok(()), RowWriter::keep)
    }
}
