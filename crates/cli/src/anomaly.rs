//! A record of the model, of whatever job, as it is shown.

use std::io::{self, Write};

use rareport::JobConfig;
use rareport::results::Record;

use crate::output::{Column, CsvWriter, JsonBuffer, Row};
use crate::stamp::rfc3339;

/// Values of a field that are shown in a table before the rest is counted.
const SHOWN_VALUES: usize = 3;

/// Columns of the CSV before those of the influencers, by Elastic's names.
const CSV: [&str; 12] = [
    "timestamp",
    "bucket_span",
    "is_interim",
    "by_field_name",
    "by_field_value",
    "over_field_name",
    "over_field_value",
    "partition_field_name",
    "partition_field_value",
    "record_score",
    "initial_record_score",
    "probability",
];

/// What is shown of the records of a job.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The field whose values are rare: the by field or, in a population job,
    /// the over field.
    field: String,
    partition: Option<String>,
    influencers: Vec<String>,
}

impl Layout {
    /// The layout for a job.
    pub(crate) fn of(job: &JobConfig) -> Layout {
        let detector = &job.detector;
        Layout {
            field: detector.over_field.as_ref().unwrap_or(&detector.by_field).clone(),
            partition: detector.partition_field.clone(),
            influencers: job.influencers.clone(),
        }
    }

    /// Columns of the table.
    pub(crate) fn table(&self) -> Vec<Column> {
        let field = |name: &String| Column::of_field(name);
        let mut columns = vec![Column::text("TIME"), field(&self.field)];
        columns.extend([Column::number("SCORE"), Column::number("PROBABILITY")]);
        columns.extend(self.partition.as_ref().map(field));
        columns.extend(self.explaining().map(field));
        columns
    }

    /// Columns of the CSV: those of every record and one for each influencer.
    pub(crate) fn csv(&self) -> Vec<&str> {
        CSV.into_iter().chain(self.influencers.iter().map(String::as_str)).collect()
    }

    /// The influencers that have no other column in the table.
    fn explaining(&self) -> impl Iterator<Item = &String> {
        let has_column =
            |name: &String| *name == self.field || Some(name) == self.partition.as_ref();
        self.influencers.iter().filter(move |name| !has_column(name))
    }
}

/// A record that is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anomaly<'a> {
    pub(crate) record: &'a Record,
    pub(crate) layout: &'a Layout,
}

impl Row for Anomaly<'_> {
    fn table_cells(&self) -> Vec<String> {
        let Anomaly { record, layout } = self;
        let provisional = if record.is_interim { " (interim)" } else { "" };
        let mut cells = vec![
            format!("{}{provisional}", start(record)),
            record.value().to_owned(),
            shown_score(record.record_score),
            format!("{:.2e}", record.probability),
        ];
        cells.extend(layout.partition.as_ref().and(record.partition_field_value.clone()));
        cells.extend(layout.explaining().map(|field| some_values(influencer(record, field))));
        cells
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        let Anomaly { record, layout } = self;
        out.cell(Some(start(record)))?;
        out.cell(Some(record.bucket_span))?;
        out.cell(Some(record.is_interim))?;
        out.cell(Some(&record.by_field_name))?;
        for text in [
            &record.by_field_value,
            &record.over_field_name,
            &record.over_field_value,
            &record.partition_field_name,
            &record.partition_field_value,
        ] {
            out.cell(text.as_ref())?;
        }
        for number in [record.record_score, record.initial_record_score, record.probability] {
            out.cell(Some(number))?;
        }
        layout
            .influencers
            .iter()
            .try_for_each(|field| out.cell(Some(influencer(record, field).join(","))))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(&self.record.document())
    }
}

/// Start of a record's bucket.
pub(crate) fn start(record: &Record) -> String {
    rfc3339(record.timestamp)
}

/// A score as people read it, with one decimal: rounded down, so that it is a threshold that the score
/// reaches.
pub(crate) fn shown_score(score: f64) -> String {
    format!("{:.1}", (score * 10.0).floor() / 10.0)
}

/// The values of an influencer field of a record.
pub(crate) fn influencer<'a>(record: &'a Record, field: &str) -> &'a [String] {
    let mut influencers = record.influencers.iter();
    influencers
        .find(|influencer| influencer.influencer_field_name == field)
        .map_or(&[], |influencer| &influencer.influencer_field_values)
}

/// The values of an influencer field of a record, or its own value of it if its job has a model for
/// each.
pub(crate) fn values_of<'a>(record: &'a Record, field: &str) -> &'a [String] {
    match &record.partition_field_name {
        Some(name) if name == field => record.partition_field_value.as_slice(),
        _ => influencer(record, field),
    }
}

/// The first of some values, and how many more there are.
pub(crate) fn some_values(values: &[String]) -> String {
    let shown = values[..values.len().min(SHOWN_VALUES)].join(", ");
    match values.len().saturating_sub(SHOWN_VALUES) {
        0 => shown,
        more => format!("{shown}, {more} more"),
    }
}
