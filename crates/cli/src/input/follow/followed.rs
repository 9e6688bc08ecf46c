//! The connections of one followed log that were not taken before, and the
//! position from which they would be found again.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use anyhow::Result;
use auditparse::{Connection, ConnectionReader, Limits, Reader, Stats};

use super::super::caught_up::is_caught_up;
use super::super::position::{EventKey, Position};
use super::passages::Passages;
use super::tail::Tail;

/// Connections that may have been taken behind one that is still open; then it
/// is ended. It bounds what a position holds.
const MOST_TAKEN: usize = 1 << 16;

/// Fewest taken connections worth being looked through for those to forget.
const FEW_TAKEN: usize = 1 << 10;

/// A log being followed.
pub(super) struct Followed<'a> {
    reader: ConnectionReader<Tail<'a>>,
    passages: Rc<RefCell<Passages>>,
    /// The connection that was read and not taken yet, and where it begins.
    waiting: Option<(u64, EventKey)>,
    /// Those that were taken, with how far the log was read then.
    taken: VecDeque<(u64, EventKey)>,
    /// Length of `taken` at which it is looked through.
    look_at: usize,
    /// Those that were taken before a restart and have not come again yet.
    to_pass_over: HashSet<EventKey>,
}

impl<'a> Followed<'a> {
    /// The connections in a log, from a position on if there is one.
    pub(super) fn new(tail: Tail<'a>, position: Option<&Position>, limits: Limits) -> Followed<'a> {
        let tail = match position {
            Some(position) => tail.read_on_at(position.place.clone()),
            None => tail,
        };
        Followed {
            passages: tail.passages(),
            reader: Reader::with_limits(tail, limits).connections(),
            waiting: None,
            taken: VecDeque::new(),
            look_at: FEW_TAKEN,
            to_pass_over: position
                .map(|position| position.taken.iter().cloned().collect())
                .unwrap_or_default(),
        }
    }

    /// Reads on to the next connection of which `make` makes something that has
    /// to wait, with its time; what it makes nothing of counts as taken.
    /// `None` when all that there is was read.
    pub(super) fn advance(
        &mut self,
        mut make: impl FnMut(&Connection<'_>) -> Result<Option<i64>>,
    ) -> Result<Option<i64>> {
        loop {
            let connection = match self.reader.next_connection() {
                Ok(Some(connection)) => connection,
                Ok(None) => return Ok(None),
                Err(error) if is_caught_up(&error) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let node = connection.node().unwrap_or_default().into();
            let key = EventKey { id: connection.id(), node };
            let time = if self.to_pass_over.remove(&key) { None } else { make(&connection)? };
            if time.is_some() {
                self.waiting = Some((self.reader.event_start(), key));
                return Ok(time);
            }
            self.note_taken(key);
        }
    }

    /// Notes that the connection that was read last was taken.
    pub(super) fn take(&mut self) {
        if let Some((_, key)) = self.waiting.take() {
            self.note_taken(key);
        }
    }

    fn note_taken(&mut self, key: EventKey) {
        self.taken.push_back((self.reader.position(), key));
        if self.taken.len() >= self.look_at {
            self.forget();
        }
    }

    /// Forgets what no position needs any more.
    fn forget(&mut self) {
        let resume = self.resume_position();
        while self.taken.front().is_some_and(|(read, _)| *read <= resume) {
            self.taken.pop_front();
        }
        if self.taken.len() >= MOST_TAKEN {
            self.reader.end_oldest();
        }
        self.look_at =
            (2 * self.taken.len()).max(FEW_TAKEN).min(MOST_TAKEN.max(self.taken.len() + 1));
        self.passages.borrow_mut().forget_before(resume);
    }

    /// Where in the stream the first connection begins that was not taken.
    fn resume_position(&self) -> u64 {
        let open = self.reader.resume_position();
        self.waiting.as_ref().map_or(open, |(start, _)| open.min(*start))
    }

    /// Where to read on after a restart; `None` if nothing was read.
    pub(super) fn position(&self) -> Option<Position> {
        let resume = self.resume_position();
        let place = self.passages.borrow().place(resume)?;
        let taken = self.taken.iter().filter(|(read, _)| *read > resume).map(|(_, key)| key);
        Some(Position { place, taken: taken.chain(&self.to_pass_over).cloned().collect() })
    }

    /// Ends the events that are open, as nothing has come for so long that all
    /// of them must be whole.
    pub(super) fn end_open(&mut self) {
        self.reader.advance_to(u64::MAX);
    }

    /// What was read so far.
    pub(super) fn stats(&self) -> Stats {
        self.reader.stats()
    }
}
