//! Several threads give what one gives, byte for byte, whatever they are given
//! to do at a time.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::common::{Run, corpus, rareport};

/// What is asked of every input.
const COMMANDS: [&[&str]; 10] = [
    &["events", "--format", "ndjson"],
    &["events", "--format", "csv", "--kind", "connect"],
    &["records"],
    &["records", "--group"],
    &["check", "--format", "json"],
    &["detect", "--format", "ndjson", "-v"],
    &["anomalies", "--job", "linux_rare_metadata_user", "-v"],
    &["anomalies", "--by", "destination.port", "--profile", "elastic", "-v"],
    &["observations", "-v"],
    &["observations", "--excluded"],
];

/// Threads, and bytes of the parts that they are given: none is a part for each
/// record or event.
const WAYS: [(&str, Option<&str>); 5] =
    [("2", None), ("2", Some("1")), ("3", Some("1000")), ("7", Some("1")), ("7", Some("5000"))];

fn run(command: &[&str], paths: &[&str], threads: &str, part_bytes: Option<&str>) -> Run {
    let mut arguments = command.to_vec();
    arguments.extend(["--threads", threads]);
    arguments.extend(part_bytes.into_iter().flat_map(|bytes| ["--part-bytes", bytes]));
    arguments.extend(paths);
    rareport(&arguments)
}

/// Asserts that all commands say the same of the input with any threads.
fn assert_same(paths: &[&str]) {
    for command in COMMANDS {
        let one = run(command, paths, "1", None);
        for (threads, part_bytes) in WAYS {
            let several = run(command, paths, threads, part_bytes);
            let first = paths.first();
            let what = format!("{command:?} {first:?} with {threads} threads, {part_bytes:?}");
            assert_eq!(several.stderr, one.stderr, "{what}");
            assert!(several.stdout == one.stdout, "{what}");
            assert_eq!(several.status, one.status, "{what}");
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A log of so many connects, one a second, whose records come apart: those of
/// each event among those of the next two.
fn interleaved(first: u64, events: u64, node: &str) -> String {
    let record = |event: u64, kind: &str, body: &str| {
        format!("{node}type={kind} msg=audit({}.000:{event}): {body}\n", 1_780_272_000 + event)
    };
    let mut log = String::new();
    for event in first..first + events {
        let saddr = format!("0200{:04X}CB007109", if event % 400 == 0 { event } else { 443 });
        let call = "arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=1 uid=0 comm=\"x\"";
        log += &record(event, "SYSCALL", call);
        if event > first {
            log += &record(event - 1, "SOCKADDR", &format!("saddr={saddr}"));
        }
        if event > first + 1 {
            log += &record(event - 2, "PROCTITLE", "proctitle=78");
        }
        if event % 50 == 0 {
            log += "no record\n";
        }
    }
    log
}

/// A directory of hosts whose logs are rotated in the midst of events, some of
/// them compressed, cut or not there.
fn fleet() -> TempDir {
    let fleet = TempDir::new().unwrap();
    let pack = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
    for (host, node) in ["db01", "web01", "web02"].into_iter().zip(["", "node=a ", ""]) {
        let directory = fleet.path().join(host);
        fs::create_dir(&directory).unwrap();
        let log = interleaved(host.len() as u64 * 100, 600, node);
        let (old, new) = log.as_bytes().split_at(log.len() / 3 + 11);
        let (older, old) = old.split_at(old.len() / 2 + 17);
        fs::write(directory.join("audit.log"), new).unwrap();
        fs::write(directory.join("audit.log.1"), old).unwrap();
        let packed = pack(older);
        let kept = if host == "web01" { packed.len() - 3 } else { packed.len() };
        fs::write(directory.join("audit.log.2.zst"), &packed[..kept]).unwrap();
        fs::write(directory.join("audit.log.3"), b"PK\x03\x04 no log").unwrap();
    }
    fleet
}

#[test]
fn a_fleet_with_rotated_and_damaged_files() {
    let fleet = fleet();
    assert_same(&[path(fleet.path())]);
    let [one, missing] = ["web01/audit.log", "nothing"].map(|name| fleet.path().join(name));
    assert_same(&[path(&one), path(&missing)]);
}

#[test]
fn the_day_of_a_fleet() {
    let fleet = corpus("fleet-day");
    for command in [
        &["detect", "--format", "ndjson", "-v"][..],
        &["detect", "--format", "table", "--details", "--from", "8h", "--to", "1h"],
        &["events", "--from", "2h", "-v"],
        &["explain", "4444"],
        &["explain", "53"],
    ] {
        let one = run(command, &[&fleet], "1", None);
        for (threads, part_bytes) in [("2", None), ("3", Some("20000"))] {
            let several = run(command, &[&fleet], threads, part_bytes);
            assert_eq!(several.stderr, one.stderr, "{command:?}");
            assert!(several.stdout == one.stdout, "{command:?}");
        }
    }
}

/// All logs in a directory of the corpus and below it.
fn logs(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            logs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "log") {
            found.push(path);
        }
    }
}

#[test]
fn the_logs_of_the_corpus() {
    for directory in ["quirks", "edge", "variants", "enriched"] {
        let mut found = Vec::new();
        logs(Path::new(&corpus(directory)), &mut found);
        found.sort();
        let paths: Vec<&str> = found.iter().map(|log| path(log)).collect();
        if !paths.is_empty() {
            assert_same(&paths);
        }
    }
}

#[test]
fn an_input_without_a_record() {
    let directory = TempDir::new().unwrap();
    let files = [("a.log", &b""[..]), ("b.log", b"\x7fELF\0\0"), ("c.log", b"hello\n")];
    let paths = files.map(|(name, content)| {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    });
    for count in 1..=paths.len() {
        let paths: Vec<&str> = paths[..count].iter().map(|log| path(log)).collect();
        assert_same(&paths);
    }
}

/// Whoever reads the output may stop: the run ends at once, without a word.
#[test]
fn a_reader_that_goes_ends_the_threads() {
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("audit.log");
    fs::write(&log, interleaved(1, 20_000, "")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["events", "--format", "ndjson", "--threads", "3", path(&log)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 1000];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
}

/// A reader of the output that waits holds up the reading, and then gets all.
#[test]
fn a_slow_reader_bounds_what_is_held() {
    const RECORDS: usize = 10_000;
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("audit.log");
    let long = "x".repeat(8000);
    let record = |serial| format!("type=USER_CMD msg=audit(1.000:{serial}): cmd=\"{long}\"\n");
    fs::write(&log, (0..RECORDS).map(record).collect::<String>()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["records", "--threads", "2", path(&log)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut start = [0; 1000];
    stdout.read_exact(&mut start).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(rest.iter().filter(|&&byte| byte == b'\n').count(), RECORDS);
    if let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        let peak: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak < 48 << 10, "{peak} KiB");
        // Or the input was too small to need the bound.
        assert!(rest.len() > 60_000_000, "{} bytes", rest.len());
    }
}

/// A file that grows beyond measure is given up, which is told in a sentence.
#[test]
fn a_bomb_is_given_up() {
    let directory = TempDir::new().unwrap();
    let [bomb, log] = ["audit.log.1", "audit.log"].map(|name| directory.path().join(name));
    let record = b"type=EOE msg=audit(1.000:1): \n";
    let grown = record.chain(std::io::repeat(b'x').take(65 << 20));
    fs::write(&bomb, zstd::encode_all(grown, 1).unwrap()).unwrap();
    fs::write(&log, record).unwrap();
    for threads in ["1", "3"] {
        let run = run(&["records"], &[path(&bomb), path(&log)], threads, None).expect(2);
        let told = "audit.log.1: it grows to more than 250 times its size when it is \
            decompressed, as a bomb does; if it is a log, say --max-expansion 0; the rest of this \
            file is lost, what came before it was used\n";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert_eq!(run.stdout.lines().count(), 2);
        let allowed = ["records", "--max-expansion", "0", "--threads", threads, path(&bomb)];
        assert!(!rareport(&allowed).expect(0).stderr.contains("error"));
    }
}
