//! What can be read, and what is said when it cannot.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::common::{corpus, rareport, rareport_with};
use tempfile::TempDir;

/// One record at a second since 1970.
fn record(second: u64) -> String {
    format!("type=CWD msg=audit({second}.000:{second}): cwd=\"/{second}\"\n")
}

/// Serials of the records in a run of `rareport records`.
fn serials(arguments: &[&str], stdin: &str) -> Vec<u64> {
    let run = rareport_with(arguments, stdin.as_bytes()).expect(0);
    run.documents().iter().map(|document| document["serial"].as_u64().unwrap()).collect()
}

fn write(directory: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn rotations_are_read_oldest_first_whatever_their_compression() {
    let directory = TempDir::new().unwrap();
    let gzip = |text: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |text: String| zstd::encode_all(text.as_bytes(), 1).unwrap();
    write(&directory, "audit.log", record(5));
    write(&directory, "audit.log.1", record(4));
    write(&directory, "audit.log.2.gz", [gzip(record(2)), gzip(record(3))].concat());
    // Compressed, but not by its name.
    write(&directory, "audit.log.10", zstd(record(1)));
    let path = directory.path().to_str().unwrap();
    assert_eq!(serials(&["records", path], ""), [1, 2, 3, 4, 5]);
    // As a shell's `audit.log*` gives them.
    let names = ["audit.log", "audit.log.1", "audit.log.10", "audit.log.2.gz"];
    let paths = names.map(|name| directory.path().join(name).to_str().unwrap().to_owned());
    let mut arguments = vec!["records"];
    arguments.extend(paths.iter().map(String::as_str));
    assert_eq!(serials(&arguments, ""), [1, 2, 3, 4, 5]);
}

#[test]
fn an_event_may_begin_in_one_rotation_and_end_in_the_next() {
    let log = fs::read_to_string(corpus("edge/edge.log")).unwrap();
    let middle = log.find("type=SOCKADDR").unwrap();
    let directory = TempDir::new().unwrap();
    write(&directory, "audit.log.1", &log[..middle]);
    write(&directory, "audit.log", &log[middle..]);
    let whole = rareport_with(&["events"], log.as_bytes()).expect(0);
    let split = rareport(&["events", directory.path().to_str().unwrap()]).expect(0);
    assert_eq!(whole.stdout, split.stdout);
}

#[test]
fn stdin_is_read_when_piped_or_named() {
    assert_eq!(serials(&["records"], &record(1)), [1]);
    assert_eq!(serials(&["records", "-"], &record(1)), [1]);
    rareport(&["records", "-", "-"]).expect(2);
}

/// The first line on stdout of a run whose stdin stays open behind `input`.
pub(crate) fn first_line_while_open(arguments: &[&str], input: &str) -> Option<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(input.as_bytes()).unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
    let line = receiver.recv_timeout(Duration::from_secs(20)).ok();
    drop(pipe);
    child.wait().unwrap();
    line
}

#[test]
fn what_is_whole_is_written_before_more_is_waited_for() {
    let event = "\
        type=SYSCALL msg=audit(1.500:7): arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=1\n\
        type=SOCKADDR msg=audit(1.500:7): saddr=0200115CCB007109\n\
        type=PROCTITLE msg=audit(1.500:7): proctitle=\"nc\"\n";
    for arguments in [
        &["events", "--format", "ndjson"][..],
        &["events", "--format", "csv"],
        &["records"],
        &["records", "--group"],
    ] {
        let line = first_line_while_open(arguments, event);
        assert!(line.is_some(), "{arguments:?}");
    }
}

/// An event that no record ends.
const OPEN_EVENT: &str = "\
    type=SYSCALL msg=audit(1.500:7): arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=1\n\
    type=SOCKADDR msg=audit(1.500:7): saddr=0200115CCB007109\n";

#[cfg(unix)]
#[test]
fn a_silent_pipe_ends_the_events_in_it() {
    for arguments in [&["events", "--format", "ndjson"][..], &["records", "--group"]] {
        let line = first_line_while_open(arguments, OPEN_EVENT);
        assert!(
            line.is_some_and(
                |line| line.contains("203.0.113.9") || line.contains("0200115CCB007109")
            ),
            "{arguments:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn half_a_line_is_waited_for() {
    let at = OPEN_EVENT.find("saddr=").unwrap();
    let (first, second) = OPEN_EVENT.split_at(at);
    let whole = rareport_with(&["events"], OPEN_EVENT.as_bytes()).expect(0);
    let pieces = run_in_pieces(&["events"], first.as_bytes(), second.as_bytes(), SILENCE);
    assert_eq!(pieces, (Some(0), whole.stdout));
}

/// Longer than a pipe may be silent before its events are over.
const SILENCE: Duration = Duration::from_secs(4);

/// What a run writes whose input comes in two pieces, the second after a while.
pub(crate) fn run_in_pieces(
    arguments: &[&str],
    first: &[u8],
    second: &[u8],
    pause: Duration,
) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(first).unwrap();
    thread::sleep(pause);
    // Whoever refuses the first piece does not wait for the second.
    let _ = pipe.write_all(second);
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn it_does_not_matter_in_which_pieces_the_input_comes() {
    let mut tar = vec![0; 512];
    tar[..9].copy_from_slice(b"audit.log");
    tar[257..262].copy_from_slice(b"ustar");
    let log = |start: &[u8]| [start, record(1).as_bytes()].concat();
    let nuls = [&[0; 7][..], b"\n"].concat();
    for input in [log(&nuls), log(b"{\n"), log(b""), log(&tar)] {
        let whole = rareport_with(&["records"], &input);
        for at in [1, 8, 100] {
            let at = at.min(input.len() / 2);
            let pieces =
                run_in_pieces(&["records"], &input[..at], &input[at..], Duration::from_millis(300));
            assert_eq!(pieces, (Some(whole.status), whole.stdout.clone()), "{input:?} at {at}");
        }
    }
}

#[test]
fn what_a_crash_left_in_front_does_not_hide_the_records() {
    for nuls in [7, 70_000] {
        let log = [&vec![0; nuls][..], b"\n", record(1).as_bytes()].concat();
        let run = rareport_with(&["records"], &log).expect(0);
        assert_eq!(run.documents().len(), 1);
        assert!(run.stderr.contains("1 other line skipped"), "{}", run.stderr);
    }
}

#[test]
fn one_bad_file_among_many_is_told_once_and_the_rest_is_used() {
    let directory = TempDir::new().unwrap();
    let good = write(&directory, "good.log", record(1));
    let missing = directory.path().join("missing.log");
    let run = rareport(&["records", missing.to_str().unwrap(), &good]).expect(2);
    assert_eq!(run.documents().len(), 1);
    assert_eq!(run.stderr.matches("missing.log").count(), 1, "{}", run.stderr);
    // Errors are told even to the quiet.
    let quiet = rareport(&["records", "--quiet", missing.to_str().unwrap(), &good]).expect(2);
    assert_eq!(quiet.stderr.lines().count(), 1, "{}", quiet.stderr);
}

#[test]
fn a_cut_file_gives_what_it_has() {
    let directory = TempDir::new().unwrap();
    let text: String = (1..20_000).map(record).collect();
    let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let cut = write(&directory, "audit.log.zst", &packed[..packed.len() / 2]);
    let run = rareport(&["records", &cut]).expect(2);
    assert!(!run.documents().is_empty());
    assert!(run.stderr.contains("truncated; the rest of this file is lost"), "{}", run.stderr);
}

#[test]
fn a_file_named_twice_is_read_once() {
    let directory = TempDir::new().unwrap();
    let file = write(&directory, "audit.log", record(1));
    let run = rareport(&["records", &file, directory.path().to_str().unwrap()]).expect(0);
    assert_eq!(run.documents().len(), 1);
    assert!(run.stderr.contains("audit.log is named twice; it is read once"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_file_that_links_lead_to_is_read_once() {
    use std::os::unix::fs::symlink;
    let directory = TempDir::new().unwrap();
    let file = write(&directory, "web01/audit.log", record(2));
    write(&directory, "web01/audit.log.1", record(1));
    let [soft, hard] = ["current.log", "hard.log"].map(|name| directory.path().join(name));
    symlink(&file, &soft).unwrap();
    fs::hard_link(&file, &hard).unwrap();
    symlink(directory.path(), directory.path().join("web01/loop")).unwrap();
    let web01 = directory.path().join("web01");
    for (link, other) in [(&soft, &web01), (&hard, &web01), (&soft, &hard)] {
        let [link, other] = [link, other].map(|path| path.to_str().unwrap());
        let run = rareport(&["records", link, other]).expect(0);
        let serials: Vec<_> =
            run.documents().iter().map(|record| record["serial"].as_u64()).collect();
        assert_eq!(
            serials.iter().filter(|&&serial| serial == Some(2)).count(),
            1,
            "{link} {other}"
        );
        assert_eq!(run.stderr.matches("is the same file as").count(), 1, "{}", run.stderr);
    }
    // The name of the log counts, not that of the link to it.
    let run = rareport(&["records", soft.to_str().unwrap(), web01.to_str().unwrap()]).expect(0);
    assert_eq!(run.documents()[0]["serial"], 1);
    let said = format!("{} is the same file as {file}; it is read once", soft.display());
    assert!(run.stderr.contains(&said), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_link_to_itself_is_told() {
    let directory = TempDir::new().unwrap();
    write(&directory, "audit.log.1", record(1));
    std::os::unix::fs::symlink("audit.log", directory.path().join("audit.log")).unwrap();
    let run = rareport(&["records", directory.path().to_str().unwrap()]).expect(2);
    assert_eq!(run.documents().len(), 1);
    assert!(run.stderr.contains("audit.log: "), "{}", run.stderr);
}

#[test]
fn rotations_by_other_names_are_in_order_and_the_rest_is_told() {
    let directory = TempDir::new().unwrap();
    let oldest_first = [
        "audit.log-20240528",
        "audit.log.2024-05-29",
        "audit.log.2024-05-30",
        "audit.log.20240531",
        "audit.log.old",
        "audit.log",
    ];
    for (name, second) in oldest_first.into_iter().zip(1..) {
        write(&directory, name, record(second));
    }
    write(&directory, "audit.log.bak", record(7));
    write(&directory, "notes.txt", "hello");
    let run = rareport(&["records", directory.path().to_str().unwrap()]).expect(0);
    let serials: Vec<_> =
        run.documents().iter().map(|record| record["serial"].as_u64().unwrap()).collect();
    assert_eq!(serials, [1, 2, 3, 4, 5, 6]);
    assert_eq!(run.stderr.matches("left out").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("audit.log.bak left out: its name is not"), "{}", run.stderr);
}

#[test]
fn lines_of_other_programs_are_counted() {
    let log = [&record(1), "Jun  1 00:00:00 web01 sshd[9]: hello\n"].concat();
    let run = rareport_with(&["records"], log.as_bytes()).expect(0);
    assert!(run.stderr.contains("1 other line"), "{}", run.stderr);
}

#[test]
fn nothing_to_use_is_said_in_a_sentence_and_is_status_2() {
    let directory = TempDir::new().unwrap();
    let path = |name, content: &[u8]| write(&directory, name, content);
    for (path, advice) in [
        (path("empty.log", b""), "empty"),
        (path("text.log", b"hello\n"), "no line of the input is an audit record"),
        (path("events.json", b"{\"a\":1}\n"), "JSON"),
        (path("program", b"\x7fELF\0\0\0"), "binary"),
        (path("logs.zip", b"PK\x03\x04\0\0"), "unpack"),
        (directory.path().to_str().unwrap().to_owned(), "no audit.log in this directory"),
    ] {
        let run = rareport(&["events", &path]).expect(2);
        assert!(run.stderr.contains(advice), "{path}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let run = rareport(&["events"]).expect(2);
    assert!(run.stderr.contains("the input is empty"), "{}", run.stderr);
}

#[test]
fn a_range_of_time() {
    let log: String = (1000..1010).map(record).collect();
    let directory = TempDir::new().unwrap();
    let file = write(&directory, "audit.log", &log);
    let of = |range: &[&str]| serials(&[&["records", &file], range].concat(), "");
    assert_eq!(of(&["--from", "1008"]), [1008, 1009]);
    assert_eq!(of(&["--to", "1002"]), [1000, 1001]);
    assert_eq!(of(&["--from", "1970-01-01T00:16:45Z", "--to", "1006.5"]), [1005, 1006]);
    // The log ends at 1009.
    assert_eq!(of(&["--from", "2s"]), [1007, 1008, 1009]);
    let outside = rareport(&["records", &file, "--from", "2000"]).expect(0);
    assert!(outside.stderr.contains("nothing in the input happened"), "{}", outside.stderr);
    let empty = rareport(&["records", &file, "--from", "1005", "--to", "1005"]).expect(2);
    assert!(empty.stderr.contains("--from must be before --to"), "{}", empty.stderr);
}

#[test]
fn a_pipe_has_no_end_to_count_back_from() {
    let run = rareport_with(&["records", "--from", "2h"], record(1).as_bytes()).expect(2);
    assert!(run.stderr.contains("RFC 3339"), "{}", run.stderr);
    rareport(&["records", "--from", "yesterday"]).expect(2);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["records", &corpus("fleet-day")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn progress_is_shown_only_when_it_helps() {
    let directory = TempDir::new().unwrap();
    let file = write(&directory, "audit.log", record(1));
    let shown = |when| rareport(&["records", "--progress", when, &file]).expect(0).stderr;
    assert_eq!(shown("auto").lines().count(), 1);
    assert_eq!(shown("never").lines().count(), 1);
    let always = shown("always");
    assert!(always.contains("/s"), "{always}");
    let quiet = rareport(&["records", "--quiet", &file]).expect(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn the_whole_corpus_is_read_without_an_error() {
    let root = corpus("");
    let mut scenarios: Vec<_> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    scenarios.sort();
    let with_logs = |path: &Path| rareport(&["events", path.to_str().unwrap()]).status == 0;
    let read: Vec<_> = scenarios.iter().filter(|path| with_logs(path)).collect();
    assert!(read.len() >= 8, "{read:?}");
}

#[test]
fn what_is_skipped_says_why_also_when_nothing_is_left() {
    let long = ["x".repeat(1 << 20), "\n".to_owned(), record(1)].concat();
    let run = rareport_with(&["records"], long.as_bytes()).expect(0);
    assert!(run.stderr.contains("longer than 1,048,576 bytes"), "{}", run.stderr);
    let serial = rareport(&["events", &corpus("quirks/70-serial-big.log")]).expect(2);
    assert!(serial.stderr.contains("3 lines skipped: expected a serial"), "{}", serial.stderr);
    let journal = rareport(&["events", &corpus("quirks/05-printk-pid.log")]).expect(2);
    assert!(journal.stderr.contains("journalctl -k"), "{}", journal.stderr);
}

#[test]
fn what_is_skipped_says_where_the_first_of_it_is() {
    let directory = TempDir::new().unwrap();
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    write(&directory, "audit.log.2", record(1).trim_end());
    let old = write(&directory, "audit.log.1.gz", gzip(&[&record(2), "hello\n"].concat()));
    write(&directory, "audit.log", ["hello\n", "type=CWD msg=audit(x): \n"].concat());
    let directory = directory.path().to_str().unwrap();
    for arguments in [&["records"][..], &["records", "--group"], &["events"], &["detect"]] {
        let run = rareport(&[arguments, &[directory]].concat()).expect(0);
        let first = format!("2 other lines skipped: not from audit; the first is {old}:2\n");
        assert!(run.stderr.contains(&first), "{}", run.stderr);
        let broken = format!("; the first is {directory}/audit.log:2\n");
        assert!(run.stderr.contains(&broken), "{}", run.stderr);
    }
    let piped = rareport_with(&["records"], ["hello\n", &record(1)].concat().as_bytes()).expect(0);
    assert!(piped.stderr.contains("the first is standard input:1\n"), "{}", piped.stderr);
}
