//! What was read, over all logs, and the closing summary of it.

use auditparse::{Connection, ConnectionKind, Limits, RecordErrorKind, Stats};

use super::damage::Damage;
use crate::console::Console;
use crate::text::{count, grouped};

/// Connections in the wanted range of time.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    connections: u64,
    connects: u64,
    /// Those that were shown, if only some kinds are.
    shown: Option<u64>,
    /// Whether the range leaves any time out.
    bounded: bool,
}

/// For each connect with an address, this many without one are needed before
/// it is said that the log has no addresses.
const WITHOUT_ADDRESS: u64 = 20;

/// For each connection, this many addresses of which it is not known what was
/// called are needed before it is said that records of calls are missing: a log
/// may begin amid an event.
const WITHOUT_CALL: u64 = 20;

/// Whether records of calls are missing from a log, rather than calls.
pub(crate) fn lacks_calls(unknown_calls: u64, connections: u64) -> bool {
    unknown_calls > 0 && connections <= unknown_calls / WITHOUT_CALL
}

/// Lines that are no records for the same reason.
#[derive(Debug, Default)]
struct Skipped {
    lines: u64,
    /// Where the first of them is.
    first: Option<String>,
}

/// Counts over all logs.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    lines: u64,
    records: u64,
    broken_off: u64,
    events: u64,
    /// Events with an address of which it is not known what was called.
    unknown_calls: u64,
    rejected: [Skipped; RecordErrorKind::ALL.len()],
    late_records: u64,
    evicted: u64,
    lost_events: u64,
    connections: u64,
    connects: u64,
    /// Connections with two records of a kind that differ.
    contradicted: u64,
    damage: Damage,
    wanted: Wanted,
    /// Connects that were made use of.
    used_connects: u64,
    /// Of these, connects whose address is missing or cannot be read.
    without_address: u64,
}

impl Totals {
    /// Adds what was read of one log; `place` tells where a line of it is.
    pub(super) fn add(&mut self, stats: &Stats, place: impl Fn(u64) -> Option<String>) {
        self.lines += stats.lines;
        self.records += stats.records;
        self.broken_off += stats.broken_off;
        self.events += stats.events.events;
        self.unknown_calls += stats.events.unknown_calls;
        self.late_records += stats.events.late_records;
        self.evicted += stats.events.evicted;
        self.lost_events += stats.events.lost_events;
        for (skipped, kind) in self.rejected.iter_mut().zip(RecordErrorKind::ALL) {
            skipped.lines += stats.rejected.count(kind);
            if skipped.first.is_none() {
                skipped.first = stats.rejected.first_line(kind).and_then(&place);
            }
        }
    }

    /// Adds what was counted elsewhere, of what comes behind what was counted
    /// here.
    pub(crate) fn merge(&mut self, other: Totals) {
        self.lines += other.lines;
        self.records += other.records;
        self.broken_off += other.broken_off;
        self.events += other.events;
        self.unknown_calls += other.unknown_calls;
        self.late_records += other.late_records;
        self.evicted += other.evicted;
        self.lost_events += other.lost_events;
        self.connections += other.connections;
        self.connects += other.connects;
        self.contradicted += other.contradicted;
        self.damage.add(other.damage);
        self.wanted.connections += other.wanted.connections;
        self.wanted.connects += other.wanted.connects;
        self.used_connects += other.used_connects;
        self.without_address += other.without_address;
        for (skipped, other) in self.rejected.iter_mut().zip(other.rejected) {
            skipped.lines += other.lines;
            skipped.first = skipped.first.take().or(other.first);
        }
    }

    /// Counts a connection, and whether it is in the wanted range of time.
    pub(crate) fn connection(&mut self, connection: &Connection<'_>, wanted: bool) {
        let connect = u64::from(connection.kind() == ConnectionKind::Connect);
        self.connections += 1;
        self.connects += connect;
        self.contradicted += u64::from(connection.is_contradicted());
        if wanted {
            self.wanted.connections += 1;
            self.wanted.connects += connect;
        }
    }

    /// Notes that the wanted range of time leaves something out.
    pub(crate) fn bounded(&mut self) {
        self.wanted.bounded = true;
    }

    /// Notes how many connections were shown, where only some kinds are.
    pub(crate) fn shown(&mut self, connections: u64) {
        self.wanted.shown = Some(connections);
    }

    /// Notes what is wrong in the connections that were made use of.
    pub(crate) fn damage(&mut self) -> &mut Damage {
        &mut self.damage
    }

    /// Whether there was any connection.
    pub(crate) fn has_connection(&self) -> bool {
        self.connections > 0
    }

    /// Whether there was any connect.
    pub(crate) fn has_connect(&self) -> bool {
        self.connects > 0
    }

    /// Counts a connect that is made use of; its address may be missing or such
    /// that it cannot be read.
    pub(crate) fn used_connect(&mut self, has_address: bool) {
        self.used_connects += 1;
        self.without_address += u64::from(!has_address);
    }

    /// Events of the audit system.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// Events that are missing by serial number.
    pub(crate) fn lost_events(&self) -> u64 {
        self.lost_events
    }

    /// Events with an address of which it is not known what was called.
    pub(crate) fn unknown_calls(&self) -> u64 {
        self.unknown_calls
    }

    /// Whether anything was an audit record.
    pub(crate) fn has_record(&self) -> bool {
        self.records > 0
    }

    /// What was read, in numbers. `connections` says that connections were
    /// looked for.
    pub(crate) fn summary(&self, connections: bool) -> String {
        let mut read =
            vec![count(self.lines, "line", "lines"), count(self.records, "record", "records")];
        if self.events > 0 {
            read.push(count(self.events, "event", "events"));
        }
        if connections {
            read.push(count(self.connections, "connection", "connections"));
            if self.wanted.bounded {
                let wanted = grouped(self.wanted.connections);
                read.push(format!("{wanted} of them in the wanted range of time"));
            }
            if let Some(shown) = self.wanted.shown {
                read.push(format!("{} shown", grouped(shown)));
            }
        }
        read.join(", ")
    }

    /// Tells that there was no connect.
    pub(crate) fn report_no_connect(&self, console: &Console) {
        if self.connects > 0 {
            return;
        }
        console.warn(if lacks_calls(self.unknown_calls, self.connections) {
            "no connect can be read in this log, although it has addresses: its SYSCALL records are \
             missing or damaged. Give the whole audit.log"
        } else {
            "there is no connect in this log: no audit rule for it was loaded when it was written, \
             or the log was filtered. `rareport rules` prints the rules to load"
        });
    }

    /// Tells if the log has no addresses.
    pub(crate) fn report_addresses(&self, console: &Console) {
        if self.lacks_addresses() {
            console.warn(
                "almost no connect has a readable address: its events have no SOCKADDR records, \
                 so part of the log is missing or was filtered out. Give the whole audit.log",
            );
        }
    }

    /// Whether there are connects, but not their addresses.
    fn lacks_addresses(&self) -> bool {
        let without = self.without_address;
        let with = self.used_connects.saturating_sub(without);
        without > 0 && with <= without / WITHOUT_ADDRESS
    }

    /// Tells what could not be used, and why.
    pub(crate) fn report_skipped(&self, console: &Console) {
        for message in self.skipped_lines().chain(self.damaged_events()) {
            console.note(message);
        }
        for message in self.signs_of_forgery() {
            console.warn(message);
        }
    }

    /// What to say of lines that are no records.
    fn skipped_lines(&self) -> impl Iterator<Item = String> {
        let reasons = RecordErrorKind::ALL.into_iter().zip(&self.rejected);
        reasons.filter(|(kind, skipped)| skipped.lines > 0 && *kind != RecordErrorKind::Blank).map(
            |(kind, Skipped { lines, first })| {
                let lines = match kind {
                    RecordErrorKind::NotAudit => count(*lines, "other line", "other lines"),
                    _ => count(*lines, "line", "lines"),
                };
                let first = first.as_ref().map(|place| format!("; the first is {place}"));
                format!("{lines} skipped: {}{}", reason(kind), first.unwrap_or_default())
            },
        )
    }

    /// What to say of records that a newline in a socket path may have forged.
    fn signs_of_forgery(&self) -> impl Iterator<Item = String> {
        let broken_off = (self.broken_off > 0).then(|| {
            format!(
                "{} at a newline in a socket path, and the rest of the path does not follow: lines \
                 were filtered or changed, and lines that look like records may be forged. Give \
                 the audit.log itself",
                count(self.broken_off, "record breaks off", "records break off")
            )
        });
        let contradicted = (self.contradicted > 0).then(|| {
            format!(
                "{} two SYSCALL or SOCKADDR records that differ, of which the first is \
                 shown: one is forged, or \
                 events were mixed up. Look at them with `rareport records --group`",
                count(self.contradicted, "connection has", "connections have")
            )
        });
        [broken_off, contradicted].into_iter().flatten()
    }

    /// What to say of events that are not whole.
    fn damaged_events(&self) -> impl Iterator<Item = String> {
        let late = (self.late_records > 0).then(|| {
            let records = count(self.late_records, "record", "records");
            format!("{records} came after the event was over")
        });
        let unknown = (self.unknown_calls > 0).then(|| {
            format!(
                "{} an address and no SYSCALL record that says what was called, so nothing is \
                 made of {}",
                count(self.unknown_calls, "event has", "events have"),
                if self.unknown_calls == 1 { "it" } else { "them" }
            )
        });
        let evicted = (self.evicted > 0).then(|| {
            let events = count(self.evicted, "event", "events");
            let Limits { open_events, open_bytes, .. } = Limits::default();
            format!(
                "{events} cut short: more than {} events or {} MiB of records were open at once",
                grouped(open_events as u64),
                open_bytes >> 20
            )
        });
        let lost = (self.lost_events > 0).then(|| {
            format!(
                "{} missing by serial number: not logged, lost under load, or in a part of the \
                 log that is not here",
                count(self.lost_events, "event is", "events are")
            )
        });
        [late, unknown, evicted, self.damage.told(), lost].into_iter().flatten()
    }
}

/// Why a line is not a record and, if that helps, what to do.
fn reason(kind: RecordErrorKind) -> String {
    match kind {
        RecordErrorKind::NotAudit => "not from audit".to_owned(),
        RecordErrorKind::TooLong => {
            format!("longer than {} bytes", grouped(Limits::default().line_bytes as u64))
        }
        RecordErrorKind::NoEventId => format!(
            "{kind}; name /var/log/audit/audit.log of that machine or, if no auditd runs on it, \
             give what `journalctl --all -o json _TRANSPORT=audit` or `journalctl -k` prints"
        ),
        _ => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_forgery_are_told() {
        let log =
            b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3\n\
            type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010000000000000000\n\
            type=SOCKADDR msg=audit(1.001:7): saddr=0200115CCB0071090000000000000000\n";
        let mut totals = Totals::default();
        assert_eq!(totals.signs_of_forgery().count(), 0);
        let mut stats = Stats::default();
        stats.broken_off = 2;
        totals.add(&stats, |_| None);
        totals.connection(&auditparse::Connections::new(log).next().unwrap(), true);
        let said: Vec<String> = totals.signs_of_forgery().collect();
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("2 records break off at a newline"), "{}", said[0]);
        assert!(
            said[1].starts_with("1 connection has two SYSCALL or SOCKADDR records"),
            "{}",
            said[1]
        );
    }

    #[test]
    fn events_that_were_cut_short_say_both_bounds() {
        let mut stats = Stats::default();
        stats.events.evicted = 2;
        let mut totals = Totals::default();
        totals.add(&stats, |_| None);
        let said: Vec<String> = totals.damaged_events().collect();
        assert_eq!(
            said,
            ["2 events cut short: more than 16,384 events or 64 MiB of records were open at once"]
        );
    }
}
