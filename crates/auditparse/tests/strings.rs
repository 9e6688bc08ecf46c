//! Encoded strings: the arguments of programs against what was run, and working directories, paths
//! and command lines against what `ausearch --interpret` made of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::{BTreeMap, HashMap};

use auditparse::{Event, Events, Record, RecordType};
use common::lossy;
use common::reference;
use serde_json::Value;

#[test]
fn arguments_are_those_that_were_passed() {
    let log = common::log("exec-mix");
    let mut run: HashMap<u64, Vec<Vec<Vec<u8>>>> = HashMap::new();
    for event in Events::new(log) {
        if let (Some(argv), Some(pid)) = (event.argv(), pid_of(&event)) {
            let argv = argv.into_iter().map(|argument| argument.into_owned()).collect();
            run.entry(pid).or_default().push(argv);
        }
    }
    let truth = common::ndjson("exec-mix/GROUND_TRUTH.ndjson");
    let programs = truth.iter().filter(|entry| entry["kind"] == "program");
    let mut found = 0;
    // A program that could not be executed leaves no EXECVE record.
    for program in programs.filter(|program| program["failed"].is_null()) {
        let passed = arguments(program);
        let logged = run.get(&program["pid"].as_u64().unwrap()).expect("its execve");
        // A script is run by the interpreter of its first line, which gets it as an argument.
        let is_it = |argv: &Vec<Vec<u8>>| *argv == passed || argv[1..] == passed;
        assert!(logged.iter().any(is_it), "{}", program["note"]);
        found += 1;
    }
    assert_eq!(found, 76);
}

fn pid_of(event: &Event<'_>) -> Option<u64> {
    event.record(RecordType::SYSCALL)?.get("pid")?.as_u64()
}

/// The arguments of a program of the ground truth, which has bytes that are not UTF-8 as `\xNN`.
fn arguments(program: &Value) -> Vec<Vec<u8>> {
    let argv = program["argv"].as_array().unwrap();
    let argv: Vec<_> = argv.iter().map(|argument| unescape(argument.as_str().unwrap())).collect();
    // The kernel does not start a program without any.
    if argv.is_empty() { vec![Vec::new()] } else { argv }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

#[test]
fn directories_paths_and_titles_are_those_of_ausearch() {
    for (scenario, expected) in
        [("connect-basic", 2412), ("raw", 1342), ("enriched", 1339), ("exec-mix", 6645)]
    {
        let log = common::log(scenario);
        let ours: BTreeMap<_, _> = Events::new(log)
            .map(|event| ((event.id().millis, event.id().serial), strings_of(&event)))
            .collect();
        let mut theirs: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for event in reference::interpreted(&format!("{scenario}/reference/ausearch-i.txt")) {
            let strings = event.records.iter().filter_map(|(name, body)| shown_string(name, body));
            // An event with a LOGIN record is there in two parts.
            theirs.entry((event.millis, event.serial)).or_default().extend(strings);
        }
        let mut compared = 0;
        for (id, mut strings) in theirs {
            strings.sort_unstable();
            assert_eq!(ours.get(&id), Some(&strings), "{scenario}: {id:?}");
            compared += strings.len();
        }
        assert_eq!(compared, expected, "{scenario}");
    }
}

/// `TYPE TEXT` of each record that has a string to decode.
fn strings_of(event: &Event<'_>) -> Vec<String> {
    let mut strings: Vec<_> = event.records().iter().filter_map(string_of).collect();
    strings.sort_unstable();
    strings
}

fn string_of(record: &Record<'_>) -> Option<String> {
    let key = match record.record_type() {
        RecordType::CWD => "cwd",
        RecordType::PATH => "name",
        RecordType::PROCTITLE => "proctitle",
        _ => return None,
    };
    let text = lossy(record.get(key)?.text());
    Some(format!("{} {}", record.record_type(), text.replace('\0', " ")))
}

/// The same of a record as ausearch shows it.
fn shown_string(record_type: &str, body: &[u8]) -> Option<String> {
    let text = match record_type {
        "CWD" => body.strip_prefix(b"cwd=")?,
        "PROCTITLE" => body.strip_prefix(b"proctitle=")?,
        "PATH" => {
            let (_, rest) = reference::split_at(body, b" name=")?;
            let end = [&b" inode="[..], b" nametype="]
                .iter()
                .find_map(|next| reference::find(rest, next));
            &rest[..end?]
        }
        _ => return None,
    };
    Some(format!("{record_type} {}", lossy(reference::unescape(text))))
}
