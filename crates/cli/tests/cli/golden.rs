//! `rareport anomalies` on whole streams, with the documents that another
//! implementation of the model gives.

#[path = "../../../rareport/tests/common/compare.rs"]
mod compare;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::compare::Comparison;
use crate::common::{Run, rareport};
use crate::report::data_of;

/// The streams, their inputs and documents compressed, where the model is
/// tested with them.
fn streams() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rareport/tests/data/golden");
    let mut folders: Vec<_> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// Runs the stream in a folder.
fn run(folder: &Path) -> Run {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let told = fs::read_to_string(path("run.json"));
    let told: Value = told.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    let mut arguments = vec!["anomalies".to_owned(), path("input.csv.xz")];
    arguments.extend(["--job".to_owned(), path("job.json")]);
    if folder.join("filters.json").exists() {
        arguments.extend(["--filters".to_owned(), path("filters.json")]);
    }
    if let Some(time) = told.get("advance_time") {
        arguments.extend(["--advance-time".to_owned(), time.to_string()]);
    }
    // What is forgotten when the state is saved is Elastic's way; a run may be split anyhow.
    if let Some(time) = told.get("persist_at") {
        arguments.extend(["--profile", "elastic"].map(str::to_owned));
        arguments.extend(["--persist-at".to_owned(), time.to_string()]);
    }
    if let Some(time) = told.get("split_at") {
        arguments.extend(["--persist-at".to_owned(), time.to_string()]);
    }
    if told.get("interim") == Some(&Value::Bool(true)) {
        arguments.push("--interim".to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    rareport(&arguments).expect(0)
}

fn expected(folder: &Path) -> Vec<Value> {
    let file = File::open(folder.join("expected.ndjson.xz")).unwrap();
    let mut text = String::new();
    liblzma::read::XzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_stream_gives_the_documents_expected() {
    let mut compared = 0;
    for folder in streams() {
        let documents = run(&folder).documents();
        let differences = Comparison::of(&expected(&folder), &documents).differences;
        assert!(differences.is_empty(), "{}: {differences:#?}", folder.display());
        assert!(documents.iter().all(|document| document["job_id"] == "job"));
        compared += 1;
    }
    assert_eq!(compared, 53);
}

/// Start of the bucket and value of a record.
fn place(record: &Value) -> (i64, String) {
    let value = record["by_field_value"].as_str().unwrap_or_default();
    (record["timestamp"].as_i64().unwrap(), value.to_owned())
}

#[test]
fn a_report_shows_the_records_expected() {
    let names = ["zipf500_30d", "return_after_07d", "gaps", "multi_entity", "span_1h", "millis"];
    for folder in streams() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        if !names.contains(&name) {
            continue;
        }
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let arguments = ["report", &path("input.csv.xz"), "--job", &path("job.json")];
        let data = data_of(&rareport(&arguments).expect(0).stdout);
        let expected = expected(&folder);
        let of_type = |wanted: &'static str| {
            expected.iter().filter(move |document| document["result_type"] == wanted)
        };
        let records: BTreeMap<_, _> =
            of_type("record").map(|record| (place(record), record)).collect();
        // A report closes the last bucket too.
        let last = of_type("bucket").map(|it| it["timestamp"].as_i64().unwrap()).max().unwrap();
        let shown = data["records"].as_array().unwrap().iter().map(|shown| &shown["record"]);
        let shown: Vec<&Value> = shown.filter(|record| place(record).0 <= last).collect();
        for record in &shown {
            let expected = records[&place(record)];
            let number = |record: &Value, name: &str| record[name].as_f64().unwrap();
            let off = |name| (number(record, name) - number(expected, name)).abs();
            assert!(off("record_score") < 1e-6, "{name}: {record} {expected}");
            let probability = number(expected, "probability");
            assert!(off("probability") <= 1e-9 * probability, "{name}: {record} {expected}");
        }
        let left_out = data["left_out"]["records"].as_u64().unwrap();
        assert!(
            !shown.is_empty() && shown.len() as u64 + left_out >= records.len() as u64,
            "{name}"
        );
        // Only those with the lowest scores are left out.
        let score = |record: &Value| record["record_score"].as_f64().unwrap();
        let lowest = shown.iter().map(|record| score(record)).fold(f64::INFINITY, f64::min);
        let places: Vec<_> = shown.iter().map(|record| place(record)).collect();
        let is_missing = |(place, _): &(&(i64, String), &&Value)| !places.contains(place);
        let highest = records.iter().filter(is_missing).map(|(_, record)| score(record));
        assert!(highest.fold(0.0, f64::max) <= lowest + 1e-6, "{name}");
    }
}
