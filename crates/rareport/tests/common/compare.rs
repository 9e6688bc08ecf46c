//! Comparing result documents with those expected.

use serde_json::Value;
use std::collections::HashMap;

/// Relative tolerance of probabilities.
const PROBABILITY: f64 = 1e-9;

/// Absolute tolerance of scores.
const SCORE: f64 = 1e-6;

/// Differences between two lists of documents, in words.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) differences: Vec<String>,
}

impl Comparison {
    pub(crate) fn of(expected: &[Value], actual: &[Value]) -> Comparison {
        let mut comparison = Comparison::default();
        let mut rest: HashMap<String, Vec<&Value>> = HashMap::new();
        for document in actual {
            rest.entry(key(document)).or_default().push(document);
        }
        for document in expected {
            let key = key(document);
            match rest.get_mut(&key).and_then(Vec::pop) {
                None => comparison.differences.push(format!("missing: {key}")),
                Some(actual) => comparison.value(&key, "", document, actual),
            }
        }
        let extra = rest.iter().filter(|(_, documents)| !documents.is_empty());
        comparison.differences.extend(extra.map(|(key, _)| format!("extra: {key}")));
        comparison.order(actual);
        comparison
    }

    fn differ(&mut self, path: &str, expected: &Value, actual: &Value) {
        self.differences.push(format!("{path}: {actual} instead of {expected}"));
    }

    fn value(&mut self, path: &str, field: &str, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::Number(_), Value::Number(_)) => {
                if !numbers_agree(field, expected.as_f64().unwrap(), actual.as_f64().unwrap()) {
                    self.differ(path, expected, actual);
                }
            }
            (Value::Object(fields), Value::Object(_)) => {
                for (name, value) in fields {
                    let other = actual.get(name).unwrap_or(&Value::Null);
                    self.value(&format!("{path}.{name}"), name, value, other);
                }
                for flag in ["is_interim", "by_field_first_occurrence"] {
                    if expected.get(flag).is_none() && actual.get(flag) == Some(&Value::Bool(true))
                    {
                        self.differences.push(format!("{path}.{flag}: not expected"));
                    }
                }
            }
            (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
                let sorted = |list: &[Value]| {
                    let mut list = list.to_vec();
                    list.sort_by_key(|item| match item {
                        Value::Object(_) => name(item),
                        Value::String(text) => text.clone(),
                        _ => String::new(),
                    });
                    list
                };
                for (expected, actual) in sorted(expected).iter().zip(&sorted(actual)) {
                    self.value(path, field, expected, actual);
                }
            }
            _ if expected == actual => {}
            _ => self.differ(path, expected, actual),
        }
    }

    /// Documents of a bucket after another: records by probability, influencers by field and
    /// value, the bucket.
    fn order(&mut self, documents: &[Value]) {
        let place = |document: &Value| {
            let rank = match document["result_type"].as_str() {
                Some("record") => 0,
                Some("influencer") => 1,
                _ => 2,
            };
            let name = ["influencer_field_name", "influencer_field_value"]
                .map(|field| document[field].as_str().unwrap_or_default().to_owned());
            (document["timestamp"].as_i64(), rank, name)
        };
        for pair in documents.windows(2) {
            let (first, second) = (place(&pair[0]), place(&pair[1]));
            let are_records = first == second && first.1 == 0;
            let probability = |document: &Value| document["probability"].as_f64();
            if first > second || are_records && probability(&pair[0]) > probability(&pair[1]) {
                self.differences.push(format!("must come earlier: {}", key(&pair[1])));
            }
        }
    }
}

fn numbers_agree(field: &str, expected: f64, actual: f64) -> bool {
    let gap = (expected - actual).abs();
    let largest = expected.abs().max(actual.abs());
    match field {
        "probability" | "typical" | "by_field_relative_rarity" => gap <= PROBABILITY * largest,
        "raw_anomaly_score" => gap <= PROBABILITY * largest.max(1.0),
        _ if field.ends_with("_score") => gap <= SCORE,
        _ => expected == actual,
    }
}

/// What identifies a document of a stream.
fn key(document: &Value) -> String {
    let text = |field: &str| document[field].to_string();
    let place = format!("{} at {}", text("result_type"), text("timestamp"));
    match document["result_type"].as_str() {
        Some("record") => {
            let values = ["partition_field_value", "over_field_value", "by_field_value"].map(text);
            format!("{place} {}", values.join(" "))
        }
        Some("influencer") => {
            let values = ["influencer_field_name", "influencer_field_value"].map(text);
            format!("{place} {}", values.join(" "))
        }
        _ => place,
    }
}

/// What identifies an item of a list of objects.
fn name(item: &Value) -> String {
    ["influencer_field_name", "by_field_value"].map(|field| item[field].to_string()).join(" ")
}
