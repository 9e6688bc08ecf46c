//! A log whose reading is broken off anywhere and taken up where a reader says gives the same
//! connections as in one pass.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::HashSet;

use auditparse::{ConnectionReader, EventReader, Limits, Reader};

/// An event as a reader that was stopped must tell it apart.
type Identity = (String, Option<Vec<u8>>);

/// What a reader gives next: who it is, and its text.
trait Source {
    fn open(log: &'static [u8]) -> Self;
    fn next(&mut self) -> Option<(Identity, String)>;
    fn resume_position(&self) -> usize;
    fn event_start(&self) -> usize;
}

impl Source for ConnectionReader<&'static [u8]> {
    fn open(log: &'static [u8]) -> Self {
        Reader::with_limits(log, Limits::default().with_read_bytes(700)).connections()
    }

    fn next(&mut self) -> Option<(Identity, String)> {
        let connection = self.next_connection().unwrap()?;
        let identity = (connection.id().to_string(), connection.node().map(<[u8]>::to_vec));
        Some((identity, format!("{connection:?}")))
    }

    fn resume_position(&self) -> usize {
        ConnectionReader::resume_position(self) as usize
    }

    fn event_start(&self) -> usize {
        ConnectionReader::event_start(self) as usize
    }
}

impl Source for EventReader<&'static [u8]> {
    fn open(log: &'static [u8]) -> Self {
        Reader::with_limits(log, Limits::default().with_read_bytes(700)).events()
    }

    fn next(&mut self) -> Option<(Identity, String)> {
        let event = self.next_event().unwrap()?;
        let identity = (event.id().to_string(), event.node().map(<[u8]>::to_vec));
        Some((identity, format!("{:?}", event.records())))
    }

    fn resume_position(&self) -> usize {
        EventReader::resume_position(self) as usize
    }

    fn event_start(&self) -> usize {
        EventReader::event_start(self) as usize
    }
}

/// Everything from a start on, but for what was taken before.
fn rest<S: Source>(log: &'static [u8], from: usize, taken: &HashSet<Identity>) -> Vec<String> {
    let mut source = S::open(&log[from..]);
    let mut given = Vec::new();
    while let Some((identity, text)) = source.next() {
        if !taken.contains(&identity) {
            given.push(text);
        }
    }
    given
}

/// Cuts a pass over `log` at some 60 places.
fn check<S: Source>(name: &str, log: &'static [u8]) {
    let whole = rest::<S>(log, 0, &HashSet::new());
    let step = (whole.len() / 60).max(1);
    let (mut source, mut taken) = (S::open(log), HashSet::new());
    for count in 0.. {
        if count % step == 0 {
            let from = source.resume_position();
            assert!(from == 0 || log[from - 1] == b'\n', "{name}: {from} is within a line");
            let rest = rest::<S>(log, from, &taken);
            assert_eq!(rest, whole[count..], "{name}: cut behind {count} at {from}");
        }
        let before = source.resume_position();
        let Some((identity, _)) = source.next() else { break };
        let line = &log[source.event_start()..];
        assert!(source.event_start() >= before, "{name}: {identity:?} begins before {before}");
        let line = &line[..line.iter().position(|&byte| byte == b'\n').unwrap_or(line.len())];
        let line = String::from_utf8_lossy(line);
        assert!(line.contains(&format!("audit({})", identity.0)), "{name}: {identity:?}: {line}");
        taken.insert(identity);
    }
}

#[test]
fn connections_of_real_and_generated_logs() {
    let logs = ["mixed-s11", "mixed-s13", "mixed-s14"].map(|name| format!("seeded/{name}.log"));
    for name in logs.iter().map(String::as_str).chain(["busy/audit.log", "loop/audit.log"]) {
        check::<ConnectionReader<&'static [u8]>>(name, common::read(name).leak());
    }
}

#[test]
fn events_that_are_interleaved() {
    // The generator's records come in disorder and its events interleaved.
    let log: &'static [u8] = common::read("seeded/mixed-s13.log").leak();
    let half = log[..log.len() / 2].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    check::<EventReader<&'static [u8]>>("seeded/mixed-s13.log", &log[..half]);
}

#[test]
fn an_event_that_does_not_end_can_be_given_up() {
    let log: &[u8] = b"\
type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59
type=USER_LOGIN msg=audit(1.002:8): pid=1
type=USER_LOGIN msg=audit(1.003:9): pid=1
";
    let mut events = Reader::new(log).events();
    assert_eq!(events.next_event().unwrap().unwrap().id().serial, 8);
    assert_eq!(events.resume_position(), 0);
    events.end_oldest();
    let (serial, completion) = {
        let given_up = events.next_event().unwrap().unwrap();
        (given_up.id().serial, given_up.completion())
    };
    assert_eq!((serial, completion), (7, auditparse::Completion::Evicted));
    assert_eq!(events.resume_position(), 100);
}
