//! An alert: a record of the model whose score is high enough, as it is shown.

use std::cmp::Ordering;
use std::io::{self, Write};

use rareport::results::Record;

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

/// A record that is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alert<'a>(pub(crate) &'a Record);

impl<'a> Alert<'a> {
    /// Whether the model had learned too little to be relied on.
    pub(crate) fn is_immature(&self) -> bool {
        self.0.explanation.as_ref().is_some_and(|explanation| explanation.immature)
    }

    /// The order in which alerts of a bucket are shown: by descending score,
    /// then by port.
    pub(crate) fn by_score(&self, other: &Alert<'_>) -> Ordering {
        let port = |alert: &Alert<'_>| alert.0.value().parse::<u32>().ok();
        let by_port = port(self).cmp(&port(other));
        other.0.record_score.total_cmp(&self.0.record_score).then(by_port)
    }

    /// Start of the bucket.
    fn time(&self) -> String {
        rfc3339(u64::try_from(self.0.timestamp).unwrap_or(0))
    }

    fn influencer(&self, field: &str) -> &'a [String] {
        let influencers = &self.0.influencers;
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
            self.0.value().to_owned(),
            format!("{:.1}", self.0.record_score),
            self.some_values("host.name"),
            self.some_values("process.name"),
            self.some_values("user.name"),
            self.some_values("destination.ip"),
        ]
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        out.cell(Some(self.time()))?;
        out.cell(Some(self.0.value()))?;
        out.cell(Some(self.0.record_score))?;
        out.cell(Some(self.0.probability))?;
        for field in ["host.name", "process.name", "user.name", "destination.ip"] {
            out.cell(Some(self.influencer(field).join(",")))?;
        }
        Ok(())
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self.0)
    }
}
