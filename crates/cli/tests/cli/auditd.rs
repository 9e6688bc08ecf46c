//! auditd that gives records to the program, and ends and starts again: a
//! stand-in for its dispatcher, with what is packaged.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::process::Signal;

use crate::daemon::{EVENTS, Running, fleet, ids, ids_of_one_pass, packaged, stderr};

/// The packaged configuration of the plugin, with its files below `place`, and
/// without what `Running` says.
fn configuration(place: &Path, is_plugin: bool) -> String {
    let text = fs::read_to_string(packaged("plugin.toml")).unwrap();
    let text = text.replace("/var/lib/rareport", place.to_str().unwrap());
    let left_out =
        |line: &&str| !line.starts_with("status") && (is_plugin || !line.starts_with("plugin"));
    let path = place.join("plugin.toml");
    fs::write(&path, text.lines().filter(left_out).collect::<Vec<_>>().join("\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What the dispatcher gives in `format = string`: each record as a line, and
/// behind each event the record EOE, which is not in the log.
fn dispatched(log: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(log).unwrap();
    let stamp = |line: &str| {
        let begin = line.find("msg=audit(")?;
        Some(line[begin..begin + line[begin..].find("):")? + 2].to_owned())
    };
    let mut events: Vec<Vec<u8>> = Vec::new();
    let mut lines = text.lines().peekable();
    let mut event = String::new();
    while let Some(line) = lines.next() {
        event += &format!("{line}\n");
        let next = lines.peek().and_then(|next| stamp(next));
        if let Some(stamp) = stamp(line).filter(|it| Some(it) != next.as_ref()) {
            let node = line.split_once("type=").map_or("", |(node, _)| node);
            event += &format!("{node}type=EOE {stamp} \n");
            events.push(std::mem::take(&mut event).into_bytes());
        }
    }
    events
}

/// Alerts that were appended, by day.
fn appended(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "ndjson")).collect();
    files.sort();
    files.iter().flat_map(|file| ids(&fs::read(file).unwrap())).collect()
}

#[test]
fn a_plugin_that_auditd_ends_and_starts_again_gives_the_alerts_of_one_pass() {
    let place = tempfile::tempdir().unwrap();
    let configuration = configuration(place.path(), true);
    let events = dispatched(&fleet());
    let mut read = 0;
    for part in events.chunks(events.len().div_ceil(3)) {
        let mut run = Running::start(&["--config", &configuration], &[]);
        for event in part {
            run.stdin().write_all(event).unwrap();
        }
        run.status_when(|status| status["queue_bytes"] == 0 && status["events"] != 0);
        // `service auditd reload` is passed on to plugins; at its own end auditd says SIGTERM and
        // closes the pipe.
        run.signal(Signal::HUP);
        run.status_when(|status| status["reloads"] == 1);
        run.signal(Signal::TERM);
        drop(run.child.stdin.take());
        let (output, status) = run.end();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(!stderr(&output).contains("ERROR"), "{}", stderr(&output));
        assert!(place.path().join("state").exists());
        read += status["events"].as_u64().unwrap();
    }
    assert_eq!(read, EVENTS);
    assert_eq!(appended(place.path()), ids_of_one_pass());
}

#[test]
fn a_reader_of_the_socket_that_is_ended_and_started_again_gives_the_alerts_of_one_pass() {
    let place = tempfile::tempdir().unwrap();
    let configuration = configuration(place.path(), false);
    let socket = place.path().join("audispd_events");
    let listener = UnixListener::bind(&socket).unwrap();
    let events = dispatched(&fleet());
    for part in events.chunks(events.len().div_ceil(2)) {
        let run = Running::start(&["--config", &configuration, socket.to_str().unwrap()], &[]);
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&part.concat()).unwrap();
        run.status_when(|status| status["queue_bytes"] == 0 && status["events"] != 0);
        run.signal(Signal::TERM);
        let (output, status) = run.end();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(status["ended"], true);
    }
    assert_eq!(appended(place.path()), ids_of_one_pass());
}
