//! What was copied into a batch is what the reader gave: over all logs of the corpus, whatever is
//! read at a time, and wherever batches end.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

use std::fs;
use std::path::{Path, PathBuf};

use auditparse::{Batch, Limits, Reader};

/// All plain logs below a directory.
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

/// Records, events and connections as a reader gives them one by one.
fn read(log: &[u8], limits: Limits) -> [Vec<String>; 3] {
    let mut all = [const { Vec::new() }; 3];
    let mut reader = Reader::with_limits(log, limits);
    while let Some(record) = reader.next_record().unwrap() {
        all[0].extend(record.ok().map(|record| format!("{record:?}")));
    }
    let mut reader = Reader::with_limits(log, limits).events();
    while let Some(event) = reader.next_event().unwrap() {
        all[1].push(format!("{event:?}"));
    }
    let mut reader = Reader::with_limits(log, limits).connections();
    while let Some(connection) = reader.next_connection().unwrap() {
        all[2].push(format!("{connection:?}"));
    }
    all
}

/// The same by batches of at least so many bytes.
fn read_in_batches(log: &[u8], limits: Limits, size: usize) -> [Vec<String>; 3] {
    let mut all = [const { Vec::new() }; 3];
    let mut batch = Batch::default();
    let mut reader = Reader::with_limits(log, limits);
    while !batch.is_empty() || reader.next_record_into(&mut batch).unwrap() {
        while batch.size() < size && reader.next_record_into(&mut batch).unwrap() {}
        all[0].extend(batch.records().map(|record| format!("{record:?}")));
        batch.clear();
    }
    let mut reader = Reader::with_limits(log, limits).events();
    while !batch.is_empty() || reader.next_event_into(&mut batch).unwrap() {
        while batch.size() < size && reader.next_event_into(&mut batch).unwrap() {}
        all[1].extend(batch.events().map(|event| format!("{event:?}")));
        batch.clear();
    }
    let mut reader = Reader::with_limits(log, limits).connections();
    while !batch.is_empty() || reader.next_connection_into(&mut batch).unwrap() {
        while batch.size() < size && reader.next_connection_into(&mut batch).unwrap() {}
        assert_eq!(batch.event_count(), batch.connections().count());
        all[2].extend(batch.connections().map(|connection| format!("{:?}", connection.unwrap())));
        batch.clear();
    }
    all
}

#[test]
fn batches_hold_what_a_reader_gives() {
    let mut paths = Vec::new();
    logs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus"), &mut paths);
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let log = fs::read(&path).unwrap();
        let log = &log[..log.len().min(200_000)];
        let expected = read(log, Limits::default());
        for size in [0, 1000, usize::MAX] {
            let limits = Limits::default().with_read_bytes(777);
            let found = read_in_batches(log, limits, size);
            assert!(found == expected, "{} in batches of {size}", path.display());
        }
    }
}
