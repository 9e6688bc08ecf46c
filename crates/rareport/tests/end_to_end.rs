//! Generated streams of events, from the first event to the results.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use rareport::results::BucketResults;
use rareport::{Detector, JobConfig, Observation};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    bucket_span: u32,
    events_rule: Events,
    /// The buckets with anything written.
    results: Vec<Value>,
}

/// In each bucket one event per port of `every_bucket` at the offsets; and the extra ones.
#[derive(Deserialize)]
struct Events {
    t0: i64,
    buckets: i64,
    every_bucket: Vec<String>,
    offsets: Vec<i64>,
    common: HashMap<String, String>,
    extra: Vec<(i64, String)>,
    extra_offset: i64,
    extra_fields: HashMap<String, String>,
}

const INFLUENCERS: [&str; 4] = ["host.name", "process.name", "user.name", "destination.ip"];

fn run(case: &Case) -> Vec<BucketResults> {
    let mut job = JobConfig::rare("destination.port");
    job.bucket_span = case.bucket_span;
    job.influencers = INFLUENCERS.map(str::to_owned).to_vec();
    let mut detector = Detector::new(job).unwrap();
    let (rule, span) = (&case.events_rule, i64::from(case.bucket_span));
    let mut results = Vec::new();
    let mut push = |time: i64, port: &str, fields: &HashMap<String, String>| {
        let values = INFLUENCERS.map(|field| fields.get(field).map(String::as_bytes));
        let observation = Observation::new(time, port).with_influencers(&values);
        results.extend(detector.push(&observation).unwrap());
    };
    for bucket in 0..rule.buckets {
        let start = rule.t0 + bucket * span;
        for (port, offset) in rule.every_bucket.iter().zip(&rule.offsets) {
            push(start + offset, port, &rule.common);
        }
        for (_, port) in rule.extra.iter().filter(|(extra, _)| *extra == bucket) {
            push(start + rule.extra_offset, port, &rule.extra_fields);
        }
    }
    results.extend(detector.advance_to(rule.t0 + rule.buckets * span).unwrap());
    results
}

/// Whether every field of `expected` that the documents have is there, reals being close.
fn assert_like(path: &str, actual: &Value, expected: &Value) {
    match (actual, expected) {
        (Value::Number(_), Value::Number(_)) => {
            let (actual, expected) = (actual.as_f64().unwrap(), expected.as_f64().unwrap());
            let tolerance = if path.ends_with("score") { 1e-6 } else { 1e-9 * expected.abs() };
            assert!((actual - expected).abs() <= tolerance, "{path}: {actual} for {expected}");
        }
        (Value::Array(actual), Value::Array(expected)) => {
            assert_eq!(actual.len(), expected.len(), "{path}");
            for (index, pair) in actual.iter().zip(expected).enumerate() {
                assert_like(&format!("{path}[{index}]"), pair.0, pair.1);
            }
        }
        (Value::Object(actual), Value::Object(expected)) => {
            for (name, value) in expected.iter().filter(|(name, _)| *name != "raw_score") {
                let path = format!("{path}.{name}");
                assert_like(&path, actual.get(name).expect(&path), value);
            }
        }
        _ => assert_eq!(actual, expected, "{path}"),
    }
}

#[test]
fn results_of_generated_streams() {
    let vectors: Vectors = serde_json::from_str(include_str!("data/end_to_end.json")).unwrap();
    for case in &vectors.cases {
        let results = run(case);
        assert_eq!(results.len() as i64, case.events_rule.buckets);
        let is_quiet = |r: &&BucketResults| r.records.is_empty() && r.influencers.is_empty();
        let written: Vec<_> = results.iter().filter(|results| !is_quiet(results)).collect();
        assert_eq!(written.len(), case.results.len(), "{}", case.name);
        for (results, expected) in written.into_iter().zip(&case.results) {
            let path = &case.name;
            let records = serde_json::to_value(&results.records).unwrap();
            assert_like(path, &records, &expected["records"]);
            let influencers = serde_json::to_value(&results.influencers).unwrap();
            assert_like(path, &influencers, &expected["influencers"]);
            let bucket = serde_json::to_value(&results.bucket).unwrap();
            assert_like(path, &bucket["bucket_influencers"], &expected["bucket_influencers"]);
            for field in ["timestamp", "event_count", "anomaly_score"] {
                assert_like(&format!("{path}.{field}"), &bucket[field], &expected[field]);
            }
        }
    }
}
