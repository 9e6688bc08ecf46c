//! Records, events and connections of a slice, as iterators whose items borrow from it. The same
//! over a stream is [`reader`](crate::Reader)'s.

use core::fmt;

use crate::connection::Connection;
use crate::error::RecordError;
use crate::event::Event;
use crate::line::{LineParser, cut_line};
use crate::reassembly::{Assembler, Borrowed, Interest, Limits, LostRanges, SlotIndex};
use crate::record::Record;
use crate::stats::Stats;

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
    ///
    /// ```
    /// let mut records = auditparse::Records::new(b"type=CWD msg=audit(1.001:7): cwd=\"/\"\n");
    /// assert_eq!(records.next().unwrap()?.type_name(), b"CWD");
    /// assert!(records.next().is_none());
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn new(input: &'a [u8]) -> Records<'a> {
        Records::with_limits(input, Limits::default())
    }

    /// The records of `input` with another bound of lines.
    ///
    /// ```
    /// use auditparse::{Limits, Records};
    ///
    /// let log = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\ntype=EOE msg=audit(1.001:7):\n";
    /// let records = Records::with_limits(log, Limits::default().with_line_bytes(30));
    /// assert_eq!(records.map(|record| record.is_ok()).collect::<Vec<_>>(), [false, true]);
    /// ```
    pub fn with_limits(input: &'a [u8], limits: Limits) -> Records<'a> {
        Records { rest: input, parser: LineParser::new(&limits) }
    }

    /// What has been read so far.
    ///
    /// ```
    /// let log = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\nnoise\n";
    /// let mut records = auditparse::Records::new(log);
    /// assert_eq!(records.by_ref().count(), 2);
    /// assert_eq!((records.stats().lines, records.stats().records), (2, 1));
    /// ```
    pub fn stats(&self) -> Stats {
        self.parser.stats
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("stats", &self.stats()).finish_non_exhaustive()
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
    ///
    /// ```
    /// let log = b"\
    /// type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// type=USER_END msg=audit(2.001:8): pid=1
    /// ";
    /// assert_eq!(auditparse::Events::new(log).count(), 2);
    /// ```
    pub fn new(input: &'a [u8]) -> Events<'a> {
        Events::with_limits(input, Limits::default())
    }

    /// The events of `input` within other bounds.
    ///
    /// ```
    /// use auditparse::{Completion, Events, Limits};
    ///
    /// let log = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=CWD msg=audit(1.501:8): cwd=\"/\"
    /// ";
    /// let mut events = Events::with_limits(log, Limits::default().with_timeout_millis(100));
    /// assert_eq!(events.next().unwrap().completion(), Completion::Timeout);
    /// ```
    pub fn with_limits(input: &'a [u8], limits: Limits) -> Events<'a> {
        Events::with_interest(input, limits, Interest::Everything)
    }

    fn with_interest(input: &'a [u8], limits: Limits, interest: Interest) -> Events<'a> {
        Events {
            records: Records::with_limits(input, limits),
            assembler: Assembler::new(limits, interest),
        }
    }

    /// What has been read so far.
    ///
    /// ```
    /// let log = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\nnoise\n";
    /// let mut events = auditparse::Events::new(log);
    /// assert_eq!(events.by_ref().count(), 1);
    /// assert_eq!((events.stats().events.events, events.stats().rejected.total()), (1, 1));
    /// ```
    pub fn stats(&self) -> Stats {
        Stats { events: self.assembler.stats(), ..self.records.stats() }
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    ///
    /// ```
    /// use auditparse::{Events, LostRange};
    ///
    /// let log = b"\
    /// node=web01 type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// node=web01 type=USER_END msg=audit(2.001:10): pid=1
    /// ";
    /// let mut events = Events::new(log);
    /// assert_eq!(events.by_ref().count(), 2);
    /// let lost: Vec<_> = events.lost_ranges().collect();
    /// assert_eq!(lost, [(&b"web01"[..], LostRange { first: 8, last: 9 })]);
    /// ```
    pub fn lost_ranges(&self) -> LostRanges<'_> {
        self.assembler.lost_ranges()
    }

    /// Reads on until an event is over; gives its slot.
    fn next_slot(&mut self) -> Option<SlotIndex> {
        loop {
            if let Some(slot) = self.assembler.next_ready() {
                return Some(slot);
            }
            let Some(line) = cut_line(&mut self.records.rest) else {
                self.assembler.finish();
                return self.assembler.next_ready();
            };
            let parser = &mut self.records.parser;
            if let Some(record) = parser.parse_usual(line) {
                self.assembler.push::<Borrowed>(&record);
            } else if let Ok(record) = parser.parse_any(line) {
                self.assembler.push_any::<Borrowed>(&record);
            }
        }
    }
}

impl fmt::Debug for Events<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("stats", &self.stats()).finish_non_exhaustive()
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
/// ```
/// use auditparse::Connections;
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
/// ";
/// let mut connections = Connections::new(log);
/// assert_eq!(connections.next().unwrap().address().unwrap().to_string(), "10.0.0.1:443");
/// assert!(connections.next().is_none());
/// assert_eq!(connections.stats().records, 2);
/// ```
pub struct Connections<'a> {
    events: Events<'a>,
}

impl<'a> Connections<'a> {
    /// The connections of `input`.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9\n";
    /// assert_eq!(auditparse::Connections::new(log).next().unwrap().pid(), Some(9));
    /// ```
    pub fn new(input: &'a [u8]) -> Connections<'a> {
        Connections::with_limits(input, Limits::default())
    }

    /// The connections of `input` within other bounds.
    ///
    /// ```
    /// use auditparse::{Connections, Limits};
    ///
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9\n";
    /// assert_eq!(Connections::with_limits(log, Limits::default().with_line_bytes(30)).count(), 0);
    /// ```
    pub fn with_limits(input: &'a [u8], limits: Limits) -> Connections<'a> {
        Connections { events: Events::with_interest(input, limits, Interest::Connections) }
    }

    /// What has been read so far.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 pid=9\nnoise\n";
    /// let mut connections = auditparse::Connections::new(log);
    /// assert_eq!(connections.by_ref().count(), 1);
    /// assert_eq!(connections.stats().rejected.total(), 1);
    /// ```
    pub fn stats(&self) -> Stats {
        self.events.stats()
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    ///
    /// ```
    /// use auditparse::{Connections, LostRange};
    ///
    /// let log = b"\
    /// type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// type=USER_END msg=audit(2.001:10): pid=1
    /// ";
    /// let mut connections = Connections::new(log);
    /// assert_eq!(connections.by_ref().count(), 0);
    /// let (_node, range) = connections.lost_ranges().next().unwrap();
    /// assert_eq!(range, LostRange { first: 8, last: 9 });
    /// ```
    pub fn lost_ranges(&self) -> LostRanges<'_> {
        self.events.lost_ranges()
    }
}

impl fmt::Debug for Connections<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<'a> Iterator for Connections<'a> {
    type Item = Connection<'a>;

    #[inline]
    fn next(&mut self) -> Option<Connection<'a>> {
        loop {
            let slot = self.events.next_slot()?;
            let connection = self.events.assembler.take_connection(slot);
            if connection.is_some() {
                return connection;
            }
        }
    }
}
