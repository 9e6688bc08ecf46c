//! Alerts counted by day, port and threshold.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use rareport::alert::Alert;
use serde::Serialize;

use crate::anomaly::{influencer, some_values};
use crate::output::{Column, CsvWriter, JsonBuffer, Row};
use crate::stamp::rfc3339;

/// Columns of the CSV beside those of the thresholds.
const BEFORE: [&str; 2] = ["day", "destination.port"];
const AFTER: [&str; 3] = ["highest_score", "host.name", "process.name"];

/// Columns of the table: one for each threshold, between the port and who it
/// was.
pub(super) fn table_columns(thresholds: &[f64]) -> Vec<Column> {
    let at = |threshold: &f64| Column { title: format!("AT {threshold}").into(), number: true };
    let mut columns = vec![Column::text("DAY"), Column::text("PORT")];
    columns.extend(thresholds.iter().map(at));
    columns.push(Column::number("HIGHEST"));
    columns.extend([Column::text("HOST"), Column::text("PROCESS")]);
    columns
}

/// Columns of the CSV.
pub(super) fn csv_columns(thresholds: &[f64]) -> Vec<String> {
    let at = thresholds.iter().map(|threshold| format!("alerts_at_{threshold}"));
    BEFORE.map(str::to_owned).into_iter().chain(at).chain(AFTER.map(str::to_owned)).collect()
}

/// The alerts of all thresholds. Memory: one entry for each day and port of
/// which there was an alert.
#[derive(Debug)]
pub(super) struct Tally {
    thresholds: Vec<f64>,
    lines: BTreeMap<Key, Line>,
}

/// A day and a port, in the order in which they are shown: ports as numbers,
/// then as texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    day: String,
    number: u64,
    port: String,
}

/// The alerts of a port on a day.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Number of alerts at each threshold.
    alerts: Vec<u64>,
    highest: f64,
    hosts: BTreeSet<String>,
    processes: BTreeSet<String>,
}

/// All alerts at a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Total {
    pub(super) threshold: f64,
    pub(super) alerts: u64,
    /// Number of different ports.
    pub(super) ports: u64,
}

impl Tally {
    /// No alert yet at these thresholds.
    pub(super) fn of(thresholds: Vec<f64>) -> Tally {
        Tally { thresholds, lines: BTreeMap::new() }
    }

    /// Counts alerts at a threshold, given by its place.
    pub(super) fn count(&mut self, threshold: usize, alerts: &[Alert]) {
        for alert in alerts {
            let record = &alert.record;
            let port = record.value().to_owned();
            let day = rfc3339(record.timestamp).split('T').next().unwrap_or_default().to_owned();
            let key = Key { day, number: port.parse().unwrap_or(u64::MAX), port };
            let line = self.lines.entry(key).or_default();
            line.alerts.resize(self.thresholds.len(), 0);
            line.alerts[threshold] += 1;
            line.highest = line.highest.max(record.record_score);
            line.hosts.extend(influencer(record, "host.name").iter().cloned());
            line.processes.extend(influencer(record, "process.name").iter().cloned());
        }
    }

    /// A row for each day and port, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = TallyRow<'_>> {
        self.lines.iter().map(|(key, line)| TallyRow { thresholds: &self.thresholds, key, line })
    }

    /// The totals, one for each threshold.
    pub(super) fn totals(&self) -> impl Iterator<Item = Total> {
        self.thresholds.iter().enumerate().map(|(place, &threshold)| {
            let with_alert = self.lines.iter().filter(|(_, line)| line.alerts[place] > 0);
            let ports: BTreeSet<&str> = with_alert.map(|(key, _)| key.port.as_str()).collect();
            let alerts = self.lines.values().map(|line| line.alerts[place]).sum();
            Total { threshold, alerts, ports: ports.len() as u64 }
        })
    }
}

/// A day and a port, to be shown.
pub(super) struct TallyRow<'a> {
    thresholds: &'a [f64],
    key: &'a Key,
    line: &'a Line,
}

/// A row as a document.
#[derive(Serialize)]
struct Document<'a> {
    day: &'a str,
    #[serde(rename = "destination.port")]
    port: &'a str,
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
    fn texts(values: &BTreeSet<String>) -> Vec<String> {
        values.iter().cloned().collect()
    }
}

impl Row for TallyRow<'_> {
    fn table_cells(&self) -> Vec<String> {
        let TallyRow { key, line, .. } = self;
        let mut cells = vec![key.day.clone(), key.port.clone()];
        cells.extend(line.alerts.iter().map(u64::to_string));
        cells.push(format!("{:.1}", line.highest));
        cells.extend([&line.hosts, &line.processes].map(|of| some_values(&Self::texts(of))));
        cells
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        let TallyRow { key, line, .. } = self;
        out.cell(Some(&key.day))?;
        out.cell(Some(&key.port))?;
        line.alerts.iter().try_for_each(|alerts| out.cell(Some(alerts)))?;
        out.cell(Some(line.highest))?;
        out.cell(Some(Self::texts(&line.hosts).join(",")))?;
        out.cell(Some(Self::texts(&line.processes).join(",")))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        let TallyRow { thresholds, key, line } = self;
        let at = thresholds.iter().zip(&line.alerts);
        json.value(&Document {
            day: &key.day,
            port: &key.port,
            thresholds: at.map(|(&threshold, &alerts)| At { threshold, alerts }).collect(),
            highest_score: line.highest,
            hosts: &line.hosts,
            processes: &line.processes,
        })
    }
}
