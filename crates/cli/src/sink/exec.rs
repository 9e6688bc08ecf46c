//! A command that is run for each alert, with the document on its stdin.
//!
//! At most so many run at once, and as many alerts wait for their turn; then
//! the detection waits as well. A command that fails is tried again, one that
//! does not end is killed; what failed for good is told in the end, with what
//! the command said last.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use wait_timeout::ChildExt;

use super::AlertLine;
use crate::console::Console;
use crate::text::{Inert, count};

/// How long a command may take.
const TIME_OUT: Duration = Duration::from_secs(60);

/// Pauses before each further try of a command that failed.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// What is shown of the output of a command, in bytes.
const SHOWN_OUTPUT: u64 = 4096;

/// Alerts that are named when their commands have failed.
const NAMED: usize = 3;

/// Letters of their names that are enough to find them.
const OF_NAME: usize = 12;

/// The command, and the threads that run it.
pub(super) struct Exec {
    command: Arc<str>,
    /// `None` when there are no more alerts.
    queue: Option<SyncSender<Waiting>>,
    workers: Vec<JoinHandle<Outcome>>,
    alerts: u64,
}

/// An alert that waits for its turn.
struct Waiting {
    document: Vec<u8>,
    name: String,
}

/// What became of the commands of one thread.
#[derive(Debug, Default)]
struct Outcome {
    failed: u64,
    retried: u64,
    /// Names of the first alerts whose commands failed.
    names: Vec<String>,
    /// Why one of them failed.
    reason: Option<String>,
}

impl Exec {
    /// Makes ready to run a command of the shell, at most `jobs` at once.
    pub(super) fn new(command: &str, jobs: u8) -> Exec {
        let (queue, waiting) = sync_channel(jobs.into());
        let waiting = Arc::new(Mutex::new(waiting));
        let command: Arc<str> = command.into();
        let worker = |_| {
            let (command, waiting) = (Arc::clone(&command), Arc::clone(&waiting));
            thread::spawn(move || work(&command, &waiting))
        };
        let workers = (0..jobs).map(worker).collect();
        Exec { command, queue: Some(queue), workers, alerts: 0 }
    }

    /// Runs the command for an alert, as soon as it is its turn.
    pub(super) fn run(&mut self, alert: &AlertLine<'_>) {
        self.alerts += 1;
        let document = [alert.json, b"\n"].concat();
        if let Some(queue) = &self.queue {
            // The queue lives as long as the threads, and they as long as the queue.
            let _ = queue.send(Waiting { document, name: alert.name.to_owned() });
        }
    }

    /// Waits for all commands.
    fn join(&mut self) -> Outcome {
        self.queue = None;
        let mut total = Outcome::default();
        for worker in self.workers.drain(..) {
            match worker.join() {
                Ok(outcome) => total.add(outcome),
                Err(_) => total.reason = Some("a thread that ran it ended early".to_owned()),
            }
        }
        total
    }

    /// Waits for all commands and tells what failed.
    pub(super) fn finish(mut self, console: &Console) {
        let total = self.join();
        if total.retried > 0 {
            console.warn(format_args!(
                "--exec: `{}` had to be tried again {}",
                self.command,
                count(total.retried, "time", "times")
            ));
        }
        if let Some(reason) = &total.reason {
            console.error(format_args!(
                "--exec: {reason}; `{}` failed for {} of {}: {}",
                self.command,
                total.failed,
                count(self.alerts, "alert", "alerts"),
                total.named()
            ));
        }
    }
}

impl Drop for Exec {
    /// A run that ends early still has its commands run.
    fn drop(&mut self) {
        self.join();
    }
}

impl Outcome {
    fn fail(&mut self, name: String, reason: String) {
        self.failed += 1;
        self.reason.get_or_insert(reason);
        if self.names.len() < NAMED {
            self.names.push(name);
        }
    }

    fn add(&mut self, other: Outcome) {
        self.failed += other.failed;
        self.retried += other.retried;
        self.names.extend(other.names);
        self.reason = self.reason.take().or(other.reason);
    }

    /// The names of what failed, shortened, in an order that does not depend on threads.
    fn named(&self) -> String {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.truncate(NAMED);
        let more = self.failed.saturating_sub(names.len() as u64);
        let short = |name: &&str| match name.char_indices().nth(OF_NAME) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => (*name).to_owned(),
        };
        let named: Vec<String> = names.iter().map(short).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", named.join(", "))
    }
}

/// Runs the command for alerts until there are no more.
fn work(command: &str, waiting: &Mutex<Receiver<Waiting>>) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Waiting { document, name }) = next else { return outcome };
        let mut result = attempt(command, &document);
        for pause in PAUSES {
            if result.is_ok() {
                break;
            }
            thread::sleep(pause);
            outcome.retried += 1;
            result = attempt(command, &document);
        }
        if let Err(reason) = result {
            outcome.fail(name, reason);
        }
    }
}

/// Runs the command once; says why if it fails.
fn attempt(command: &str, document: &[u8]) -> Result<(), String> {
    let run = || -> io::Result<(Option<ExitStatus>, String)> {
        // Files rather than pipes: nobody has to wait while the command does not read or write.
        let mut input = tempfile::tempfile()?;
        input.write_all(document)?;
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
