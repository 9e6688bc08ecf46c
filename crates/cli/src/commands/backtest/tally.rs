//! Alerts counted by day, job, value and threshold.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use rareport::alert::Alert;
use serde::Serialize;

use crate::anomaly::{influencer, shown_score, some_values};
use crate::noun::Noun;
use crate::output::{Column, CsvWriter, JsonBuffer, Row};
use crate::stamp::rfc3339;

/// Columns of the CSV beside those of the thresholds.
const BEFORE: [&str; 2] = ["day", "destination.port"];
const AFTER: [&str; 6] =
    ["highest_score", "host.name", "process.name", "job_id", "by_field_name", "by_field_value"];

/// A job whose alerts are counted.
#[derive(Clone, Debug)]
pub(super) struct Of {
    id: String,
    /// The field whose values are rare.
    field: String,
}

impl Of {
    /// A job by its id and the field whose values are rare.
    pub(super) fn new(id: &str, field: &str) -> Of {
        Of { id: id.to_owned(), field: field.to_owned() }
    }

    /// Id of the job.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// A value of it, if it is a port.
    fn port<'a>(&self, value: &'a str) -> Option<&'a str> {
        Noun(&self.field).is_port().then_some(value)
    }
}

/// The alerts of all jobs at all thresholds. Memory: one entry for each day and value of
/// which there was an alert.
#[derive(Debug)]
pub(super) struct Tally {
    thresholds: Vec<f64>,
    jobs: Vec<Of>,
    lines: BTreeMap<Key, Line>,
}

/// A day and a value of a job, in the order in which they are shown: values as numbers,
/// then as texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    day: String,
    /// Place of the job.
    job: usize,
    number: u64,
    value: String,
}

/// The alerts of a value on a day.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Number of alerts at each threshold.
    alerts: Vec<u64>,
    highest: f64,
    hosts: BTreeSet<String>,
    processes: BTreeSet<String>,
}

/// All alerts of a job at a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Total {
    pub(super) threshold: f64,
    pub(super) alerts: u64,
    /// Number of different values.
    pub(super) values: u64,
}

impl Tally {
    /// No alert yet of these jobs at these thresholds.
    pub(super) fn new(thresholds: Vec<f64>, jobs: Vec<Of>) -> Tally {
        Tally { thresholds, jobs, lines: BTreeMap::new() }
    }

    /// A job by its place.
    pub(super) fn job(&self, place: usize) -> &Of {
        &self.jobs[place]
    }

    /// Columns of the table: one for each threshold, between the value and who it was. Where there
    /// are several jobs, each row says of which it is.
    pub(super) fn table_columns(&self) -> Vec<Column> {
        let at = |threshold: &f64| Column { title: format!("AT {threshold}").into(), number: true };
        let mut columns = vec![Column::text("DAY")];
        match self.jobs.as_slice() {
            [one] if Noun(&one.field).is_port() => columns.push(Column::text("PORT")),
            [one] => columns.push(Column::of_field(&one.field)),
            _ => columns.extend([Column::text("JOB"), Column::text("VALUE")]),
        }
        columns.extend(self.thresholds.iter().map(at));
        columns.push(Column::number("HIGHEST"));
        columns.extend([Column::text("HOST"), Column::text("PROCESS")]);
        columns
    }

    /// Columns of the CSV.
    pub(super) fn csv_columns(&self) -> Vec<String> {
        let at = self.thresholds.iter().map(|threshold| format!("alerts_at_{threshold}"));
        BEFORE.map(str::to_owned).into_iter().chain(at).chain(AFTER.map(str::to_owned)).collect()
    }

    /// Counts alerts of a job at a threshold, both given by their places.
    pub(super) fn count(&mut self, job: usize, threshold: usize, alerts: &[Alert]) {
        for alert in alerts {
            let record = &alert.record;
            let value = record.value().to_owned();
            let day = rfc3339(record.timestamp).split('T').next().unwrap_or_default().to_owned();
            let key = Key { day, job, number: value.parse().unwrap_or(u64::MAX), value };
            let line = self.lines.entry(key).or_default();
            line.alerts.resize(self.thresholds.len(), 0);
            line.alerts[threshold] += 1;
            line.highest = line.highest.max(record.record_score);
            line.hosts.extend(influencer(record, "host.name").iter().cloned());
            line.processes.extend(influencer(record, "process.name").iter().cloned());
        }
    }

    /// A row for each day and value, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = TallyRow<'_>> {
        self.lines.iter().map(|(key, line)| TallyRow { tally: self, key, line })
    }

    /// The totals of a job, one for each threshold.
    pub(super) fn totals(&self, job: usize) -> impl Iterator<Item = Total> {
        self.thresholds.iter().enumerate().map(move |(place, &threshold)| {
            let of_job = || self.lines.iter().filter(move |(key, _)| key.job == job);
            let with_alert = of_job().filter(|(_, line)| line.alerts[place] > 0);
            let values: BTreeSet<&str> = with_alert.map(|(key, _)| key.value.as_str()).collect();
            let alerts = of_job().map(|(_, line)| line.alerts[place]).sum();
            Total { threshold, alerts, values: values.len() as u64 }
        })
    }
}

/// A day and a value, to be shown.
pub(super) struct TallyRow<'a> {
    tally: &'a Tally,
    key: &'a Key,
    line: &'a Line,
}

/// A row as a document.
#[derive(Serialize)]
struct Document<'a> {
    day: &'a str,
    job_id: &'a str,
    by_field_name: &'a str,
    by_field_value: &'a str,
    #[serde(rename = "destination.port", skip_serializing_if = "Option::is_none")]
    port: Option<&'a str>,
    thresholds: Vec<At>,
    highest_score: f64,
    #[serde(rename = "host.name")]
    hosts: &'a BTreeSet<String>,
    #[serde(rename = "process.name")]
    processes: &'a BTreeSet<String>,
}

#[derive(Serialize)]
struct At {
    threshold: f64,
    alerts: u64,
}

impl TallyRow<'_> {
    fn of(&self) -> &Of {
        self.tally.job(self.key.job)
    }

    fn texts(values: &BTreeSet<String>) -> Vec<String> {
        values.iter().cloned().collect()
    }
}

impl Row for TallyRow<'_> {
    fn table_cells(&self) -> Vec<String> {
        let TallyRow { tally, key, line } = self;
        let mut cells = vec![key.day.clone()];
        if tally.jobs.len() > 1 {
            cells.push(self.of().id.clone());
        }
        cells.push(key.value.clone());
        cells.extend(line.alerts.iter().map(u64::to_string));
        cells.push(shown_score(line.highest));
        cells.extend([&line.hosts, &line.processes].map(|of| some_values(&Self::texts(of))));
        cells
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        let TallyRow { key, line, .. } = self;
        let of = self.of();
        out.cell(Some(&key.day))?;
        out.cell(of.port(&key.value))?;
        line.alerts.iter().try_for_each(|alerts| out.cell(Some(alerts)))?;
        out.cell(Some(line.highest))?;
        out.cell(Some(Self::texts(&line.hosts).join(",")))?;
        out.cell(Some(Self::texts(&line.processes).join(",")))?;
        [&of.id, &of.field, &key.value].iter().try_for_each(|text| out.cell(Some(text)))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        let TallyRow { tally, key, line } = self;
        let of = self.of();
        let at = tally.thresholds.iter().zip(&line.alerts);
        json.value(&Document {
            day: &key.day,
            job_id: &of.id,
            by_field_name: &of.field,
            by_field_value: &key.value,
            port: of.port(&key.value),
            thresholds: at.map(|(&threshold, &alerts)| At { threshold, alerts }).collect(),
            highest_score: line.highest,
            hosts: &line.hosts,
            processes: &line.processes,
        })
    }
}
