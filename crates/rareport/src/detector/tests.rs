//! Leaves in visiting order, against the reference library's values.

use super::judgement::Judgement;
use super::*;
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

/// The leaves that the next bucket will have when it is closed: value, probability, whether it is
/// new, and relative rarity.
fn next_leaves(detector: &Detector) -> Vec<(String, f64, bool, f64)> {
    let mut detector = detector.clone();
    let Some((start, bucket)) = detector.open.pop_front() else {
        return Vec::new();
    };
    assert_eq!(detector.closed_until, Some(start));
    let gathered = bucket.gathered();
    let present = detector.partitions.present(&gathered);
    for (id, range) in &present {
        detector.partitions.get_mut(*id).learn(&gathered.subjects[range.clone()]);
    }
    let judgement =
        Judgement::of(&detector.partitions, &detector.fields, &detector.rules, &gathered, &present);
    let partition = detector.partitions.get(0);
    let crate::partition::Model::Rare(model) = &partition.model else {
        return Vec::new();
    };
    let leaf = |leaf: usize| {
        let id = judgement.leaves.id(leaf);
        let value = String::from_utf8(partition.by.value(id).to_vec()).unwrap();
        let rarity = model.median().unwrap() / model.concentration(id).unwrap();
        let is_new = partition.by_history.get(id).is_none();
        (value, judgement.leaves.probabilities()[leaf], is_new, rarity)
    };
    (0..judgement.leaves.len()).map(leaf).collect()
}

fn close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-10 * expected
}

fn check(detector: &mut Detector, expected: &Expectation, span: u32) {
    detector.advance_to(expected.t).unwrap();
    assert_eq!(detector.closed_until, Some(expected.t));
    let leaves = if expected.ports.is_empty() { Vec::new() } else { next_leaves(detector) };
    assert_eq!(leaves.len(), expected.ports.len(), "at {}", expected.t);
    for (leaf, port) in leaves.iter().zip(&expected.ports) {
        assert_eq!(leaf.0, port.0, "at {}", expected.t);
        assert!(close(leaf.1, port.1) && close(leaf.1, port.2), "{} at {}", port.0, expected.t);
        assert_eq!(leaf.2, port.3, "{} at {}", port.0, expected.t);
        assert!(close(leaf.3, port.4), "{} at {}", port.0, expected.t);
    }
    detector.advance_to(expected.t + i64::from(span)).unwrap();
}

#[test]
fn leaves_of_streams_in_visiting_order() {
    let text = include_str!("../../tests/data/model_stream.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    for case in &vectors.cases {
        let mut job = JobConfig::rare(&case.columns[1]);
        job.bucket_span = case.bucket_span;
        let mut detector = Detector::new(job).unwrap();
        let mut events = case.events.iter().peekable();
        let mut next = |end: i64| {
            events.next_if(|event| matches!(event[0], Some(Value::Time(time)) if time < end))
        };
        for expected in &case.buckets {
            while let Some(event) = next(expected.t + i64::from(case.bucket_span)) {
                let Some(Value::Time(time)) = event[0] else {
                    continue;
                };
                let by = match &event[1] {
                    Some(Value::Text(text)) => Some(text.as_bytes()),
                    _ => None,
                };
                detector.push(&Observation { time, by, ..Default::default() }).unwrap();
            }
            check(&mut detector, expected, case.bucket_span);
        }
    }
}
