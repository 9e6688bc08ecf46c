//! Data in a file in place of stdout.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixDatagram};

use crate::common::{corpus, rareport, rareport_with};

/// Names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    fs::read_dir(directory).unwrap().map(|entry| name(entry).into_string().unwrap()).collect()
}

#[test]
fn a_file_has_the_bytes_that_stdout_would_have() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("out");
    let file = file.to_str().unwrap();
    let log = corpus("seeded/connect-s21.log.xz");
    for arguments in [
        &["events", "--format", "ndjson"][..],
        &["events", "--format", "csv"],
        &["events", "--format", "table"],
        &["events"],
        &["records"],
        &["records", "--group"],
        &["anomalies", "--interim"],
        &["anomalies", "--format", "csv", "--renormalize"],
        &["detect", "--threshold", "0", "--format", "csv"],
        &["detect", "--threshold", "0", "--format", "table"],
        &["check"],
    ] {
        let shown = rareport(&[arguments, &[&log]].concat()).expect(0);
        let kept = rareport(&[arguments, &[&log, "--output", file]].concat()).expect(0);
        assert_eq!(kept.stdout, "", "{arguments:?}");
        assert_eq!(kept.stderr, shown.stderr, "{arguments:?}");
        assert_eq!(fs::read_to_string(file).unwrap(), shown.stdout, "{arguments:?}");
        assert_eq!(names(directory.path()), ["out"]);
    }
}

#[test]
fn a_run_that_fails_leaves_what_was_there() {
    let directory = TempDir::new().unwrap();
    let kept = directory.path().join("kept");
    fs::write(&kept, "before").unwrap();
    for command in ["events", "records", "anomalies", "detect", "check"] {
        for file in ["kept", "new"] {
            let file = directory.path().join(file);
            rareport_with(&[command, "--output", file.to_str().unwrap()], b"hello\n").expect(2);
        }
        assert_eq!(names(directory.path()), ["kept"]);
        assert_eq!(fs::read_to_string(&kept).unwrap(), "before");
    }
}

#[test]
fn what_cannot_be_written_is_said_at_once() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing/out");
    for (path, why) in [
        (directory.path(), "cannot be written: "),
        (&missing, "there is no such directory to put it in\n"),
    ] {
        let path = path.to_str().unwrap();
        let run = rareport(&["events", &corpus("edge/edge.log"), "--output", path]).expect(2);
        assert!(run.stderr.contains(&format!("error: {path}: {why}")), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        // The file is written under another name at first.
        assert!(!run.stderr.contains(".part"), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_is_replaced_keeps_its_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = TempDir::new().unwrap();
    let [file, link] = ["file", "link"].map(|name| directory.path().join(name));
    fs::write(&file, "before").unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    symlink("file", &link).unwrap();
    let log = corpus("edge/edge.log");
    rareport(&["events", &log, "--output", link.to_str().unwrap()]).expect(0);
    assert!(link.is_symlink());
    assert_ne!(fs::read_to_string(&file).unwrap(), "before");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    // A device is written to, not replaced.
    rareport(&["events", &log, "--output", "/dev/null"]).expect(0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_message_is_written_in_one_piece() {
    // Every write(2) to such a socket is a datagram of its own.
    let (near, far) = UnixDatagram::pair().unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["detect", &corpus("edge/edge.log")])
        .stdout(std::process::Stdio::null())
        .stderr(OwnedFd::from(far))
        .status()
        .unwrap();
    assert!(status.success());
    near.set_nonblocking(true).unwrap();
    let mut buffer = [0; 4096];
    let mut messages = 0;
    while let Ok(length) = near.recv(&mut buffer) {
        let piece = std::str::from_utf8(&buffer[..length]).unwrap();
        if piece.is_empty() {
            break;
        }
        assert!(piece.starts_with("rareport: ") && piece.ends_with('\n'), "{piece:?}");
        messages += 1;
    }
    assert!(messages > 1);
}
