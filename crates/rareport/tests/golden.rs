//! Whole streams of events with the documents expected for them.
//!
//! The streams and their documents come from an independent implementation of the model; a folder
//! `shared/golden` beside the project, if there is one, may hold more of them.

#![allow(clippy::unwrap_used)]

mod common;

use common::compare::Comparison;
use common::stream::Stream;
use std::path::{Path, PathBuf};

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn check(folder: &Path) -> Vec<String> {
    let stream = Stream::read(folder);
    let comparison = Comparison::of(&stream.expected, &stream.run());
    let name = folder.file_name().unwrap().to_string_lossy();
    comparison.differences.iter().map(|difference| format!("{name}: {difference}")).collect()
}

fn check_all(folders: &[PathBuf]) {
    let differences: Vec<String> = folders.iter().flat_map(|folder| check(folder)).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), {
        differences[..differences.len().min(40)].join("\n")
    });
}

#[test]
fn documents_of_all_streams() {
    let own = folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden"));
    assert_eq!(own.len(), 53);
    check_all(&own);
}

#[test]
fn documents_of_further_streams() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = folders(&manifest.join("tests/data/golden"));
    let known = |path: &PathBuf| own.iter().any(|other| other.file_name() == path.file_name());
    let mut further = folders(&manifest.join("../../../shared/golden"));
    if further.is_empty() {
        println!("skipped: there is no folder of further streams");
    }
    further.retain(|path| !known(path));
    check_all(&further);
}
