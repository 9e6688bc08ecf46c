//! A run that goes on until it is told to end.
//!
//! [`Daemon`] is what such a run has beside its logs: a [queue] that takes
//! what comes by a pipe or [socket], the [signals] that ask something of it,
//! and who is told how it is doing: a [status file](status_file) and the
//! [service manager](notify). What is made of events is the commands' business.

mod health;
mod memory;
mod notify;
mod pump;
mod queue;
mod signals;
#[cfg(unix)]
mod socket;
mod status;
mod status_file;
mod tap;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jiff::Timestamp;

pub(crate) use self::health::{Became, Found};
use self::health::{Health, Waiting};
use self::notify::Notify;
use self::pump::{Rest, pump};
use self::queue::{BOUND, Dropped, Queue};
pub(crate) use self::signals::Signals;
pub(crate) use self::status::{LastAlert, Status};
use self::status_file::StatusFile;
pub(crate) use self::tap::Tap;
use crate::console::Console;
use crate::stdin::stdin;
use crate::text::{Inert, count, grouped};

/// Time between two statuses.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two messages about dropped lines.
const DROPPED_INTERVAL: Duration = Duration::from_secs(60);

/// Where the input of a run that goes on comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// Logs that are followed.
    Logs,
    /// What auditd gives a plugin on standard input.
    Stdin,
    /// The socket that auditd's plugin `af_unix` has.
    Socket(&'a Path),
}

/// What a run that goes on has beside its logs.
pub(crate) struct Daemon<'a> {
    console: &'a Console,
    signals: Signals,
    intake: Option<Intake>,
    /// When something was taken from the queue last.
    heard: Cell<Instant>,
    is_ready: Cell<bool>,
    pulsed: Cell<Option<Instant>>,
    told: Cell<(Dropped, Option<Instant>)>,
    health: RefCell<Health>,
    notify: RefCell<Notify>,
    status: Option<RefCell<StatusFile>>,
}

/// Where lines come from that wait in a queue.
struct Intake {
    /// As people know it.
    name: String,
    queue: Queue,
    news: Receiver<News>,
}

/// What the thread that reads has to tell.
#[derive(Debug)]
enum News {
    /// Of the connection to a socket.
    #[cfg(unix)]
    Link(socket::Link),
    /// Standard input could not be read on.
    Failed(io::Error),
}

impl<'a> Daemon<'a> {
    /// Begins to take signals, and what comes from `source`. The status goes to
    /// the file `status` if it is named.
    ///
    /// # Errors
    ///
    /// If signals or stdin cannot be taken.
    pub(crate) fn start(
        source: Source<'_>,
        status: Option<&Path>,
        console: &'a Console,
    ) -> Result<Daemon<'a>> {
        let now = Instant::now();
        Ok(Daemon {
            console,
            signals: Signals::take().context("signals cannot be taken")?,
            intake: Intake::of(source)?,
            heard: Cell::new(now),
            is_ready: Cell::new(false),
            pulsed: Cell::new(None),
            told: Cell::default(),
            health: RefCell::new(Health::new(Timestamp::now().as_millisecond(), now)),
            notify: RefCell::new(Notify::of_environment()),
            status: status.map(|path| RefCell::new(StatusFile::new(path))),
        })
    }

    /// The reading end of what comes, if it comes by a queue; `while_waiting`
    /// is called some times a second while nothing does.
    pub(crate) fn tap(&'a self, while_waiting: &'a dyn Fn()) -> Option<Tap<'a>> {
        self.intake.as_ref().map(|intake| Tap::new(self, &intake.queue, while_waiting))
    }

    /// Whether the end was asked for.
    pub(crate) fn is_ending(&self) -> bool {
        self.signals.is_ending()
    }

    /// Asks for the end, as a signal does.
    pub(crate) fn end(&self) {
        self.signals.end();
    }

    /// How long nothing has come.
    pub(crate) fn silence(&self) -> Duration {
        self.heard.get().elapsed()
    }

    /// Whether the rules are to be read anew; tells each time once.
    pub(crate) fn take_reload(&self) -> bool {
        self.signals.take_reload()
    }

    /// Does what it is told to by `act`, while the service manager knows that
    /// rules are read anew.
    pub(crate) fn reload(&self, act: impl FnOnce() -> Result<()>) {
        self.notify.borrow().reloading();
        match act() {
            Ok(()) => {
                self.health.borrow_mut().reload();
                self.console.note("the rules were read anew");
            }
            Err(error) => self.console.trouble(format_args!(
                "the rules were not read anew, those before stay: {error:#}"
            )),
        }
        self.notify.borrow().ready("rules were read anew");
    }

    /// Counts an event of this time, in milliseconds since 1970.
    pub(crate) fn event(&self, millis: i64, became: Became) {
        self.health.borrow_mut().event(millis, became);
    }

    /// Notes how many events are missing by serial number so far.
    pub(crate) fn missing(&self, events: u64) {
        self.health.borrow_mut().missing(events);
    }

    /// Tells how the run is doing if it is time to. To be called often.
    pub(crate) fn pulse(&self, found: impl FnOnce() -> Found) {
        let now = Instant::now();
        if self.pulsed.get().is_some_and(|last| now.duration_since(last) < STATUS_INTERVAL) {
            return;
        }
        self.pulsed.set(Some(now));
        self.tell_news();
        self.tell_dropped(now);
        let line = self.write_status(now, found(), false);
        let mut notify = self.notify.borrow_mut();
        if self.is_ready.replace(true) {
            notify.status(&line);
        } else {
            notify.ready(&line);
        }
        notify.feed_watchdog(now);
    }

    /// Tells that the run is about to end, and what it has found.
    pub(crate) fn stopping(&self, found: Found) {
        self.notify.borrow().stopping();
        self.tell_news();
        self.told.set((self.told.get().0, None));
        self.tell_dropped(Instant::now());
        self.write_status(Instant::now(), found, true);
    }

    /// Writes the status of a run that has `ended` or goes on; the same in a line.
    fn write_status(&self, now: Instant, found: Found, ended: bool) -> String {
        let waiting = self
            .intake
            .as_ref()
            .map(|Intake { queue, .. }| Waiting { held: queue.held(), dropped: queue.dropped() });
        let millis = Timestamp::now().as_millisecond();
        let status = self.health.borrow_mut().status(millis, now, found, waiting);
        let status = Status { ended, ..status };
        if let Some(file) = &self.status
            && let Err(trouble) = file.borrow_mut().write(&status)
        {
            self.console.trouble(trouble);
        }
        status.line()
    }

    fn tell_news(&self) {
        let Some(Intake { name, news, .. }) = &self.intake else { return };
        for news in news.try_iter() {
            match news {
                #[cfg(unix)]
                News::Link(socket::Link::Connected) => {
                    self.console.note(format_args!("{name}: connected"));
                }
                #[cfg(unix)]
                News::Link(socket::Link::Lost(why)) => self.console.warn(format_args!(
                    "{name}: not connected, trying on: {why}; is auditd running, and its plugin \
                     af_unix active?"
                )),
                News::Failed(error) => self.console.error(format_args!("{name}: {error}")),
            }
        }
    }

    /// Tells what was dropped since it was told last.
    fn tell_dropped(&self, now: Instant) {
        let Some(Intake { name, queue, .. }) = &self.intake else { return };
        let (before, at) = self.told.get();
        let dropped = queue.dropped();
        let is_due = at.is_none_or(|at| now.duration_since(at) >= DROPPED_INTERVAL);
        if dropped != before && is_due {
            self.told.set((dropped, Some(now)));
            self.console.warn(format_args!(
                "{name}: {} lost, {} bytes: they came faster than they could be read, or were cut \
                 off or too long",
                count(dropped.lines - before.lines, "line", "lines"),
                grouped(dropped.bytes - before.bytes)
            ));
        }
    }
}

impl Intake {
    /// Begins to take what comes from a source that is not followed.
    fn of(source: Source<'_>) -> Result<Option<Intake>> {
        let queue = Queue::new(BOUND);
        let (name, news) = match source {
            Source::Logs => return Ok(None),
            Source::Stdin => ("standard input".to_owned(), read_stdin(&queue)?),
            Source::Socket(path) => {
                let name = Inert(path.as_os_str().as_encoded_bytes()).to_string();
                (name, connect(path, &queue))
            }
        };
        Ok(Some(Intake { name, queue, news }))
    }
}

/// Reads stdin in a thread of its own.
fn read_stdin(queue: &Queue) -> Result<Receiver<News>> {
    let mut stdin = stdin().context("standard input cannot be read")?;
    let (sender, news) = channel();
    let queue = queue.clone();
    thread::spawn(move || {
        if let Err(error) = pump(&mut stdin, &queue, Rest::Taken) {
            // If nobody hears it, the run has ended.
            let _ = sender.send(News::Failed(error));
        }
        queue.end();
    });
    Ok(news)
}

/// Reads a socket in a thread of its own.
#[cfg(unix)]
fn connect(path: &Path, queue: &Queue) -> Receiver<News> {
    let (sender, news) = channel();
    let (path, queue) = (path.to_owned(), queue.clone());
    thread::spawn(move || {
        socket::pump_for_ever(&path, &queue, |link| sender.send(News::Link(link)).is_ok());
    });
    news
}

/// There is no such socket on other systems.
#[cfg(not(unix))]
fn connect(_: &Path, queue: &Queue) -> Receiver<News> {
    queue.end();
    channel().1
}
