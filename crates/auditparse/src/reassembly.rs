//! Interleaved records become events. This module owns which records belong together, when an
//! event is over, what bounds the events that are not, and what is counted on the way. It does not
//! read lines and takes no clock: time is that of the records.
//!
//! Records belong together when node, time and serial are the same. An event is over
//!
//! - with its `EOE` or `PROCTITLE` record, which the kernel writes last, provided that what must
//!   stand before is there: a `SYSCALL` or `URINGOP` record and, if the call passes an address,
//!   its `SOCKADDR`. Otherwise records are out of order, and the event waits for the time-out;
//! - at once, if its type stands alone (messages of user space and of auditd);
//! - when a record of the same node is [`Limits::timeout_millis`] younger. There is no other order
//!   between events: one that never ends holds up no other;
//! - when [`Limits::open_events`] or [`Limits::open_bytes`] is reached and it is the oldest;
//! - with the end of the input.
//!
//! Nothing is dropped: an event that is cut short is delivered and says so
//! ([`Completion`]), and a record that comes after its event was delivered is delivered by itself
//! as [`Completion::Late`], so that it cannot pass for an event of its own unnoticed.

mod assembler;
mod identities;
mod nodes;
pub(crate) mod slot;

use core::fmt;

#[cfg(doc)]
use crate::event::Completion;
use crate::event::Event;
use crate::event_id::EventId;
use crate::record::Record;

pub(crate) use assembler::{Assembler, Interest};
pub use nodes::LostRanges;
pub(crate) use slot::{Borrowed, Copied, CopiedRecord, SlotIndex};

/// What bounds the memory of reading and reassembly, and the time-out of events.
///
/// The defaults bound it to about 64 MiB of records and some megabytes of bookkeeping. Buffers grow by
/// doubling, so that one event that takes all the room may hold twice as much, and the list of its
/// records once more while it is looked at.
///
/// ```
/// use auditparse::{Limits, Records};
///
/// let limits = Limits::default().with_line_bytes(16 << 10).with_open_events(1000);
/// assert_eq!(limits.timeout_millis, 2000);
/// assert_eq!(Records::with_limits(b"", limits).count(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest line, in bytes; a longer one is counted as
    /// [`TooLong`](crate::RecordErrorKind::TooLong) and skipped. auditd's own lines are below
    /// 9,300 bytes. Default: 1 MiB.
    pub line_bytes: usize,
    /// Bytes that are read from a stream at a time, and the size of its buffer while lines are
    /// shorter. Default: 256 KiB.
    pub read_bytes: usize,
    /// An event ends when a record of its node is this much younger. Default: 2,000, as auditd's
    /// own `end_of_event_timeout`.
    pub timeout_millis: u64,
    /// Events that may be open at a time. Default: 16,384.
    pub open_events: usize,
    /// Bytes of records that open events may hold together: those of their lines, and 128 for each.
    /// Default: 64 MiB.
    pub open_bytes: usize,
    /// Delivered events that are remembered to recognise their late records: at least so many, at
    /// most twice as many. Default: 4,096.
    pub remembered_events: usize,
    /// Nodes whose serials are followed. With more, all open events are delivered and the nodes
    /// learned anew. Default: 65,536.
    pub nodes: usize,
}

impl Limits {
    /// These limits with another [`line_bytes`](Limits::line_bytes).
    ///
    /// ```
    /// use auditparse::{Limits, RecordErrorKind, Records};
    ///
    /// let limits = Limits::default().with_line_bytes(16);
    /// let mut records = Records::with_limits(b"type=CWD msg=audit(1.001:7): cwd=\"/\"", limits);
    /// assert_eq!(records.next().unwrap().unwrap_err().kind(), RecordErrorKind::TooLong);
    /// ```
    #[must_use]
    pub const fn with_line_bytes(self, line_bytes: usize) -> Limits {
        Limits { line_bytes, ..self }
    }

    /// These limits with another [`read_bytes`](Limits::read_bytes).
    ///
    /// ```
    /// let limits = auditparse::Limits::default().with_read_bytes(4 << 10);
    /// assert_eq!(limits.read_bytes, 4096);
    /// ```
    #[must_use]
    pub const fn with_read_bytes(self, read_bytes: usize) -> Limits {
        Limits { read_bytes, ..self }
    }

    /// These limits with another [`timeout_millis`](Limits::timeout_millis).
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
    #[must_use]
    pub const fn with_timeout_millis(self, timeout_millis: u64) -> Limits {
        Limits { timeout_millis, ..self }
    }

    /// These limits with another [`open_events`](Limits::open_events).
    ///
    /// ```
    /// use auditparse::{Completion, Events, Limits};
    ///
    /// let log = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=CWD msg=audit(1.002:8): cwd=\"/\"
    /// ";
    /// let mut events = Events::with_limits(log, Limits::default().with_open_events(1));
    /// assert_eq!(events.next().unwrap().completion(), Completion::Evicted);
    /// ```
    #[must_use]
    pub const fn with_open_events(self, open_events: usize) -> Limits {
        Limits { open_events, ..self }
    }

    /// These limits with another [`open_bytes`](Limits::open_bytes).
    ///
    /// ```
    /// use auditparse::{Completion, Events, Limits};
    ///
    /// // Each record counts as its 36 bytes and 128.
    /// let log = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=CWD msg=audit(1.002:8): cwd=\"/\"
    /// ";
    /// let mut events = Events::with_limits(log, Limits::default().with_open_bytes(200));
    /// assert_eq!(events.next().unwrap().completion(), Completion::Evicted);
    /// ```
    #[must_use]
    pub const fn with_open_bytes(self, open_bytes: usize) -> Limits {
        Limits { open_bytes, ..self }
    }

    /// These limits with another [`remembered_events`](Limits::remembered_events).
    ///
    /// ```
    /// let limits = auditparse::Limits::default().with_remembered_events(1 << 16);
    /// assert_eq!(limits.remembered_events, 65_536);
    /// ```
    #[must_use]
    pub const fn with_remembered_events(self, remembered_events: usize) -> Limits {
        Limits { remembered_events, ..self }
    }

    /// These limits with another [`nodes`](Limits::nodes).
    ///
    /// ```
    /// let limits = auditparse::Limits::default().with_nodes(100);
    /// assert_eq!(limits.nodes, 100);
    /// ```
    #[must_use]
    pub const fn with_nodes(self, nodes: usize) -> Limits {
        Limits { nodes, ..self }
    }

    /// The time at which an event is over, in milliseconds since 1970.
    fn deadline(&self, id: EventId) -> u64 {
        id.millis.saturating_add(self.timeout_millis)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            line_bytes: 1 << 20,
            read_bytes: 256 << 10,
            timeout_millis: 2000,
            open_events: 1 << 14,
            open_bytes: 64 << 20,
            remembered_events: 1 << 12,
            nodes: 1 << 16,
        }
    }
}

/// What reassembly has counted.
///
/// ```
/// use auditparse::Events;
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59
/// type=USER_LOGIN msg=audit(1.002:9): pid=1
/// ";
/// let mut events = Events::new(log);
/// assert_eq!(events.by_ref().count(), 2);
/// let counted = events.stats().events;
/// assert_eq!((counted.events, counted.cut_by_end, counted.lost_events), (2, 1, 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EventStats {
    /// Events delivered, late records not included.
    pub events: u64,
    /// Those of them that ended by time-out.
    pub timed_out: u64,
    /// Those of them that ended because room was needed.
    pub evicted: u64,
    /// Those of them that ended with the input.
    pub cut_by_end: u64,
    /// Events with an address of which it is not known what was called, and which are therefore no
    /// connections: their `SYSCALL` record is missing, cannot be read, or is of an architecture
    /// that is not known.
    pub unknown_calls: u64,
    /// Records that came after their event had been delivered.
    pub late_records: u64,
    /// Serials of the kernel that are missing between those that came, over all nodes.
    pub lost_events: u64,
}

/// Puts events together from records that are pushed into it, for programs that get their records
/// by other ways than a [`Reader`](crate::Reader).
///
/// ```
/// use auditparse::{Limits, Reassembler, Record};
///
/// let mut reassembler = Reassembler::new(Limits::default());
/// for line in [
///     "type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59",
///     "type=USER_LOGIN msg=audit(1.002:8): pid=1",
///     "type=PROCTITLE msg=audit(1.001:7): proctitle=\"sh\"",
/// ] {
///     reassembler.push(&Record::parse(line.as_bytes())?);
///     while let Some(event) = reassembler.next_event() {
///         println!("{} has {} records", event.id(), event.records().len());
///     }
/// }
/// reassembler.finish();
/// assert!(reassembler.next_event().is_none());
/// assert_eq!(reassembler.stats().events, 2);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
pub struct Reassembler {
    assembler: Assembler<CopiedRecord>,
    lent: Option<SlotIndex>,
}

impl fmt::Debug for Reassembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reassembler").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Reassembler {
    /// A reassembler without any event.
    ///
    /// ```
    /// use auditparse::{Limits, Reassembler};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default().with_timeout_millis(500));
    /// assert!(reassembler.next_event().is_none());
    /// ```
    pub fn new(limits: Limits) -> Reassembler {
        Reassembler { assembler: Assembler::new(limits, Interest::Everything), lent: None }
    }

    /// Adds a copy of a record to its event.
    ///
    /// Events that are over wait for [`next_event`](Reassembler::next_event), and [`Limits`] do not
    /// bound how many: take them after each record, or each few.
    ///
    /// ```
    /// use auditparse::{Limits, Reassembler, Record};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default());
    /// reassembler.push(&Record::parse(b"type=USER_LOGIN msg=audit(1.001:7): pid=1")?);
    /// assert_eq!(reassembler.next_event().unwrap().id().serial, 7);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn push(&mut self, record: &Record<'_>) {
        self.assembler.push::<Copied>(record);
    }

    /// The next event that is over, in the order in which they ended.
    ///
    /// ```
    /// use auditparse::{Limits, Reassembler, Record};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default());
    /// reassembler.push(&Record::parse(b"type=CWD msg=audit(1.001:7): cwd=\"/\"")?);
    /// assert!(reassembler.next_event().is_none());
    /// reassembler.push(&Record::parse(b"type=USER_END msg=audit(1.002:8): pid=1")?);
    /// assert_eq!(reassembler.next_event().unwrap().id().serial, 8);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        if let Some(lent) = self.lent.take() {
            self.assembler.release(lent);
        }
        let slot = self.assembler.next_ready()?;
        self.lent = Some(slot);
        Some(self.assembler.event(slot))
    }

    /// Ends the events that are over at this time, in milliseconds since 1970, on every node. For
    /// live input: call it with the wall clock when no record has come for a while.
    ///
    /// ```
    /// use auditparse::{Completion, Limits, Reassembler, Record};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default());
    /// reassembler.push(&Record::parse(b"type=CWD msg=audit(1716998400.001:7): cwd=\"/\"")?);
    /// reassembler.advance_to(1_716_998_403_000);
    /// assert_eq!(reassembler.next_event().unwrap().completion(), Completion::Timeout);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn advance_to(&mut self, millis: u64) {
        self.assembler.advance_to(millis);
    }

    /// Ends all events.
    ///
    /// ```
    /// use auditparse::{Completion, Limits, Reassembler, Record};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default());
    /// reassembler.push(&Record::parse(b"type=CWD msg=audit(1.001:7): cwd=\"/\"")?);
    /// reassembler.finish();
    /// assert_eq!(reassembler.next_event().unwrap().completion(), Completion::EndOfInput);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn finish(&mut self) {
        self.assembler.finish();
    }

    /// What has been counted so far.
    ///
    /// ```
    /// use auditparse::{Limits, Reassembler, Record};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default());
    /// reassembler.push(&Record::parse(b"type=USER_LOGIN msg=audit(1.001:7): pid=1")?);
    /// reassembler.push(&Record::parse(b"type=USER_END msg=audit(2.001:10): pid=1")?);
    /// while reassembler.next_event().is_some() {}
    /// assert_eq!((reassembler.stats().events, reassembler.stats().lost_events), (2, 2));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn stats(&self) -> EventStats {
        self.assembler.stats()
    }

    /// The missing serials, with the node that they belong to (empty without `node=`).
    ///
    /// ```
    /// use auditparse::{Limits, LostRange, Reassembler, Record};
    ///
    /// let mut reassembler = Reassembler::new(Limits::default());
    /// reassembler.push(&Record::parse(b"type=USER_LOGIN msg=audit(1.001:7): pid=1")?);
    /// reassembler.push(&Record::parse(b"type=USER_END msg=audit(2.001:10): pid=1")?);
    /// let (_node, range) = reassembler.lost_ranges().next().unwrap();
    /// assert_eq!(range, LostRange { first: 8, last: 9 });
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn lost_ranges(&self) -> LostRanges<'_> {
        self.assembler.lost_ranges()
    }
}
