//! Connections are read on a path of their own, which passes over records that tell nothing of them.
//! It is held here against the plain one: all events, each asked for its connection.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use auditparse::{Connection, Connections, Events, Limits, LostRanges, Reader, Stats};

/// All that is told of a log: its connections in order, what was counted, what was lost.
#[derive(Debug, PartialEq)]
struct Told {
    connections: Vec<String>,
    stats: Stats,
    lost: Vec<String>,
}

impl Told {
    fn new(connections: Vec<String>, stats: Stats, lost: LostRanges<'_>) -> Told {
        Told { connections, stats, lost: lost.map(|range| format!("{range:?}")).collect() }
    }
}

fn shown(connection: &Connection<'_>) -> String {
    let problems: Vec<_> = connection.problems().collect();
    if let Some(process) = connection.sound_process() {
        assert_eq!(process, connection.process(), "{connection:?}");
        assert!(problems.is_empty() || !connection.has_sound_proctitle(), "{connection:?}");
    }
    format!(
        "{:?} {:?} {connection:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {problems:?}",
        connection.id(),
        connection.node(),
        connection.via(),
        connection.outcome(),
        connection.address_bytes(),
        connection.is_contradicted(),
        connection.denied_by(),
        connection.syscall_record(),
        connection.process(),
        connection.proctitle(),
    )
}

fn plain(log: &[u8], limits: Limits) -> Told {
    let mut events = Events::with_limits(log, limits);
    let connections = events.by_ref().filter_map(|event| event.connection().ok());
    let connections = connections.map(|connection| shown(&connection)).collect();
    Told::new(connections, events.stats(), events.lost_ranges())
}

fn of_slice(log: &[u8], limits: Limits) -> Told {
    let mut connections = Connections::with_limits(log, limits);
    let all = connections.by_ref().map(|connection| shown(&connection)).collect();
    Told::new(all, connections.stats(), connections.lost_ranges())
}

fn of_stream(log: &[u8], limits: Limits) -> Told {
    let mut reader = Reader::with_limits(log, limits).connections();
    let mut all = Vec::new();
    while let Some(connection) = reader.next_connection().unwrap() {
        all.push(shown(&connection));
    }
    Told::new(all, reader.stats(), reader.lost_ranges())
}

/// Bounds that a log never reaches, and such that it does.
fn limits() -> [Limits; 5] {
    let usual = Limits::default();
    [
        usual,
        usual.with_timeout_millis(0),
        usual.with_timeout_millis(20).with_open_events(3),
        usual.with_remembered_events(0).with_read_bytes(700),
        usual.with_line_bytes(180).with_remembered_events(2).with_nodes(2),
    ]
}

/// Holds the paths against each other within each of these bounds; gives how many connections there
/// were.
fn agree(name: &str, log: &[u8], limits: &[Limits]) -> usize {
    let mut connections = 0;
    for &limits in limits {
        let plain = plain(log, limits);
        connections += plain.connections.len();
        differs_nowhere(&of_slice(log, limits), &plain, &format!("{name}: slice, {limits:?}"));
        differs_nowhere(&of_stream(log, limits), &plain, &format!("{name}: stream, {limits:?}"));
    }
    connections
}

/// Asserts what [`assert_eq`] would print a whole log for.
fn differs_nowhere(told: &Told, plain: &Told, what: &str) {
    let both = told.connections.iter().zip(&plain.connections);
    for (place, (told, plain)) in both.enumerate() {
        assert_eq!(told, plain, "{what}: connection {place}");
    }
    assert_eq!(told.connections.len(), plain.connections.len(), "{what}");
    assert_eq!((&told.stats, &told.lost), (&plain.stats, &plain.lost), "{what}");
}

/// Numbers that look random and are the same on every run (Knuth's MMIX generator).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % bound
    }
}

/// Makes a log such as it may be after a long way: its lines `apart` places out of order, with an
/// `EOE` behind each title or without, of two hosts, and every so many bytes one that is wrong.
fn changed(log: &[u8], apart: usize, with_eoe: bool, damage_every: usize) -> Vec<u8> {
    let mut random = Random(apart as u64 + damage_every as u64);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in log.split_inclusive(|&byte| byte == b'\n') {
        let host = if random.below(4) == 0 { &b"node=web01 "[..] } else { b"" };
        lines.push([host, line].concat());
        if let Some((front, rest)) = split_at(line, b"type=PROCTITLE ").filter(|_| with_eoe)
            && let Some((stamp, _)) = split_at(rest, b"): ")
        {
            lines.push([host, front, b"type=EOE ", stamp, b"): \n"].concat());
        }
    }
    for at in 0..lines.len() {
        let other = (at + random.below(apart + 1)).min(lines.len() - 1);
        lines.swap(at, other);
    }
    let mut log = lines.concat();
    for _ in 0..log.len().checked_div(damage_every).unwrap_or(0) {
        let at = random.below(log.len());
        log[at] = b"\n\r\0 =\"x0"[random.below(8)];
    }
    log
}

/// What stands before and behind `text`.
fn split_at<'a>(line: &'a [u8], text: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = line.windows(text.len()).position(|part| part == text)?;
    Some((&line[..at], &line[at + text.len()..]))
}

/// The same of a log and of what it may be after a long way.
fn agree_changed(name: &str, log: &[u8]) -> usize {
    let mut connections = agree(name, log, &limits());
    for (apart, with_eoe, damage_every) in [
        (0, true, 0),
        (3, false, 0),
        (9, true, 0),
        (0, true, 300),
        (2, true, 900),
        (40, false, 2000),
    ] {
        let log = changed(log, apart, with_eoe, damage_every);
        connections += agree(&format!("{name} {apart} {with_eoe} {damage_every}"), &log, &limits());
    }
    connections
}

/// The first lines of a log, up to some size.
fn front(log: &[u8], bytes: usize) -> &[u8] {
    &log[..bytes.min(log.len())]
}

#[test]
fn on_every_log_of_the_corpus() {
    let mut connections = 0;
    for scenario in common::SCENARIOS {
        let log = common::log(scenario);
        agree(scenario, log, &[Limits::default()]);
        connections += agree_changed(scenario, front(log, 15_000));
    }
    for entry in fs::read_dir(common::path("quirks")).unwrap() {
        let path = entry.unwrap().path();
        agree(&path.display().to_string(), &fs::read(&path).unwrap(), &limits());
    }
    for name in ["connect-s21", "mixed-s11", "mixed-s13", "mixed-s14"] {
        let log = common::read(&format!("seeded/{name}.log"));
        connections += agree_changed(name, front(&log, 50_000));
    }
    assert!(connections > 5000, "{connections}");
}

#[test]
fn nearly_all_connections_of_kernels_are_sound() {
    let (mut all, mut sound) = (0, 0);
    for log in common::SCENARIOS.map(common::log) {
        for connection in Connections::new(log) {
            all += 1;
            sound += usize::from(connection.sound_process().is_some());
        }
    }
    assert!(sound * 10 > all * 9, "{sound} of {all}");
}

#[test]
fn on_generated_logs() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/gen_audit.py");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("paths.log");
    for profile in ["mixed", "connect"] {
        for rate in ["50", "10000"] {
            let mut generator = Command::new("python3");
            generator.arg(&script).args(["--profile", profile, "--mb", "1", "--rate", rate]);
            let Ok(status) = generator.args(["--no-eoe", "--out"]).arg(&out).status() else {
                println!("skipped: python3 cannot be run");
                return;
            };
            assert!(status.success());
            let log = fs::read(&out).unwrap();
            let part = &log[log.len() / 2..log.len() * 11 / 20];
            let connections = agree_changed(&format!("{profile} at {rate}"), part);
            assert!(connections > 1000, "{profile} at {rate}: {connections}");
        }
    }
}
