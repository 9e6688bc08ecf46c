//! The document of an alert, field by field.

use super::id::{execution_id, group_id};
use super::nested::nest;
use super::{Alert, SPACE};
use crate::job::span;
use crate::moment::rfc3339;
use crate::rule::Threat;
use serde_json::{Map, Value, json};

impl Alert {
    /// The document.
    pub(super) fn document(&self) -> Map<String, Value> {
        let mut document = self.record_fields();
        for field in self.record.fields() {
            nest(&mut document, field, self.values_of(field).into());
        }
        document.insert("@timestamp".to_owned(), rfc3339(self.time).into());
        document.insert("event.kind".to_owned(), "signal".into());
        document.insert("kibana.space_ids".to_owned(), json!([SPACE]));
        let mut put = |fields: Value, prefix: &str| {
            if let Value::Object(fields) = fields {
                let named =
                    fields.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value));
                document.extend(named.filter(|(_, value)| !value.is_null()));
            }
        };
        put(self.alert_fields(), "kibana.alert.");
        put(self.suppression_fields(), "kibana.alert.");
        put(self.rule_fields(), "kibana.alert.rule.");
        document.insert("rareport".to_owned(), self.own_fields());
        document
    }

    /// The fields of the record, but for its id, which is that of an ancestor, and the explanation,
    /// which Elastic's records do not have.
    fn record_fields(&self) -> Map<String, Value> {
        // A record is plain data with names as keys.
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&self.record) else {
            return Map::new();
        };
        fields.remove("id");
        fields.remove("explanation");
        fields.insert("is_interim".to_owned(), self.record.is_interim.into());
        fields
    }

    fn alert_fields(&self) -> Value {
        let ancestor = json!({
            "id": self.record.id,
            "type": "event",
            "index": self.results_index(),
            "depth": 0,
        });
        let time = rfc3339(self.time);
        json!({
            "uuid": self.id(),
            "original_time": rfc3339(self.record.timestamp),
            "ancestors": [ancestor],
            "depth": 1,
            "status": "active",
            "workflow_status": "open",
            "workflow_tags": [],
            "workflow_assignee_ids": [],
            "reason": self.reason(),
            "severity": self.rule.severity,
            "risk_score": self.rule.risk_score,
            "start": time,
            "last_detected": time,
            "intended_timestamp": time,
        })
    }

    fn suppression_fields(&self) -> Value {
        let Some(suppression) = &self.suppression else { return Value::Null };
        let terms = json!(suppression.terms).to_string();
        json!({
            "instance.id": group_id(&terms, SPACE, self.rule.instance()),
            "suppression.terms": suppression.terms,
            "suppression.start": rfc3339(suppression.start),
            "suppression.end": rfc3339(suppression.end),
            "suppression.docs_count": suppression.docs_count,
        })
    }

    fn rule_fields(&self) -> Value {
        let rule = &self.rule;
        json!({
            "name": rule.name,
            "uuid": rule.instance(),
            "rule_id": rule.rule_id,
            "type": "machine_learning",
            "category": "Machine Learning Rule",
            "rule_type_id": "siem.mlRule",
            "consumer": "siem",
            "producer": "siem",
            "parameters": self.parameters(),
            "execution.uuid": execution_id(rule.instance(), self.time),
            "execution.type": "scheduled",
            "version": rule.version,
            "revision": 0,
            "enabled": rule.enabled,
            "immutable": false,
            "author": rule.author,
            "license": rule.license,
            "description": rule.description,
            "note": rule.note,
            "references": rule.references,
            "false_positives": rule.false_positives,
            "tags": rule.tags,
            "threat": self.threat(),
            "severity": rule.severity,
            "severity_mapping": [],
            "risk_score": rule.risk_score,
            "risk_score_mapping": [],
            "from": self.from(),
            "to": "now",
            "interval": span::text(rule.interval),
            "max_signals": rule.max_alerts,
            "indices": [],
            "exceptions_list": [],
            "actions": [],
        })
    }

    fn parameters(&self) -> Value {
        let rule = &self.rule;
        json!({
            "author": rule.author,
            "description": rule.description,
            "false_positives": rule.false_positives,
            "from": self.from(),
            "to": "now",
            "rule_id": rule.rule_id,
            "max_signals": rule.max_alerts,
            "severity": rule.severity,
            "severity_mapping": [],
            "risk_score": rule.risk_score,
            "risk_score_mapping": [],
            "threat": self.threat(),
            "references": rule.references,
            "note": rule.note,
            "version": rule.version,
            "exceptions_list": [],
            "immutable": false,
            "license": rule.license,
            "type": "machine_learning",
            "anomaly_threshold": rule.threshold,
            "machine_learning_job_id": rule.job_ids,
        })
    }

    fn threat(&self) -> Vec<Value> {
        self.rule.threat.iter().map(Threat::document).collect()
    }

    fn from(&self) -> String {
        format!("now-{}", span::text(self.rule.look_back))
    }

    /// What Elastic's alerts do not have: the explanation and the evidence.
    fn own_fields(&self) -> Value {
        let time = |millis: Option<i64>| millis.map(rfc3339);
        json!({
            "explanation": self.record.explanation,
            "event_count": self.evidence.events,
            "first_seen": time(self.evidence.first_seen),
            "last_seen": time(self.evidence.last_seen),
            "evidence": self.evidence.samples,
        })
    }
}
