//! The reading end of a queue: waits for lines, and does what is to be done
//! meanwhile.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use super::Daemon;
use super::queue::{Popped, Queue};

/// How long is waited at a time.
const TURN: Duration = Duration::from_millis(250);

/// Reads what comes to a run. Ends when the source does, or when the run was
/// told to end and all that had come until then is read.
#[derive(Clone, Copy)]
pub(crate) struct Tap<'a> {
    daemon: &'a Daemon<'a>,
    queue: &'a Queue,
    while_waiting: &'a dyn Fn(),
}

impl<'a> Tap<'a> {
    /// A tap that calls `while_waiting` some times a second while nothing
    /// comes.
    pub(super) fn new(
        daemon: &'a Daemon<'a>,
        queue: &'a Queue,
        while_waiting: &'a dyn Fn(),
    ) -> Tap<'a> {
        Tap { daemon, queue, while_waiting }
    }

    /// Notes how many events are missing by serial number so far.
    pub(crate) fn missing(&self, events: u64) {
        self.daemon.missing(events);
    }

    /// Waits up to `patience` for something to read; whether nothing came.
    pub(crate) fn is_silent(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            self.close_if_ending();
            let left = end.saturating_duration_since(Instant::now());
            if !self.queue.is_silent(left.min(TURN)) {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            (self.while_waiting)();
        }
    }

    /// Takes in nothing more once the end was asked for.
    fn close_if_ending(&self) {
        if self.daemon.is_ending() {
            self.queue.end();
        }
    }
}

impl Read for Tap<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.close_if_ending();
            match self.queue.pop(buffer, TURN) {
                Popped::Bytes(length) => {
                    self.daemon.heard.set(Instant::now());
                    return Ok(length);
                }
                Popped::Nothing => (self.while_waiting)(),
                Popped::Ended => return Ok(0),
            }
        }
    }
}
