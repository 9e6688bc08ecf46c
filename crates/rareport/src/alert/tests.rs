//! Alerts against the example of the specification: a record and the alert that Elastic's rule
//! gives for it, written by hand.

use super::*;
use crate::rule::RuleSet;
use serde_json::{Value, json};

const JOB: &str = "v3_linux_anomalous_network_port_activity";
const RECORD_ID: &str = "v3_linux_anomalous_network_port_activity_record_1700000100000_900_0_\
    -57010440841075555165749155328788668196_4";
const RULE_INSTANCE: &str = "7b0f3f3e-6a3c-4a5e-9a37-000000000001";
const ALERT_ID: &str = "e1954e59295942dd83ea0a1d102807e22bf46d1c5a10e265869d1595e8aaf58e";

fn record() -> Record {
    let influencer = |field: &str, value: &str| json!({"influencer_field_name": field, "influencer_field_values": [value]});
    serde_json::from_value(json!({
        "job_id": JOB, "id": RECORD_ID, "result_type": "record", "probability": 0.000347,
        "multi_bucket_impact": -5.0, "record_score": 72.4, "initial_record_score": 72.4,
        "bucket_span": 900, "detector_index": 0, "timestamp": 1_700_000_100_000_i64,
        "by_field_name": "destination.port", "by_field_value": "4444",
        "function": "rare", "function_description": "rare",
        "typical": [0.000347], "actual": [1.0],
        "influencers": [
            influencer("destination.ip", "203.0.113.9"), influencer("host.name", "web-01"),
            influencer("process.name", "nc"), influencer("user.name", "root"),
        ],
        "anomaly_score_explanation":
            {"by_field_first_occurrence": true, "by_field_relative_rarity": 96.2},
    }))
    .unwrap()
}

fn alert() -> Alert {
    let mut rule = RuleSet::default_rules().unwrap().rules.remove(0);
    rule.name = "Unusual Linux Network Port Activity".to_owned();
    rule.uuid = Some(RULE_INSTANCE.to_owned());
    Alert {
        rule: Arc::new(rule),
        time: 1_700_001_907_000,
        record: record(),
        evidence: Evidence::default(),
        suppression: None,
    }
}

fn document(alert: &Alert) -> Value {
    serde_json::to_value(alert).unwrap()
}

#[test]
fn the_id_is_that_of_the_example() {
    assert_eq!(alert().id(), ALERT_ID);
}

#[test]
fn the_fields_are_those_of_the_example() {
    let expected = json!({
        "job_id": JOB, "result_type": "record", "probability": 0.000347,
        "multi_bucket_impact": -5.0, "record_score": 72.4, "initial_record_score": 72.4,
        "bucket_span": 900, "detector_index": 0, "is_interim": false,
        "timestamp": 1_700_000_100_000_i64, "by_field_name": "destination.port",
        "by_field_value": "4444", "function": "rare", "function_description": "rare",
        "typical": [0.000347], "actual": [1.0],
        "anomaly_score_explanation":
            {"by_field_first_occurrence": true, "by_field_relative_rarity": 96.2},
        "@timestamp": "2023-11-14T22:45:07.000Z",
        "destination": {"port": ["4444"], "ip": ["203.0.113.9"]},
        "host": {"name": ["web-01"]}, "process": {"name": ["nc"]}, "user": {"name": ["root"]},
        "event.kind": "signal", "kibana.space_ids": ["default"],
        "kibana.alert.uuid": ALERT_ID, "kibana.alert.original_time": "2023-11-14T22:15:00.000Z",
        "kibana.alert.ancestors": [{"id": RECORD_ID, "type": "event",
            "index": format!(".ml-anomalies-custom-{JOB}"), "depth": 0}],
        "kibana.alert.depth": 1, "kibana.alert.status": "active",
        "kibana.alert.workflow_status": "open", "kibana.alert.severity": "low",
        "kibana.alert.risk_score": 21, "kibana.alert.reason": "event with process nc, destination \
            203.0.113.9:4444, by root on web-01 created low alert Unusual Linux Network Port \
            Activity.",
        "kibana.alert.start": "2023-11-14T22:45:07.000Z",
        "kibana.alert.rule.uuid": RULE_INSTANCE, "kibana.alert.rule.type": "machine_learning",
        "kibana.alert.rule.category": "Machine Learning Rule",
        "kibana.alert.rule.rule_type_id": "siem.mlRule", "kibana.alert.rule.from": "now-45m",
        "kibana.alert.rule.interval": "15m", "kibana.alert.rule.max_signals": 100,
    });
    let document = document(&alert());
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(document.get(name), Some(value), "{name}");
    }
    assert_eq!(document["kibana.alert.rule.parameters"]["anomaly_threshold"], 50.0);
    for absent in ["id", "explanation", "kibana.alert.instance.id"] {
        assert_eq!(document.get(absent), None);
    }
}

/// The whole example of the specification, where it is there: our alert has every field of it that
/// does not tell of a Kibana at work.
#[test]
fn no_field_of_the_example_is_missing() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/own-elastic-chain/example_alert.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: there is no {path}");
        return;
    };
    let example: Value = serde_json::from_str(&text).unwrap();
    let of_kibana = [
        "kibana.version",
        "kibana.alert.url",
        "kibana.alert.rule.created_at",
        "kibana.alert.rule.created_by",
        "kibana.alert.rule.updated_at",
        "kibana.alert.rule.updated_by",
    ];
    let document = document(&alert());
    let names = example["_source"].as_object().unwrap().keys();
    let missing: Vec<_> = names
        .filter(|name| !of_kibana.contains(&name.as_str()) && document.get(*name).is_none())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_reason_has_what_is_there() {
    let mut alert = alert();
    alert.record.influencers[0].influencer_field_values.push("192.0.2.1".to_owned());
    assert!(alert.reason().contains("destination 203.0.113.9, 192.0.2.1:4444,"));
    alert.record.influencers.clear();
    assert_eq!(alert.reason(), "event created low alert Unusual Linux Network Port Activity.");
}

#[test]
fn suppression_and_evidence_are_told() {
    let mut alert = alert();
    let term = crate::suppression::Term { field: "host.name".into(), value: vec!["web-01".into()] };
    alert.suppression =
        Some(Suppressed { terms: vec![term], start: 0, end: 900_000, docs_count: 3 });
    alert.evidence.events = 12;
    alert.evidence.first_seen = Some(1_700_000_123_456);
    let document = document(&alert);
    assert_eq!(
        document["kibana.alert.suppression.terms"],
        json!([{"field": "host.name", "value": ["web-01"]}])
    );
    assert_eq!(document["kibana.alert.suppression.docs_count"], 3);
    assert_eq!(document["kibana.alert.suppression.end"], "1970-01-01T00:15:00.000Z");
    assert_eq!(document["kibana.alert.instance.id"].as_str().unwrap().len(), 64);
    assert_eq!(document["rareport"]["event_count"], 12);
    assert_eq!(document["rareport"]["first_seen"], "2023-11-14T22:15:23.456Z");
}
