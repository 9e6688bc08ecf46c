//! A log that one worker reads and cuts into parts.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use auditparse::{Batch, ConnectionReader, EventReader, Reader, Stats};

use super::super::caught_up::is_caught_up;
use super::super::log::Log;
use super::super::places::Places;
use super::super::reader::LogReader;
use super::super::resume::Reached;
use super::super::tally::{Sum, Tally};
use super::super::totals::Totals;
use super::super::trail::Trail;
use super::{Plan, Unit};
use crate::console::{Console, Said};

/// A part of a log.
#[derive(Default)]
pub(super) struct Part {
    pub(super) batch: Batch,
    /// What was said while it was read.
    pub(super) said: Vec<Said>,
    /// Of each message, how many items of the batch had been read before it.
    pub(super) said_at: Vec<usize>,
    pub(super) sum: Sum,
    /// What was read of the whole log, if this is its last part.
    pub(super) end: Option<Totals>,
    /// Up to where the log was read, if its end was met and that is noted.
    pub(super) reached: Option<Reached>,
    pub(super) failure: Option<io::Error>,
}

impl Part {
    /// Whether the log is not read on behind it.
    pub(super) fn is_last(&self) -> bool {
        self.end.is_some()
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        self.batch.size()
    }

    /// Empties it, to be used again.
    pub(super) fn clear(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        *self = Part { batch, ..Part::default() };
    }
}

/// A log being read.
pub(super) struct Cutter<'a, S> {
    reader: Units<Stoppable<'a, S>>,
    log: &'a Log,
    places: Rc<Places>,
    trail: Option<Rc<RefCell<Trail>>>,
    console: &'a Console,
    tally: &'a Tally,
}

/// A reader of what a log is cut into.
enum Units<R> {
    Records(Reader<R>),
    Events(EventReader<R>),
    Connections(ConnectionReader<R>),
}

impl<'a, S: Fn() -> bool> Cutter<'a, S> {
    /// A log at its start. It ends early when `is_stopped`.
    pub(super) fn new(
        log: &'a Log,
        unit: Unit,
        plan: &Plan<'_>,
        console: &'a Console,
        tally: &'a Tally,
        is_stopped: S,
    ) -> Cutter<'a, S> {
        let text = LogReader::new(log, console, tally, &|| Ok(()))
            .with_expansion(plan.expansion)
            .with_prefetch(plan.prefetch)
            .reading_on(log);
        let (places, trail) = (text.places(), text.trail());
        let reader = Reader::with_limits(Stoppable { text, is_stopped }, plan.limits);
        let reader = match unit {
            Unit::Records => Units::Records(reader),
            Unit::Events => Units::Events(reader.events()),
            Unit::Connections => Units::Connections(reader.connections()),
        };
        Cutter { reader, log, places, trail, console, tally }
    }

    /// Reads on into a part, until that takes so many bytes or the log is at
    /// its end.
    pub(super) fn cut(&mut self, part: &mut Part, bytes: usize) {
        while part.end.is_none() && part.failure.is_none() && part.size() < bytes {
            let before = self.reader.count(&part.batch);
            match self.reader.next_into(&mut part.batch) {
                Ok(true) => {}
                Ok(false) => part.end = Some(self.totals()),
                Err(error) if is_caught_up(&error) => part.reached = self.reached(),
                Err(error) => {
                    part.end = Some(self.totals());
                    part.failure = Some(error);
                }
            }
            self.console.take_said(|said| {
                part.said.push(said);
                part.said_at.push(before);
            });
        }
        part.sum = self.tally.take();
    }

    fn reached(&self) -> Option<Reached> {
        Reached::of(self.log, self.trail.as_deref()?, self.reader.resume_position())
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        totals.add(&self.reader.stats(), |line| self.places.name(self.log, line));
        totals
    }
}

impl<R: Read> Units<R> {
    fn next_into(&mut self, batch: &mut Batch) -> io::Result<bool> {
        match self {
            Units::Records(reader) => reader.next_record_into(batch),
            Units::Events(reader) => reader.next_event_into(batch),
            Units::Connections(reader) => reader.next_connection_into(batch),
        }
    }

    fn count(&self, batch: &Batch) -> usize {
        match self {
            Units::Records(_) => batch.record_count(),
            Units::Events(_) | Units::Connections(_) => batch.event_count(),
        }
    }

    fn resume_position(&self) -> u64 {
        match self {
            Units::Records(reader) => reader.position(),
            Units::Events(reader) => reader.resume_position(),
            Units::Connections(reader) => reader.resume_position(),
        }
    }

    fn stats(&self) -> Stats {
        match self {
            Units::Records(reader) => reader.stats(),
            Units::Events(reader) => reader.stats(),
            Units::Connections(reader) => reader.stats(),
        }
    }
}

/// The text of a log, which ends when nobody wants more of it.
struct Stoppable<'a, S> {
    text: LogReader<'a>,
    is_stopped: S,
}

impl<S: Fn() -> bool> Read for Stoppable<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.is_stopped)() { Ok(0) } else { self.text.read(buffer) }
    }
}
