//! Several logs as one stream in order of time.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read};
use std::rc::Rc;

use anyhow::Result;
use auditparse::{Connection, ConnectionReader, Event, EventReader, Stats};

use super::Input;
use super::caught_up::is_caught_up;
use super::log::Log;
use super::places::Places;
use super::reader::LogReader;
use super::resume::Reached;
use super::silence::pass_silence;
use super::totals::Totals;
use super::trail::Trail;
use super::window::{Met, Window};

/// A stream that holds its next item, in a place that is used again.
pub(crate) trait Stream {
    /// What the stream is of.
    type Item;

    /// Reads on to the next item; its time in milliseconds since 1970, or
    /// `None` at the end.
    fn advance(&mut self) -> Result<Option<i64>>;

    /// The item that was read.
    fn item(&self) -> &Self::Item;
}

impl<S: Stream + ?Sized> Stream for Box<S> {
    type Item = S::Item;

    fn advance(&mut self) -> Result<Option<i64>> {
        (**self).advance()
    }

    fn item(&self) -> &S::Item {
        (**self).item()
    }
}

/// Something that is made of connections, in a place that is used again.
pub(crate) trait FromConnection {
    /// What is made.
    type Item;

    /// The place.
    fn item(&self) -> &Self::Item;

    /// Takes over what is needed of `connection`, of `host` if the connection
    /// does not say.
    fn take(&mut self, connection: &Connection<'_>, host: &str, totals: &mut Totals);

    /// Whether events that are no connections are to be looked at too, which
    /// takes longer.
    fn wants_other_events(&self) -> bool;

    /// Takes over what is needed of an event that is no connection; whether it
    /// is wanted.
    fn take_other(&mut self, event: &Event<'_>, host: &str) -> bool;

    /// The time by which streams are merged.
    fn time(&self) -> i64;
}

/// The connections of one log, and the next thing made of them.
pub(crate) struct ConnectionStream<'a, T> {
    input: &'a Input<'a>,
    reader: EitherReader<LogReader<'a>>,
    log: &'a Log,
    places: Rc<Places>,
    trail: Option<Rc<RefCell<Trail>>>,
    host: &'a str,
    next: T,
    totals: &'a RefCell<Totals>,
}

/// Makes something of connections, or of other events if it wants those too,
/// and counts them; one log's.
pub(super) struct Taking<'a> {
    pub(super) window: Window,
    pub(super) host: &'a str,
}

impl Taking<'_> {
    /// Takes a connection; whether it is read.
    pub(super) fn connection<T: FromConnection>(
        &self,
        connection: &Connection<'_>,
        next: &mut T,
        totals: &mut Totals,
        met: &mut Met,
    ) -> bool {
        let millis = connection.id().millis;
        let wanted = self.window.wants(millis, met);
        totals.connection(connection, wanted);
        let is_read = wanted || self.window.is_background(millis);
        if is_read {
            next.take(connection, self.host, totals);
        }
        is_read
    }

    /// Takes an event that may be a connection; whether it is read.
    pub(super) fn event<T: FromConnection>(
        &self,
        event: &Event<'_>,
        next: &mut T,
        totals: &mut Totals,
        met: &mut Met,
    ) -> bool {
        match event.connection() {
            Ok(connection) => self.connection(&connection, next, totals, met),
            Err(_) => {
                let millis = event.id().millis;
                next.take_other(event, self.host)
                    && (self.window.wants(millis, met) || self.window.is_background(millis))
            }
        }
    }
}

impl<'a, T: FromConnection> ConnectionStream<'a, T> {
    /// What `next` makes of the connections in `text`, which is that of `log` and
    /// of which nothing was taken yet.
    pub(crate) fn new(
        input: &'a Input<'a>,
        log: &'a Log,
        text: LogReader<'a>,
        next: T,
        totals: &'a RefCell<Totals>,
    ) -> ConnectionStream<'a, T> {
        let text = text.reading_on(log);
        let (places, trail, host) = (text.places(), text.trail(), input.host_of(log));
        let reader = input.reader_of_many(text);
        let reader = match next.wants_other_events() {
            false => EitherReader::Connections(reader.connections()),
            true => EitherReader::Events(reader.events()),
        };
        ConnectionStream { input, reader, log, places, trail, host, next, totals }
    }
}

/// A reader of what is looked at.
enum EitherReader<R> {
    Connections(ConnectionReader<R>),
    Events(EventReader<R>),
}

impl<R: Read> EitherReader<R> {
    /// Lets `taking` look at what is read next; whether it is taken, or `None`
    /// at the end.
    fn take_next<T: FromConnection>(
        &mut self,
        taking: &Taking<'_>,
        next: &mut T,
        totals: &mut Totals,
        met: &mut Met,
    ) -> io::Result<Option<bool>> {
        Ok(match self {
            EitherReader::Connections(reader) => reader
                .next_connection()?
                .map(|connection| taking.connection(&connection, next, totals, met)),
            EitherReader::Events(reader) => {
                reader.next_event()?.map(|event| taking.event(&event, next, totals, met))
            }
        })
    }

    /// Takes all events that are begun as over.
    fn end_what_is_begun(&mut self) {
        match self {
            EitherReader::Connections(reader) => reader.advance_to(u64::MAX),
            EitherReader::Events(reader) => reader.advance_to(u64::MAX),
        }
    }

    /// Where the first of what was not given yet begins.
    fn resume_position(&self) -> u64 {
        match self {
            EitherReader::Connections(reader) => reader.resume_position(),
            EitherReader::Events(reader) => reader.resume_position(),
        }
    }

    fn stats(&self) -> Stats {
        match self {
            EitherReader::Connections(reader) => reader.stats(),
            EitherReader::Events(reader) => reader.stats(),
        }
    }
}

impl<T: FromConnection> Stream for ConnectionStream<'_, T> {
    type Item = T::Item;

    fn advance(&mut self) -> Result<Option<i64>> {
        let ConnectionStream { input, reader, next, host, .. } = self;
        if let Some(tap) = input.tap {
            tap.missing(reader.stats().events.lost_events);
        }
        let mut totals = self.totals.borrow_mut();
        let taking = Taking { window: input.window, host };
        let mut met = input.met.get();
        loop {
            match reader.take_next(&taking, next, &mut totals, &mut met) {
                Ok(Some(is_taken)) => {
                    input.met.set(met);
                    if is_taken {
                        return Ok(Some(next.time()));
                    }
                }
                Ok(None) => break,
                Err(error) if is_caught_up(&error) => {
                    let reached = self
                        .trail
                        .as_deref()
                        .and_then(|trail| Reached::of(self.log, trail, reader.resume_position()));
                    input.note_reached(reached);
                }
                Err(error) => {
                    pass_silence(error)?;
                    reader.end_what_is_begun();
                }
            }
        }
        totals.add(&reader.stats(), |line| self.places.name(self.log, line));
        Ok(None)
    }

    fn item(&self) -> &T::Item {
        self.next.item()
    }
}

/// Gives the stream that holds the earliest item to `each`, until all are at
/// their end. Streams are taken as sorted; where one is not, its order is kept.
pub(crate) fn merge<S: Stream>(
    streams: &mut [S],
    mut each: impl FnMut(&S) -> Result<()>,
) -> Result<()> {
    let mut heads = BinaryHeap::new();
    for (index, stream) in streams.iter_mut().enumerate() {
        if let Some(time) = stream.advance()? {
            heads.push(Reverse((time, index)));
        }
    }
    while let Some(Reverse((_, index))) = heads.pop() {
        let stream = &mut streams[index];
        each(stream)?;
        if let Some(time) = stream.advance()? {
            heads.push(Reverse((time, index)));
        }
    }
    Ok(())
}
