//! Records, events and connections of a stream, through one buffer. The same over a slice, without
//! copying, is in [`Records`](crate::Records), [`Events`](crate::Events) and
//! [`Connections`](crate::Connections). Files, compression and directories are the caller's.

use core::fmt;
use std::io::{self, Read};

use crate::batch::Batch;
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
    ///
    /// ```
    /// let log: &[u8] = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\nnoise\n";
    /// let mut reader = auditparse::Reader::new(log);
    /// while reader.next_record()?.is_some() {}
    /// assert_eq!((reader.stats().lines, reader.stats().records), (2, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stats(&self) -> Stats {
        self.parser.stats
    }

    /// Where in the stream the next line begins, in bytes from the first that was read.
    ///
    /// ```
    /// let log: &[u8] = b"noise\ntype=CWD msg=audit(1.001:7): cwd=\"/\"\n";
    /// let mut reader = auditparse::Reader::new(log);
    /// assert_eq!(reader.position(), 0);
    /// reader.next_record()?;
    /// assert_eq!(reader.position(), 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn position(&self) -> u64 {
        self.parser.stats.bytes
    }
}

impl<R: Read> Reader<R> {
    /// A reader of `source`, which needs no buffer of its own.
    ///
    /// ```
    /// let log = std::io::Cursor::new("type=CWD msg=audit(1.001:7): cwd=\"/\"\n");
    /// let mut reader = auditparse::Reader::new(log);
    /// assert!(reader.next_record()?.is_some());
    /// assert!(reader.next_record()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(source: R) -> Reader<R> {
        Reader::with_limits(source, Limits::default())
    }

    /// A reader with other bounds.
    ///
    /// ```
    /// use auditparse::{Limits, Reader, RecordErrorKind};
    ///
    /// let log: &[u8] = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\n";
    /// let mut reader = Reader::with_limits(log, Limits::default().with_line_bytes(16));
    /// let error = reader.next_record()?.unwrap().unwrap_err();
    /// assert_eq!(error.kind(), RecordErrorKind::TooLong);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_limits(source: R, limits: Limits) -> Reader<R> {
        Reader { lines: LineBuffer::new(source, &limits), parser: LineParser::new(&limits), limits }
    }

    /// The next line as a record, or why it is none; `None` at the end.
    ///
    /// ```
    /// let log: &[u8] = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\nnoise\n";
    /// let mut reader = auditparse::Reader::new(log);
    /// assert_eq!(reader.next_record()?.unwrap()?.type_name(), b"CWD");
    /// assert!(reader.next_record()?.unwrap().is_err());
    /// assert!(reader.next_record()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Copies the next record into `batch`, past lines that are none; whether there was one.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"noise\ntype=CWD msg=audit(1.001:7): cwd=\"/\"\n";
    /// let mut reader = Reader::new(log);
    /// let mut batch = Batch::default();
    /// assert!(reader.next_record_into(&mut batch)?);
    /// assert!(!reader.next_record_into(&mut batch)?);
    /// assert_eq!(batch.record_count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_record_into(&mut self, batch: &mut Batch) -> io::Result<bool> {
        while let Some(record) = self.next_record()? {
            if let Ok(record) = record {
                batch.push_record(&record);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on to read events.
    ///
    /// ```
    /// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\n";
    /// let mut events = auditparse::Reader::new(log).events();
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn events(self) -> EventReader<R> {
        EventReader::with_interest(self, Interest::Everything)
    }

    /// Goes on to read connections.
    ///
    /// ```
    /// let log: &[u8] = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9\n";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(9));
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    /// Where the event that was given last begins.
    start: u64,
}

impl<R> fmt::Debug for EventReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<R> EventReader<R> {
    /// What has been read so far.
    ///
    /// ```
    /// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\nnoise\n";
    /// let mut events = auditparse::Reader::new(log).events();
    /// while events.next_event()?.is_some() {}
    /// let stats = events.stats();
    /// assert_eq!((stats.events.events, stats.rejected.total()), (1, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stats(&self) -> Stats {
        Stats { events: self.assembler.stats(), ..self.records.stats() }
    }

    /// Where in the stream the first record of the event is that was given last, in bytes from the
    /// first that was read; 0 before any was given.
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59
    /// type=USER_LOGIN msg=audit(1.002:8): pid=1
    /// type=PROCTITLE msg=audit(1.001:7): proctitle=\"sh\"
    /// ";
    /// let mut events = auditparse::Reader::new(log).events();
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 8);
    /// assert_eq!((events.event_start(), events.resume_position()), (58, 0));
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 7);
    /// assert_eq!((events.event_start(), events.resume_position()), (0, log.len() as u64));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn event_start(&self) -> u64 {
        self.start
    }

    /// Where in the stream the next line begins, in bytes from the first that was read.
    ///
    /// ```
    /// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\n";
    /// let mut events = auditparse::Reader::new(log).events();
    /// while events.next_event()?.is_some() {}
    /// assert_eq!(events.position(), log.len() as u64);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn position(&self) -> u64 {
        self.records.position()
    }

    /// Where to read on to get all events that were not given yet: where the first record of the
    /// oldest of them is, or else the next line.
    ///
    /// A reader that starts there also finds what is behind it of events that were given, so who
    /// reads on passes over those by their [`id`](Event::id) and node.
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// type=CWD msg=audit(1.002:8): cwd=\"/\"
    /// type=USER_END msg=audit(1.003:9): pid=1
    /// ";
    /// let mut events = auditparse::Reader::new(log).events();
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 7);
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 9);
    /// // Event 8, in the second line, is open.
    /// assert!(log[events.resume_position() as usize..].starts_with(b"type=CWD "));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resume_position(&self) -> u64 {
        self.assembler.oldest_start().unwrap_or_else(|| self.records.position())
    }

    /// Ends the event that has been open longest, as [`Completion::Evicted`], so that
    /// [`resume_position`](EventReader::resume_position) does not stay behind for it.
    ///
    /// [`Completion::Evicted`]: crate::Completion::Evicted
    ///
    /// ```
    /// use auditparse::{Completion, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=USER_END msg=audit(1.002:8): pid=1
    /// ";
    /// let mut events = Reader::new(log).events();
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 8);
    /// events.end_oldest();
    /// assert_eq!(events.next_event()?.unwrap().completion(), Completion::Evicted);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn end_oldest(&mut self) {
        self.assembler.end_oldest();
    }
}

impl<R: Read> EventReader<R> {
    fn with_interest(records: Reader<R>, interest: Interest) -> EventReader<R> {
        let assembler = Assembler::new(records.limits, interest);
        EventReader { records, assembler, lent: None, start: 0 }
    }

    /// The next event that is over; `None` at the end.
    ///
    /// ```
    /// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\n";
    /// let mut events = auditparse::Reader::new(log).events();
    /// assert_eq!(events.next_event()?.unwrap().records().len(), 1);
    /// assert!(events.next_event()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_event(&mut self) -> io::Result<Option<Event<'_>>> {
        Ok(self.next_slot()?.map(|slot| self.assembler.event(slot)))
    }

    /// Copies the next event that is over into `batch`; whether there was one.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\n";
    /// let mut events = Reader::new(log).events();
    /// let mut batch = Batch::default();
    /// assert!(events.next_event_into(&mut batch)?);
    /// assert!(!events.next_event_into(&mut batch)?);
    /// assert_eq!(batch.events().next().unwrap().id().serial, 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_event_into(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let slot = self.next_slot()?;
        slot.iter().for_each(|&slot| self.assembler.copy_to(slot, batch));
        Ok(slot.is_some())
    }

    /// The slot of the next event that is over, until the next call.
    fn next_slot(&mut self) -> io::Result<Option<SlotIndex>> {
        if let Some(lent) = self.lent.take() {
            self.assembler.release(lent);
        }
        loop {
            if let Some(slot) = self.lend() {
                return Ok(Some(slot));
            }
            let position = self.records.position();
            match self.records.lines.next_line(self.records.parser.line_bytes)? {
                Some(Line::At(start, end)) => {
                    // A record that `next_record` gives would be moved on its way.
                    let line = &self.records.lines.buffer[start..end];
                    let parser = &mut self.records.parser;
                    let is_open = |node: &[u8], id| self.assembler.is_at(node, id);
                    if self.assembler.is_selective() && parser.pass_over(line, is_open) {
                        continue;
                    }
                    if let Ok(record) = parser.parse(line) {
                        self.assembler.stand_at(position);
                        self.assembler.push::<Copied>(&record);
                    }
                }
                Some(Line::TooLong(length)) => {
                    let _counted = self.records.parser.skip_too_long(length);
                }
                None => {
                    self.assembler.finish();
                    return Ok(self.lend());
                }
            }
        }
    }

    /// Takes the next slot that is ready, to be released when another is asked for.
    fn lend(&mut self) -> Option<SlotIndex> {
        let slot = self.assembler.next_ready()?;
        self.start = self.assembler.start(slot);
        self.lent = Some(slot);
        self.lent
    }

    /// Ends the events that are over at this time; see
    /// [`Reassembler::advance_to`](crate::Reassembler::advance_to).
    ///
    /// ```
    /// use auditparse::{Completion, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=USER_END msg=audit(1.002:8): pid=1
    /// ";
    /// let mut events = Reader::new(log).events();
    /// assert_eq!(events.next_event()?.unwrap().id().serial, 8);
    /// events.advance_to(4000);
    /// assert_eq!(events.next_event()?.unwrap().completion(), Completion::Timeout);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn advance_to(&mut self, millis: u64) {
        self.assembler.advance_to(millis);
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    ///
    /// ```
    /// use auditparse::{LostRange, Reader};
    ///
    /// let log: &[u8] = b"\
    /// node=web01 type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// node=web01 type=USER_END msg=audit(2.001:10): pid=1
    /// ";
    /// let mut events = Reader::new(log).events();
    /// while events.next_event()?.is_some() {}
    /// let lost: Vec<_> = events.lost_ranges().collect();
    /// assert_eq!(lost, [(&b"web01"[..], LostRange { first: 8, last: 9 })]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9
    /// noise
    /// ";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// while connections.next_connection()?.is_some() {}
    /// let stats = connections.stats();
    /// assert_eq!((stats.records, stats.rejected.total()), (1, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stats(&self) -> Stats {
        self.events.stats()
    }

    /// Where in the stream the first record of the connection is that was given last; see
    /// [`EventReader::event_start`].
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// noise
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9
    /// ";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// connections.next_connection()?;
    /// assert_eq!(connections.event_start(), 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn event_start(&self) -> u64 {
        self.events.event_start()
    }

    /// Where in the stream the next line begins; see [`EventReader::position`].
    ///
    /// ```
    /// let log: &[u8] = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9\n";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// connections.next_connection()?;
    /// assert_eq!(connections.position(), log.len() as u64);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn position(&self) -> u64 {
        self.events.position()
    }

    /// Where to read on to get all connections that were not given yet; see
    /// [`EventReader::resume_position`].
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 pid=9
    /// type=SYSCALL msg=audit(9.001:8): arch=c000003e syscall=42 success=yes exit=0 pid=10
    /// ";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(9));
    /// // Event 8 is open.
    /// let rest = &log[connections.resume_position() as usize..];
    /// assert!(rest.starts_with(b"type=SYSCALL msg=audit(9.001:8)"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resume_position(&self) -> u64 {
        self.events.resume_position()
    }

    /// Ends the event that has been open longest; see [`EventReader::end_oldest`].
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 pid=9
    /// type=SYSCALL msg=audit(9.001:8): arch=c000003e syscall=42 success=yes exit=0 pid=10
    /// ";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(9));
    /// connections.end_oldest();
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(10));
    /// assert_eq!(connections.stats().events.evicted, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn end_oldest(&mut self) {
        self.events.end_oldest();
    }
}

impl<R: Read> ConnectionReader<R> {
    /// The next connection; `None` at the end.
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59 success=yes exit=0 pid=9
    /// type=SYSCALL msg=audit(1.002:8): arch=c000003e syscall=42 success=yes exit=0 pid=10
    /// ";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(10));
    /// assert!(connections.next_connection()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_connection(&mut self) -> io::Result<Option<Connection<'_>>> {
        let slot = self.next_slot()?;
        Ok(slot.and_then(|slot| self.events.assembler.connection(slot).ok()))
    }

    /// Copies the next connection into `batch`; whether there was one.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9\n";
    /// let mut connections = Reader::new(log).connections();
    /// let mut batch = Batch::default();
    /// assert!(connections.next_connection_into(&mut batch)?);
    /// assert!(!connections.next_connection_into(&mut batch)?);
    /// assert_eq!(batch.connections().next().unwrap()?.pid(), Some(9));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the source, which end nothing: a later call reads on.
    pub fn next_connection_into(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let slot = self.next_slot()?;
        slot.iter().for_each(|&slot| self.events.assembler.copy_to(slot, batch));
        Ok(slot.is_some())
    }

    /// The slot of the next connection, until the next call.
    fn next_slot(&mut self) -> io::Result<Option<SlotIndex>> {
        while let Some(slot) = self.events.next_slot()? {
            if self.events.assembler.is_connection(slot) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Ends the events that are over at this time; see
    /// [`Reassembler::advance_to`](crate::Reassembler::advance_to).
    ///
    /// ```
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 pid=9
    /// type=SYSCALL msg=audit(9.001:8): arch=c000003e syscall=42 success=yes exit=0 pid=10
    /// ";
    /// let mut connections = auditparse::Reader::new(log).connections();
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(9));
    /// connections.advance_to(12_000);
    /// assert_eq!(connections.next_connection()?.unwrap().pid(), Some(10));
    /// assert_eq!(connections.stats().events.timed_out, 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn advance_to(&mut self, millis: u64) {
        self.events.advance_to(millis);
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    ///
    /// ```
    /// use auditparse::{LostRange, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// type=USER_END msg=audit(2.001:10): pid=1
    /// ";
    /// let mut connections = Reader::new(log).connections();
    /// while connections.next_connection()?.is_some() {}
    /// let lost: Vec<_> = connections.lost_ranges().collect();
    /// assert_eq!(lost, [(&b""[..], LostRange { first: 8, last: 9 })]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn lost_ranges(&self) -> LostRanges<'_> {
        self.events.lost_ranges()
    }
}
