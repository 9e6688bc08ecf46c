//! What was read, over all logs, and the closing summary of it.

use auditparse::{ConnectionKind, RecordErrorKind, Stats};

use crate::console::Console;
use crate::text::{count, grouped};

/// Why a connection is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// It is no connect.
    OtherKind,
    /// The address could not be read.
    NoAddress,
    /// The address is not of IPv4 or IPv6.
    OtherFamily,
    /// The destination is this host.
    Loopback,
    /// The destination is `0.0.0.0` or `::`.
    Unspecified,
    /// The destination has no port.
    PortZero,
}

impl LeftOut {
    /// Every reason, with what is said of the connections.
    const ALL: [(LeftOut, &'static str); 6] = [
        (LeftOut::OtherKind, "not a connect"),
        (LeftOut::NoAddress, "without a readable address"),
        (LeftOut::OtherFamily, "not to an IPv4 or IPv6 address"),
        (LeftOut::Loopback, "to this host itself"),
        (LeftOut::Unspecified, "to no address (0.0.0.0 or ::)"),
        (LeftOut::PortZero, "to port 0, which only looks for a route"),
    ];
}

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
    left_out: [u64; LeftOut::ALL.len()],
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

    /// Counts a connection that is not looked at.
    pub(crate) fn left_out(&mut self, reason: LeftOut) {
        self.left_out[reason as usize] += 1;
    }

    /// Whether anything was an audit record.
    pub(super) fn has_record(&self) -> bool {
        self.records > 0
    }

    /// Tells what was read and what of it could not be used. `connections`
    /// says that connections were looked for.
    pub(crate) fn report(&self, console: &Console, connections: bool) {
        let mut read =
            vec![count(self.lines, "line", "lines"), count(self.records, "record", "records")];
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

    /// Tells which connections were not looked at.
    pub(crate) fn report_left_out(&self, console: &Console) {
        let reasons: Vec<String> = LeftOut::ALL
            .iter()
            .map(|&(reason, words)| (self.left_out[reason as usize], words))
            .filter(|&(connections, _)| connections > 0)
            .map(|(connections, words)| format!("{} {words}", grouped(connections)))
            .collect();
        if !reasons.is_empty() {
            console.note(format_args!("connections left out: {}", reasons.join(", ")));
        }
    }

    fn report_skipped(&self, console: &Console) {
        for (kind, &lines) in RecordErrorKind::ALL.iter().zip(&self.rejected) {
            if lines > 0 && *kind != RecordErrorKind::Blank {
                console.note(format_args!("{} skipped: {kind}", count(lines, "line", "lines")));
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
