//! Who does what next: the parts in their lanes, and the work that waits.
//!
//! Nothing is read or made here.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::cutter::Part;
use super::{Bounds, Done};

/// Parts that are used up and kept to be used again, for each thread.
const SPARE_PARTS: usize = 2;

/// What was made of parts and is kept to be used again, for each lane: of no
/// more parts than a lane holds, as memory that one thread gives back to the
/// system and another asks for anew takes longer than the work itself.
const SPARE_MADE: usize = 8;

/// Parts that wait to be worked on, for each thread, before the worker that
/// cuts them works on them too, as long as others have nothing else to do.
const AHEAD: usize = 2;

/// What workers and the consumer have in common.
pub(super) struct Board<M> {
    bounds: Bounds,
    state: Mutex<State<M>>,
    /// There may be something to do.
    work: Condvar,
    /// There may be something to take.
    done: Condvar,
}

struct State<M> {
    lanes: Vec<LaneState<M>>,
    /// Parts to be worked on, by lane and number.
    todo: VecDeque<(usize, usize)>,
    /// For each worker, its lanes that are to be read on.
    hungry: Vec<VecDeque<usize>>,
    /// For each worker, whether it reads one of them.
    is_cutting: Vec<bool>,
    /// Lanes that are not at their end.
    open: usize,
    /// The lane that the consumer waits for.
    awaited: Option<usize>,
    spare_parts: Vec<Part>,
    has_ended: bool,
}

struct LaneState<M> {
    /// Parts that were not taken, in order.
    parts: VecDeque<Place<M>>,
    /// Number of the first of them.
    first: usize,
    /// Bytes that they take.
    size: usize,
    /// Whether it is not read on until something is taken.
    is_full: bool,
    /// What was used up, to be used again.
    spare: Vec<M>,
}

/// A part in its lane.
enum Place<M> {
    Cut(Part),
    InWork { size: usize },
    Done { done: Done<M>, size: usize },
}

/// What a worker is to do.
pub(super) enum Step<M> {
    /// Read a lane on, into a part.
    Cut { lane: usize, part: Part },
    /// Work on a part.
    Make { lane: usize, number: usize, part: Part, made: M },
    /// There is nothing left.
    End,
}

impl<M: Default> Board<M> {
    /// A board of so many lanes, none of which is read yet.
    pub(super) fn new(lanes: usize, bounds: Bounds) -> Board<M> {
        let lane = || LaneState {
            parts: VecDeque::new(),
            first: 0,
            size: 0,
            is_full: false,
            spare: Vec::new(),
        };
        let state = State {
            lanes: (0..lanes).map(|_| lane()).collect(),
            todo: VecDeque::new(),
            hungry: vec![VecDeque::new(); bounds.threads],
            is_cutting: vec![false; bounds.threads],
            open: lanes,
            awaited: None,
            spare_parts: Vec::new(),
            has_ended: false,
        };
        Board { bounds, state: Mutex::new(state), work: Condvar::new(), done: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owner(&self, lane: usize) -> usize {
        lane % self.bounds.threads
    }

    /// Lets a lane be read.
    pub(super) fn begin(&self, lane: usize) {
        self.state().hungry[self.owner(lane)].push_back(lane);
        self.work.notify_all();
    }

    /// Ends all work, also that of others.
    pub(super) fn end(&self) {
        self.state().has_ended = true;
        self.work.notify_all();
        self.done.notify_all();
    }

    /// Whether all work is to end.
    pub(super) fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    /// Ends all work when it is dropped.
    pub(super) fn ending(&self) -> impl Drop {
        Ending { board: self, always: true }
    }

    /// Ends all work when it is dropped by a panic, so that nobody waits for it.
    pub(super) fn ending_on_panic(&self) -> impl Drop {
        Ending { board: self, always: false }
    }

    /// What a worker is to do next; it is waited for.
    pub(super) fn next_step(&self, worker: usize) -> Step<M> {
        let mut state = self.state();
        loop {
            if state.has_ended || (state.open == 0 && state.todo.is_empty()) {
                return Step::End;
            }
            // What was cut just now is still at hand. Only a worker that has no
            // lane to read needs it from another.
            let most = if state.has_lanes_beside(worker) { 1 } else { AHEAD * self.bounds.threads };
            let is_behind = state.todo.len() < most;
            let lane = if is_behind { state.hungry[worker].pop_front() } else { None };
            if let Some(lane) = lane {
                state.is_cutting[worker] = true;
                let part = state.spare_parts.pop().unwrap_or_default();
                return Step::Cut { lane, part };
            }
            if let Some((lane, number)) = state.todo.pop_front()
                && let Some(part) = state.lanes[lane].take_up(number)
            {
                let made = state.lanes[lane].spare.pop().unwrap_or_default();
                return Step::Make { lane, number, part, made };
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds a part that was cut.
    pub(super) fn add(&self, lane: usize, part: Part) {
        let mut state = self.state();
        state.is_cutting[self.owner(lane)] = false;
        let is_last = part.is_last();
        let of = &mut state.lanes[lane];
        let number = of.first + of.parts.len();
        of.size += part.size();
        of.parts.push_back(Place::Cut(part));
        of.is_full = !is_last && of.size >= self.bounds.lane_bytes;
        let is_hungry = !is_last && !of.is_full;
        state.todo.push_back((lane, number));
        state.open -= usize::from(is_last);
        if is_hungry {
            state.hungry[self.owner(lane)].push_back(lane);
        }
        drop(state);
        self.work.notify_all();
    }

    /// Puts what was made of a part in its place, and the part aside.
    pub(super) fn put(&self, lane: usize, number: usize, done: Done<M>, size: usize, part: Part) {
        let mut state = self.state();
        let of = &mut state.lanes[lane];
        let index = number - of.first;
        let before = mem::replace(&mut of.parts[index], Place::Done { done, size }).size();
        of.size = of.size - before + size;
        if state.spare_parts.len() < SPARE_PARTS * self.bounds.threads {
            state.spare_parts.push(part);
        }
        let is_awaited = index == 0 && state.awaited == Some(lane);
        drop(state);
        if is_awaited {
            self.done.notify_all();
        }
    }

    /// Takes the first part of a lane, which is waited for; `None` if all work
    /// has ended before.
    pub(super) fn take(&self, lane: usize) -> Option<Done<M>> {
        let mut state = self.state();
        loop {
            if let Some(done) = state.lanes[lane].take_first() {
                state.awaited = None;
                let of = &mut state.lanes[lane];
                if of.is_full && of.size < self.bounds.lane_bytes {
                    of.is_full = false;
                    state.hungry[self.owner(lane)].push_back(lane);
                    self.work.notify_all();
                }
                return Some(done);
            }
            if state.has_ended {
                return None;
            }
            state.awaited = Some(lane);
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Keeps something that was used up, to be used again.
    pub(super) fn give_back(&self, lane: usize, made: M) {
        let spare = &mut self.state().lanes[lane].spare;
        if spare.len() < SPARE_MADE {
            spare.push(made);
        }
    }
}

impl<M> State<M> {
    /// Whether all workers but this one have a lane to read.
    fn has_lanes_beside(&self, worker: usize) -> bool {
        let mut others = self.hungry.iter().zip(&self.is_cutting).enumerate();
        others
            .all(|(other, (lanes, is_cutting))| other == worker || *is_cutting || !lanes.is_empty())
    }
}

impl<M> LaneState<M> {
    /// Takes a part up to work on it.
    fn take_up(&mut self, number: usize) -> Option<Part> {
        let place = &mut self.parts[number - self.first];
        let in_work = Place::InWork { size: place.size() };
        match mem::replace(place, in_work) {
            Place::Cut(part) => Some(part),
            Place::InWork { .. } | Place::Done { .. } => None,
        }
    }

    /// Takes the first part, if it is done.
    fn take_first(&mut self) -> Option<Done<M>> {
        if !matches!(self.parts.front(), Some(Place::Done { .. })) {
            return None;
        }
        let Some(Place::Done { done, size }) = self.parts.pop_front() else { return None };
        self.first += 1;
        self.size -= size;
        Some(done)
    }
}

impl<M> Place<M> {
    fn size(&self) -> usize {
        match self {
            Place::Cut(part) => part.size(),
            Place::InWork { size } | Place::Done { size, .. } => *size,
        }
    }
}

/// Ends all work when it is dropped.
struct Ending<'a, M: Default> {
    board: &'a Board<M>,
    /// Whether it does so without a panic too.
    always: bool,
}

impl<M: Default> Drop for Ending<'_, M> {
    fn drop(&mut self) {
        if self.always || thread::panicking() {
            self.board.end();
        }
    }
}
