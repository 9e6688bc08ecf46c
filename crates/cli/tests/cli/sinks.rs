//! Where `detect` sends alerts besides stdout.

use std::fs::read_to_string;

use crate::common::{corpus, rareport};

/// Lines in an order that does not depend on which command ended first.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_file_of_the_day_grows() {
    let directory = tempfile::tempdir().unwrap();
    let pattern = directory.path().join("alerts-%Y-%m-%d.ndjson");
    let append = ["detect", &corpus("fleet-day"), "--append", pattern.to_str().unwrap()];
    let run = rareport(&append).expect(0);
    let file = directory.path().join("alerts-2026-06-04.ndjson");
    assert_eq!(read_to_string(&file).unwrap(), run.stdout);
    rareport(&append).expect(0);
    assert_eq!(read_to_string(&file).unwrap(), run.stdout.repeat(2));
    assert_eq!(directory.path().read_dir().unwrap().count(), 1);
}

#[test]
fn a_command_gets_every_alert() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("got");
    let command = format!("cat >> {}; echo not for stdout", file.display());
    let run = rareport(&["detect", &corpus("fleet-day"), "--exec", &command]).expect(0);
    assert_eq!(sorted(&read_to_string(&file).unwrap()), sorted(&run.stdout));
    assert_eq!(run.documents().len(), 7);
}

#[test]
fn a_command_that_fails_once_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let mark = directory.path().join("mark").display().to_string();
    // `mkdir` succeeds for the first command only, which then fails.
    let command = format!("! mkdir {mark} 2> /dev/null");
    let run = rareport(&["detect", &corpus("fleet-day"), "--exec", &command]).expect(0);
    assert!(run.stderr.contains("had to be tried again 1 time\n"), "{}", run.stderr);
}

#[test]
fn a_command_that_fails_for_good_is_an_error_but_costs_no_alert() {
    let command = "echo no such channel >&2; exit 3";
    let arguments = ["detect", &corpus("fleet-day"), "--exec", command, "--exec-jobs", "7"];
    let run = rareport(&arguments).expect(2);
    let alerts = run.documents();
    assert_eq!(alerts.len(), 7);
    // The reason first, then three of the alerts by the start of their ids.
    let told =
        format!("--exec: exit status: 3, no such channel; `{command}` failed for 7 of 7 alerts: ");
    let named = run.stderr.split_once(&told).expect(&run.stderr).1;
    assert!(named.contains(" and 4 more\n"), "{named}");
    let is_named = |alert: &&serde_json::Value| {
        named.contains(&alert["kibana.alert.uuid"].as_str().unwrap()[..12])
    };
    assert_eq!(alerts.iter().filter(is_named).count(), 3, "{named}");
}

#[test]
fn a_file_that_cannot_be_made_is_told_before_the_log_is_read() {
    let arguments = ["detect", &corpus("fleet-day"), "--append", "/nonexistent/alerts"];
    let run = rareport(&arguments).expect(2);
    assert!(
        run.stderr.contains("/nonexistent/alerts: there is no such directory"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
}

#[test]
fn a_file_that_fails_later_costs_no_alert_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let pattern = directory.path().join("%Y/alerts").display().to_string();
    let run = rareport(&["detect", &corpus("fleet-day"), "--append", &pattern]).expect(2);
    assert_eq!(run.documents().len(), 7);
    assert!(run.stderr.contains("--append: 7 alerts were not appended"), "{}", run.stderr);
}

/// Runs `detect` with nobody who reads its stdout.
fn unheard(arguments: &[&str]) -> std::process::Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rareport"));
    command.args(["detect", &corpus("fleet-day")]).args(arguments).stdout(writer);
    command.output().unwrap()
}

#[test]
fn sinks_go_on_when_nobody_reads_stdout() {
    let directory = tempfile::tempdir().unwrap();
    for format in ["ndjson", "table", "csv"] {
        let file = directory.path().join(format);
        let arguments = ["--format", format, "--append", file.to_str().unwrap()];
        let run = unheard(&arguments);
        let told = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.status.code(), told.matches("error").count()), (Some(0), 0), "{told}");
        assert_eq!(read_to_string(&file).unwrap().lines().count(), 7, "{format}");
    }
    let alone = unheard(&["--format", "ndjson"]);
    assert_eq!((alone.status.code(), alone.stderr), (Some(0), Vec::new()));
}
