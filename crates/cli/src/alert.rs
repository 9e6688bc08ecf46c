//! An alert: a record of the model whose score is high enough, as it is shown.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::ops::Not;

use rareport::results::Record;
use serde::Serialize;

use crate::output::{Column, CsvWriter, JsonBuffer, Row};
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

impl Row for Alert<'_> {
    fn table_cells(&self) -> Vec<String> {
        vec![
            self.time(),
            self.record.by_field_value.clone(),
            format!("{:.1}", self.record.record_score),
            self.some_values("host.name"),
            self.some_values("process.name"),
            self.some_values("user.name"),
            self.some_values("destination.ip"),
        ]
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        out.cell(Some(self.time()))?;
        out.cell(Some(&self.record.by_field_value))?;
        out.cell(Some(self.record.record_score))?;
        out.cell(Some(self.record.probability))?;
        for field in ["host.name", "process.name", "user.name", "destination.ip"] {
            out.cell(Some(self.influencer(field).join(",")))?;
        }
        Ok(())
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self)
    }
}
