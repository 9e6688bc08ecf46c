//! An alert as it is shown: as the document that it is, as a row of a table, with
//! a block of details if they are wanted, and as a row of a CSV.

mod details;
mod shown;

use std::io::{self, Write};

use rareport::alert::Alert;
use rareport::explain::Explanation;
use rareport::results::Record;

pub(crate) use self::shown::{Details, Shown};
use crate::anomaly::{shown_score, some_values, start, values_of};
use crate::noun::Noun;
use crate::output::{Column, CsvWriter, JsonBuffer, Row};
use crate::service;
use crate::stamp::rfc3339;
use crate::text::{count, grouped};

/// Columns of the table.
pub(crate) const COLUMNS: &[Column] = &[
    Column::number("SCORE"),
    Column::text("BUCKET"),
    Column::text("PORT"),
    Column::text("HOST"),
    Column::text("PROCESS"),
    Column::text("USER"),
    Column::text("DESTINATION"),
    Column::text("HISTORY"),
    Column::text("WHY"),
];

/// Columns of the table where not all alerts are about ports.
pub(crate) const COLUMNS_OF_ANY: &[Column] = &[
    Column::number("SCORE"),
    Column::text("BUCKET"),
    Column::text("VALUE"),
    Column::text("HOST"),
    Column::text("PROCESS"),
    Column::text("USER"),
    Column::text("DESTINATION"),
    Column::text("HISTORY"),
    Column::text("WHY"),
];

/// Columns of the CSV: fields of the document, several values of a field
/// joined by commas.
pub(crate) const CSV: &[&str] = &[
    "@timestamp",
    "destination.port",
    "record_score",
    "probability",
    "host.name",
    "process.name",
    "user.name",
    "destination.ip",
    "kibana.alert.original_time",
    "kibana.alert.uuid",
    "kibana.alert.rule.rule_id",
    "kibana.alert.severity",
    "rareport.event_count",
    "rareport.first_seen",
    "rareport.last_seen",
    "rareport.explanation.sentence",
    "job_id",
    "by_field_name",
    "by_field_value",
];

/// The influencers that have a column.
const WHO_AND_WHERE: [&str; 4] = ["host.name", "process.name", "user.name", "destination.ip"];

/// An alert that is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertRow<'a> {
    pub(crate) alert: &'a Alert,
    /// When its value was seen so far, as a table shows it.
    pub(crate) history: &'a str,
    /// What a table is to show below, if details are wanted.
    pub(crate) details: Option<Details>,
    /// Whether all rows are about ports; if not, each says what it is about.
    pub(crate) is_of_ports: bool,
}

impl Row for AlertRow<'_> {
    fn table_cells(&self) -> Vec<String> {
        let record = &self.alert.record;
        let mut cells = vec![
            shown_score(record.record_score),
            start(record),
            if self.is_of_ports { with_service(record.value()) } else { subject(record) },
        ];
        cells.extend(WHO_AND_WHERE.map(|field| some_values(values_of(record, field))));
        cells.push(self.history.to_owned());
        cells.push(record.explanation.as_ref().map(why).unwrap_or_default());
        cells
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        let Alert { rule, time, record, evidence, .. } = self.alert;
        out.cell(Some(rfc3339(*time)))?;
        out.cell(Some(self.alert.values_of("destination.port").join(",")))?;
        out.cell(Some(record.record_score))?;
        out.cell(Some(record.probability))?;
        for field in WHO_AND_WHERE {
            out.cell(Some(values_of(record, field).join(",")))?;
        }
        out.cell(Some(start(record)))?;
        out.cell(Some(self.alert.id()))?;
        out.cell(Some(&rule.rule_id))?;
        out.cell(Some(rule.severity.as_str()))?;
        out.cell(Some(evidence.events))?;
        out.cell(evidence.first_seen.map(rfc3339))?;
        out.cell(evidence.last_seen.map(rfc3339))?;
        out.cell(record.explanation.as_ref().map(|explanation| &explanation.sentence))?;
        out.cell(Some(&record.job_id))?;
        out.cell(Some(&record.by_field_name))?;
        out.cell(Some(record.value()))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self.alert)
    }

    fn details(&self) -> Option<String> {
        self.details.map(|wanted| details::details(self.alert, wanted))
    }
}

/// What is rare: a port, or a value of another field.
fn subject(record: &Record) -> String {
    let what = Noun(&record.by_field_name);
    let value = record.value();
    let value = if what.is_port() { with_service(value) } else { value.to_owned() };
    format!("{} {value}", what.before_value())
}

/// A port with the name of its service, if it has one.
fn with_service(port: &str) -> String {
    match port.parse().ok().and_then(service::name) {
        Some(name) => format!("{port} {name}"),
        None => port.to_owned(),
    }
}

/// Why a value is rare, in a few words.
fn why(explanation: &Explanation) -> String {
    let Explanation { buckets_seen, buckets_learned, remembered_since, .. } = explanation;
    let of = count(*buckets_learned, "bucket", "buckets");
    match (buckets_seen, remembered_since) {
        (0, None) => format!("never seen in {of}"),
        (0, Some(since)) => format!("not seen since {}", rfc3339(*since)),
        (seen, _) => format!("seen in {} of {of}", grouped(*seen)),
    }
}
