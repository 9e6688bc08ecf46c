//! Logs that an earlier run with the same state has read: where each is read
//! on, and up to where this run reads them.
//!
//! Files are told apart as those of a followed log are, and positions are the
//! same, so that a log may be followed one day and read the next.

use std::cell::RefCell;
use std::path::Path;

use super::Input;
use super::generation::{Found, Generation, find};
use super::log::{Log, Member};
use super::position::{Inode, Place, Positions, START};
use super::start::Start;
use super::trail::Trail;
use crate::text::count;

/// Where a log is read on that was read up to a place.
fn start_behind(place: &Place, log: &Log) -> Start {
    let mut older = place.older.clone();
    let paths: Vec<&Path> = log.members.iter().filter_map(Member::path).collect();
    match still_there(place, &paths).unwrap_or_else(|| found_anew(place, &paths)) {
        Found::In(member) => {
            // Too little text to tell the file by is read again.
            let place = Some(place.clone()).filter(|place| place.offset >= START as u64);
            Start { member, place, older }
        }
        // Files were read in another order than that of their age, or are all gone but these:
        // the state knows what of them was taken.
        Found::Before(member) if member == paths.len() => Start::default(),
        Found::Before(member) => {
            older.extend(Some(place.file.start).filter(|start| !start.is_empty()));
            Start { member, place: None, older }
        }
    }
}

/// Up to where a log was read.
#[derive(Debug)]
pub(super) struct Reached {
    /// The path of its live file.
    log: String,
    place: Place,
}

impl Reached {
    /// A log that was read up to this byte of its text; `None` if its place
    /// cannot be told.
    pub(super) fn of(log: &Log, trail: &RefCell<Trail>, at: u64) -> Option<Reached> {
        Some(Reached { place: trail.borrow().place(at)?, log: log.live()? })
    }
}

impl Input<'_> {
    /// Reads the logs on from where they were read up to, and notes up to where
    /// they are read now. Pipes are read as they come.
    pub(crate) fn reading_on(self, positions: Positions) -> Self {
        let mut logs = self.logs;
        let (mut whole, mut parts) = (0, 0);
        for log in logs.iter_mut().filter(|log| !log.members.iter().any(Member::may_wait)) {
            let position = log.live().and_then(|name| positions.get(&name));
            let start = match position {
                Some(position) => start_behind(&position.place, log),
                None => Start::default(),
            };
            whole += start.member as u64;
            parts += u64::from(start.place.is_some());
            log.start = Some(start);
        }
        if whole + parts > 0 {
            self.console.detail(format_args!(
                "read by an earlier run and passed over: {} and the beginning of {}",
                count(whole, "file", "files"),
                count(parts, "file", "files"),
            ));
        }
        Input { logs, resumed: positions, ..self }
    }

    /// Whether something of the input was read by an earlier run.
    pub(crate) fn is_read_on(&self) -> bool {
        self.logs.iter().any(Log::is_read_on)
    }

    /// Up to where logs were read, by this run or those before it.
    pub(crate) fn positions(&self) -> Positions {
        let mut positions = self.resumed.clone();
        // What is behind the wanted range is left for another run.
        if !self.met.get().behind {
            positions.renew(&self.reached.borrow());
        }
        positions
    }

    /// Notes up to where a log was read.
    pub(super) fn note_reached(&self, reached: Option<Reached>) {
        if let Some(Reached { log, place }) = reached {
            self.reached.borrow_mut().set_place(&log, place);
        }
    }
}

/// Finds a place by the inode of its file, so that no other file is opened.
fn still_there(place: &Place, paths: &[&Path]) -> Option<Found> {
    let has_inode =
        |path: &&Path| path.metadata().is_ok_and(|found| Inode::of(&found).is(place.file.inode));
    let at = paths.iter().position(has_inode)?;
    Generation::of(paths[at]).begins_as(place.file.start).then_some(Found::In(at))
}

/// Finds a place by what the files begin with.
fn found_anew(place: &Place, paths: &[&Path]) -> Found {
    let files: Vec<Generation> = paths.iter().copied().map(Generation::of).collect();
    find(place, &files)
}
