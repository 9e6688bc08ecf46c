//! A run that is cut (saved, dropped, restored) at 50 points gives the same bytes as one that is not.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod common;
#[path = "common/cut.rs"]
mod cut;
#[path = "common/points.rs"]
mod points;

use common::stream::Stream;
use cut::detector_cut;
use points::points;
use rareport::Detector;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Streams that have, between them, all that a state may hold, and few events.
const QUICK: [&str; 13] = [
    "first_partial",
    "freq_rare",
    "gaps",
    "interim_records",
    "late_beyond_latency",
    "missing_by",
    "partition_new_host",
    "persist_split",
    "prune_default_window",
    "return_after_07d",
    "rule_model_update_only",
    "span_1m",
    "use_null",
];

/// The documents of a stream, the detector being cut before the events at `cuts`.
fn lines(stream: &Stream, cuts: &BTreeSet<usize>) -> Vec<String> {
    let mut detector = Detector::new(stream.job.clone()).unwrap();
    let mut results = Vec::new();
    for (place, event) in stream.events.iter().enumerate() {
        if cuts.contains(&place) {
            detector = detector_cut(detector);
        }
        event.observe(|observation| results.extend(detector.push(observation).unwrap()));
    }
    if let Some(time) = stream.run.advance_time {
        results.extend(detector.advance_to(time).unwrap());
    }
    if !cuts.is_empty() {
        detector = detector_cut(detector);
    }
    if stream.run.interim {
        results.extend(detector.interim());
    }
    results.extend(detector.finish());
    results.iter().flat_map(|results| results.to_json_lines().unwrap()).collect()
}

fn check(folder: &Path) {
    let stream = Stream::read(folder);
    let cuts = points(stream.events.len(), 50);
    let (whole, cut) = (lines(&stream, &BTreeSet::new()), lines(&stream, &cuts));
    assert_eq!(whole.len(), cut.len(), "{}", folder.display());
    for (whole, cut) in whole.iter().zip(&cut) {
        assert_eq!(whole, cut, "{}", folder.display());
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden")
}

#[test]
fn some_streams() {
    QUICK.iter().for_each(|name| check(&golden().join(name)));
}

/// All of them take a minute, so they are for those who have the further streams.
#[test]
fn all_streams() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !manifest.join("../../../shared/golden").exists() {
        println!("skipped: there is no folder of further streams");
        return;
    }
    for entry in std::fs::read_dir(golden()).unwrap() {
        check(&entry.unwrap().path());
    }
}
