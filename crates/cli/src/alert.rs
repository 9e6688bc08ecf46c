//! An alert: a record of the model whose score is high enough, as it is shown.

use std::cmp::Ordering;
use std::ops::Not;

use rareport::results::Record;
use serde::Serialize;

use crate::output::Column;
use crate::stamp::rfc3339;

/// Columns of the table.
pub(crate) const COLUMNS: &[Column] = &[
    Column::text("TIME"),
    Column::number("PORT"),
    Column::number("SCORE"),
    Column::text("HOST"),
    Column::text("PROCESS"),
    Column::text("USER"),
    Column::text("DESTINATION"),
];

/// Columns of the CSV: ECS fields and fields of Elastic's records, several
/// values of a field joined by commas.
pub(crate) const CSV: &[&str] = &[
    "@timestamp",
    "destination.port",
    "record_score",
    "probability",
    "host.name",
    "process.name",
    "user.name",
    "destination.ip",
];

/// Values of a field that are shown in the table before the rest is counted.
const SHOWN_VALUES: usize = 3;

/// A record with what the document adds to it.
#[derive(Debug, Serialize)]
pub(crate) struct Alert<'a> {
    #[serde(flatten)]
    record: &'a Record,
    /// Whether the model had learned from too few buckets.
    #[serde(skip_serializing_if = "Not::not")]
    learning: bool,
}

impl<'a> Alert<'a> {
    /// The alert of a record.
    pub(crate) fn new(record: &'a Record, learning: bool) -> Alert<'a> {
        Alert { record, learning }
    }

    /// The order in which alerts of a bucket are shown: by descending score,
    /// then by port.
    pub(crate) fn by_score(&self, other: &Alert<'_>) -> Ordering {
        let port = |alert: &Alert<'_>| alert.record.by_field_value.parse::<u32>().ok();
        let by_port = port(self).cmp(&port(other));
        other
            .record
            .record_score
            .total_cmp(&self.record.record_score)
            .then(by_port)
    }

    /// The cells of the table.
    pub(crate) fn cells(&self) -> [String; COLUMNS.len()] {
        [
            self.time(),
            self.record.by_field_value.clone(),
            format!("{:.1}", self.record.record_score),
            self.some_values("host.name"),
            self.some_values("process.name"),
            self.some_values("user.name"),
            self.some_values("destination.ip"),
        ]
    }

    /// The values of the CSV.
    pub(crate) fn values(&self) -> [String; CSV.len()] {
        let Record {
            by_field_value,
            record_score,
            probability,
            ..
        } = self.record;
        [
            self.time(),
            by_field_value.clone(),
            record_score.to_string(),
            probability.to_string(),
            self.influencer("host.name").join(","),
            self.influencer("process.name").join(","),
            self.influencer("user.name").join(","),
            self.influencer("destination.ip").join(","),
        ]
    }

    /// Start of the bucket.
    fn time(&self) -> String {
        rfc3339(u64::try_from(self.record.timestamp).unwrap_or(0))
    }

    fn influencer(&self, field: &str) -> &'a [String] {
        let influencers = &self.record.influencers;
        influencers
            .iter()
            .find(|influencer| influencer.influencer_field_name == field)
            .map_or(&[], |influencer| &influencer.influencer_field_values)
    }

    /// The first values of an influencer field, and how many more there are.
    fn some_values(&self, field: &str) -> String {
        let values = self.influencer(field);
        let shown = values[..values.len().min(SHOWN_VALUES)].join(", ");
        match values.len().saturating_sub(SHOWN_VALUES) {
            0 => shown,
            more => format!("{shown}, {more} more"),
        }
    }
}
