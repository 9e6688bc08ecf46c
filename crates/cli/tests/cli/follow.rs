//! Logs that are followed while they are written.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::Duration;

use tempfile::TempDir;

use super::common::{corpus, rareport};

/// A run that follows, and the lines that it prints; it is killed in the end.
struct Following(Child, Receiver<String>);

impl Following {
    fn start(arguments: &[&str]) -> Following {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let (sender, receiver) = channel();
        spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Following(child, receiver)
    }

    /// The next lines, so many of them, in some order.
    fn lines(&self, count: usize) -> Vec<String> {
        let next = |_| self.1.recv_timeout(Duration::from_secs(60)).expect("a line in a minute");
        let mut lines: Vec<String> = (0..count).map(next).collect();
        lines.sort();
        lines
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn append(path: &Path, text: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text).unwrap();
}

/// Rotates a log, every other time by renaming and by copying and truncating.
fn rotate(logs: &Path, time: usize) {
    let name = |number: usize| logs.join(format!("audit.log.{number}"));
    let live = logs.join("audit.log");
    if time.is_multiple_of(2) {
        return;
    }
    for number in (1..=time).rev().filter(|&number| name(number).exists()) {
        fs::rename(name(number), name(number + 1)).unwrap();
    }
    if time % 4 == 1 {
        fs::rename(&live, name(1)).unwrap();
    } else {
        fs::copy(&live, name(1)).unwrap();
        File::options().write(true).open(&live).unwrap().set_len(0).unwrap();
    }
}

fn fleet_day() -> Vec<u8> {
    let mut text = Vec::new();
    let packed = File::open(corpus("fleet-day/audit.log.xz")).unwrap();
    liblzma::read::XzDecoder::new(packed).read_to_end(&mut text).unwrap();
    text
}

/// Alerts by their ids, without the commands that name the files of the log.
fn alerts<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, serde_json::Value> {
    lines
        .map(|line| {
            let mut alert: serde_json::Value = serde_json::from_str(line).unwrap();
            for sample in alert["rareport"]["evidence"].as_array_mut().unwrap() {
                let sample = sample.as_object_mut().unwrap();
                assert!(sample.remove("records_command").is_some(), "{line}");
                sample.remove("command");
            }
            (alert["kibana.alert.uuid"].as_str().unwrap().to_owned(), alert)
        })
        .collect()
}

#[test]
fn alerts_are_those_of_one_pass_whatever_is_rotated_meanwhile() {
    let directory = TempDir::new().unwrap();
    let logs = directory.path().join("logs");
    let live = logs.join("audit.log");
    let run = rareport(&["detect", "--quiet", &corpus("fleet-day")]).expect(0);
    let expected = alerts(run.stdout.lines());
    assert_eq!(expected.len(), 7);
    // The directory of the log is yet to come.
    let following = Following::start(&["detect", "--quiet", "--follow", logs.to_str().unwrap()]);
    fs::create_dir(&logs).unwrap();
    let text = fleet_day();
    for (index, part) in text.chunks(text.len() / 12).enumerate() {
        append(&live, part);
        sleep(Duration::from_millis(30));
        rotate(&logs, index);
    }
    let lines = following.lines(expected.len());
    assert_eq!(alerts(lines.iter().map(String::as_str)), expected);
}

#[test]
fn events_are_shown_when_they_are_written_and_of_hosts_that_come_later() {
    let directory = TempDir::new().unwrap();
    let [one, two] = ["one", "two"].map(|host| directory.path().join(host));
    fs::create_dir(&one).unwrap();
    let event = |serial: u32| {
        format!(
            "type=SYSCALL msg=audit(1.000:{serial}): arch=c000003e syscall=42 success=yes exit=0 \
             a0=3\ntype=SOCKADDR msg=audit(1.000:{serial}): saddr=020001BB0A000001\n"
        )
    };
    append(&one.join("audit.log"), event(1).as_bytes());
    let path = directory.path().to_str().unwrap();
    let following = Following::start(&["events", "-f", "--format", "csv", "--quiet", path]);
    // Nothing tells that the event is over but that nothing comes behind it.
    let lines = following.lines(2);
    assert!(lines.iter().any(|line| line.contains("one")), "{lines:?}");
    fs::create_dir(&two).unwrap();
    append(&two.join("audit.log"), event(2).as_bytes());
    let lines = following.lines(1);
    assert!(lines[0].contains("two"), "{lines:?}");
}

#[test]
fn what_cannot_be_followed_is_told() {
    let log = corpus("connect-basic");
    for (arguments, said) in [
        (&["detect", "--follow"][..], "a pipe is read as it comes"),
        (&["detect", "--follow", "--profile", "elastic", &log], "--profile elastic"),
        (&["anomalies", "--follow", "--input-format", "csv", &log], "audit logs only"),
        (&["anomalies", "--follow", "--renormalize", &log], "--renormalize"),
        (&["events", "--follow", "--output", "x", &log], "--output"),
    ] {
        let run = rareport(arguments).expect(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn each_path_without_a_log_is_named() {
    use rustix::process::{Pid, Signal, kill_process};
    let directory = TempDir::new().unwrap();
    let [there, misspelt] = ["audit.log", "audit.lgo"].map(|name| directory.path().join(name));
    append(&there, &fleet_day());
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["events", "--follow"].map(Path::new).into_iter().chain([&*there, &*misspelt]))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    let told = format!("{}: no log there yet; waiting for one\n", misspelt.display());
    assert!(first.contains(&told), "{first}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_signal_ends_each_command_cleanly() {
    use rustix::process::{Pid, Signal, kill_process};
    let directory = TempDir::new().unwrap();
    append(&directory.path().join("audit.log"), &fleet_day());
    let logs = directory.path().to_str().unwrap();
    for (command, signal) in [("events", Signal::TERM), ("anomalies", Signal::INT)] {
        let expected = rareport(&[command, "--quiet", "--format", "csv", logs]).expect(0).stdout;
        let out = directory.path().join(command);
        let child = Command::new(env!("CARGO_BIN_EXE_rareport"))
            .args([command, "--follow", "--format", "csv", logs])
            .stdout(File::create(&out).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The whole log is read when the last line is there, which is handed over before waiting.
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while fs::metadata(&out).unwrap().len() < expected.len() as u64 {
            assert!(std::time::Instant::now() < end, "{command}");
            sleep(Duration::from_millis(50));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!(fs::read_to_string(&out).unwrap(), expected, "{command}");
        assert!(said.contains("rareport: "), "{said}");
    }
}
