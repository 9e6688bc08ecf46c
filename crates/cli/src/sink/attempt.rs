//! A command being run once, with a document on its stdin.
//!
//! One that does not end is killed, with all that it started.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use wait_timeout::ChildExt;

use crate::text::Inert;

/// How long a command may take.
const TIME_OUT: Duration = Duration::from_secs(60);

/// What is shown of the output of a command, in bytes.
const SHOWN_OUTPUT: u64 = 4096;

/// Runs a command of the shell for a document, a line of JSON without its end.
///
/// # Errors
///
/// Why it failed, with the last line that it said.
pub(super) fn attempt(command: &str, document: &str) -> Result<(), String> {
    let run = || -> io::Result<(Option<ExitStatus>, String)> {
        // Files rather than pipes: nobody has to wait while the command does not read or write.
        let mut input = tempfile::tempfile()?;
        input.write_all(document.as_bytes())?;
        input.write_all(b"\n")?;
        input.seek(SeekFrom::Start(0))?;
        let output = tempfile::tempfile()?;
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(input)
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .process_group(0)
            .spawn()?;
        let status = wait(&mut child, TIME_OUT)?;
        Ok((status, shown(output)?))
    };
    let (status, output) = run().map_err(|error| format!("it could not be run: {error}"))?;
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{status}{output}")),
        None => Err(format!("it did not end within {} seconds{output}", TIME_OUT.as_secs())),
    }
}

/// How the command ended; `None` if it had to be killed, with all that it
/// started.
fn wait(child: &mut Child, time_out: Duration) -> io::Result<Option<ExitStatus>> {
    let ended = child.wait_timeout(time_out)?;
    if ended.is_none() {
        kill_process_group(Pid::from_child(child), Signal::KILL)?;
        child.wait()?;
    }
    Ok(ended)
}

/// The last line of what a command had to say, behind a comma.
fn shown(mut output: File) -> io::Result<String> {
    let length = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(length.saturating_sub(SHOWN_OUTPUT)))?;
    let mut text = Vec::new();
    output.take(SHOWN_OUTPUT).read_to_end(&mut text)?;
    let last = text.trim_ascii().split(|&byte| byte == b'\n').next_back().unwrap_or_default();
    Ok(if last.is_empty() { String::new() } else { format!(", {}", Inert(last)) })
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_killed_with_all_that_it_started() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 300 | sleep 300"])
            .process_group(0)
            .spawn()
            .unwrap();
        let group = Pid::from_child(&child);
        assert!(wait(&mut child, Duration::from_millis(50)).unwrap().is_none());
        let started = Instant::now();
        // The group is gone when those that the shell started have been reaped as well.
        while rustix::process::test_kill_process_group(group).is_ok() {
            assert!(started.elapsed() < Duration::from_secs(30));
            thread::sleep(Duration::from_millis(10));
        }
    }
}
