//! Where `detect` sends alerts besides stdout.

use std::fs::{self, read_to_string};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Run, corpus, rareport};
use crate::state::connects;

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
    let mut command = Command::new(env!("CARGO_BIN_EXE_rareport"));
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

/// A place with a log that is read with a state, and sinks.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn write_log(&self, text: &str) {
        fs::write(self.path("audit.log"), text).unwrap();
    }

    /// A command that fails until there is a file `works`, and then notes in `got`
    /// what it gets.
    fn command(&self) -> String {
        format!("test -e {} && cat >> {}", self.path("works"), self.path("got"))
    }

    fn begin_to_work(&self) {
        fs::write(self.path("works"), "").unwrap();
    }

    fn arguments(&self) -> [String; 4] {
        ["detect".to_owned(), "--state".to_owned(), self.path("state"), self.path("audit.log")]
    }

    fn run(&self, more: &[&str]) -> Run {
        let arguments = self.arguments();
        rareport(
            &arguments.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>(),
        )
    }

    /// A run whose alerts are appended, and given to the command.
    fn run_with_sinks(&self) -> Run {
        self.run(&["--append", &self.path("appended"), "--exec", &self.command()])
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn owed(&self) -> u64 {
        let shown = rareport(&["state", "show", &self.path("state")]).expect(0);
        shown.documents()[0]["owed_alerts"].as_u64().unwrap()
    }
}

fn fleet() -> String {
    String::from_utf8(crate::daemon::fleet()).unwrap()
}

#[test]
fn what_a_command_failed_for_is_given_to_it_by_the_next_run_and_to_nobody_else() {
    let place = Place::new();
    place.write_log(&fleet());
    let first = place.run_with_sinks().expect(2);
    assert_eq!(first.documents().len(), 7);
    assert!(
        first.stderr.contains("the next run with this state tries again\n"),
        "{}",
        first.stderr
    );
    assert_eq!((place.owed(), place.lines("got").len()), (7, 0));
    // It still fails: it is run for one of them, and they stay.
    let second = place.run_with_sinks().expect(2);
    assert_eq!(second.stdout, "");
    assert!(second.stderr.contains("failed for 7 of 7 alerts: "), "{}", second.stderr);
    // Without a command they stay as well.
    let third = place.run(&[]).expect(0);
    let told = "7 alerts wait of earlier runs, whose command failed: give `detect` one by --exec";
    assert!(third.stderr.contains(told), "{}", third.stderr);
    place.begin_to_work();
    let fourth = place.run_with_sinks().expect(0);
    assert!(fourth.stderr.contains("was given 7 alerts that had to wait"), "{}", fourth.stderr);
    assert_eq!((fourth.stdout.as_str(), place.owed()), ("", 0));
    let given: Vec<&str> = first.stdout.lines().collect();
    assert_eq!(place.lines("got"), given);
    assert_eq!(place.lines("appended"), given);
    place.run_with_sinks().expect(0);
    assert_eq!(place.lines("got").len(), 7);
}

#[test]
fn a_log_that_is_cut_gives_a_command_that_fails_meanwhile_the_alerts_of_one_pass() {
    let text = fleet();
    let place = Place::new();
    place.write_log(&text);
    let whole = rareport(&["detect", &place.path("audit.log")]).expect(0).stdout;
    // Behind four of the alerts.
    let cut = text.len() * 98 / 100;
    place.write_log(&text[..cut]);
    let first = place.run_with_sinks().expect(2);
    let before = first.documents().len() as u64;
    assert!(0 < before && before < 7, "{before}");
    assert_eq!(place.owed(), before);
    place.begin_to_work();
    place.write_log(&text);
    let second = place.run_with_sinks().expect(0);
    assert_eq!([first.stdout, second.stdout].concat(), whole);
    let got = place.lines("got").join("\n");
    assert_eq!(sorted(&got), sorted(&whole));
    assert_eq!(place.lines("appended"), whole.lines().collect::<Vec<_>>());
}

#[test]
fn what_was_given_is_owed_no_more_by_a_state_that_a_run_does_not_save() {
    // An input that is an error, and one that is older than the state.
    for text in [String::new(), connects(0..2)] {
        let place = Place::new();
        place.write_log(&fleet());
        place.run_with_sinks().expect(2);
        assert_eq!(place.owed(), 7);
        let learned = |place: &Place| {
            let shown = rareport(&["state", "show", &place.path("state")]).expect(0);
            shown.documents()[0]["learned_until"].to_string()
        };
        let before = learned(&place);
        place.begin_to_work();
        place.write_log(&text);
        place.run_with_sinks().expect(2);
        assert_eq!((place.lines("got").len(), place.owed()), (7, 0), "{text:.20}");
        assert_eq!(learned(&place), before);
        // What it has learned is as it was.
        place.write_log(&fleet());
        let last = place.run_with_sinks().expect(0);
        assert_eq!((last.stdout.as_str(), place.lines("got").len()), ("", 7));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_run_gave_in_vain_is_not_owed_by_a_state_that_does_not_know_of_it() {
    let place = Place::new();
    let text = fleet();
    // Behind four of the alerts.
    place.write_log(&text[..text.len() * 98 / 100]);
    let before = place.run_with_sinks().expect(2).documents().len() as u64;
    // The rest of the alerts cannot be appended, so that the state is not saved.
    place.write_log(&text);
    let run = place.run(&["--append", "/dev/full", "--exec", &place.command()]).expect(2);
    assert_eq!(run.documents().len() as u64, 7 - before);
    assert!(run.stderr.contains("the state is not saved"), "{}", run.stderr);
    assert_eq!(place.owed(), before);
}

/// Waits for something.
fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_a_killed_run_had_not_given_to_its_command_is_given_by_the_next() {
    let place = Place::new();
    place.write_log(&fleet());
    let alerts = rareport(&["detect", &place.path("audit.log")]).expect(0).stdout;
    // More alerts than commands run or wait would hold up the run before it saves.
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(place.arguments())
        .args(["--follow", "--save-every", "0", "--exec-jobs", "7", "--exec", "sleep 20; exit 1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(|| Path::new(&place.path("state")).exists() && place.owed() == 7);
    child.kill().unwrap();
    child.wait().unwrap();
    place.begin_to_work();
    let next = place.run_with_sinks().expect(0);
    assert_eq!(next.stdout, "");
    assert_eq!(place.lines("got"), alerts.lines().collect::<Vec<_>>());
}
