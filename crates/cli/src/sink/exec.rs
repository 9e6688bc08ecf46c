//! A command that is run for each alert, with the document on its stdin.
//!
//! At most so many run at once, and as many alerts wait for their turn; then
//! the detection waits as well. A command that fails is tried again at once. An
//! alert whose command fails all the same is [owed](super::owed): a run that goes
//! on tries it again later, one after another until one fails, and a state keeps
//! it for the next run.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::AlertLine;
use super::attempt::attempt;
use super::owed::{Ledger, Owed};
use crate::console::Console;
use crate::text::count;

/// How long is waited before a command that failed is run again.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    /// Before each further try that is made at once.
    at_once: [Duration; 2],
    /// Before what failed all the same is tried again by a run that goes on.
    later: Duration,
}

const PAUSES: Pauses = Pauses {
    at_once: [Duration::from_secs(1), Duration::from_secs(4)],
    later: Duration::from_secs(60),
};

/// The command, and the threads that run it.
pub(super) struct Exec {
    command: Arc<str>,
    ledger: Arc<Mutex<Ledger>>,
    /// `None` when there are no more alerts.
    queue: Option<SyncSender<Task>>,
    workers: Vec<JoinHandle<()>>,
    pauses: Pauses,
    /// Whether it was told that commands fail, and not yet that they do no more.
    is_told: bool,
    /// When it was told last that alerts found no room.
    lost_told: Option<Instant>,
}

/// What a thread is to do.
enum Task {
    /// Run the command for an alert of this number.
    New(u64, Arc<Owed>),
    /// Run it for those that failed, until one fails again.
    Again,
}

impl Exec {
    /// Makes ready to run a command of the shell, at most `jobs` at once. What
    /// earlier runs owe it is tried first.
    pub(super) fn new(command: &str, jobs: u8, owed: Vec<Owed>) -> Exec {
        Exec::with_pauses(command, jobs, owed, PAUSES)
    }

    fn with_pauses(command: &str, jobs: u8, owed: Vec<Owed>, pauses: Pauses) -> Exec {
        let is_owing = !owed.is_empty();
        let (queue, tasks) = sync_channel(jobs.into());
        let (tasks, command) = (Arc::new(Mutex::new(tasks)), Arc::<str>::from(command));
        let ledger = Arc::new(Mutex::new(Ledger::carried_on(owed)));
        let worker = |_| {
            let pauses = pauses.at_once;
            let (command, ledger) = (Arc::clone(&command), Arc::clone(&ledger));
            let worker = Worker { command, ledger, pauses };
            let tasks = Arc::clone(&tasks);
            thread::spawn(move || worker.work(&tasks))
        };
        let workers = (0..jobs).map(worker).collect();
        let queue = Some(queue);
        let exec =
            Exec { command, ledger, queue, workers, pauses, is_told: false, lost_told: None };
        if is_owing {
            exec.try_again();
        }
        exec
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }

    /// Runs the command for an alert, as soon as it is its turn.
    pub(super) fn run(&self, alert: &AlertLine<'_>) {
        let (name, document) = (alert.name.to_owned(), alert.json.to_owned());
        let owed = Arc::new(Owed { name, document });
        let number = self.ledger().add(Arc::clone(&owed));
        if let Some(queue) = &self.queue {
            // The queue lives as long as the threads, and they as long as the queue.
            let _ = queue.send(Task::New(number, owed));
        }
    }

    /// Has what failed tried again, unless there is too much to do already.
    fn try_again(&self) {
        let mut ledger = self.ledger();
        let sent = self.queue.as_ref().map(|queue| queue.try_send(Task::Again));
        ledger.is_trying_again = matches!(sent, Some(Ok(())));
    }

    /// Has what failed tried again, some time after it failed, and tells what went
    /// wrong, once until it goes well again.
    pub(super) fn tend(&mut self, console: &Console) {
        if self.ledger().is_due(self.pauses.later) {
            self.try_again();
        }
        if self.ledger().is_failing() && !self.is_told {
            self.is_told = true;
            self.tell_trouble(console);
        }
        if self.lost_told.is_none_or(|at| at.elapsed() >= self.pauses.later) {
            self.tell_lost(console);
        }
        if self.tell_recovered(console) {
            self.is_told = false;
        }
    }

    /// Tells how many alerts were given that had failed; whether there are some,
    /// and no others are left.
    fn tell_recovered(&self, console: &Console) -> bool {
        let recovered = self.ledger().take_recovered();
        if recovered > 0 {
            console.note(format_args!(
                "--exec: `{}` was given {} that had to wait",
                self.command,
                count(recovered, "alert", "alerts")
            ));
        }
        recovered > 0
    }

    /// Tells how many alerts found no room since this was told last.
    fn tell_lost(&mut self, console: &Console) {
        let lost = self.ledger().take_lost();
        if lost > 0 {
            self.lost_told = Some(Instant::now());
            console.trouble(format_args!(
                "--exec: `{}` failed for {} for which there is no room beside those that wait; \
                 not given again",
                self.command,
                count(lost, "alert", "alerts")
            ));
        }
    }

    fn tell_trouble(&self, console: &Console) {
        let ledger = self.ledger();
        let (failed, names) = ledger.waiting();
        console.trouble(format_args!(
            "--exec: `{}` failed for {} ({names}): {}; it is tried again every {} seconds",
            self.command,
            count(failed, "alert", "alerts"),
            ledger.reason().unwrap_or_default(),
            self.pauses.later.as_secs()
        ));
    }

    /// The alerts whose command has not ended well yet.
    pub(super) fn owed(&self) -> Vec<Owed> {
        self.ledger().owed()
    }

    /// Whether there are others now than when this was asked last.
    pub(super) fn take_change(&self) -> bool {
        self.ledger().take_change()
    }

    /// Waits for all commands.
    fn join(&mut self) {
        self.queue = None;
        let joined = self.workers.drain(..).map(JoinHandle::join);
        if joined.filter(Result::is_err).count() > 0 {
            self.ledger().abandon("a thread that ran it ended early");
        }
    }

    /// Waits for all commands and tells what failed; what is still owed then.
    /// `is_kept` says whether the next run is given that.
    pub(super) fn finish(mut self, is_kept: bool, console: &Console) -> Vec<Owed> {
        self.join();
        self.tell_recovered(console);
        let ledger = self.ledger();
        if ledger.retried > 0 {
            console.warn(format_args!(
                "--exec: `{}` had to be tried again {}",
                self.command,
                count(ledger.retried, "time", "times")
            ));
        }
        let (failed, names) = ledger.failures();
        if failed > 0 {
            let next = match (is_kept, ledger.lost()) {
                (false, _) => String::new(),
                (true, 0) => "; the next run with this state tries again".to_owned(),
                (true, lost) => format!(
                    "; the next run with this state tries again, but for {} for which there was no \
                     room",
                    count(lost, "alert", "alerts")
                ),
            };
            console.error(format_args!(
                "--exec: {}; `{}` failed for {failed} of {}: {names}{next}",
                ledger.reason().unwrap_or_default(),
                self.command,
                count(ledger.given(), "alert", "alerts"),
            ));
        }
        ledger.owed()
    }
}

impl Drop for Exec {
    /// A run that ends early still has its commands run.
    fn drop(&mut self) {
        self.join();
    }
}

fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread needs to run the command.
struct Worker {
    command: Arc<str>,
    ledger: Arc<Mutex<Ledger>>,
    pauses: [Duration; 2],
}

impl Worker {
    /// Runs the command until there is nothing to do any more.
    fn work(&self, tasks: &Mutex<Receiver<Task>>) {
        loop {
            let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match next {
                Ok(Task::New(number, alert)) => {
                    self.run(number, &alert);
                }
                Ok(Task::Again) => self.run_again(),
                Err(_) => return,
            }
        }
    }

    /// Runs the command for those that failed, one after another until one fails.
    fn run_again(&self) {
        let mut last = None;
        while let Some((number, alert)) = self.next_failed(last)
            && self.run(number, &alert)
        {
            last = Some(number);
        }
        locked(&self.ledger).is_trying_again = false;
    }

    fn next_failed(&self, behind: Option<u64>) -> Option<(u64, Arc<Owed>)> {
        locked(&self.ledger).next_failed(behind)
    }

    /// Runs the command for an alert, more than once if need be; whether it ended
    /// well.
    fn run(&self, number: u64, alert: &Owed) -> bool {
        let mut result = attempt(&self.command, &alert.document);
        for pause in self.pauses {
            if result.is_ok() {
                break;
            }
            thread::sleep(pause);
            locked(&self.ledger).retried += 1;
            result = attempt(&self.command, &alert.document);
        }
        let is_taken = result.is_ok();
        match result {
            Ok(()) => locked(&self.ledger).taken(number),
            Err(reason) => locked(&self.ledger).failed(number, reason),
        }
        is_taken
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::MOST_WAITING;
    use super::*;

    const AT_ONCE: Pauses = Pauses { at_once: [Duration::ZERO; 2], later: Duration::ZERO };

    fn alert(json: &str) -> AlertLine<'_> {
        AlertLine { json, millis: 0, name: json }
    }

    #[test]
    fn a_run_that_goes_on_tries_again_what_failed() {
        let place = tempfile::tempdir().unwrap();
        let (mark, got) = (place.path().join("mark"), place.path().join("got"));
        let command = format!("test -e {} && cat >> {}", mark.display(), got.display());
        let mut exec = Exec::with_pauses(&command, 1, Vec::new(), AT_ONCE);
        let console = Console::unheard();
        for json in ["{1}", "{2}"] {
            exec.run(&alert(json));
        }
        let begun = Instant::now();
        let mut tend_until = |is_so: &dyn Fn(&Exec) -> bool| {
            while !is_so(&exec) {
                assert!(begun.elapsed() < Duration::from_secs(60));
                exec.tend(&console);
                thread::sleep(Duration::from_millis(5));
            }
        };
        tend_until(&|exec| exec.ledger().failures().0 == 2);
        fs::write(mark, "").unwrap();
        tend_until(&|exec| exec.owed().is_empty() && !exec.is_told);
        assert_eq!(fs::read_to_string(got).unwrap(), "{1}\n{2}\n");
        assert_eq!(exec.finish(true, &console), []);
        let mut said = Vec::new();
        console.take_said(|it| said.push(format!("{it:?}")));
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("failed for"), "{said:?}");
        assert!(said[1].contains("was given 2 alerts that had to wait"), "{said:?}");
        assert!(said[2].contains("had to be tried again"), "{said:?}");
    }

    #[test]
    fn what_finds_no_room_is_told_at_once_and_the_rest_when_it_is_given() {
        let place = tempfile::tempdir().unwrap();
        let mark = place.path().join("mark");
        let command = format!("test -e {} && cat > /dev/null", mark.display());
        let large = Owed { name: "large".to_owned(), document: "x".repeat(MOST_WAITING) };
        let mut exec = Exec::with_pauses(&command, 1, vec![large], AT_ONCE);
        exec.run(&alert("{1}"));
        let console = Console::unheard();
        let mut said = Vec::new();
        let mut tend_until_said = |what: &str| {
            let begun = Instant::now();
            while !said.iter().any(|it: &String| it.contains(what)) {
                assert!(begun.elapsed() < Duration::from_secs(60), "{said:?}");
                exec.tend(&console);
                console.take_said(|it| said.push(format!("{it:?}")));
                thread::sleep(Duration::from_millis(5));
            }
        };
        tend_until_said("failed for 1 alert for which there is no room");
        fs::write(mark, "").unwrap();
        tend_until_said("was given 1 alert that had to wait");
        let told = said.iter().filter(|it| it.contains("no room")).count();
        assert_eq!(told, 1, "{said:?}");
    }

    #[test]
    fn of_what_is_owed_one_is_tried_while_the_command_fails() {
        let place = tempfile::tempdir().unwrap();
        let got = place.path().join("got");
        let owed = |name: &str| Owed { name: name.to_owned(), document: name.to_owned() };
        let all = ["{1}", "{2}", "{3}"].map(owed).to_vec();
        let command = format!("cat >> {}; exit 1", got.display());
        let exec = Exec::with_pauses(&command, 2, all.clone(), AT_ONCE);
        assert_eq!(exec.finish(true, &Console::unheard()), all);
        assert_eq!(fs::read_to_string(&got).unwrap(), "{1}\n{1}\n{1}\n");
        let command = format!("cat >> {}", got.display());
        let exec = Exec::with_pauses(&command, 1, all, AT_ONCE);
        assert_eq!(exec.finish(true, &Console::unheard()), []);
        assert_eq!(fs::read_to_string(&got).unwrap(), "{1}\n{1}\n{1}\n{1}\n{2}\n{3}\n");
    }
}
