//! What a user sees when reading or writing fails under way. Sources that fail at
//! a chosen place are in the unit tests of `input::reader`; these are real files.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::common::{Run, corpus, rareport};

/// One record at a second since 1970.
fn record(second: u64) -> String {
    format!("type=CWD msg=audit({second}.000:{second}): cwd=\"/{second}\"\n")
}

/// Starts a run whose output is not read yet.
fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(child: Child) -> Run {
    let output = child.wait_with_output().unwrap();
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Run { status: output.status.code().unwrap(), stdout, stderr }
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_the_reason() {
    // Reading the first byte of a process's memory is an input/output error.
    let unreadable = "/proc/self/mem";
    let good = corpus("quirks/00-plain.log");
    for arguments in [
        &["records", unreadable, &good][..],
        &["events", unreadable, &good],
        &["detect", unreadable, &good],
        &["anomalies", unreadable, &good],
    ] {
        let run = rareport(arguments).expect(2);
        let error = "error: /proc/self/mem: Input/output error (os error 5)\n";
        assert_eq!(run.stderr.matches(error).count(), 1, "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("nothing to use"), "{arguments:?}: {}", run.stderr);
    }
    let run = rareport(&["detect", &good, "--rules", unreadable]).expect(2);
    assert!(run.stderr.contains("/proc/self/mem: Input/output error"), "{}", run.stderr);
}

#[test]
fn output_that_finds_no_room_is_an_error() {
    let log = corpus("fleet-day");
    let quirk = corpus("quirks/00-plain.log");
    for arguments in [
        &["records", &log][..],
        &["records", "--group", &quirk],
        &["events", "--format", "ndjson", &quirk],
        &["events", "--format", "csv", &quirk],
        &["events", "--format", "table", &quirk],
        &["detect", "--threshold", "0", &log],
        &["anomalies", &log],
        &["observations", &quirk],
        &["report", &quirk],
        &["explain", "443", &quirk],
        &["check", &quirk],
        &["rules"],
        &["--help"],
        &["detect", "--help"],
        &["--version"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_rareport"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(full)
            .output()
            .unwrap();
        let stderr = String::from_utf8(run.stderr).unwrap();
        let error = "error: cannot write the output: No space left on device (os error 28)\n";
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(stderr.matches(error).count(), 1, "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_read_ends_there() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("audit.log");
    let text: String = (1..200_000).map(record).collect();
    fs::write(&path, &text).unwrap();
    let mut child = start(&["records", path.to_str().unwrap()]);
    // With a first byte to read, the run has begun; with its output unread, it waits.
    let mut first = [0];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    let half = text.len() as u64 / 2 + 7;
    OpenOptions::new().write(true).open(&path).unwrap().set_len(half).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let run = end(child).expect(0);
    let whole = text[..half as usize].lines().count();
    let records = rest.lines().count();
    assert!(whole - 1 <= records && records <= whole, "{records} of {whole}");
    assert!(run.stderr.contains("record"), "{}", run.stderr);
}

#[test]
fn a_pipe_that_is_closed_within_a_line_ends_there() {
    let directory = TempDir::new().unwrap();
    let path: PathBuf = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let child = start(&["records", path.to_str().unwrap()]);
    let writer = thread::spawn(move || {
        let mut pipe = File::options().write(true).open(path).unwrap();
        pipe.write_all(record(1).as_bytes()).unwrap();
        pipe.write_all(b"type=CWD msg=aud").unwrap();
    });
    let run = end(child).expect(0);
    writer.join().unwrap();
    assert_eq!(run.documents().len(), 1);
    assert!(run.stderr.contains("1 line skipped: "), "{}", run.stderr);
}

#[test]
fn a_clock_that_is_set_back_costs_no_word() {
    let event = |second: u64, serial: u64| {
        format!(
            "type=SYSCALL msg=audit({second}.000:{serial}): arch=c000003e syscall=42 success=yes \
             exit=0 a0=3 pid=1\n\
             type=SOCKADDR msg=audit({second}.000:{serial}): saddr=020001BBCB007109\n\
             type=PROCTITLE msg=audit({second}.000:{serial}): proctitle=\"nc\"\n"
        )
    };
    // A day in which a minute has an event, and its last ten hours once more.
    let minutes = (0..1440).chain(840..1440);
    let log: String =
        minutes.zip(1..).map(|(minute, serial)| event(1_000_000 + minute * 60, serial)).collect();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("audit.log");
    fs::write(&path, log).unwrap();
    let run = rareport(&["detect", "-v", path.to_str().unwrap()]).expect(0);
    let late = "came after a bucket was closed and could not be counted; the log is not in order of \
                time";
    assert!(run.stderr.contains(late), "{}", run.stderr);
    assert!(run.stderr.contains("2,040 connections"), "{}", run.stderr);
}

#[test]
fn a_file_without_permission_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("audit.log");
    fs::write(&path, record(1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    if File::open(&path).is_ok() {
        println!("skipped: to root no file is forbidden");
        return;
    }
    let run = rareport(&["records", path.to_str().unwrap()]).expect(2);
    assert!(run.stderr.contains("permission denied; audit logs are kept for"), "{}", run.stderr);
}

#[test]
fn what_is_not_there_is_told_in_one_way() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("none");
    let (none, log) = (path.to_str().unwrap(), crate::common::corpus("connect-basic"));
    for arguments in [
        &["detect", none][..],
        &["detect", "--rules", none, &log],
        &["detect", "--config", none],
        &["report", "--state", none, &log],
        &["rules", "--lint", none],
        &["state", "show", none],
        &["state", "list", none],
        &["state", "revert", none, "x"],
        &["state", "export", none],
        &["status", none],
    ] {
        let error = rareport(arguments).expect(2).stderr;
        let told = format!("{none}: there is no such file or directory\n");
        assert!(error.contains(&told), "{arguments:?}: {error}");
    }
    let below = format!("{none}/file");
    for arguments in [
        &["detect", "--append", &below, &log][..],
        &["detect", "--state", &below, &log],
        &["events", "--output", &below, &log],
        &["report", "--output", &below, &log],
    ] {
        let error = rareport(arguments).expect(2).stderr;
        let told = format!("{below}: there is no such directory to put it in\n");
        assert!(error.contains(&told), "{arguments:?}: {error}");
    }
}
