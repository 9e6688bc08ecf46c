//! Records, events and connections of a stream, through one buffer. The same over a slice, without
//! copying, is in [`Records`](crate::Records), [`Events`](crate::Events) and
//! [`Connections`](crate::Connections). Files, compression and directories are the caller's.

use core::fmt;
use std::io::{self, Read};

use crate::connection::Connection;
use crate::error::RecordError;
use crate::event::Event;
use crate::line::{Line, LineBuffer, LineParser};
use crate::reassembly::{Assembler, Copied, CopiedRecord, Interest, Limits, LostRanges, SlotIndex};
use crate::record::Record;
use crate::stats::Stats;

/// Reads records from a stream through one buffer, and gives readers of events and connections.
///
/// Records, events and connections borrow from the reader until the next is read, so there are
/// methods in the place of iterators.
///
/// ```
/// let log: &[u8] = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\n";
/// let mut reader = auditparse::Reader::new(log);
/// while let Some(record) = reader.next_record()? {
///     println!("{:?}", record?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reader<R> {
    lines: LineBuffer<R>,
    limits: Limits,
    parser: LineParser,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<R> Reader<R> {
    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.parser.stats
    }
}

impl<R: Read> Reader<R> {
    /// A reader of `source`, which needs no buffer of its own.
    pub fn new(source: R) -> Reader<R> {
        Reader::with_limits(source, Limits::default())
    }

    /// A reader with other bounds.
    pub fn with_limits(source: R, limits: Limits) -> Reader<R> {
        Reader { lines: LineBuffer::new(source, &limits), parser: LineParser::new(&limits), limits }
    }

    /// The next line as a record, or why it is none; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_record(&mut self) -> io::Result<Option<Result<Record<'_>, RecordError>>> {
        Ok(match self.lines.next_line(self.parser.line_bytes)? {
            Some(Line::At(start, end)) => Some(self.parser.parse(&self.lines.buffer[start..end])),
            Some(Line::TooLong(length)) => Some(Err(self.parser.skip_too_long(length))),
            None => None,
        })
    }

    /// Goes on to read events.
    pub fn events(self) -> EventReader<R> {
        EventReader::with_interest(self, Interest::Everything)
    }

    /// Goes on to read connections.
    pub fn connections(self) -> ConnectionReader<R> {
        ConnectionReader { events: EventReader::with_interest(self, Interest::Connections) }
    }
}

/// Reads events from a stream; made by [`Reader::events`].
///
/// ```
/// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\n";
/// let mut events = auditparse::Reader::new(log).events();
/// while let Some(event) = events.next_event()? {
///     println!("{:?}", event);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct EventReader<R> {
    records: Reader<R>,
    assembler: Assembler<CopiedRecord>,
    lent: Option<SlotIndex>,
}

impl<R> fmt::Debug for EventReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<R> EventReader<R> {
    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        Stats { events: self.assembler.stats(), ..self.records.stats() }
    }
}

impl<R: Read> EventReader<R> {
    fn with_interest(records: Reader<R>, interest: Interest) -> EventReader<R> {
        let assembler = Assembler::new(records.limits, interest);
        EventReader { records, assembler, lent: None }
    }

    /// The next event that is over; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_event(&mut self) -> io::Result<Option<Event<'_>>> {
        Ok(self.next_slot()?.map(|slot| self.assembler.event(slot)))
    }

    fn next_slot(&mut self) -> io::Result<Option<SlotIndex>> {
        if let Some(lent) = self.lent.take() {
            self.assembler.release(lent);
        }
        loop {
            self.lent = self.assembler.next_ready();
            if self.lent.is_some() {
                return Ok(self.lent);
            }
            match self.records.lines.next_line(self.records.parser.line_bytes)? {
                Some(Line::At(start, end)) => {
                    // A record that `next_record` gives would be moved on its way.
                    let line = &self.records.lines.buffer[start..end];
                    if let Ok(record) = self.records.parser.parse(line) {
                        self.assembler.push::<Copied>(&record);
                    }
                }
                Some(Line::TooLong(length)) => {
                    let _counted = self.records.parser.skip_too_long(length);
                }
                None => {
                    self.assembler.finish();
                    self.lent = self.assembler.next_ready();
                    return Ok(self.lent);
                }
            }
        }
    }

    /// Ends the events that are over at this time; see
    /// [`Reassembler::advance_to`](crate::Reassembler::advance_to).
    pub fn advance_to(&mut self, millis: u64) {
        self.assembler.advance_to(millis);
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> LostRanges<'_> {
        self.assembler.lost_ranges()
    }
}

/// Reads connections from a stream; made by [`Reader::connections`].
///
/// ```
/// let log: &[u8] = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010000000000000000
/// ";
/// let mut connections = auditparse::Reader::new(log).connections();
/// while let Some(connection) = connections.next_connection()? {
///     assert_eq!(connection.address().unwrap().port(), Some(443));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ConnectionReader<R> {
    events: EventReader<R>,
}

impl<R> fmt::Debug for ConnectionReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionReader").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<R> ConnectionReader<R> {
    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.events.stats()
    }
}

impl<R: Read> ConnectionReader<R> {
    /// The next connection; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_connection(&mut self) -> io::Result<Option<Connection<'_>>> {
        loop {
            let Some(slot) = self.events.next_slot()? else {
                return Ok(None);
            };
            if self.events.assembler.is_connection(slot) {
                return Ok(self.events.assembler.connection(slot).ok());
            }
        }
    }

    /// Ends the events that are over at this time; see
    /// [`Reassembler::advance_to`](crate::Reassembler::advance_to).
    pub fn advance_to(&mut self, millis: u64) {
        self.events.advance_to(millis);
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> LostRanges<'_> {
        self.events.lost_ranges()
    }
}
