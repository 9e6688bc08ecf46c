//! Alerts being written, and counts of what they came from.

use std::io;

use anyhow::Result;
use rareport::alert::Alert;
use rareport::results::BucketResults;

use crate::alert::AlertRow;
use crate::console::Console;
use crate::output::RowWriter;
use crate::sink::{AlertLine, Sinks};

/// Writes alerts as they are given.
pub(super) struct Alerts {
    out: RowWriter,
    sinks: Sinks,
    pub(super) found: u64,
    /// Alerts of a model that had learned too little to be relied on.
    pub(super) immature: u64,
    /// Buckets that were closed.
    pub(super) buckets: u64,
    /// Start and end of the last of them, in milliseconds since 1970.
    pub(super) last: Option<(i64, i64)>,
}

impl Alerts {
    pub(super) fn new(out: RowWriter, sinks: Sinks) -> Alerts {
        Alerts { out, sinks, found: 0, immature: 0, buckets: 0, last: None }
    }

    /// Counts a closed bucket.
    pub(super) fn count(&mut self, closed: &BucketResults) {
        self.buckets += 1;
        let start = closed.bucket.timestamp;
        self.last = Some((start, start + i64::from(closed.bucket.bucket_span) * 1000));
    }

    /// Writes alerts in their order.
    pub(super) fn write(&mut self, alerts: &[Alert]) -> Result<()> {
        for alert in alerts {
            self.out.write(&AlertRow(alert))?;
            if !self.sinks.is_empty() {
                let json = &serde_json::to_vec(alert)?;
                self.sinks.alert(&AlertLine { json, millis: alert.time, name: &alert.id() });
            }
            self.found += 1;
            let explanation = alert.record.explanation.as_ref();
            self.immature += u64::from(explanation.is_some_and(|it| it.immature));
        }
        if !alerts.is_empty() {
            self.out.flush_lines()?;
        }
        Ok(())
    }

    /// Hands over what is not written yet, and waits for the commands.
    pub(super) fn finish(&mut self, console: &Console) -> io::Result<()> {
        self.out.flush()?;
        self.sinks.finish(console);
        Ok(())
    }

    /// Keeps what was written.
    pub(super) fn keep(self) -> Result<()> {
        self.out.keep()
    }
}
