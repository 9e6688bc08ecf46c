//! Whether a pipe is silent, so that nobody waits for what is there already.
//!
//! The records of an event come together, but only the next record, or the end
//! of the input, shows that an event without a last record is over. On a live
//! pipe both may be hours away.

use std::fs::File;
use std::io;
use std::time::Duration;

use crate::daemon::Tap;

/// Nothing has come for a while. No error of the input, which goes on.
#[derive(Debug)]
struct Silence;

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing has come for a while")
    }
}

impl std::error::Error for Silence {}

/// The error that tells of silence.
pub(super) fn silence() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, Silence)
}

/// Lets an error pass that only tells of silence.
///
/// # Errors
///
/// Every other one.
pub(super) fn pass_silence(error: io::Error) -> io::Result<()> {
    match error.get_ref() {
        Some(inner) if inner.is::<Silence>() => Ok(()),
        _ => Err(error),
    }
}

/// So long nothing comes before that is silence: auditd's own
/// `end_of_event_timeout`.
const PATIENCE: Duration = Duration::from_secs(2);

/// Listens to a pipe that someone else reads.
pub(super) struct Listener<'a> {
    source: Source<'a>,
    /// Whether silence was told since the last time that it was not silent.
    told: bool,
}

/// What is listened to.
enum Source<'a> {
    Pipe(File),
    Tap(Tap<'a>),
}

impl<'a> Listener<'a> {
    /// Listens to `pipe`; `None` where that cannot be done.
    pub(super) fn new(pipe: &File) -> Option<Listener<'a>> {
        Some(Listener { source: Source::Pipe(pipe.try_clone().ok()?), told: false })
    }

    /// Listens to what comes to a run that goes on.
    pub(super) fn of_tap(tap: Tap<'a>) -> Listener<'a> {
        Listener { source: Source::Tap(tap), told: false }
    }

    /// Waits for something to read; whether there was nothing for a while, which
    /// is told once.
    pub(super) fn hears_nothing(&mut self) -> bool {
        self.told = !self.told
            && match &self.source {
                Source::Pipe(pipe) => is_silent(pipe),
                Source::Tap(tap) => tap.is_silent(PATIENCE),
            };
        self.told
    }
}

/// Whether nothing comes for a while.
#[cfg(unix)]
fn is_silent(pipe: &File) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    let mut pipes = [PollFd::new(pipe, PollFlags::IN)];
    // What goes wrong here goes wrong again where it can be told: in reading.
    poll(&mut pipes, Some(&patience)).is_ok_and(|ready| ready == 0)
}

#[cfg(not(unix))]
fn is_silent(_: &File) -> bool {
    false
}
