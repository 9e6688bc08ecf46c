//! From bytes to records, events and connections: over a slice without copying, or over any
//! [`Read`] through one buffer. This module owns cutting lines, their bound, and the counts of
//! what was read; files, compression and directories are the caller's.

use std::io::{self, Read};

use memchr::memchr;

use crate::connection::Connection;
use crate::continuation::Continuation;
use crate::error::{RecordError, RecordErrorKind};
use crate::event::Event;
use crate::reassembly::{
    Assembler, Borrowed, Copied, CopiedRecord, EventStats, Interest, Limits, SlotIndex,
};
use crate::record::{LastTime, Record};
use crate::serial::LostRange;

/// What has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stats {
    /// Bytes, line ends included.
    pub bytes: u64,
    /// Lines of any kind.
    pub lines: u64,
    /// Lines that are records.
    pub records: u64,
    /// Lines that are not, by reason.
    pub rejected: Rejected,
    /// Events, if events or connections were read.
    pub events: EventStats,
}

/// Lines that are no records: how many of each kind, and where the first was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    kinds: [RejectedKind; RecordErrorKind::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RejectedKind {
    count: u64,
    first_line: u64,
}

impl Rejected {
    /// Lines that were rejected for this reason.
    pub fn count(&self, kind: RecordErrorKind) -> u64 {
        self.kinds[kind as usize].count
    }

    /// Number, from 1, of the first such line.
    pub fn first_line(&self, kind: RecordErrorKind) -> Option<u64> {
        let counted = self.kinds[kind as usize];
        (counted.count > 0).then_some(counted.first_line)
    }

    /// The reasons that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (RecordErrorKind, u64)> + '_ {
        let counts = RecordErrorKind::ALL
            .iter()
            .map(|&kind| (kind, self.count(kind)));
        counts.filter(|&(_, count)| count > 0)
    }

    /// Lines that were rejected for any reason.
    pub fn total(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    fn add(&mut self, kind: RecordErrorKind, line: u64) {
        let counted = &mut self.kinds[kind as usize];
        if counted.count == 0 {
            counted.first_line = line;
        }
        counted.count += 1;
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Rejected {
    /// A map from the names of the reasons that occurred to their counts.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(kind, count)| (kind.name(), count)))
    }
}

/// Reads lines as records and counts them.
struct LineParser {
    line_bytes: usize,
    stats: Stats,
    continuation: Continuation,
    last_time: LastTime,
}

impl LineParser {
    fn new(limits: &Limits) -> LineParser {
        LineParser {
            line_bytes: limits.line_bytes,
            stats: Stats::default(),
            continuation: Continuation::new(),
            last_time: LastTime::default(),
        }
    }

    /// Reads one line, given with its line end.
    fn parse<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        self.stats.bytes += line.len() as u64;
        self.stats.lines += 1;
        let parsed = self.parse_counted(line);
        match &parsed {
            Ok(_) => self.stats.records += 1,
            Err(error) => self.stats.rejected.add(error.kind(), self.stats.lines),
        }
        parsed
    }

    fn parse_counted<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        if line.len() > self.line_bytes {
            return Err(RecordError::new(RecordErrorKind::TooLong, self.line_bytes));
        }
        if self.continuation.is_pending() && self.continuation.takes(line) {
            return Err(RecordError::new(RecordErrorKind::Continuation, 0));
        }
        let record = Record::parse_after(line, &mut self.last_time)?;
        self.continuation.expect_after(&record);
        Ok(record)
    }

    /// Counts a line of `length` bytes that was too long to be kept.
    fn skip_too_long(&mut self, length: u64) -> RecordError {
        self.stats.bytes += length;
        self.stats.lines += 1;
        self.stats
            .rejected
            .add(RecordErrorKind::TooLong, self.stats.lines);
        RecordError::new(RecordErrorKind::TooLong, self.line_bytes)
    }
}

/// Cuts the first line, with its line end, off the front of `input`.
fn cut_line<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    if input.is_empty() {
        return None;
    }
    let length = memchr(b'\n', input).map_or(input.len(), |at| at + 1);
    let (line, rest) = input.split_at(length);
    *input = rest;
    Some(line)
}

/// Iterator over the records of a slice, which it borrows: nothing is copied or allocated.
///
/// Every line gives an item; a line that is no record gives the reason.
///
/// ```
/// use auditparse::{RecordErrorKind, Records};
///
/// let log = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\n\nhello\n";
/// let mut records = Records::new(log);
/// assert_eq!(&*records.next().unwrap()?.get("cwd").unwrap().text(), b"/");
/// assert_eq!(records.next().unwrap().unwrap_err().kind(), RecordErrorKind::Blank);
/// assert_eq!(records.next().unwrap().unwrap_err().kind(), RecordErrorKind::NotAudit);
/// assert_eq!(records.stats().lines, 3);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
pub struct Records<'a> {
    rest: &'a [u8],
    parser: LineParser,
}

impl<'a> Records<'a> {
    /// The records of `input`.
    pub fn new(input: &'a [u8]) -> Records<'a> {
        Records::with_limits(input, &Limits::default())
    }

    /// The records of `input` with another bound of lines.
    pub fn with_limits(input: &'a [u8], limits: &Limits) -> Records<'a> {
        Records {
            rest: input,
            parser: LineParser::new(limits),
        }
    }

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.parser.stats
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        cut_line(&mut self.rest).map(|line| self.parser.parse(line))
    }
}

/// Iterator over the events of a slice, in the order in which they end.
///
/// Lines that are no records are counted in [`stats`](Events::stats).
///
/// ```
/// use auditparse::Events;
///
/// let log = b"type=USER_LOGIN msg=audit(1.001:7): pid=1 msg='op=login res=success'\n";
/// let mut events = Events::new(log);
/// assert_eq!(events.next().unwrap().id().serial, 7);
/// assert!(events.next().is_none());
/// assert_eq!(events.stats().events.events, 1);
/// ```
pub struct Events<'a> {
    records: Records<'a>,
    assembler: Assembler<Record<'a>>,
}

impl<'a> Events<'a> {
    /// The events of `input`.
    pub fn new(input: &'a [u8]) -> Events<'a> {
        Events::with_limits(input, Limits::default())
    }

    /// The events of `input` within other bounds.
    pub fn with_limits(input: &'a [u8], limits: Limits) -> Events<'a> {
        Events::with_interest(input, limits, Interest::Everything)
    }

    fn with_interest(input: &'a [u8], limits: Limits, interest: Interest) -> Events<'a> {
        Events {
            records: Records::with_limits(input, &limits),
            assembler: Assembler::new(limits, interest),
        }
    }

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        Stats {
            events: self.assembler.stats(),
            ..self.records.stats()
        }
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> impl Iterator<Item = (&[u8], LostRange)> {
        self.assembler.lost_ranges()
    }

    /// Reads on until an event is over; gives its slot.
    fn next_slot(&mut self) -> Option<SlotIndex> {
        loop {
            if let Some(slot) = self.assembler.next_ready() {
                return Some(slot);
            }
            match self.records.next() {
                Some(Ok(record)) => self.assembler.push::<Borrowed>(&record),
                Some(Err(_counted)) => {}
                None => {
                    self.assembler.finish();
                    return self.assembler.next_ready();
                }
            }
        }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        self.next_slot().map(|slot| self.assembler.take_event(slot))
    }
}

/// Iterator over the connections of a slice, in the order in which their events end. It keeps only
/// the records that make connections and is faster than asking each of [`Events`].
///
/// See [`Connection`] for an example.
pub struct Connections<'a> {
    events: Events<'a>,
}

impl<'a> Connections<'a> {
    /// The connections of `input`.
    pub fn new(input: &'a [u8]) -> Connections<'a> {
        Connections::with_limits(input, Limits::default())
    }

    /// The connections of `input` within other bounds.
    pub fn with_limits(input: &'a [u8], limits: Limits) -> Connections<'a> {
        Connections {
            events: Events::with_interest(input, limits, Interest::Connections),
        }
    }

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.events.stats()
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> impl Iterator<Item = (&[u8], LostRange)> {
        self.events.lost_ranges()
    }
}

impl<'a> Iterator for Connections<'a> {
    type Item = Connection<'a>;

    #[inline]
    fn next(&mut self) -> Option<Connection<'a>> {
        loop {
            let slot = self.events.next_slot()?;
            if let Ok(connection) = self.events.assembler.take_connection(slot) {
                return Some(connection);
            }
        }
    }
}

/// Bytes that are read at a time, and the first size of the line buffer.
const CHUNK_BYTES: usize = 64 << 10;

/// Cuts lines out of a stream. The buffer grows to the longest line, at most to the bound.
struct LineBuffer<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Bytes that were passed over of a line that is too long, while its end is not found.
    passed_over: Option<u64>,
}

/// A line of a [`LineBuffer`]: where it is, or how long it was.
enum Line {
    At(usize, usize),
    TooLong(u64),
}

impl<R: Read> LineBuffer<R> {
    fn new(source: R) -> LineBuffer<R> {
        LineBuffer {
            source,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at_end: false,
            passed_over: None,
        }
    }

    fn next_line(&mut self, bound: usize) -> io::Result<Option<Line>> {
        if self.passed_over.is_some() {
            return self.skip_line().map(Some);
        }
        let mut searched = self.start;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[searched..self.end]) {
                let start = self.start;
                self.start = searched + at + 1;
                return Ok(Some(Line::At(start, self.start)));
            }
            let length = self.end - self.start;
            if length > bound {
                return self.skip_line().map(Some);
            }
            if self.at_end {
                let start = self.start;
                self.start = self.end;
                return Ok((length > 0).then_some(Line::At(start, self.end)));
            }
            self.fill()?;
            searched = self.start + length;
        }
    }

    /// Reads more bytes behind those that are not consumed yet.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + CHUNK_BYTES {
            self.buffer.resize(self.end + CHUNK_BYTES, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    /// Passes over a line that is too long to be kept; gives its length. After an error of the
    /// source it goes on where it was.
    fn skip_line(&mut self) -> io::Result<Line> {
        loop {
            let rest = &self.buffer[self.start..self.end];
            let found = memchr(b'\n', rest);
            let length = found.map_or(rest.len(), |at| at + 1);
            self.start += length;
            let passed_over = self.passed_over.unwrap_or(0) + length as u64;
            if found.is_some() || self.at_end {
                self.passed_over = None;
                return Ok(Line::TooLong(passed_over));
            }
            self.passed_over = Some(passed_over);
            self.fill()?;
        }
    }
}

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

impl<R: Read> Reader<R> {
    /// A reader of `source`, which needs no buffer of its own.
    pub fn new(source: R) -> Reader<R> {
        Reader::with_limits(source, Limits::default())
    }

    /// A reader with other bounds.
    pub fn with_limits(source: R, limits: Limits) -> Reader<R> {
        Reader {
            lines: LineBuffer::new(source),
            parser: LineParser::new(&limits),
            limits,
        }
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

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.parser.stats
    }

    /// Goes on to read events.
    pub fn events(self) -> EventReader<R> {
        EventReader::with_interest(self, Interest::Everything)
    }

    /// Goes on to read connections.
    pub fn connections(self) -> ConnectionReader<R> {
        ConnectionReader {
            events: EventReader::with_interest(self, Interest::Connections),
        }
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

impl<R: Read> EventReader<R> {
    fn with_interest(records: Reader<R>, interest: Interest) -> EventReader<R> {
        let assembler = Assembler::new(records.limits, interest);
        EventReader {
            records,
            assembler,
            lent: None,
        }
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
            match self.records.next_record()? {
                Some(Ok(record)) => self.assembler.push::<Copied>(&record),
                Some(Err(_counted)) => {}
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

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        Stats {
            events: self.assembler.stats(),
            ..self.records.stats()
        }
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> impl Iterator<Item = (&[u8], LostRange)> {
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
            if self.events.assembler.connection(slot).is_ok() {
                return Ok(self.events.assembler.connection(slot).ok());
            }
        }
    }

    /// Ends the events that are over at this time; see
    /// [`Reassembler::advance_to`](crate::Reassembler::advance_to).
    pub fn advance_to(&mut self, millis: u64) {
        self.events.advance_to(millis);
    }

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.events.stats()
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    pub fn lost_ranges(&self) -> impl Iterator<Item = (&[u8], LostRange)> {
        self.events.lost_ranges()
    }
}
