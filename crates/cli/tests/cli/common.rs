//! Runs the binary as a user does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run left behind.
pub(crate) struct Run {
    /// Exit status.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    /// Asserts the exit status, showing what was said if it is another.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Run {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Standard output as one JSON document a line.
    pub(crate) fn documents(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// Alerts whose evidence does not say which files it is from.
    pub(crate) fn alerts_without_files(&self) -> Vec<serde_json::Value> {
        let mut alerts = self.documents();
        for alert in &mut alerts {
            let samples = alert["rareport"]["evidence"].as_array_mut().expect("evidence");
            for sample in samples {
                sample.as_object_mut().expect("an event").remove("records_command");
                let command = sample["command"].as_str().expect("a command");
                sample["command"] = command.rsplit(" | ").next().into();
            }
        }
        alerts
    }
}

/// Runs `rareport` with arguments and with `stdin` piped in.
pub(crate) fn rareport_with(arguments: &[&str], stdin: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rareport"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    let input = stdin.to_vec();
    let feeder = std::thread::spawn(move || {
        // The program may end before it has read everything.
        let _ = pipe.write_all(&input);
    });
    let output = child.wait_with_output().expect("the binary ends");
    feeder.join().expect("the feeder ends");
    Run {
        status: output.status.code().expect("the binary was not killed"),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// Runs `rareport` with arguments and nothing to read on stdin.
pub(crate) fn rareport(arguments: &[&str]) -> Run {
    rareport_with(arguments, b"")
}

/// A file of the corpus.
pub(crate) fn corpus(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
    let file: PathBuf = root.join(path);
    assert!(file.exists(), "{} is part of the repository", file.display());
    file.to_str().expect("a UTF-8 path").to_owned()
}
