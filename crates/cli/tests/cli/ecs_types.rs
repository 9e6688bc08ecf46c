//! Alerts hold what a store with the types of ECS can take.
//!
//! The types are those of the field reference of the Elastic Common Schema and of the alert schema
//! of Elastic's security solution; any field may have one value or an array of them. A number may be
//! a text of digits, which Elasticsearch takes unless `coerce` is off.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

use crate::common::{corpus, rareport, rareport_with};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Date,
    Ip,
    Keyword,
    Long,
    Float,
    Boolean,
}

use Type::{Boolean, Date, Float, Ip, Keyword, Long};

/// Fields of documents and of samples.
const FIELDS: &[(&str, Type)] = &[
    ("@timestamp", Date),
    ("destination.ip", Ip),
    ("destination.port", Long),
    ("event.kind", Keyword),
    ("event.sequence", Long),
    ("host.name", Keyword),
    ("process.executable", Keyword),
    ("process.name", Keyword),
    ("process.parent.pid", Long),
    ("process.pid", Long),
    ("process.title", Keyword),
    ("user.name", Keyword),
    // Not of ECS, but of the fields that Auditbeat adds to it.
    ("user.audit.name", Keyword),
    ("kibana.space_ids", Keyword),
    ("kibana.alert.ancestors.depth", Long),
    ("kibana.alert.ancestors.id", Keyword),
    ("kibana.alert.ancestors.index", Keyword),
    ("kibana.alert.ancestors.type", Keyword),
    ("kibana.alert.depth", Long),
    ("kibana.alert.intended_timestamp", Date),
    ("kibana.alert.last_detected", Date),
    ("kibana.alert.original_time", Date),
    ("kibana.alert.reason", Keyword),
    ("kibana.alert.risk_score", Float),
    ("kibana.alert.severity", Keyword),
    ("kibana.alert.start", Date),
    ("kibana.alert.status", Keyword),
    ("kibana.alert.uuid", Keyword),
    ("kibana.alert.workflow_status", Keyword),
    ("kibana.alert.rule.author", Keyword),
    ("kibana.alert.rule.category", Keyword),
    ("kibana.alert.rule.consumer", Keyword),
    ("kibana.alert.rule.description", Keyword),
    // A keyword there, which takes true and false as the texts of them.
    ("kibana.alert.rule.enabled", Boolean),
    ("kibana.alert.rule.execution.type", Keyword),
    ("kibana.alert.rule.execution.uuid", Keyword),
    ("kibana.alert.rule.false_positives", Keyword),
    ("kibana.alert.rule.from", Keyword),
    ("kibana.alert.rule.immutable", Boolean),
    ("kibana.alert.rule.interval", Keyword),
    ("kibana.alert.rule.license", Keyword),
    ("kibana.alert.rule.max_signals", Long),
    ("kibana.alert.rule.name", Keyword),
    ("kibana.alert.rule.note", Keyword),
    ("kibana.alert.rule.producer", Keyword),
    ("kibana.alert.rule.references", Keyword),
    ("kibana.alert.rule.revision", Long),
    ("kibana.alert.rule.risk_score", Float),
    ("kibana.alert.rule.rule_id", Keyword),
    ("kibana.alert.rule.rule_type_id", Keyword),
    ("kibana.alert.rule.severity", Keyword),
    ("kibana.alert.rule.tags", Keyword),
    ("kibana.alert.rule.to", Keyword),
    ("kibana.alert.rule.type", Keyword),
    ("kibana.alert.rule.uuid", Keyword),
    ("kibana.alert.rule.version", Long),
];

/// Objects that are stored as they are (`flattened` or `object`), or are the record's own.
const AS_THEY_ARE: [&str; 2] = ["kibana.alert.rule.parameters.", "kibana.alert.rule.threat."];

fn fits(value: &Value, kind: Type) -> bool {
    match (kind, value) {
        (Date, Value::String(text)) => text.len() == 24 && text.parse::<Timestamp>().is_ok(),
        (Ip, Value::String(text)) => text.parse::<IpAddr>().is_ok(),
        (Keyword, Value::String(_)) | (Float, Value::Number(_)) | (Boolean, Value::Bool(_)) => true,
        (Long, Value::String(text)) => text.parse::<i64>().is_ok(),
        (Long, Value::Number(number)) => number.is_i64(),
        _ => false,
    }
}

/// The values of all fields by their names, whether objects or dots lead to them.
fn leaves<'v>(name: &str, value: &'v Value, found: &mut BTreeMap<String, Vec<&'v Value>>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                leaves(&name, value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| leaves(name, value, found)),
        value => found.entry(name.to_owned()).or_default().push(value),
    }
}

/// Whether a field is of those whose types are told above.
fn has_type(name: &str) -> bool {
    let roots = ["@timestamp", "kibana.", "destination.", "event.", "host.", "process.", "user."];
    roots.iter().any(|root| name.starts_with(root))
        && !AS_THEY_ARE.iter().any(|stored| name.starts_with(stored))
}

/// What of a document a store cannot take.
fn misfits(document: &Value) -> Vec<String> {
    let mut found = BTreeMap::new();
    leaves("", document, &mut found);
    let mut misfits = Vec::new();
    for (name, values) in &found {
        let name = name.strip_prefix("rareport.evidence.").unwrap_or(name);
        let kind = FIELDS.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind);
        match kind {
            Some(kind) => {
                let wrong = values.iter().filter(|value| !fits(value, kind));
                misfits.extend(wrong.map(|value| format!("{name}: {value} is no {kind:?}")));
            }
            None if has_type(name) => misfits.push(format!("{name} is of no known type")),
            None => {}
        }
    }
    let names: BTreeSet<&String> = found.keys().collect();
    let is_both = |name: &&String| {
        let inner = format!("{name}.");
        names.range(inner.clone()..).next().is_some_and(|next| next.starts_with(&inner))
    };
    let both = names.iter().copied().filter(is_both);
    misfits.extend(both.map(|name| format!("{name} is a value and an object")));
    misfits
}

#[test]
fn all_alerts_of_a_real_log_fit() {
    let alerts = rareport(&["detect", &corpus("fleet-day"), "--threshold", "0"]).expect(0);
    let documents = alerts.documents();
    assert!(documents.len() > 7);
    for document in &documents {
        assert_eq!(misfits(document), [""; 0]);
    }
}

/// An event with several addresses is told with each of them.
#[test]
fn several_addresses_are_an_array() {
    let event = |bucket: i64, port: &str, ip: &str| {
        let time = Timestamp::from_second(1_780_272_000 + bucket * 900).unwrap();
        format!(
            "{{\"@timestamp\":\"{time}\",\"event\":{{\"category\":[\"network\"],\"type\":[\"start\"],\
             \"action\":\"connection_attempted\"}},\"host\":{{\"name\":\"a\",\"os\":{{\"type\":\"linux\"}}}},\
             \"process\":{{\"name\":[\"p\",\"q\"],\"pid\":7}},\"user\":{{\"name\":\"u\"}},\
             \"destination\":{{\"ip\":{ip},\"port\":{port}}}}}\n"
        )
    };
    let usual =
        (0..200).flat_map(|n| ["22", "53", "80"].map(|port| event(n, port, "\"10.0.0.1\"")));
    let rare = event(199, "4444", "[\"192.0.2.7\",\"2001:db8::7\"]");
    let log: String = usual.chain([rare]).collect();
    let alerts = rareport_with(&["detect", "--threshold", "20"], log.as_bytes()).expect(0);
    let documents = alerts.documents();
    assert_eq!(documents.len(), 1, "{}", alerts.stderr);
    assert_eq!(misfits(&documents[0]), [""; 0]);
    let sample = &documents[0]["rareport"]["evidence"][0];
    assert_eq!(sample["destination"]["ip"], serde_json::json!(["192.0.2.7", "2001:db8::7"]));
    assert_eq!(sample["process"]["name"], serde_json::json!(["p", "q"]));
}
