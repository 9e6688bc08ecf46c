//! What holds for any input: nothing panics, no byte of a line and no record is lost, and neither
//! the interleaving of events nor the way a stream comes in pieces changes what is read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::BTreeMap;
use std::hint::black_box;

use auditparse::{
    Connection, Connections, Event, EventId, Events, Limits, Reader, Record, RecordError,
    RecordType, Records, SockAddrBytes,
};
use common::arbitrary::{Pieces, damaged_log};
use common::small::describe;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn look_at_record(record: &Record<'_>) {
    for field in record.fields() {
        black_box((field.text(), field.as_u64(), field.as_i64(), field.as_hex()));
        black_box((field.as_octal(), field.as_id(), field.is_encoded(), field.is_absent()));
        black_box(field.words().count());
    }
    black_box((record.problems().count(), record.record_type().to_string()));
    black_box(format!("{record:?}"));
}

fn look_at_connection(connection: &Connection<'_>) {
    black_box((describe(connection), format!("{connection:?}"), connection.outcome()));
    black_box((connection.comm(), connection.exe(), connection.proctitle()));
    black_box(connection.keys().iter().count());
    black_box(connection.address().map(|address| address.unmapped().to_string()).ok());
}

proptest! {
    #[test]
    fn nothing_panics(log in damaged_log()) {
        for record in Records::new(&log) {
            match record {
                Ok(record) => look_at_record(&record),
                Err(error) => drop(black_box(error.to_string())),
            }
        }
        for event in Events::new(&log) {
            black_box((event.argv(), event.proctitle(), format!("{event:?}")));
            black_box(event.connection().map_err(|reason| reason.to_string()).ok());
        }
        for connection in Connections::new(&log) {
            look_at_connection(&connection);
        }
    }

    #[test]
    fn addresses_never_panic(digits in vec(any::<u8>(), 0..400), bytes in vec(any::<u8>(), 0..140)) {
        for digits in [digits, bytes.iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect()] {
            let address = SockAddrBytes::from_hex(&digits);
            let shown = address.decode(None).map(|address| address.to_string());
            black_box(shown.map_err(|error| error.to_string()).ok());
        }
    }

    #[test]
    fn the_pieces_of_a_body_are_the_body(log in damaged_log()) {
        for record in Records::new(&log).flatten() {
            let pieces: Vec<&[u8]> = record.segments().map(|segment| segment.raw()).collect();
            prop_assert_eq!(pieces.concat(), record.body());
        }
    }

    #[test]
    fn the_parts_of_a_line_are_the_line(
        (prefix, host) in select(&PREFIXES[..]),
        node in option::of("[a-z0-9][a-z0-9.-]{0,15}"),
        record_type in select(&["SYSCALL", "SOCKADDR", "1300", "UNKNOWN[1399]", "FOO_BAR"][..]),
        (seconds, millis, serial) in (0u64..1 << 40, 0u64..1000, any::<u32>()),
        body in body(),
    ) {
        let name = node.as_ref().map(|node| format!("node={node} ")).unwrap_or_default();
        let header =
            format!("{prefix}{name}type={record_type} msg=audit({seconds}.{millis:03}:{serial}): ");
        let line = [header.as_bytes(), &body].concat();
        let record = Record::parse(&line).unwrap();
        prop_assert_eq!(record.node(), node.as_deref().or(host).map(str::as_bytes));
        let written = [prefix.as_bytes(), &written(&record, node.is_some())].concat();
        prop_assert_eq!(common::lossy(&written), common::lossy(&line));
        prop_assert_eq!(written, line);
    }

    #[test]
    fn a_line_of_the_parts_reads_the_same(log in damaged_log()) {
        for record in Records::new(&log).flatten() {
            // The line end keeps a carriage return before it from being taken for one.
            let line = [&written(&record, record.node().is_some()), &b"\r\n"[..]].concat();
            let read = Record::parse(&line).unwrap();
            prop_assert_eq!(
                (read.node(), read.type_name(), read.id()),
                (record.node(), record.type_name(), record.id())
            );
            prop_assert_eq!(read.body(), record.body());
            prop_assert!(read.fields().eq(record.fields()));
        }
    }

    #[test]
    fn no_record_vanishes(log in damaged_log(), limits in limits()) {
        let records = Records::with_limits(&log, limits).flatten();
        let mut put_in: Vec<_> = records.map(|record| record.line()).filter(is_no_end).collect();
        let events: Vec<_> = Events::with_limits(&log, limits).collect();
        let records = events.iter().flat_map(Event::records);
        let mut got_out: Vec<_> = records.map(Record::line).filter(is_no_end).collect();
        put_in.sort_unstable();
        got_out.sort_unstable();
        prop_assert_eq!(put_in, got_out);
    }

    #[test]
    fn connections_are_those_of_the_events(log in damaged_log()) {
        prop_assert_eq!(connections_of_events(&log), connections_alone(&log));
    }

    #[test]
    fn a_stream_in_pieces_reads_as_the_whole(
        log in damaged_log(),
        sizes in vec(1usize..300, 1..8),
        limits in limits(),
    ) {
        let whole: Vec<_> = Records::with_limits(&log, limits).map(owned_record).collect();
        let mut reader = Reader::with_limits(Pieces::new(&log, &sizes), limits);
        let mut pieces = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            pieces.push(owned_record(record));
        }
        prop_assert_eq!(whole, pieces);

        let mut events = Events::with_limits(&log, limits);
        let whole: Vec<_> = events.by_ref().map(|event| format!("{event:?}")).collect();
        let mut reader = Reader::with_limits(Pieces::new(&log, &sizes), limits).events();
        let mut pieces = Vec::new();
        while let Some(event) = reader.next_event().unwrap() {
            pieces.push(format!("{event:?}"));
        }
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(events.stats(), reader.stats());

        let mut connections = Connections::with_limits(&log, limits);
        let whole: Vec<_> = connections.by_ref().map(|c| format!("{c:?}")).collect();
        let mut reader = Reader::with_limits(Pieces::new(&log, &sizes), limits).connections();
        let mut pieces = Vec::new();
        while let Some(connection) = reader.next_connection().unwrap() {
            pieces.push(format!("{connection:?}"));
        }
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(connections.stats(), reader.stats());
    }

    #[test]
    fn interleaving_does_not_matter(
        kinds in vec((0..SHAPES.len(), any::<bool>(), 0..3usize), 1..12),
        order in vec(any::<prop::sample::Index>(), 100),
    ) {
        let events: Vec<_> = kinds.iter().enumerate().map(whole_event).collect();
        let log = interleaved(&events, &order);
        let mut reader = Events::new(log.as_bytes());
        let read: BTreeMap<_, _> = reader.by_ref().map(lines_of).collect();
        let written: BTreeMap<_, _> = events.iter().map(lines_written).collect();
        prop_assert_eq!(read, written);
        let stats = reader.stats().events;
        prop_assert_eq!(stats.events, events.len() as u64);
        prop_assert_eq!((stats.late_records, stats.evicted, stats.timed_out), (0, 0, 0));
        let log = log.as_bytes();
        prop_assert_eq!(connections_of_events(log), connections_alone(log));
    }
}

/// What carries a record puts in front of it, and the host that it names.
const PREFIXES: [(&str, Option<&str>); 7] = [
    ("", None),
    ("  ", None),
    ("audit: ", None),
    ("[   12.345678] audit: ", None),
    ("May 29 16:00:00 web01 audispd: ", Some("web01")),
    ("2026-06-02T11:02:14.340872+00:00 web01 audisp-syslog: ", Some("web01")),
    ("<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - ", Some("web01")),
];

/// Bodies of logs, whole and damaged, and arbitrary bytes, none of them with a line end.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let of_logs = damaged_log().prop_map(|log| {
        let last = Records::new(&log).flatten().last();
        last.map_or_else(Vec::new, |record| record.body().to_vec())
    });
    let bodies = prop_oneof![of_logs, vec(any::<u8>(), 0..200)];
    bodies.prop_filter("a line end", |body| !body.contains(&b'\n') && !body.ends_with(b"\r"))
}

/// A record as auditd writes it, put together from its parts.
fn written(record: &Record<'_>, with_node: bool) -> Vec<u8> {
    let node = record.node().filter(|_| with_node);
    let node = node.map(|node| [b"node=", node, b" "].concat()).unwrap_or_default();
    let id = record.id().to_string();
    let header = [b"type=", record.type_name(), b" msg=audit(", id.as_bytes(), b"): "].concat();
    let body: Vec<&[u8]> = record.segments().map(|segment| segment.raw()).collect();
    [node, header, body.concat()].concat()
}

fn connections_of_events(log: &[u8]) -> Vec<String> {
    let connections = Events::new(log).filter_map(|event| event.connection().ok());
    let mut shown: Vec<_> = connections.map(|connection| shown(&connection)).collect();
    shown.sort_unstable();
    shown
}

fn connections_alone(log: &[u8]) -> Vec<String> {
    let mut shown: Vec<_> = Connections::new(log).map(|connection| shown(&connection)).collect();
    shown.sort_unstable();
    shown
}

fn shown(connection: &Connection<'_>) -> String {
    let (id, who) = (connection.id(), (connection.pid(), connection.proctitle()));
    format!("{id:?} {} {who:?} {:?}", describe(connection), connection.denied_by())
}

/// Bounds from the usual ones down to hardly any room.
fn limits() -> impl Strategy<Value = Limits> {
    let reading = (100usize..600, 1usize..200);
    let small = (reading, 0u64..3000, 1usize..5, 1usize..2000, 1usize..5, 1usize..4);
    let small = small.prop_map(
        |((line_bytes, read_bytes), timeout_millis, events, open_bytes, remembered, nodes)| {
            Limits::default()
                .with_line_bytes(line_bytes)
                .with_read_bytes(read_bytes)
                .with_timeout_millis(timeout_millis)
                .with_open_events(events)
                .with_open_bytes(open_bytes)
                .with_remembered_events(remembered)
                .with_nodes(nodes)
        },
    );
    prop_oneof![Just(Limits::default()), small]
}

/// An `EOE` that comes after its event says nothing and is not delivered.
fn is_no_end(line: &&[u8]) -> bool {
    Record::parse(line).is_ok_and(|record| record.record_type() != RecordType::EOE)
}

/// A record's line and what was wrong with it, or why it is none.
fn owned_record(
    record: Result<Record<'_>, RecordError>,
) -> Result<(Vec<u8>, EventId), RecordError> {
    record.map(|record| (record.line().to_vec(), record.id()))
}

/// The records of events of every kind, without the last.
const SHAPES: [&[&str]; 7] = [
    &[
        "SYSCALL|arch=c000003e syscall=42 success=yes exit=0 a0=5",
        "SOCKADDR|saddr=020001BB0A000001",
    ],
    &[
        "AVC|avc:  denied  { name_connect } for  pid=1",
        "SYSCALL|arch=c000003e syscall=42 a0=5",
        "SOCKADDR|saddr=0200",
    ],
    &[
        "SYSCALL|arch=c000003e syscall=59 a0=5",
        "EXECVE|argc=2 a0=\"a\"",
        "EXECVE|a1=\"b\"",
        "CWD|cwd=\"/\"",
        "PATH|item=0",
        "PATH|item=1",
    ],
    &["LOGIN|pid=7 uid=0", "SYSCALL|arch=c000003e syscall=1 a0=5"],
    &[
        "URINGOP|uring_op=16 success=no exit=-11",
        "URINGOP|uring_op=16 success=yes exit=0",
        "SOCKADDR|saddr=0200",
    ],
    &[
        "SYSCALL|arch=40000003 syscall=102 a0=3",
        "SOCKETCALL|nargs=3 a0=5",
        "SOCKADDR|saddr=020001BB0A000001",
    ],
    // Out of order: the kernel writes what an operation did before the call that it ran in.
    &[
        "SYSCALL|arch=c000003e syscall=257 success=yes exit=3 a0=5 pid=7",
        "AVC|apparmor=\"DENIED\" operation=\"connect\"",
        "SOCKADDR|saddr=02000050010101010000000000000000",
        "URINGOP|uring_op=16 success=yes exit=0",
    ],
];

/// The lines of the `number`th event, and whether the last is an `EOE` that follows a `PROCTITLE`.
fn whole_event(
    (number, &(shape, eoe, node)): (usize, &(usize, bool, usize)),
) -> (Vec<String>, bool) {
    let node = ["", "node=a ", "node=b "][node];
    // All within the time-out, and some at the same millisecond.
    let stamp = format!("1716998400.{:03}:{}", 100 + 50 * (number / 2), 1000 + number);
    let line = |record: &str| {
        let (record_type, body) = record.split_once('|').unwrap();
        format!("{node}type={record_type} msg=audit({stamp}): {body}")
    };
    let mut lines: Vec<_> = SHAPES[shape].iter().map(|record| line(record)).collect();
    lines.push(line("PROCTITLE|proctitle=6375726C"));
    if eoe {
        lines.push(line("EOE|"));
    }
    (lines, eoe)
}

/// Lines of all events, the order within each kept.
fn interleaved(events: &[(Vec<String>, bool)], order: &[prop::sample::Index]) -> String {
    let mut rest: Vec<&[String]> = events.iter().map(|(lines, _)| &lines[..]).collect();
    let mut log = String::new();
    for turn in order.iter().cycle() {
        rest.retain(|lines| !lines.is_empty());
        if rest.is_empty() {
            break;
        }
        let at = turn.index(rest.len());
        log.push_str(&rest[at][0]);
        log.push('\n');
        rest[at] = &rest[at][1..];
    }
    log
}

fn lines_of(event: Event<'_>) -> (EventId, Vec<String>) {
    let lines = event.records().iter().map(|record| common::lossy(record.line()));
    (event.id(), lines.collect())
}

/// The same of an event that was written: the `EOE` comes after the event is whole.
fn lines_written((lines, eoe): &(Vec<String>, bool)) -> (EventId, Vec<String>) {
    let id = Record::parse(lines[0].as_bytes()).unwrap().id();
    (id, lines[..lines.len() - usize::from(*eoe)].to_vec())
}
