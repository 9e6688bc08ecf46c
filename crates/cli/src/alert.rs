//! An alert: a record of the model whose score is high enough, as it is shown.

use std::cmp::Ordering;
use std::io::{self, Write};

use rareport::results::Record;

use crate::anomaly::{influencer, some_values, start};
use crate::output::{Column, CsvWriter, JsonBuffer, Row};

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

/// A record that is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alert<'a>(pub(crate) &'a Record);

impl Alert<'_> {
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
}

impl Row for Alert<'_> {
    fn table_cells(&self) -> Vec<String> {
        vec![
            start(self.0),
            self.0.value().to_owned(),
            format!("{:.1}", self.0.record_score),
            some_values(influencer(self.0, "host.name")),
            some_values(influencer(self.0, "process.name")),
            some_values(influencer(self.0, "user.name")),
            some_values(influencer(self.0, "destination.ip")),
        ]
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        out.cell(Some(start(self.0)))?;
        out.cell(Some(self.0.value()))?;
        out.cell(Some(self.0.record_score))?;
        out.cell(Some(self.0.probability))?;
        for field in ["host.name", "process.name", "user.name", "destination.ip"] {
            out.cell(Some(influencer(self.0, field).join(",")))?;
        }
        Ok(())
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self.0)
    }
}
