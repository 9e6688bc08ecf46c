//! Jobs with an over field against a plain reference, whose script is beside its streams:
//! who is rare and how much, the causes, what influences whom, and what is written.

#![allow(clippy::unwrap_used)]

use liblzma::read::XzDecoder;
use rareport::detector::Pruning;
use rareport::job::Function;
use rareport::results::{BucketResults, Record};
use rareport::{Detector, JobConfig, Observation};
use serde::Deserialize;

#[derive(Deserialize)]
struct Streams {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    job: Job,
    /// Values that were absent for very long are forgotten before this bucket.
    prune_before: Option<i64>,
    /// Time, user, port, host, program.
    events: Vec<(i64, String, String, String, String)>,
    /// The buckets that have records or influencers.
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Job {
    function: Function,
    partition: Option<String>,
    span: u32,
    influencers: Vec<String>,
}

#[derive(Deserialize)]
struct Bucket {
    start: i64,
    records: Vec<Expectation>,
    /// Field, value, probability.
    influencers: Vec<(String, String, f64)>,
    /// Field, probability, raw score.
    bucket_influencers: Vec<(String, f64, f64)>,
}

/// Partition, person, probability, typical, causes with their probabilities, influencers.
#[derive(Deserialize)]
struct Expectation(String, String, f64, f64, Vec<(String, f64)>, Vec<(String, Vec<String>)>);

fn run(case: &Case) -> Vec<BucketResults> {
    let mut job = JobConfig::rare("port");
    job.bucket_span = case.job.span;
    job.detector.function = case.job.function;
    job.detector.over_field = Some("user".into());
    job.detector.partition_field.clone_from(&case.job.partition);
    job.influencers.clone_from(&case.job.influencers);
    let mut detector = Detector::new(job).unwrap().with_pruning(Pruning::WhenSaved);
    let mut results = Vec::new();
    let mut prune_before = case.prune_before;
    for (time, user, port, host, program) in &case.events {
        if let Some(start) = prune_before.take_if(|start| *start <= *time) {
            results.extend(detector.advance_to(start).unwrap());
            detector.prune();
        }
        let values = case.job.influencers.iter().map(|name| match name.as_str() {
            "host" => Some(host.as_bytes()),
            "program" => Some(program.as_bytes()),
            // The detector has the values of its own fields already.
            _ => None,
        });
        let observation = Observation {
            time: *time,
            by: Some(port.as_bytes()),
            over: Some(user.as_bytes()),
            partition: Some(host.as_bytes()),
            influencers: &values.collect::<Vec<_>>(),
        };
        results.extend(detector.push(&observation).unwrap());
    }
    results.extend(detector.finish());
    results.retain(|bucket| !bucket.records.is_empty() || !bucket.influencers.is_empty());
    results
}

#[track_caller]
fn assert_close(actual: f64, expected: f64, what: &str) {
    assert!((actual - expected).abs() <= 1e-9 * expected, "{what}: {actual}, not {expected}");
}

fn check_record(record: &Record, expected: &Expectation, place: &str) {
    let Expectation(partition, person, probability, typical, causes, influencers) = expected;
    let place = &format!("{place}, {person}");
    assert_eq!(record.over_field_value.as_ref(), Some(person), "{place}");
    assert_eq!(record.partition_field_value.as_deref().unwrap_or_default(), partition, "{place}");
    assert_close(record.probability, *probability, place);
    let actual = record.causes.as_ref().unwrap();
    let values: Vec<&str> = actual.iter().map(|cause| cause.by_field_value.as_str()).collect();
    assert_eq!(values, causes.iter().map(|(value, _)| value).collect::<Vec<_>>(), "{place}");
    for (cause, (value, probability)) in actual.iter().zip(causes) {
        assert_close(cause.probability, *probability, &format!("{place}, {value}"));
        assert_close(cause.typical[0], *typical, &format!("{place}, typical"));
    }
    let actual: Vec<(String, Vec<String>)> = record
        .influencers
        .iter()
        .map(|i| (i.influencer_field_name.clone(), i.influencer_field_values.clone()))
        .collect();
    assert_eq!(&actual, influencers, "{place}");
}

fn check(results: &BucketResults, expected: &Bucket, name: &str) {
    let place = &format!("{name} at {}", expected.start);
    assert_eq!(results.bucket.timestamp, expected.start * 1000, "{place}");
    assert_eq!(results.records.len(), expected.records.len(), "{place}");
    for (record, expected) in results.records.iter().zip(&expected.records) {
        check_record(record, expected, place);
    }
    assert_eq!(results.influencers.len(), expected.influencers.len(), "{place}");
    for (influencer, (field, value, probability)) in
        results.influencers.iter().zip(&expected.influencers)
    {
        let place = format!("{place}, {field} {value}");
        assert_eq!(&influencer.influencer_field_name, field, "{place}");
        assert_eq!(&influencer.influencer_field_value, value, "{place}");
        assert_close(influencer.probability, *probability, &place);
    }
    let bucket_influencers = &results.bucket.bucket_influencers;
    assert_eq!(bucket_influencers.len(), expected.bucket_influencers.len(), "{place}");
    for (influencer, (field, probability, raw)) in
        bucket_influencers.iter().zip(&expected.bucket_influencers)
    {
        let place = format!("{place}, {field}");
        assert_eq!(&influencer.influencer_field_name, field, "{place}");
        assert_close(influencer.probability, *probability, &place);
        assert_close(influencer.raw_anomaly_score, *raw, &place);
    }
}

#[test]
fn persons_of_reference_streams() {
    let streams = XzDecoder::new(include_bytes!("data/population/streams.json.xz").as_slice());
    let streams: Streams = serde_json::from_reader(streams).unwrap();
    assert_eq!(streams.cases.len(), 4);
    for case in &streams.cases {
        let results = run(case);
        let records: usize = case.buckets.iter().map(|bucket| bucket.records.len()).sum();
        assert!(records >= 10, "{} has {records} records only", case.name);
        let starts: Vec<i64> = results.iter().map(|r| r.bucket.timestamp / 1000).collect();
        let expected: Vec<i64> = case.buckets.iter().map(|bucket| bucket.start).collect();
        assert_eq!(starts, expected, "{}", case.name);
        for (results, expected) in results.iter().zip(&case.buckets) {
            check(results, expected, &case.name);
        }
    }
}
