//! Logs that are read by several threads, for one consumer that is given what
//! one thread would give it, in the same order.
//!
//! Each log is a lane. One worker owns it, reads it from its start to its end
//! and cuts what it reads into parts: copies of so many records or events, put
//! together by the reassembly of the whole log, so that no event is torn and
//! no state has to pass from a part to the next. What is to be made of a part
//! ([`Work`]), any worker makes. Parts keep their place in their lane, where
//! the consumer takes them.
//!
//! What waits in the lanes is bounded ([`Bounds`]); a lane that is full is not
//! read on until the consumer has taken from it, so that a slow reader of the
//! output slows the workers down. They end when the consumer does, whatever
//! its reason. What is said while a log is read is kept with its part, and said
//! when that is taken.

mod board;
mod cutter;
mod worker;

use std::io;
use std::thread;

use anyhow::{Context, Result};
use auditparse::{Batch, Limits};
use indicatif::ProgressBar;

use self::board::Board;
use self::worker::Worker;
use super::log::Log;
use super::resume::Reached;
use super::tally::Sum;
use super::totals::Totals;
use super::window::Met;
use crate::console::Said;

/// What a log is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Records, one by one.
    Records,
    /// Events.
    Events,
    /// Connections, nothing else.
    Connections,
}

/// What is made of the parts of logs.
pub(crate) trait Work: Sync {
    /// What is made of a part; made in the place of one that was used up, if
    /// there is one.
    type Made: Default + Send;
    /// What a worker works with, from one part to the next.
    type Tools;

    /// What the logs are cut into.
    fn unit(&self) -> Unit;

    /// The tools of a worker. They change nothing of what is made, only how
    /// quickly.
    fn tools(&self) -> Self::Tools;

    /// Makes something of a part.
    ///
    /// # Errors
    ///
    /// Those that end the reading.
    fn make(
        &self,
        part: &Cut<'_>,
        tools: &mut Self::Tools,
        made: &mut Self::Made,
        account: &mut Account,
    ) -> Result<()>;

    /// Bytes that it takes.
    fn size(made: &Self::Made) -> usize;
}

/// A part of a log, as [`Work`] sees it.
pub(crate) struct Cut<'a> {
    /// The host that records without a name are from.
    pub(crate) host: &'a str,
    /// What was read.
    pub(crate) batch: &'a Batch,
    /// Of each message that was said meanwhile, how many items had been read
    /// before it.
    pub(crate) said_at: &'a [usize],
}

/// What is counted of a part.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) totals: Totals,
    pub(crate) met: Met,
    /// What was read of the files.
    pub(super) sum: Sum,
    /// Up to where a log was read.
    pub(super) reached: Option<Reached>,
}

/// What was made of a part.
#[derive(Default)]
pub(crate) struct Done<M> {
    pub(crate) made: M,
    pub(crate) account: Account,
    /// What is to be said of it.
    pub(crate) said: Vec<Said>,
    /// Whether it is the last of its log.
    pub(crate) is_last: bool,
    /// Why its log is not read on, if that is not its end.
    pub(crate) failure: Option<anyhow::Error>,
}

/// What bounds the parts that wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    threads: usize,
    /// Bytes from which on a part is whole. It may be longer by one event.
    part_bytes: usize,
    /// Bytes of parts from which on a lane is full.
    lane_bytes: usize,
}

/// Bytes of a part, if there is room.
const PART_BYTES: usize = 128 << 10;

/// The fewest bytes that are worth a part.
const LEAST_PART_BYTES: usize = 4 << 10;

/// Bytes of parts that may wait, for each thread.
const WAITING_BYTES: usize = 1 << 20;

impl Bounds {
    /// The bounds of so many threads that read so many lanes at once; a size of
    /// parts may be given.
    pub(super) fn new(threads: usize, lanes: usize, part_bytes: Option<usize>) -> Bounds {
        let lane_bytes = (threads * WAITING_BYTES / lanes.max(1)).max(LEAST_PART_BYTES);
        let fitting = (lane_bytes / 4).clamp(LEAST_PART_BYTES, PART_BYTES);
        Bounds { threads, part_bytes: part_bytes.unwrap_or(fitting), lane_bytes }
    }
}

/// A log to be read, and the host that its records without a name are from.
#[derive(Clone, Copy)]
pub(super) struct Lane<'a> {
    pub(super) log: &'a Log,
    pub(super) host: &'a str,
}

/// The consumer's end of the lanes.
pub(crate) struct Lanes<'a, M> {
    board: &'a Board<M>,
}

impl<M: Default> Lanes<'_, M> {
    /// Lets a lane be read.
    pub(super) fn begin(&self, lane: usize) {
        self.board.begin(lane);
    }

    /// The next part of a lane; it is waited for.
    ///
    /// # Errors
    ///
    /// If a worker has failed.
    pub(crate) fn next(&self, lane: usize) -> Result<Done<M>> {
        self.board.take(lane).context("a thread that reads the input has failed")
    }

    /// Gives back what was used up, to be used again.
    pub(crate) fn give_back(&self, lane: usize, made: M) {
        self.board.give_back(lane, made);
    }
}

/// Everything that threads read.
pub(super) struct Plan<'a> {
    pub(super) lanes: &'a [Lane<'a>],
    pub(super) bounds: Bounds,
    /// The bounds of the reader of each log.
    pub(super) limits: Limits,
    /// How many times as long as its file a text may be.
    pub(super) expansion: u64,
    /// How many files of a log are decompressed at a time by threads of their
    /// own.
    pub(super) prefetch: usize,
    /// What is read is progress.
    pub(super) progress: ProgressBar,
}

impl Plan<'_> {
    /// Does `work` on the lanes while `consume` takes what is made; ends with
    /// it.
    ///
    /// # Errors
    ///
    /// Those of `consume`, and if there cannot be so many threads.
    pub(super) fn run<W: Work, T>(
        &self,
        work: &W,
        consume: impl FnOnce(&Lanes<'_, W::Made>) -> Result<T>,
    ) -> Result<T> {
        let board = &Board::new(self.lanes.len(), self.bounds);
        thread::scope(|scope| {
            let _end = board.ending();
            for index in 0..self.bounds.threads {
                let worker = Worker { index, plan: self, work, board };
                let spawned = thread::Builder::new()
                    .name("reader".to_owned())
                    .spawn_scoped(scope, move || worker.run());
                spawned.map_err(no_thread)?;
            }
            consume(&Lanes { board })
        })
    }
}

/// Why there is no thread, and what to do.
fn no_thread(error: io::Error) -> anyhow::Error {
    anyhow::anyhow!("the system gives no more threads ({error}); say --threads 1")
}
