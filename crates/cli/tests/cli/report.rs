//! `rareport report`: what it says is what the model says, and what a log says stays
//! text, here and in every table. `tests/browser` looks at the report in a browser.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{corpus, rareport, rareport_with};

/// The data of a report's page.
pub(crate) fn data_of(page: &str) -> Value {
    let [data] = &data_of_jobs(page)[..] else { panic!("there are several jobs") };
    data.clone()
}

/// A record as a report has it: without the copies of its values, which stand under names with a
/// dot.
pub(crate) fn without_copies(mut record: Value) -> Value {
    record.as_object_mut().unwrap().retain(|name, _| !name.contains('.'));
    record
}

/// The data of each job of a report.
pub(crate) fn data_of_jobs(page: &str) -> Vec<Value> {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn hostile() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hostile.log");
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_records_are_those_of_anomalies() {
    let data = data_of(&rareport(&["report", &corpus("fleet-day")]).expect(0).stdout);
    let closed = ["--results", "record", "--advance-time", "2026-06-05"];
    let expected =
        rareport(&[&["anomalies", &corpus("fleet-day")], &closed[..]].concat()).documents();
    let expected: Vec<Value> = expected.into_iter().map(without_copies).collect();
    let by_id = |records: Vec<Value>| -> BTreeMap<String, Value> {
        records.into_iter().map(|it| (it["id"].as_str().unwrap().to_owned(), it)).collect()
    };
    let shown = data["records"].as_array().unwrap();
    assert_eq!(expected.len(), 20);
    assert_eq!(by_id(shown.iter().map(|it| it["record"].clone()).collect()), by_id(expected));
    let alerts = shown.iter().filter(|it| it["alerts"] != Value::from([""; 0].as_slice())).count();
    assert_eq!((alerts, &data["summary"]["alerts"]), (7, &7.into()));
    // As `verify.json` beside the log counts them.
    assert_eq!(data["summary"]["events"], 10_300);
    assert!(shown.iter().all(|it| it["events"].as_u64() > Some(0)));
    let command = shown[0]["samples"][0]["command"].as_str().unwrap();
    assert!(command.contains("ausearch -a "), "{command}");
}

#[test]
fn ports_are_where_the_observations_are() {
    let fleet = corpus("fleet-day");
    let data = data_of(&rareport(&["report", &fleet]).expect(0).stdout);
    let mut buckets: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    for observation in rareport(&["observations", &fleet, "--format", "ndjson"]).documents() {
        let time: jiff::Timestamp = observation["@timestamp"].as_str().unwrap().parse().unwrap();
        let port = observation["destination.port"].as_str().unwrap().to_owned();
        buckets.entry(port.clone()).or_default().insert(time.as_second() / 900);
        *events.entry(port).or_default() += 1;
    }
    let first = data["axis"]["start"].as_i64().unwrap() / 900_000;
    assert_eq!(data["axis"]["bin"], 900_000);
    for port in data["ports"].as_array().unwrap() {
        let name = port["port"].as_str().unwrap();
        let digits = port["presence"].as_str().unwrap().chars();
        let bits = digits.flat_map(|digit| {
            let digit = digit.to_digit(16).unwrap();
            (0..4).map(move |bit| digit >> (3 - bit) & 1 == 1)
        });
        let seen = (first..).zip(bits).filter(|(_, seen)| *seen).map(|(bucket, _)| bucket);
        assert_eq!(seen.collect::<BTreeSet<i64>>(), buckets[name], "{name}");
        assert_eq!(port["events"], events[name], "{name}");
    }
    assert_eq!(data["ports"].as_array().unwrap().len(), buckets.len());
}

#[test]
fn a_report_is_a_file_that_is_there_when_it_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.html");
    let path = path.to_str().unwrap();
    let first = rareport(&["report", &corpus("fleet-day"), "-o", path]).expect(0);
    assert_eq!(first.stdout, "");
    let page = fs::read_to_string(path).unwrap();
    assert_eq!(page, rareport(&["report", &corpus("fleet-day")]).expect(0).stdout);
    rareport_with(&["report", "-o", path], b"no audit record\n").expect(2);
    assert_eq!(fs::read_to_string(path).unwrap(), page);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn before_from_is_learned_only() {
    let from = ["--from", "2026-06-04T10:00:00Z"];
    let data = data_of(&rareport(&[&["report", &corpus("fleet-day")], &from[..]].concat()).stdout);
    let scores = data["records"].as_array().unwrap().iter();
    let highest =
        scores.map(|it| it["record"]["record_score"].as_f64().unwrap()).fold(0.0, f64::max);
    // That of port 6667, as `detect` of the whole log has it.
    assert!((highest - 61.0).abs() < 0.05, "{highest}");
}

#[test]
fn what_a_log_says_stays_text() {
    let page = rareport(&["report", &hostile()]).expect(0).stdout;
    let data = data_of(&page);
    let processes: Vec<&str> = data["ports"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|port| port["users"].as_array().unwrap())
        .filter_map(|user| user[1].as_str())
        .collect();
    assert!(processes.contains(&"</script><script>window.hacked=1</script>"), "{processes:?}");
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<svg"));
    // Should a script get in all the same, the browser does not run it.
    assert!(page.contains("content=\"default-src 'none'; script-src 'sha256-"));
    let is_active =
        |it: char| it.is_control() && it != '\n' || matches!(it, '\u{2028}' | '\u{2029}');
    assert!(!page.contains(is_active));
    let explained = (6030..6060).map(|port| port.to_string()).collect::<Vec<_>>().join(",");
    let tables = [
        vec!["detect", "--threshold", "0", "--format", "table", "--details"],
        vec!["backtest", "--threshold", "0", "--format", "table"],
        vec!["anomalies", "--format", "table"],
        vec!["events", "--format", "table"],
        vec!["observations", "--format", "table"],
        vec!["check", "--format", "text"],
        vec!["explain", &explained],
        vec!["explain", "gpj.\u{202e}hs", "--job", "linux_rare_network_process"],
    ];
    for mut arguments in tables {
        let hostile = hostile();
        arguments.push(&hostile);
        let run = rareport(&arguments).expect(0);
        let table = run.stdout + &run.stderr;
        let is_active = |it: char| {
            is_active(it)
                || matches!(it, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!table.contains(is_active), "{arguments:?}: {table:?}");
        // What it was is still seen; `check` names no host and no process.
        assert!(
            table.contains("gpj.\\xe2\\x80\\xaehs") || arguments[0] == "check",
            "{arguments:?}"
        );
    }
}

#[test]
fn a_log_that_is_shorter_than_a_bucket_is_no_quiet_log() {
    let run = rareport(&["report", &corpus("busy")]).expect(0);
    let said = "spans less than one full bucket";
    let sentences = &data_of(&run.stdout)["summary"]["sentences"];
    assert!(sentences[0].as_str().unwrap().contains(said), "{sentences}");
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let told = rareport(&["explain", "443", &corpus("busy")]).expect(0).stderr;
    assert!(told.contains(said), "{told}");
}
