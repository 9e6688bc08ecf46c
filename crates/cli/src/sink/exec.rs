//! A command that is run for each alert, with the document on its stdin.
//!
//! At most so many run at once, and as many alerts wait for their turn; then
//! the detection waits as well. A command that fails is tried again, one that
//! does not end is killed; what failed for good is told in the end.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wait_timeout::ChildExt;

use crate::console::Console;
use crate::text::count;

/// How long a command may take.
const TIME_OUT: Duration = Duration::from_secs(60);

/// Pauses before each further try of a command that failed.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// The command, and the threads that run it.
pub(super) struct Exec {
    command: Arc<str>,
    queue: SyncSender<Vec<u8>>,
    workers: Vec<JoinHandle<Outcome>>,
    alerts: u64,
}

/// What became of the commands of one thread.
#[derive(Debug, Default)]
struct Outcome {
    failed: u64,
    retried: u64,
    /// Why the last of them failed.
    reason: Option<String>,
}

impl Exec {
    /// Makes ready to run a command of the shell, at most `jobs` at once.
    pub(super) fn new(command: &str, jobs: NonZeroUsize) -> Exec {
        let (queue, waiting) = sync_channel(jobs.get());
        let waiting = Arc::new(Mutex::new(waiting));
        let command: Arc<str> = command.into();
        let worker = |_| {
            let (command, waiting) = (Arc::clone(&command), Arc::clone(&waiting));
            thread::spawn(move || work(&command, &waiting))
        };
        let workers = (0..jobs.get()).map(worker).collect();
        Exec { command, queue, workers, alerts: 0 }
    }

    /// Runs the command for an alert, as soon as it is its turn.
    pub(super) fn run(&mut self, document: &[u8]) {
        self.alerts += 1;
        // The queue lives as long as the threads, and they as long as the queue.
        let _ = self.queue.send([document, b"\n"].concat());
    }

    /// Waits for all commands and tells what failed.
    pub(super) fn finish(self, console: &Console) {
        drop(self.queue);
        let mut total = Outcome::default();
        for worker in self.workers {
            match worker.join() {
                Ok(outcome) => total.add(outcome),
                Err(_) => total.reason = Some("a thread that ran it ended early".to_owned()),
            }
        }
        if total.retried > 0 {
            console.warn(format_args!(
                "--exec: `{}` had to be tried again {}",
                self.command,
                count(total.retried, "time", "times")
            ));
        }
        if let Some(reason) = total.reason {
            console.error(format_args!(
                "--exec: `{}` failed for {} of {}: {reason}",
                self.command,
                total.failed,
                count(self.alerts, "alert", "alerts")
            ));
        }
    }
}

impl Outcome {
    fn add(&mut self, other: Outcome) {
        self.failed += other.failed;
        self.retried += other.retried;
        self.reason = self.reason.take().or(other.reason);
    }
}

/// Runs the command for alerts until there are no more.
fn work(command: &str, waiting: &Mutex<Receiver<Vec<u8>>>) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(document) = next else { return outcome };
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
            outcome.failed += 1;
            outcome.reason = Some(reason);
        }
    }
}

/// Runs the command once; says why if it fails. Its stdout goes to stderr, as
/// ours is for data.
fn attempt(command: &str, document: &[u8]) -> Result<(), String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(io::stderr())
        .spawn()
        .map_err(|error| format!("sh could not be started: {error}"))?;
    let stdin = child.stdin.take();
    let ended = thread::scope(|scope| {
        scope.spawn(move || {
            // A command need not read what it is given.
            stdin.map(|mut stdin| stdin.write_all(document))
        });
        wait(&mut child)
    });
    match ended {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(status.to_string()),
        Ok(None) => Err(format!("it did not end within {} seconds", TIME_OUT.as_secs())),
        Err(error) => Err(format!("it could not be waited for: {error}")),
    }
}

/// How the command ended; `None` if it had to be killed.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let ended = child.wait_timeout(TIME_OUT)?;
    if ended.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(ended)
}
