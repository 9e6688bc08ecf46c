//! What was read, over all logs, and the closing summary of it.

use auditparse::{ConnectionKind, RecordErrorKind, Stats};

use crate::console::Console;
use crate::text::count;

/// Counts over all logs.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    lines: u64,
    records: u64,
    events: u64,
    rejected: [u64; RecordErrorKind::ALL.len()],
    late_records: u64,
    evicted: u64,
    lost_events: u64,
    connections: u64,
    connects: u64,
}

impl Totals {
    /// Adds what was read of one log.
    pub(super) fn add(&mut self, stats: &Stats) {
        self.lines += stats.lines;
        self.records += stats.records;
        self.events += stats.events.events;
        self.late_records += stats.events.late_records;
        self.evicted += stats.events.evicted;
        self.lost_events += stats.events.lost_events;
        for (sum, kind) in self.rejected.iter_mut().zip(RecordErrorKind::ALL) {
            *sum += stats.rejected.count(kind);
        }
    }

    /// Counts a connection.
    pub(super) fn connection(&mut self, kind: ConnectionKind) {
        self.connections += 1;
        self.connects += u64::from(kind == ConnectionKind::Connect);
    }

    /// Whether anything was an audit record.
    pub(super) fn has_record(&self) -> bool {
        self.records > 0
    }

    /// Tells what was read and what of it could not be used. `connections`
    /// says that connections were looked for.
    pub(crate) fn report(&self, console: &Console, connections: bool) {
        let mut read = vec![
            count(self.lines, "line", "lines"),
            count(self.records, "record", "records"),
        ];
        if self.events > 0 {
            read.push(count(self.events, "event", "events"));
        }
        if connections {
            read.push(count(self.connections, "connection", "connections"));
        }
        console.note(read.join(", "));
        self.report_skipped(console);
        if connections && self.connects == 0 {
            console.warn(
                "there is no connect in this log: no audit rule for it was loaded when it was \
                 written. `rareport rules` prints the rules to load",
            );
        }
    }

    fn report_skipped(&self, console: &Console) {
        for (kind, &lines) in RecordErrorKind::ALL.iter().zip(&self.rejected) {
            if lines > 0 && *kind != RecordErrorKind::Blank {
                console.note(format_args!(
                    "{} skipped: {kind}",
                    count(lines, "line", "lines")
                ));
            }
        }
        if self.late_records > 0 {
            console.note(format_args!(
                "{} came after the event was over",
                count(self.late_records, "record", "records")
            ));
        }
        if self.evicted > 0 {
            console.note(format_args!(
                "{} cut short: too many were open at once",
                count(self.evicted, "event", "events")
            ));
        }
        if self.lost_events > 0 {
            console.note(format_args!(
                "{} missing by serial number: not logged, lost under load, or in a part of the \
                 log that is not here",
                count(self.lost_events, "event is", "events are")
            ));
        }
    }
}
