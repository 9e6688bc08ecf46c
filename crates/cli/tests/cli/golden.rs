//! `rareport anomalies` on whole streams, with the documents that another
//! implementation of the model gives.

#[path = "../../../rareport/tests/common/compare.rs"]
mod compare;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::compare::Comparison;
use crate::common::{Run, rareport};

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
