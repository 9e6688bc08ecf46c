//! go-libaudit's own test data, if it lies beside the workspace: types, times, serials, fields,
//! addresses and arguments as its golden files have them. Skipped without it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use auditparse::{Arch, Event, Events, Record, RecordType, Records, SockAddrBytes, errno_name};
use common::lossy;
use serde_json::Value;

/// The directory of the test data, or `None`, said out loud, if it is not there.
fn test_data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/go-libaudit");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no test data of go-libaudit beside the workspace");
    None
}

fn golden(path: &Path) -> Vec<Value> {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn records_have_the_fields_of_the_golden_files() {
    let Some(data) = test_data() else { return };
    for name in ["audit-ubuntu14.log", "audit-ubuntu16.log", "test2.log"] {
        let directory = data.join("auparse/testdata");
        let log = fs::read(directory.join(name)).unwrap();
        let golden = golden(&directory.join(format!("{name}.golden")));
        let records: Vec<_> = Records::new(&log).collect();
        assert_eq!(records.len(), golden.len(), "{name}");
        for (record, golden) in records.iter().zip(&golden) {
            let record = record.as_ref().unwrap();
            let record_type = record.record_type().to_string();
            assert_eq!(record_type.to_lowercase(), golden["record_type"], "{record:?}");
            assert_eq!(record.id().serial, golden["sequence"], "{record:?}");
            assert_eq!(record.id().millis, common::millis(golden["@timestamp"].as_str().unwrap()));
            for (key, value) in golden["data"].as_object().unwrap() {
                let ours = value_of(record, key);
                assert_eq!(ours.as_deref(), value.as_str(), "{name}: {key} of {record:?}");
            }
        }
    }
}

/// The value that go-libaudit has under `key`, made of the record's own.
fn value_of(record: &Record<'_>, key: &str) -> Option<String> {
    let text = |key: &str| record.get(key).map(|field| lossy(field.text()));
    match key {
        "result" => match text("res").or_else(|| text("success"))?.as_str() {
            "yes" | "success" | "1" => Some("success".to_owned()),
            _ => Some("fail".to_owned()),
        },
        "arch" => Some(arch(record)?.name()?.to_owned()),
        "syscall" => {
            let number = record.get("syscall")?.as_u64()?.try_into().ok()?;
            Some(arch(record)?.syscall_name(number)?.to_owned())
        }
        "exit" => {
            let exit = record.get("exit")?.as_i64()?;
            let name = i32::try_from(-exit).ok().and_then(errno_name);
            Some(name.filter(|_| exit < 0).map_or(exit.to_string(), str::to_owned))
        }
        "new_auid" => text("auid"),
        "old_auid" => text("old-auid"),
        "auid" | "ses" => {
            text(key).map(|id| if id == "4294967295" { "unset".to_owned() } else { id })
        }
        _ => match key.split_once('_') {
            Some((context @ ("subj" | "obj"), part)) => {
                let parts = ["user", "role", "domain", "level", "category"];
                let index = parts.iter().position(|name| *name == part)?;
                text(context)?.split(':').nth(index).map(str::to_owned)
            }
            _ => text(key),
        },
    }
}

fn arch(record: &Record<'_>) -> Option<Arch> {
    Some(Arch::from_number(record.get("arch")?.as_hex()?.try_into().ok()?))
}

#[test]
fn events_have_processes_addresses_and_arguments_of_the_golden_files() {
    let Some(data) = test_data() else { return };
    let directory = data.join("aucoalesce/testdata");
    let mut compared = 0;
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let golden = golden(&path.with_extension("json.golden"));
            let tests = block_scalars(&fs::read_to_string(&path).unwrap());
            assert_eq!(tests.len(), golden.len(), "{path:?}");
            for golden in &golden {
                let name = golden["test_name"].as_str().unwrap();
                let (_, log) = tests.iter().find(|(test, _)| test == name).unwrap();
                let mut events = Events::new(log.as_bytes());
                let event = events.next().unwrap();
                assert!(events.next().is_none(), "{name}: one event");
                compare(name, &event, &golden["event"]);
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no golden file in {directory:?}");
}

/// The entries `  NAME: |` of the YAML files, with the indented lines that follow.
fn block_scalars(yaml: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    for line in yaml.lines() {
        let head = line.strip_suffix(": |").or_else(|| line.strip_suffix(": >"));
        if let Some(name) = head {
            blocks.push((name.trim().to_owned(), String::new()));
        } else if let (Some(text), Some((_, block))) =
            (line.strip_prefix("    "), blocks.last_mut())
        {
            block.push_str(text);
            block.push('\n');
        }
    }
    blocks
}

fn compare(name: &str, event: &Event<'_>, golden: &Value) {
    assert_eq!(event.id().serial, golden["sequence"], "{name}");
    assert_eq!(event.id().millis, common::millis(golden["@timestamp"].as_str().unwrap()), "{name}");
    let first = event.record(RecordType::SYSCALL).unwrap_or(&event.records()[0]);
    let first_type = event.records()[0].record_type().to_string().to_lowercase();
    assert_eq!(first_type, golden["record_type"], "{name}");

    let process = &golden["process"];
    for (its_key, key) in [("pid", "pid"), ("ppid", "ppid"), ("name", "comm"), ("exe", "exe")] {
        if let Some(value) = process[its_key].as_str() {
            assert_eq!(value_of(first, key).as_deref(), Some(value), "{name}: {key}");
        }
    }
    if let Some(title) = process["title"].as_str() {
        let ours = lossy(event.proctitle().unwrap()).replace('\0', " ");
        assert_eq!(ours.trim_end(), title, "{name}: title");
    }
    if let Some(args) = process["args"].as_array() {
        let ours: Vec<_> = event.argv().unwrap().iter().map(lossy).collect();
        assert_eq!(ours, *args, "{name}: arguments");
    }
    for key in ["arch", "syscall", "exit"] {
        if let Some(value) = golden["data"][key].as_str() {
            assert_eq!(value_of(first, key).as_deref(), Some(value), "{name}: {key}");
        }
    }
    if let Some(address) = golden["data"]["socket_addr"].as_str() {
        let saddr = event.record(RecordType::SOCKADDR).unwrap().get("saddr").unwrap();
        let bytes = SockAddrBytes::from_hex(saddr.raw_value());
        let ours = bytes.decode(arch(first)).unwrap();
        assert_eq!(ours.ip().unwrap().to_string(), address, "{name}: address");
        let port = golden["data"]["socket_port"].as_str().unwrap();
        assert_eq!(ours.port().unwrap().to_string(), port, "{name}: port");
    }
}

#[test]
fn losses_and_wraps_of_its_reassembler_tests() {
    let Some(data) = test_data() else { return };
    for (name, events, lost, late) in [
        ("normal", 5, 0, 0),
        ("lost_messages", 5, 9, 0),
        ("rollover", 5, 0, 0),
        // Its clock is the wall; by the log's own, one record comes seven seconds after its event.
        ("out_of_order", 5, 0, 1),
    ] {
        let log = fs::read(data.join(format!("testdata/{name}.log"))).unwrap();
        let mut reader = Events::new(&log);
        reader.by_ref().for_each(drop);
        let stats = reader.stats().events;
        let counted = (stats.events, stats.lost_events, stats.late_records);
        assert_eq!(counted, (events, lost, late), "{name}: events, lost, late");
    }
}
