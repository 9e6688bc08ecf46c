//! Inputs that once were read wrongly, as small as they get. Most were found by the targets in
//! `fuzz/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::io::{self, ErrorKind, Read};

use auditparse::{
    Completion, Connections, Events, Limits, MAX_SOCKADDR, NotAConnection, Reader, Reassembler,
    Record, RecordErrorKind, RecordType, SockAddrBytes, SockAddrHexError,
};

/// A source that gives these pieces one by one; `None` is an error that passes.
struct Pieces<'a>(std::vec::IntoIter<Option<&'a [u8]>>);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.next() {
            Some(Some(piece)) => {
                buffer[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
            Some(None) => Err(ErrorKind::WouldBlock.into()),
            None => Ok(0),
        }
    }
}

/// Found by `reader`: what followed an error of the source within a line that was too long was
/// taken for a line of its own, even for a record.
#[test]
fn an_error_within_a_line_that_is_too_long_does_not_end_the_line() {
    let forged = b"type=EOE msg=audit(1.001:1):\n";
    let source = Pieces(vec![Some(&[b'x'; 40][..]), None, Some(forged)].into_iter());
    let limits = Limits::default().with_line_bytes(30);
    let mut reader = Reader::with_limits(source, limits);
    let mut kinds = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => kinds.push(record.map(|_| ()).map_err(|error| error.kind())),
            Ok(None) => break,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert_eq!(kinds, [Err(RecordErrorKind::TooLong)]);
    assert_eq!((reader.stats().lines, reader.stats().bytes), (1, 69));
}

/// What comes out of a reassembler: completion and number of records of each event.
fn events(limits: Limits, lines: &[&str]) -> Vec<(Completion, usize)> {
    let mut reassembler = Reassembler::new(limits);
    for line in lines {
        reassembler.push(&Record::parse(line.as_bytes()).unwrap());
    }
    let mut out = Vec::new();
    while let Some(event) = reassembler.next_event() {
        out.push((event.completion(), event.records().len()));
    }
    out
}

/// Found by `reassembly`: when the nodes were learned anew, a record of a new node with the time
/// and serial of the record before was taken for a late one of the other node.
#[test]
fn a_node_that_comes_anew_has_no_late_records() {
    let limits = Limits::default().with_nodes(1).with_open_events(1);
    let lines = [
        "node=a type=CWD msg=audit(1.001:1): cwd=\"/\"",
        "node=b type=CWD msg=audit(1.001:1): cwd=\"/\"",
        "node=b type=CWD msg=audit(1.001:2): cwd=\"/\"",
    ];
    let evicted = (Completion::Evicted, 1);
    assert_eq!(events(limits, &lines), [evicted, evicted]);
}

/// Found by `reassembly`: the bounds of open events were not looked at when a `PROCTITLE` or `EOE`
/// opened one.
#[test]
fn events_that_begin_with_their_last_record_are_bounded_too() {
    let few = Limits::default().with_open_events(1);
    let small = Limits::default().with_open_bytes(200);
    for record in ["PROCTITLE msg=audit(1.001", "EOE msg=audit(1.001"] {
        let lines = [1, 2, 3].map(|serial| format!("type={record}:{serial}): proctitle=00"));
        let lines = lines.each_ref().map(String::as_str);
        for limits in [few, small] {
            assert_eq!(events(limits, &lines), [(Completion::Evicted, 1); 2]);
        }
    }
}

/// One line of 40 bytes could make a list of 65,536 arguments.
#[test]
fn a_made_up_argument_is_left_out() {
    let argv = |body: &str| {
        let log = format!("type=EXECVE msg=audit(1.001:1): {body}\n");
        let event = Events::new(log.as_bytes()).next().unwrap();
        event.argv().unwrap().len()
    };
    assert_eq!(argv("argc=2 a0=\"x\" a2=\"x\""), 1, "argc counts no third");
    assert_eq!(argv("argc=70000 a0=\"x\" a65000=\"x\""), 1);
    assert_eq!(argv("a65000=\"x\""), 0);
    let arguments: String = (0..8).map(|n| format!(" a{}=\"x\"", 1999 * n)).collect();
    assert_eq!(argv(&arguments), 2000, "gaps do not add up");
}

/// A byte order mark made the first record one of another program.
#[test]
fn a_byte_order_mark_is_passed_over() {
    let log = "\u{feff}type=CWD msg=audit(1.001:1): cwd=\"/\"\n".as_bytes();
    let record = auditparse::Records::new(log).next().unwrap().unwrap();
    assert_eq!(record.record_type(), RecordType::CWD);
    let mut reader = Reader::new(log);
    assert_eq!(reader.next_record().unwrap().unwrap().unwrap().id().serial, 1);
}

/// Only the text of open events was bounded: records of a few bytes each took ten times as much.
#[test]
fn open_records_are_bounded_however_short_they_are() {
    let limits = Limits::default().with_open_bytes(1000);
    let lines = vec!["type=CWD msg=audit(1.001:1):"; 7];
    assert_eq!(events(limits, &lines)[0], (Completion::Evicted, 7));
}

/// A call that came twice, or whose record came late, was a second connection.
#[test]
fn a_late_record_is_no_second_connection() {
    let log =
        b"type=SYSCALL msg=audit(1.001:1): arch=c000003e syscall=42 success=yes exit=0 a0=3\n\
        type=SOCKADDR msg=audit(1.001:1): saddr=020001BB0A0000010000000000000000\n\
        type=EOE msg=audit(1.001:1): \n\
        type=SYSCALL msg=audit(1.001:1): arch=c000003e syscall=42 success=yes exit=0 a0=3\n";
    let read: Vec<_> = Events::new(log).map(|event| event.connection().map(|_| ())).collect();
    assert_eq!(read, [Ok(()), Err(NotAConnection::Late)]);
}

/// A record behind an empty `node=` was refused as no audit record, as if nothing were lost by that.
#[test]
fn an_empty_node_is_no_node() {
    let record = Record::parse(b"node= type=CWD msg=audit(1.001:1): cwd=\"/\"").unwrap();
    assert_eq!(record.node(), None);
    assert_eq!(record.record_type(), RecordType::CWD);
}

/// Found by `sockaddr`: one character behind 128 bytes was an odd digit, or no digit, but two were
/// too long.
#[test]
fn anything_behind_the_longest_address_is_too_long() {
    let longest = "02".repeat(MAX_SOCKADDR);
    assert_eq!(SockAddrBytes::from_hex(longest.as_bytes()).problem(), None);
    for more in ["0", "x", "00", "xx"] {
        let read = SockAddrBytes::from_hex(format!("{longest}{more}").as_bytes());
        assert_eq!(read.problem(), Some(SockAddrHexError::TooLong), "{more:?}");
        assert_eq!(read.as_bytes(), [2; MAX_SOCKADDR]);
    }
}

/// A log without its `SYSCALL` records was said to come from rules without connect.
#[test]
fn addresses_of_which_nothing_says_what_was_called_are_counted() {
    let event = |serial: u32, call: &str| {
        let id = format!("msg=audit(1.00{serial}:{serial}):");
        format!("{call} {id} arch=c000003e syscall=42 success=yes exit=0 a0=3\n")
            + &format!("type=SOCKADDR {id} saddr=020001BB0A0000010000000000000000\n")
            + &format!("type=PROCTITLE {id} proctitle=6E63\n")
    };
    let missing = event(1, "type=CWD");
    let foreign = event(2, "type=SYSCALL").replace("c000003e", "c00000ff");
    let known = event(3, "type=SYSCALL");
    let other = event(4, "type=SYSCALL").replace("syscall=42", "syscall=59");
    let operation = event(5, "type=URINGOP").replace("syscall=42", "uring_op=16");
    let log = [missing, foreign, known, other, operation].concat();

    let mut connections = Connections::new(log.as_bytes());
    assert_eq!(connections.by_ref().count(), 2);
    assert_eq!(connections.stats().events.unknown_calls, 2);
    let mut events = Events::new(log.as_bytes());
    assert_eq!(events.by_ref().count(), 5);
    assert_eq!(events.stats().events.unknown_calls, 2);
}

/// Found by `field`: of a record in the order of the kernel, a word went on behind the separator that
/// ends the fields of the record itself.
#[test]
fn a_separator_amid_the_fields_ends_a_word() {
    let log = b"type=SYSCALL msg=audit(1.001:1): arch=c000003e syscall=42 success=yes exit=0 a0=5 \
        a1=7ffd\x1dUID=\"x\" a2=10 a3=0 items=0 ppid=1 pid=1234 auid=1 uid=33 gid=33 euid=33 suid=33 \
        fsuid=33 egid=33 sgid=33 fsgid=33 tty=(none) ses=1 comm=\"curl\" exe=\"/bin/curl\" key=\"net\"\n";
    let connection = Connections::new(log).next().unwrap();
    assert_eq!(connection.process().arguments[1], Some(&b"7ffd"[..]));
    assert_eq!(connection.sound_process(), None);
    let event = Events::new(log).next().unwrap();
    assert_eq!(event.records()[0].get("a1").unwrap().raw_value(), b"7ffd");
}
