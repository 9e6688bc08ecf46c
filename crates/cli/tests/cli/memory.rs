//! How much memory logs need that are open at once.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::corpus;
use tempfile::TempDir;

/// The most memory, in KiB, that `detect` held while it had the logs of so many
/// hosts open.
fn peak(hosts: usize) -> usize {
    let fleet = TempDir::new().unwrap();
    for host in 0..hosts {
        let directory = fleet.path().join(format!("host{host}"));
        fs::create_dir(&directory).unwrap();
        fs::copy(corpus("quirks/00-plain.log"), directory.join("audit.log")).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(["detect", fleet.path().to_str().unwrap(), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Standard input is opened last; more than fits a pipe is written only when
    // it is read.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&b"type=EOE msg=audit(1.000:1): \n".repeat(10_000)).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// 64 MiB for what is read, as ARCHITECTURE.md says; of the rest, such small logs
/// need 32 KiB each.
#[test]
fn many_logs_share_what_is_read_at_a_time() {
    let alone = peak(1);
    for hosts in [100, 1000] {
        let grown = peak(hosts).saturating_sub(alone);
        assert!(grown > 1024, "{grown} KiB are too few for {hosts} logs to be open");
        assert!(grown < (64 << 10) + 32 * hosts, "{grown} KiB for {hosts} logs");
    }
}
