//! What an open bucket refers to is not forgotten, however long it was absent before.

#![allow(clippy::unwrap_used)]

use rareport::detector::Pruning;
use rareport::results::Record;
use rareport::{Detector, JobConfig, Observation};

/// Buckets of half an hour, as their prune window is short: 8,000 of them.
const SPAN: i64 = 1800;

fn detector(mut job: JobConfig) -> Detector {
    job.bucket_span = SPAN as u32;
    Detector::new(job).unwrap().with_pruning(Pruning::WhenSaved)
}

fn push(detector: &mut Detector, bucket: i64, process: &str, host: &str) {
    let observation =
        Observation { over: Some(host.as_bytes()), ..Observation::new(bucket * SPAN, process) };
    detector.push(&observation).unwrap();
}

/// Forgets what is old while a bucket is open; the records of that bucket.
fn records_after_pruning(detector: &mut Detector) -> Vec<Record> {
    detector.prune();
    detector.finish().flat_map(|results| results.records).collect()
}

#[test]
fn a_by_field_value_of_an_open_bucket_is_kept() {
    let mut detector = detector(JobConfig::rare("process.name"));
    push(&mut detector, 10, "nc", "");
    for bucket in 10..8100 {
        push(&mut detector, bucket, "sshd", "");
    }
    push(&mut detector, 8100, "nc", "");
    let records = records_after_pruning(&mut detector);
    assert_eq!(records.iter().map(Record::value).collect::<Vec<_>>(), ["nc"]);
    assert_eq!(records[0].explanation.as_ref().unwrap().buckets_seen, 1);
}

#[test]
fn an_over_field_value_of_an_open_bucket_is_kept() {
    let mut job = JobConfig::rare("process.name");
    job.detector.over_field = Some("host.name".to_owned());
    let mut detector = detector(job);
    push(&mut detector, 10, "nc", "db-1");
    for bucket in 10..8100 {
        push(&mut detector, bucket, "sshd", "web-0");
    }
    for host in 1..200 {
        push(&mut detector, 8100, "sshd", &format!("web-{host}"));
    }
    push(&mut detector, 8100, "nc", "db-1");
    let records = records_after_pruning(&mut detector);
    assert_eq!(records.iter().map(Record::value).collect::<Vec<_>>(), ["db-1"]);
    let causes = records[0].causes.as_ref().unwrap();
    assert_eq!(causes[0].by_field_value, "nc");
}
