//! A stream of events, the job to run over it, and the documents expected.

use rareport::detector::Pruning;
use rareport::job::TimeFormat;
use rareport::results::BucketResults;
use rareport::{Detector, JobConfig, Observation};
use serde::Deserialize;
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// What to do besides feeding the events.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Run {
    pub(crate) advance_time: Option<i64>,
    #[serde(default)]
    pub(crate) interim: bool,
    pub(crate) persist_at: Option<i64>,
}

/// An event with the values of the job's fields.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) time: i64,
    pub(crate) by: Vec<u8>,
    pub(crate) over: Vec<u8>,
    pub(crate) partition: Vec<u8>,
    pub(crate) influencers: Vec<Vec<u8>>,
}

impl Event {
    /// Calls `then` with the event as the model sees it.
    pub(crate) fn observe<T>(&self, then: impl FnOnce(&Observation<'_>) -> T) -> T {
        let influencers: Vec<Option<&[u8]>> =
            self.influencers.iter().map(|value| Some(value.as_slice())).collect();
        then(&Observation {
            time: self.time,
            by: Some(&self.by),
            over: Some(&self.over),
            partition: Some(&self.partition),
            influencers: &influencers,
        })
    }
}

pub(crate) struct Stream {
    pub(crate) job: JobConfig,
    pub(crate) run: Run,
    pub(crate) events: Vec<Event>,
    pub(crate) expected: Vec<Value>,
}

impl Stream {
    pub(crate) fn read(folder: &Path) -> Stream {
        let text = |name: &str| read(&folder.join(name));
        let parsed = JobConfig::from_elastic_json(&text("job.json").unwrap()).unwrap();
        assert_eq!(parsed.warnings, [""; 0]);
        let mut job = parsed.job;
        if let Some(filters) = text("filters.json") {
            job.add_filters_json(&filters).unwrap();
        }
        let run = text("run.json").map(|text| serde_json::from_str(&text).unwrap());
        let events = events(&text("input.csv").unwrap(), &job);
        let expected = text("expected.ndjson").unwrap();
        let expected = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Stream { job, run: run.unwrap_or_default(), events, expected }
    }

    /// The documents that a detector writes.
    pub(crate) fn run(&self) -> Vec<Value> {
        self.results().iter().flat_map(documents).collect()
    }

    pub(crate) fn results(&self) -> Vec<BucketResults> {
        let mut detector = Detector::new(self.job.clone()).unwrap();
        if self.run.persist_at.is_some() {
            detector = detector.with_pruning(Pruning::WhenSaved);
        }
        let mut results = Vec::new();
        let mut persist_at = self.run.persist_at;
        for event in &self.events {
            if persist_at.is_some_and(|time| event.time >= time) {
                detector.prune();
                persist_at = None;
            }
            event.observe(|observation| results.extend(detector.push(observation).unwrap()));
        }
        if let Some(time) = self.run.advance_time {
            results.extend(detector.advance_to(time).unwrap());
        }
        if self.run.interim {
            results.extend(detector.interim());
        }
        results
    }
}

pub(crate) fn documents(results: &BucketResults) -> Vec<Value> {
    let lines = results.to_json_lines().unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The text of a file, which may be compressed.
fn read(path: &Path) -> Option<String> {
    let mut compressed = path.as_os_str().to_owned();
    compressed.push(".xz");
    if let Ok(file) = std::fs::File::open(compressed) {
        let mut text = String::new();
        liblzma::read::XzDecoder::new(file).read_to_string(&mut text).unwrap();
        return Some(text);
    }
    std::fs::read_to_string(path).ok()
}

fn events(csv: &str, job: &JobConfig) -> Vec<Event> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|other| other == name);
    let time = column(&job.time_field).unwrap();
    let by = column(&job.detector.by_field);
    let over = job.detector.over_field.as_deref().and_then(column);
    let partition = job.detector.partition_field.as_deref().and_then(column);
    let influencers: Vec<_> = job.influencers.iter().map(|name| column(name)).collect();
    let event = |row: csv::StringRecord| {
        let value =
            |index: Option<usize>| index.map_or("", |index| &row[index]).as_bytes().to_vec();
        Some(Event {
            time: seconds(&row[time], job.time_format)?,
            by: value(by),
            over: value(over),
            partition: value(partition),
            influencers: influencers.iter().map(|&index| value(index)).collect(),
        })
    };
    reader.records().filter_map(|row| event(row.unwrap())).collect()
}

/// A time in whole seconds; `None` for anything but digits with an optional fraction.
fn seconds(text: &str, format: TimeFormat) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    Some(if format == TimeFormat::EpochMs { number.div_euclid(1000) } else { number })
}
