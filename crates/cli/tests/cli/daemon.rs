//! Runs that go on until they are told to end: as a plugin of auditd, by its
//! socket, as a service.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{corpus, rareport};

/// Events of the corpus' log of a fleet, as its documentation has them.
pub(crate) const EVENTS: u64 = 10_087;

/// The log of a fleet.
pub(crate) fn fleet() -> Vec<u8> {
    let file = fs::File::open(corpus("fleet-day/audit.log.xz")).unwrap();
    let mut text = Vec::new();
    liblzma::read::XzDecoder::new(file).read_to_end(&mut text).unwrap();
    text
}

/// A text cut at the end of a line near its middle.
fn halves(text: &[u8]) -> (&[u8], &[u8]) {
    let middle = text.len() / 2;
    text.split_at(middle + text[middle..].iter().position(|&byte| byte == b'\n').unwrap() + 1)
}

/// A run, and where it tells how it is doing.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) directory: TempDir,
}

impl Running {
    /// Starts a run with a status file and these variables in its environment.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let directory = tempfile::tempdir().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_rareport"))
            .arg("detect")
            .args(arguments)
            .arg("--status")
            .arg(directory.path().join("status.json"))
            .env_remove("JOURNAL_STREAM")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(fs::File::create(directory.path().join("alerts")).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        Running { child, directory }
    }

    pub(crate) fn stdin(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("stdin is piped")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for a status with some property.
    pub(crate) fn status_when(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let text = fs::read(self.directory.path().join("status.json")).unwrap_or_default();
            // What is there is whole whenever it is read.
            let status = if text.is_empty() { Value::Null } else { from_json(&text) };
            if is_so(&status) {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{status}");
            sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn end(self) -> (Output, Value) {
        let mut output = self.child.wait_with_output().unwrap();
        output.stdout = fs::read(self.directory.path().join("alerts")).unwrap();
        let status = from_json(&fs::read(self.directory.path().join("status.json")).unwrap());
        (output, status)
    }
}

fn from_json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

/// The ids of alerts.
pub(crate) fn ids(ndjson: &[u8]) -> Vec<String> {
    let id = |line: &str| from_json(line.as_bytes())["kibana.alert.uuid"].to_string();
    std::str::from_utf8(ndjson).unwrap().lines().map(id).collect()
}

/// The ids of the alerts of one pass over the log of a fleet.
pub(crate) fn ids_of_one_pass() -> Vec<String> {
    ids(rareport(&["detect", &corpus("fleet-day")]).expect(0).stdout.as_bytes())
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_plugin_finds_what_one_pass_finds_and_ends_with_its_input() {
    let mut run = Running::start(&["--plugin"], &[("JOURNAL_STREAM", "8:1")]);
    run.stdin().write_all(&fleet()).unwrap();
    drop(run.child.stdin.take());
    let (output, status) = run.end();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(ids(&output.stdout), ids_of_one_pass());
    assert_eq!(status["events"], EVENTS);
    assert_eq!(status["alerts"], 7);
    assert_eq!(status["last_alert"]["value"], "31332");
    assert_eq!(status["ended"], true);
    assert_eq!(status["lost"]["dropped"]["lines"], 0);
    assert!(status["memory_bytes"].as_u64().unwrap() > 1 << 20);
    // The journal has the time; it takes the priority from the line.
    assert!(stderr(&output).lines().all(|line| line.starts_with('<')), "{}", stderr(&output));
    assert!(stderr(&output).contains("<6>7 alerts with a score of 50 or more"));
}

#[test]
fn a_socket_that_goes_and_comes_back_costs_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("audispd_events");
    let log = fleet();
    let (first, second) = halves(&log);
    let mut listener = UnixListener::bind(&path).unwrap();
    let run = Running::start(&[path.to_str().unwrap()], &[]);
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(first).unwrap();
    drop((stream, listener));
    fs::remove_file(&path).unwrap();
    listener = UnixListener::bind(&path).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(second).unwrap();
    let status = run.status_when(|status| status["events"] == EVENTS);
    assert_eq!(status["ended"], false);
    let told = rareport(&["status", run.directory.path().join("status.json").to_str().unwrap()]);
    let told = told.expect(0).stdout;
    assert!(told.starts_with("running  as of ") && told.contains("10,087 events"), "{told}");
    run.signal(Signal::TERM);
    let (output, _) = run.end();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(ids(&output.stdout), ids_of_one_pass());
    let said = stderr(&output);
    assert!(
        said.contains("INFO  rareport: ") && said.contains("audispd_events: connected"),
        "{said}"
    );
    assert!(
        said.contains("WARN  rareport: ") && said.contains("not connected, trying on"),
        "{said}"
    );
}

#[test]
fn signals_read_rules_anew_and_end_the_run() {
    let place = tempfile::tempdir().unwrap();
    let rules = place.path().join("rules.toml");
    let config = place.path().join("plugin.toml");
    let default = rareport(&["detect", "--print-rule"]).expect(0).stdout;
    fs::write(&rules, &default).unwrap();
    let options = format!("plugin = true\nrules = {:?}\nthreshold = 99\n", rules.to_str().unwrap());
    fs::write(&config, &options).unwrap();
    let log = fleet();
    let (first, second) = halves(&log);
    let mut run = Running::start(&["--config", config.to_str().unwrap()], &[]);
    run.stdin().write_all(first).unwrap();
    run.status_when(|status| status["queue_bytes"] == 0 && status["events"].as_u64() > Some(3000));
    fs::write(&rules, "[[rule]\n").unwrap();
    run.signal(Signal::HUP);
    sleep(Duration::from_millis(600));
    fs::write(&rules, &default).unwrap();
    fs::write(&config, options.replace("99", "50")).unwrap();
    run.signal(Signal::HUP);
    run.status_when(|status| status["reloads"] == 1);
    run.stdin().write_all(second).unwrap();
    run.status_when(|status| status["events"] == EVENTS);
    run.signal(Signal::INT);
    let (output, _) = run.end();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // What alerts lies in the second half.
    assert_eq!(ids(&output.stdout), ids_of_one_pass());
    let said = stderr(&output);
    assert!(said.contains("ERROR rareport: the rules were not read anew"), "{said}");
    assert!(said.contains("rules.toml: these rules cannot be used"), "{said}");
    assert!(said.contains("INFO  rareport: the rules were read anew"), "{said}");
}

#[test]
fn a_second_signal_ends_at_once() {
    // The command holds up the end.
    let mut run = Running::start(&["--plugin", "--exec", "sleep 20"], &[]);
    run.stdin().write_all(&fleet()).unwrap();
    run.status_when(|status| status["alerts"].as_u64() > Some(0));
    run.signal(Signal::TERM);
    sleep(Duration::from_millis(1000));
    assert!(run.child.try_wait().unwrap().is_none());
    run.signal(Signal::TERM);
    assert_eq!(run.child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
}

#[test]
fn the_service_manager_is_told() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let hear = |wanted: &str| {
        let mut heard = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let length = manager.recv(&mut buffer).unwrap_or_else(|_| panic!("{heard:?}"));
            heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            if heard.iter().any(|message| message.lines().any(|line| line.starts_with(wanted))) {
                return heard.join("\n");
            }
        }
    };
    let logs = tempfile::tempdir().unwrap();
    fs::write(logs.path().join("audit.log"), fleet()).unwrap();
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "2000000")];
    let run = Running::start(&["--follow", logs.path().to_str().unwrap()], &variables);
    assert!(hear("READY=1").contains("STATUS="));
    hear("WATCHDOG=1");
    hear("WATCHDOG=1");
    hear("STATUS=10,087 events");
    run.signal(Signal::HUP);
    assert!(hear("RELOADING=1").contains("MONOTONIC_USEC="));
    hear("READY=1");
    run.signal(Signal::TERM);
    hear("STOPPING=1");
    let (output, status) = run.end();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(status["events"], EVENTS);
    assert_eq!(ids(&output.stdout), ids_of_one_pass());
}

#[test]
fn a_status_is_said_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("status.json");
    let path = file.to_str().unwrap();
    let write = |ended: bool, missing: u64| {
        let status = serde_json::json!({
            "version": "1.2.3", "pid": 4711, "started": "2026-06-04T00:00:00.000Z",
            "time": "2026-06-04T12:00:00.000Z", "ended": ended, "events": 10087,
            "events_per_second": 12.5, "last_event": "2026-06-04T11:59:58.500Z", "lag_seconds": 1.5,
            "lost": {"events_missing_by_serial": missing, "dropped": {"lines": 0, "bytes": 0}},
            "queue_bytes": 77, "left_out": {"of loopback": 3}, "buckets": 339,
            "last_bucket": ["2026-06-04T11:30:00.000Z", "2026-06-04T11:45:00.000Z"], "alerts": 1,
            "last_alert": {"id": "ab", "time": "2026-06-04T11:45:00.000Z", "value": "4444"},
            "reloads": 1, "memory_bytes": 20_971_520, "of_later": true
        });
        fs::write(&file, status.to_string()).unwrap();
    };
    write(true, 0);
    let told = rareport(&["status", "--exit-code", path]).expect(0).stdout;
    let expected = "\
ended    at 2026-06-04T12:00:00.000Z, as it was told to
process  4711 since 2026-06-04T00:00:00.000Z, version 1.2.3
read     10,087 events, 12.5 a second; the last of 2026-06-04T11:59:58.500Z, 1.5 seconds before \
this was written
left out 3 events: of loopback
lost     nothing
waiting  77 bytes to be read
closed   339 buckets, the last 2026-06-04T11:30:00.000Z to 2026-06-04T11:45:00.000Z
gave     1 alert, the last for 4444 at 2026-06-04T11:45:00.000Z, id ab
rules    read anew 1 time
memory   20.0 MiB
";
    assert_eq!(told, expected);
    write(true, 2);
    let told = rareport(&["status", "--exit-code", path]).expect(1).stdout;
    assert!(told.contains("lost     2 events missing by serial number\n"), "{told}");
    write(false, 0);
    let told = rareport(&["status", path]).expect(0).stdout;
    assert!(told.starts_with("OLD      written at 2026-06-04T12:00:00.000Z, "), "{told}");
    rareport(&["status", "--exit-code", path]).expect(1);
    fs::write(&file, "{}").unwrap();
    let run = rareport(&["status", path]).expect(2);
    assert!(run.stderr.contains("status.json: is no status of rareport"), "{}", run.stderr);
    // A state is told for one.
    fs::write(&file, "rarestat").unwrap();
    let run = rareport(&["status", path]).expect(2);
    let told = format!("is a state, not a status; `rareport state show {path}` says what it holds");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
}

#[test]
fn what_only_a_run_that_goes_on_has_is_refused_elsewhere() {
    let run = rareport(&["detect", &corpus("fleet-day"), "--status", "x"]).expect(2);
    assert!(run.stderr.contains("--status tells of a run that goes on"), "{}", run.stderr);
}

/// A file that is to be installed.
pub(crate) fn packaged(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name);
    assert!(path.exists(), "{}", path.display());
    path
}

/// The arguments of a command in a packaged file, with packaged configurations.
fn arguments(name: &str, key: &str) -> Vec<String> {
    let text = fs::read_to_string(packaged(name)).unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    let words = line.split_once('=').unwrap().1.split_whitespace();
    let is_command = |word: &&str| !word.starts_with('/');
    let configuration = |word: &str| match word.split_once("/etc/rareport/") {
        Some((option, file)) => format!("{option}{}", packaged(file).display()),
        None => word.to_owned(),
    };
    words.filter(is_command).map(configuration).collect()
}

#[test]
fn what_is_packaged_is_understood() {
    let plugin = arguments("plugins.d/rareport.conf", "args");
    // auditd-plugins(5): "there is a limit of 2 args".
    assert_eq!(plugin.len(), 2);
    for command in [plugin, arguments("rareport.service", "ExecStart")] {
        let mut command: Vec<&str> = command.iter().map(String::as_str).collect();
        command.push("--print-rule");
        rareport(&command).expect(0);
    }
}

#[test]
fn the_unit_is_one() {
    let place = tempfile::tempdir().unwrap();
    let unit = place.path().join("rareport.service");
    let text = fs::read_to_string(packaged("rareport.service")).unwrap();
    fs::write(&unit, text.replace("/usr/bin/rareport", env!("CARGO_BIN_EXE_rareport"))).unwrap();
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    assert!(verified.status.success(), "{}", stderr(&verified));
    assert!(!stderr(&verified).contains("rareport.service"), "{}", stderr(&verified));
}

#[test]
fn the_unit_lets_little_through() {
    // From 0 (nothing) to 100; without any restriction it is 96.
    let words = ["security", "--offline=true", "--threshold=10"];
    let unit = packaged("rareport.service");
    let Ok(rated) = Command::new("systemd-analyze").args(words).arg(&unit).output() else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    if stderr(&rated).contains("unrecognized option") {
        eprintln!("skipped: systemd-analyze is older than 250");
        return;
    }
    let table = String::from_utf8_lossy(&rated.stdout);
    assert!(rated.status.success(), "{table}{}", stderr(&rated));
}
