//! What is read of members that are damaged, cut, interrupted or no audit log.

use std::fs;
use std::io::Write;

use clap::Parser;
use tempfile::TempDir;

use super::super::caught_up::is_caught_up;
use super::super::start::Start;
use super::*;
use crate::args::Args;

fn quiet() -> Console {
    Console::new(Args::parse_from(["rareport", "--quiet", "rules"]).console)
}

/// A source that gives these pieces or errors one by one.
struct Faulty(IntoIter<Result<Vec<u8>, io::ErrorKind>>);

impl Read for Faulty {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.next() {
            Some(Ok(piece)) => {
                buffer[..piece.len()].copy_from_slice(&piece);
                Ok(piece.len())
            }
            Some(Err(kind)) => Err(kind.into()),
            None => Ok(0),
        }
    }
}

/// The text of a source, and whether it was told to be lost in part.
fn read_over(pieces: Vec<Result<Vec<u8>, io::ErrorKind>>) -> (Vec<u8>, bool) {
    let (console, tally) = (quiet(), Tally::default());
    let mut text = Vec::new();
    let source = Faulty(pieces.into_iter());
    LogReader::over(source, &console, &tally).read_to_end(&mut text).unwrap();
    (text, console.failed())
}

/// Bytes one by one, with an interruption before each.
fn byte_by_byte(bytes: &[u8]) -> Vec<Result<Vec<u8>, io::ErrorKind>> {
    let each = |&byte| [Err(io::ErrorKind::Interrupted), Ok(vec![byte])];
    bytes.iter().flat_map(each).collect()
}

#[test]
fn short_reads_and_interruptions_change_nothing() {
    let text = b"type=EOE msg=audit(1.000:1): \n".repeat(40);
    let journal = br#"{"_TRANSPORT":"kernel","MESSAGE":"x"}"#;
    let packed = zstd::encode_all(&text[..], 1).unwrap();
    for bytes in [&text, &journal.to_vec(), &packed] {
        let (whole, failed) = read_over(bytes.chunks(512).map(|piece| Ok(piece.into())).collect());
        assert!(!failed);
        assert_eq!(read_over(byte_by_byte(bytes)), (whole, false));
    }
    assert_eq!(read_over(byte_by_byte(&packed)).0, text);
}

#[test]
fn what_came_before_an_error_is_used() {
    let text = b"type=EOE msg=audit(1.000:1): \n".repeat(40);
    let kinds = [io::ErrorKind::PermissionDenied, io::ErrorKind::TimedOut, io::ErrorKind::Other];
    for kind in kinds {
        for at in [1, 6, 30, 511, 600, 1199] {
            let pieces = byte_by_byte(&text[..at]).into_iter().chain([Err(kind), Ok(vec![b'x'])]);
            let (read, failed) = read_over(pieces.collect());
            assert!(failed, "{kind} at {at}");
            assert_eq!(read, text[..at], "{kind} at {at}");
        }
    }
    assert_eq!(read_over(vec![Err(kinds[0]), Ok(b"x".into())]), (Vec::new(), true));
    // EIO, as on Linux.
    let error = io::Error::from_raw_os_error(5);
    let told = lost(&Member::Stdin, &error);
    assert!(
        told.starts_with("standard input: Input/output error (os error 5); the rest"),
        "{told}"
    );
}

/// A log whose members have the given contents; `None` is a missing file.
fn log(directory: &TempDir, contents: &[Option<&[u8]>]) -> Log {
    let members = contents.iter().enumerate().map(|(index, content)| {
        let path = directory.path().join(index.to_string());
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        Member::File { path, size: None }
    });
    Log::new(members.collect(), None)
}

fn read(contents: &[Option<&[u8]>]) -> (String, bool, &'static str) {
    let (directory, console, tally) = (TempDir::new().unwrap(), quiet(), Tally::default());
    let log = log(&directory, contents);
    let mut text = String::new();
    LogReader::new(&log, &console, &tally, &|| Ok(())).read_to_string(&mut text).unwrap();
    (text, console.failed(), tally.why_no_record())
}

#[test]
fn members_are_one_stream_of_whole_lines() {
    let (text, failed, _) = read(&[Some(b"one\ntw"), Some(b"three\n"), Some(b"four")]);
    assert_eq!(text, "one\ntw\nthree\nfour");
    assert!(!failed);
}

#[test]
fn a_bad_member_does_not_stop_the_others() {
    let cut = &zstd::encode_all(&b"packed\n"[..], 1).unwrap()[..9];
    let (text, failed, _) =
        read(&[Some(b"one\n"), None, Some(cut), Some(b"PK\x03\x04"), Some(b"two\n")]);
    assert_eq!(text, "one\ntwo\n");
    assert!(failed);
}

/// Found by the fuzz target `log`: of compressed data that turned out to be damaged within the
/// first 512 bytes of its text, even these were lost.
#[test]
fn a_small_damaged_file_gives_what_it_has() {
    let text = b"type=EOE msg=audit(1.000:1): \n";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(text).unwrap();
    let mut packed = encoder.finish().unwrap();
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    assert_eq!(read_over(byte_by_byte(&packed)), (text.to_vec(), true));
    assert_eq!(read_over(vec![Ok(packed)]), (text.to_vec(), true));
}

#[test]
fn nul_bytes_in_an_audit_log_are_text() {
    for nuls in [2, 70_000] {
        let log = [&vec![0; nuls][..], b"\ntype=EOE msg=audit(1.000:1): \n"].concat();
        let (text, failed, _) = read(&[Some(&log)]);
        assert!(text.starts_with('\0') && text.len() == log.len() && !failed);
    }
}

#[test]
fn the_reason_for_no_record_fits() {
    assert!(read(&[Some(b"")]).2.contains("empty"));
    assert!(read(&[Some(b"hello\n")]).2.contains("no line"));
    assert!(read(&[Some(b"{\"a\":1}\n")]).2.contains("JSON"));
    assert!(read(&[Some(b"\x7fELF\0\0")]).2.contains("binary"));
}

/// The text of a log that is read on from the place up to which another was
/// read.
fn read_on(log: &Log, read: &Log) -> String {
    let (console, tally) = (quiet(), Tally::default());
    let reader = |log: &Log| LogReader::new(log, &console, &tally, &|| Ok(())).reading_on(log);
    let started = |start| Log { start: Some(start), ..read.clone() };
    let mut before = reader(&started(Start::default()));
    let mut text = Vec::new();
    // The end is told before it is given.
    assert!(is_caught_up(&before.read_to_end(&mut text).unwrap_err()));
    let place = before.trail().unwrap().borrow().place(text.len() as u64);
    let start = Start { member: 0, place, older: Vec::new() };
    let mut text = String::new();
    let mut rest = reader(&Log { start: Some(start), ..log.clone() });
    assert!(is_caught_up(&rest.read_to_string(&mut text).unwrap_err()));
    assert_eq!(rest.read_to_string(&mut text).unwrap(), 0);
    text
}

#[test]
fn a_file_that_has_the_name_of_the_one_that_was_read_is_read_whole() {
    let directory = TempDir::new().unwrap();
    let log = |name: &str, text: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        Log::new(vec![Member::File { path, size: Some(text.len() as u64) }], None)
    };
    let (one, other) = ("one\n".repeat(1000), "other\n".repeat(1000));
    let pack = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    for is_packed in [false, true] {
        let write = |name: &str, text: &str| match is_packed {
            false => log(name, text.as_bytes()),
            true => log(name, &pack(text)),
        };
        let read = write("read", &one);
        assert_eq!(read_on(&read, &read), "");
        assert_eq!(read_on(&write("grown", &(one.clone() + "new\n")), &read), "new\n");
        assert_eq!(read_on(&write("other", &other), &read), other);
    }
}
