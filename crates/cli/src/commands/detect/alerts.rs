//! Alerts being written, and counts of what they came from.
//!
//! Who reads stdout may go when they have enough. Where alerts go elsewhere too,
//! that is no reason to end.

use std::io;

use anyhow::Result;
use rareport::alert::Alert;
use rareport::results::Bucket;

use super::history::History;
use crate::alert::AlertRow;
use crate::console::Console;
use crate::daemon::LastAlert;
use crate::feeding::end_of;
use crate::output::RowWriter;
use crate::sink::{AlertLine, Sinks};

/// Writes alerts as they are given.
pub(super) struct Alerts {
    /// `None` when nobody reads it any more.
    out: Option<RowWriter>,
    sinks: Sinks,
    /// Whether all alerts were appended that are to be, in the end.
    is_appended: bool,
    history: Option<History>,
    /// Whether a table is to show details.
    with_details: bool,
    pub(super) found: u64,
    /// The last of them.
    pub(super) latest: Option<LastAlert>,
    /// Alerts of a model that had learned too little to be relied on.
    pub(super) immature: u64,
    /// Buckets that were closed.
    pub(super) buckets: u64,
    /// Of these, buckets that were learned only.
    pub(super) background: u64,
    /// Start and end of the last of them, in milliseconds since 1970.
    pub(super) last: Option<(i64, i64)>,
}

impl Alerts {
    pub(super) fn new(
        out: RowWriter,
        sinks: Sinks,
        history: Option<History>,
        with_details: bool,
    ) -> Alerts {
        Alerts {
            out: Some(out),
            sinks,
            is_appended: true,
            history,
            with_details,
            found: 0,
            latest: None,
            immature: 0,
            buckets: 0,
            background: 0,
            last: None,
        }
    }

    /// Counts a closed bucket, which may be one that is learned only.
    pub(super) fn count(&mut self, bucket: &Bucket, is_background: bool) {
        self.buckets += 1;
        self.background += u64::from(is_background);
        self.last = Some((bucket.timestamp, end_of(bucket)));
    }

    /// Notes that a value was seen, for the history that is shown with alerts.
    pub(super) fn seen(&mut self, value: &[u8], millis: i64) {
        if let Some(history) = &mut self.history {
            history.note(value, millis);
        }
    }

    /// Writes alerts in their order.
    pub(super) fn write(&mut self, alerts: &[Alert]) -> Result<()> {
        for alert in alerts {
            let history = self.history.as_ref();
            let history = history.map_or(String::new(), |it| it.line(alert.record.value()));
            let with_details = self.with_details;
            self.show(|out| out.write(&AlertRow { alert, history: &history, with_details }))?;
            if !self.sinks.is_empty() {
                let json = &serde_json::to_vec(alert)?;
                self.sinks.alert(&AlertLine { json, millis: alert.time, name: &alert.id() });
            }
            self.found += 1;
            let explanation = alert.record.explanation.as_ref();
            self.immature += u64::from(explanation.is_some_and(|it| it.immature));
        }
        if let Some(last) = alerts.last() {
            self.latest = Some(LastAlert::of(last));
            self.show(RowWriter::flush_lines)?;
        }
        Ok(())
    }

    /// Hands over what is not written yet; whether all alerts are handed over.
    pub(super) fn hand_over(&mut self) -> io::Result<bool> {
        self.show(RowWriter::flush)?;
        Ok(self.sinks.is_settled())
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

    /// Hands over what is not written yet, and waits for the commands.
    pub(super) fn finish(&mut self, console: &Console) -> io::Result<()> {
        self.show(RowWriter::flush)?;
        self.is_appended = self.sinks.finish(console);
        Ok(())
    }

    /// Keeps what was written; whether all alerts were handed over.
    pub(super) fn keep(self) -> Result<bool> {
        self.out.map_or(Ok(()), RowWriter::keep)?;
        Ok(self.is_appended)
    }
}
