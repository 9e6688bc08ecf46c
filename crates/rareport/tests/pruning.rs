//! Values that have been absent for more than 8,000 buckets of an hour are forgotten when a bucket is
//! closed: expected numbers follow from that alone.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::detector::Pruning;
use rareport::results::Record;
use rareport::{Detector, JobConfig, Observation};

const HOUR: i64 = 3600;

fn job() -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.bucket_span = 3600;
    job.limits.largest_gap = None;
    job
}

fn detector() -> Detector {
    Detector::new(job()).unwrap()
}

fn push(detector: &mut Detector, bucket: i64, port: &str) -> Vec<Record> {
    let closed = detector.push(&Observation::new(bucket * HOUR, port)).unwrap();
    closed.flat_map(|results| results.records).collect()
}

/// Port 1 in the first bucket, port 2 in two hundred and the one after `absent` more, in which `last`
/// come too; the records of that one.
fn records_after(absent: i64, last: &[&str]) -> Vec<Record> {
    let mut detector = detector();
    push(&mut detector, 0, "1");
    (0..200).for_each(|bucket| drop(push(&mut detector, bucket, "2")));
    last.iter().for_each(|port| drop(push(&mut detector, absent, port)));
    detector.finish().flat_map(|results| results.records).collect()
}

fn is_new(records: &[Record], port: &str) -> bool {
    let record = records.iter().find(|record| record.value() == port).unwrap();
    record.anomaly_score_explanation.as_ref().unwrap().by_field_first_occurrence
}

#[test]
fn a_value_is_forgotten_once_it_has_been_absent_for_the_window() {
    // The last bucket that is closed before the port comes back starts at 8000 or 8001.
    assert!(!is_new(&records_after(8001, &["2", "1"]), "1"));
    assert!(is_new(&records_after(8002, &["2", "1"]), "1"));
}

#[test]
fn the_order_of_events_makes_no_difference() {
    let lines = |last: &[&str]| {
        let records = records_after(8002, last);
        records.iter().map(|record| serde_json::to_string(record).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&["1", "2"]), lines(&["2", "1"]));
    assert!(is_new(&records_after(8002, &["1", "2"]), "1"));
}

#[test]
fn what_is_known_stays_bounded() {
    let mut detector = detector();
    for bucket in 0..8500 {
        push(&mut detector, bucket, &format!("p{bucket}"));
    }
    // Bucket 8,498 is the last one closed: values from 498 on are known, and that of the open one.
    let state = detector.snapshot();
    assert_eq!(state.value_count(), 8002);
    let restored = Detector::restore(job(), &state).unwrap();
    assert_eq!(restored.snapshot(), state);
}

#[test]
fn saving_makes_a_difference_only_to_what_is_forgotten_when_saved() {
    let run = |pruning: Pruning, is_saved: bool| {
        let mut detector = detector().with_pruning(pruning);
        push(&mut detector, 0, "1");
        (0..200).for_each(|bucket| drop(push(&mut detector, bucket, "2")));
        push(&mut detector, 8100, "2");
        if is_saved {
            if pruning == Pruning::WhenSaved {
                detector.prune();
            }
            let state = detector.snapshot();
            detector = Detector::restore(job(), &state).unwrap().with_pruning(pruning);
        }
        push(&mut detector, 8101, "2");
        push(&mut detector, 8101, "1");
        detector.finish().flat_map(|results| results.records).collect::<Vec<_>>()
    };
    assert_eq!(run(Pruning::AtClose, true), run(Pruning::AtClose, false));
    assert!(is_new(&run(Pruning::AtClose, true), "1"));
    assert!(is_new(&run(Pruning::WhenSaved, true), "1"));
    assert!(!is_new(&run(Pruning::WhenSaved, false), "1"));
}
