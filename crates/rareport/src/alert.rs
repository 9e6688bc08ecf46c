//! An alert: a record that a rule says somebody should look at, as the document that Elastic's
//! security application keeps, with the evidence added.
//!
//! Nothing in it depends on the clock or on the machine: its time is that of the execution in the
//! time of the log, and its ids follow from the record and the rule.

mod document;
mod id;
pub(crate) mod nested;

pub use id::alert_id;

use crate::evidence::Evidence;
use crate::results::Record;
use crate::rule::Rule;
use crate::suppression::Suppressed;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// The Kibana space in which alerts are.
const SPACE: &str = "default";

/// A record that a rule says somebody should look at.
///
/// Serialised as the document: the fields of the record, the record's values as nested ECS fields,
/// `kibana.alert.*`, and under `rareport` the explanation and the evidence.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The rule.
    pub rule: Arc<Rule>,
    /// When the rule was executed, in the time of the log, in milliseconds since 1970.
    pub time: i64,
    /// The record.
    pub record: Record,
    /// What lies behind it.
    pub evidence: Evidence,
    /// Which alerts were counted with it, if the rule suppresses some.
    pub suppression: Option<Suppressed>,
}

impl Alert {
    /// What identifies the alert: it is the same whenever the rule meets the record.
    #[must_use]
    pub fn id(&self) -> String {
        alert_id(&self.results_index(), &self.record.id, SPACE, self.rule.instance())
    }

    /// The values of a field, each once: where the record has several joined by commas, the single
    /// ones, as far as the evidence has them.
    #[must_use]
    pub fn values_of(&self, field: &str) -> Vec<&str> {
        self.evidence.values_of(&self.record, field)
    }

    /// The alert in a sentence: what, where to, by whom and where.
    #[must_use]
    pub fn reason(&self) -> String {
        let values = |field: &str| {
            let values = self.values_of(field);
            (!values.is_empty()).then(|| values.join(", "))
        };
        let address = |side: &str| {
            let ip =
                values(&format!("{side}.address")).or_else(|| values(&format!("{side}.ip")))?;
            let port =
                values(&format!("{side}.port")).map_or(String::new(), |port| format!(":{port}"));
            Some(format!("{side} {ip}{port}"))
        };
        let named = |what: &str, field: &str| values(field).map(|value| format!("{what} {value}"));
        let of_interest: Vec<String> = [
            named("process", "process.name"),
            named("parent process", "process.parent.name"),
            named("file", "file.name"),
            address("source"),
            address("destination"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut reason = "event".to_owned();
        if !of_interest.is_empty() {
            reason += &format!(" with {},", of_interest.join(", "));
        }
        for part in [named("by", "user.name"), named("on", "host.name")].into_iter().flatten() {
            reason += &format!(" {part}");
        }
        reason + &format!(" created {} alert {}.", self.rule.severity.as_str(), self.rule.name)
    }

    /// Where Elastic keeps the results of the job.
    fn results_index(&self) -> String {
        format!(".ml-anomalies-custom-{}", self.record.job_id)
    }
}

impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.document().serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
