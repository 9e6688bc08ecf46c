//! Lines between a writer that must not be kept waiting and a reader that may
//! be slow.
//!
//! auditd gives its plugins records through a socket, and waits for none of
//! them. So what it gives is taken at once into a [`Queue`] of bounded size.
//! Whole lines that find no room there are dropped and counted. Where the lines
//! come from is not known here.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use memchr::{memchr_iter, memrchr};
use serde::{Deserialize, Serialize};

/// Bytes that a queue holds at most: some seconds of the most that a busy host
/// logs.
pub(crate) const BOUND: usize = 16 << 20;

/// Lines that were dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dropped {
    /// How many.
    pub(crate) lines: u64,
    /// Their bytes, line ends included.
    pub(crate) bytes: u64,
}

/// What there was to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Popped {
    /// So many bytes.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing will come.
    Ended,
}

/// A queue of whole lines that never makes its writer wait. Clones are the same
/// queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    bound: usize,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    dropped: Dropped,
    ended: bool,
}

impl Queue {
    /// An empty queue that holds at most `bound` bytes.
    pub(crate) fn new(bound: usize) -> Queue {
        Queue(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), bound }))
    }

    /// Takes lines in; those from the first on that finds no room are dropped.
    /// Only the last line of all may lack its end.
    pub(crate) fn push(&self, lines: &[u8]) {
        let mut state = self.state();
        let room = if state.ended { 0 } else { self.0.bound - state.bytes.len() };
        let fitting = if lines.len() <= room {
            lines.len()
        } else {
            memrchr(b'\n', &lines[..room]).map_or(0, |end| end + 1)
        };
        let (taken, dropped) = lines.split_at(fitting);
        state.bytes.extend(taken);
        if !dropped.is_empty() {
            state.dropped.add(lines_in(dropped), dropped.len() as u64);
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// Counts a line that could not be taken in.
    pub(crate) fn lose_line(&self, bytes: u64) {
        self.state().dropped.add(1, bytes);
    }

    /// Takes nothing more in; what comes all the same is dropped.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.0.changed.notify_one();
    }

    /// Takes what there is, as far as it fits `buffer`; waits for something up
    /// to `patience`.
    pub(crate) fn pop(&self, buffer: &mut [u8], patience: Duration) -> Popped {
        let mut state = self.wait(patience);
        match state.bytes.read(buffer) {
            Ok(length @ 1..) => Popped::Bytes(length),
            _ if state.ended => Popped::Ended,
            _ => Popped::Nothing,
        }
    }

    /// Waits up to `patience` for something to take or the end; whether there
    /// was neither.
    pub(crate) fn is_silent(&self, patience: Duration) -> bool {
        let state = self.wait(patience);
        state.bytes.is_empty() && !state.ended
    }

    /// Bytes that wait in it.
    pub(crate) fn held(&self) -> usize {
        self.state().bytes.len()
    }

    /// What was dropped so far.
    pub(crate) fn dropped(&self) -> Dropped {
        self.state().dropped
    }

    fn wait(&self, patience: Duration) -> MutexGuard<'_, State> {
        let end = Instant::now() + patience;
        let mut state = self.state();
        while state.bytes.is_empty() && !state.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    /// Nothing that is done under the lock leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dropped {
    fn add(&mut self, lines: u64, bytes: u64) {
        self.lines += lines;
        self.bytes += bytes;
    }
}

/// Number of lines in a text that is not empty, the last of which may lack its
/// end.
fn lines_in(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64 + u64::from(!text.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const NOT_LONG: Duration = Duration::from_millis(1);

    fn drain(queue: &Queue) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 7];
        while let Popped::Bytes(length) = queue.pop(&mut buffer, NOT_LONG) {
            all.extend(&buffer[..length]);
        }
        all
    }

    #[test]
    fn lines_that_fit_are_taken_and_the_rest_is_counted() {
        let queue = Queue::new(10);
        queue.push(b"one\ntwo\nthree\nfour\n");
        assert_eq!(queue.dropped(), Dropped { lines: 2, bytes: 11 });
        queue.push(b"5\n");
        queue.push(b"6\n");
        assert_eq!(queue.dropped(), Dropped { lines: 3, bytes: 13 });
        assert_eq!(queue.held(), 10);
        assert_eq!(drain(&queue), b"one\ntwo\n5\n");
        queue.push(b"and on");
        assert_eq!(drain(&queue), b"and on");
    }

    #[test]
    fn a_line_without_end_is_a_line() {
        let queue = Queue::new(4);
        queue.push(b"ab\ncd\nef");
        assert_eq!(queue.dropped(), Dropped { lines: 2, bytes: 5 });
    }

    #[test]
    fn the_end_comes_behind_the_last_line() {
        let queue = Queue::new(10);
        assert!(queue.is_silent(NOT_LONG));
        assert_eq!(queue.pop(&mut [0; 4], NOT_LONG), Popped::Nothing);
        queue.push(b"x\n");
        queue.end();
        queue.push(b"late\n");
        assert_eq!(queue.dropped(), Dropped { lines: 1, bytes: 5 });
        assert!(!queue.is_silent(NOT_LONG));
        assert_eq!(queue.pop(&mut [0; 4], NOT_LONG), Popped::Bytes(2));
        assert_eq!(queue.pop(&mut [0; 4], NOT_LONG), Popped::Ended);
    }

    #[test]
    fn who_waits_is_woken() {
        let queue = Queue::new(10);
        let writer = queue.clone();
        let woken = thread::spawn(move || queue.pop(&mut [0; 4], Duration::from_secs(60)));
        writer.push(b"x\n");
        assert_eq!(woken.join().unwrap(), Popped::Bytes(2));
    }
}
