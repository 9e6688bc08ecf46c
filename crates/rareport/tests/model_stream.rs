//! Records of whole streams against the reference library's values.

#![allow(clippy::unwrap_used)]

use rareport::results::{BucketResults, Record};
use rareport::{Detector, JobConfig, Observation};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    bucket_span: u32,
    columns: Vec<String>,
    events: Vec<Vec<Option<Value>>>,
    buckets: Vec<Expectation>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Time(i64),
    Text(String),
}

#[derive(Deserialize)]
struct Expectation {
    t: i64,
    /// Port, record probability, typical, first occurrence, relative rarity.
    ports: Vec<(String, f64, f64, bool, f64)>,
}

fn run(case: &Case) -> Vec<BucketResults> {
    let mut job = JobConfig::rare(&case.columns[1]);
    job.bucket_span = case.bucket_span;
    job.influencers = case.columns[2..].to_vec();
    job.limits.results_per_bucket = None;
    let mut detector = Detector::new(job).unwrap();
    let mut results = Vec::new();
    for event in &case.events {
        let Some(Value::Time(time)) = event[0] else {
            panic!("an event has no time")
        };
        let mut values = event[1..].iter().map(|value| match value {
            Some(Value::Text(text)) => Some(text.as_bytes()),
            _ => None,
        });
        let by = values.next().flatten();
        let influencers: Vec<_> = values.collect();
        let observation = Observation {
            time,
            by,
            influencers: &influencers,
            ..Default::default()
        };
        results.extend(detector.push(&observation).unwrap());
    }
    let end = case
        .buckets
        .last()
        .map_or(0, |last| last.t + i64::from(case.bucket_span));
    results.extend(detector.advance_to(end));
    results
}

fn close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-10 * expected
}

#[test]
fn records_of_streams() {
    let vectors: Vectors = serde_json::from_str(include_str!("data/model_stream.json")).unwrap();
    let mut compared = 0;
    for case in &vectors.cases {
        let results = run(case);
        let rare = |bucket: &&Expectation| bucket.ports.iter().any(|port| port.1 < 0.035);
        let with_records: Vec<_> = results.iter().filter(|r| !r.records.is_empty()).collect();
        let expected: Vec<_> = case.buckets.iter().filter(rare).collect();
        assert_eq!(with_records.len(), expected.len());
        for (results, expected) in with_records.iter().zip(expected) {
            assert_eq!(results.bucket.timestamp, expected.t * 1000);
            let rare: Vec<_> = expected
                .ports
                .iter()
                .filter(|port| port.1 < 0.035)
                .collect();
            assert_eq!(results.records.len(), rare.len());
            for port in rare {
                let of_port = |record: &&Record| record.by_field_value.as_ref() == Some(&port.0);
                let record = results.records.iter().find(of_port).unwrap();
                assert!(close(record.probability, port.1), "{}", port.0);
                assert!(close(record.typical.unwrap()[0], port.2), "{}", port.0);
                let explanation = record.anomaly_score_explanation.unwrap();
                assert_eq!(explanation.by_field_first_occurrence, port.3);
                assert!(close(explanation.by_field_relative_rarity.unwrap(), port.4));
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 25);
}
