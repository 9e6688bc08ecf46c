//! Ids that follow from what they identify.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The id of the alert that a rule gives for a record: a SHA-256 hash, in hexadecimal, of the index
/// that the record is in, its id, the word `undefined` where a version would be, and the space and
/// instance of the rule (the id of its saved object, in Kibana).
///
/// ```
/// let id = rareport::alert::alert_id(".ml-anomalies-custom-job", "record", "default", "rule");
/// assert_eq!(id.len(), 64);
/// ```
#[must_use]
pub fn alert_id(results_index: &str, record_id: &str, space: &str, rule_instance: &str) -> String {
    hash(&format!("{results_index}{record_id}undefined{space}:{rule_instance}"))
}

/// The id of the group of alerts that have these values in common.
pub(super) fn group_id(terms: &str, space: &str, rule_instance: &str) -> String {
    hash(&format!("{terms}{space}:{rule_instance}"))
}

/// The id of an execution, in the form of a UUID of version 8, which is for ids made by rules of
/// one's own.
pub(super) fn execution_id(rule_instance: &str, time: i64) -> String {
    let hash = hash(&format!("{rule_instance}@{time}"));
    let part = |range: std::ops::Range<usize>| hash.get(range).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0..8), part(8..12), part(12..15), part(15..18), part(18..30))
}

fn hash(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text) {
        // Writing to memory cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
