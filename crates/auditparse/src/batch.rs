//! Records and events that were copied out of a reader, many in one buffer, to be looked at later
//! or on another thread. This module owns the copies; what is read of them is
//! [`Record`]'s, [`Event`]'s and [`Connection`]'s.

use core::fmt;

use crate::attempt::NotAConnection;
use crate::connection::Connection;
use crate::event::{Completion, Event};
use crate::event_id::EventId;
use crate::reassembly::slot::CopiedRecord;
use crate::record::Record;
use crate::syscall::CallHead;

/// Owned records, events or connections, in the order in which a reader gave them:
/// [`Reader::next_record_into`](crate::Reader::next_record_into) adds records,
/// [`EventReader::next_event_into`](crate::EventReader::next_event_into) events and
/// [`ConnectionReader::next_connection_into`](crate::ConnectionReader::next_connection_into)
/// connections. A batch that is emptied keeps its memory.
///
/// ```
/// use auditparse::{Batch, Reader};
///
/// let log: &[u8] = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010000000000000000
/// ";
/// let mut connections = Reader::new(log).connections();
/// let mut batch = Batch::default();
/// while connections.next_connection_into(&mut batch)? {}
/// let port = std::thread::spawn(move || {
///     let connection = batch.connections().next()?.ok()?;
///     connection.address().ok()?.port()
/// });
/// assert_eq!(port.join().unwrap(), Some(443));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<CopiedRecord>,
    events: Vec<CopiedEvent>,
}

/// What is known of an event beside its records.
#[derive(Clone, Copy)]
struct CopiedEvent {
    id: EventId,
    completion: Completion,
    head: Option<CallHead>,
    /// How many records of the batch there are up to its last.
    end: usize,
}

impl Batch {
    /// Takes everything out.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"type=CWD msg=audit(1.001:7): cwd=\"/\"\n";
    /// let mut batch = Batch::default();
    /// Reader::new(log).next_record_into(&mut batch)?;
    /// batch.clear();
    /// assert!(batch.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
        self.events.clear();
    }

    /// Number of events or connections.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"type=USER_LOGIN msg=audit(1.001:7): pid=1\n";
    /// let mut batch = Batch::default();
    /// Reader::new(log).events().next_event_into(&mut batch)?;
    /// assert_eq!(batch.event_count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Number of records, those of events included.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// type=PATH msg=audit(1.001:7): item=0 name=\"/tmp\"
    /// ";
    /// let mut batch = Batch::default();
    /// Reader::new(log).events().next_event_into(&mut batch)?;
    /// assert_eq!((batch.record_count(), batch.event_count()), (2, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn record_count(&self) -> usize {
        self.records.len()
    }

    /// Whether there is nothing in it.
    ///
    /// ```
    /// assert!(auditparse::Batch::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of memory that what is in it takes.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let line: &[u8] = b"type=CWD msg=audit(1.001:7): cwd=\"/\"";
    /// let mut batch = Batch::default();
    /// assert_eq!(batch.size(), 0);
    /// Reader::new(line).next_record_into(&mut batch)?;
    /// assert!(batch.size() > line.len()); // the line, and where its parts are
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.bytes.len()
            + self.records.len() * size_of::<CopiedRecord>()
            + self.events.len() * size_of::<CopiedEvent>()
    }

    /// The records, those of events included.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=CWD msg=audit(1.001:7): cwd=\"/\"
    /// noise
    /// type=EOE msg=audit(1.001:7):
    /// ";
    /// let mut reader = Reader::new(log);
    /// let mut batch = Batch::default();
    /// while reader.next_record_into(&mut batch)? {}
    /// let types: Vec<_> = batch.records().map(|record| record.type_name()).collect();
    /// assert_eq!(types, [&b"CWD"[..], b"EOE"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records.iter().map(|record| record.record(&self.bytes))
    }

    /// The events.
    ///
    /// ```
    /// use auditparse::{Batch, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=USER_LOGIN msg=audit(1.001:7): pid=1
    /// type=USER_END msg=audit(2.001:8): pid=1
    /// ";
    /// let mut reader = Reader::new(log).events();
    /// let mut batch = Batch::default();
    /// while reader.next_event_into(&mut batch)? {}
    /// let serials: Vec<_> = batch.events().map(|event| event.id().serial).collect();
    /// assert_eq!(serials, [7, 8]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.grouped().map(|(event, records)| {
            let records = records.iter().map(|record| record.record(&self.bytes));
            Event::new(event.id, event.completion, records)
        })
    }

    /// Each event as a connection; an error for one that is none.
    ///
    /// ```
    /// use auditparse::{Batch, NotAConnection, Reader};
    ///
    /// let log: &[u8] = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=9
    /// type=SYSCALL msg=audit(1.002:8): arch=c000003e syscall=59 success=yes exit=0 a0=0 pid=9
    /// ";
    /// let mut reader = Reader::new(log).events();
    /// let mut batch = Batch::default();
    /// while reader.next_event_into(&mut batch)? {}
    /// let mut connections = batch.connections();
    /// assert_eq!(connections.next().unwrap()?.pid(), Some(9));
    /// assert_eq!(connections.next().unwrap().unwrap_err(), NotAConnection::OtherCall);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn connections(&self) -> impl Iterator<Item = Result<Connection<'_>, NotAConnection>> {
        self.grouped().map(|(event, records)| {
            let records = records.iter().map(|record| record.record(&self.bytes));
            Connection::from_records(event.id, event.head, records)
        })
    }

    /// The events, each with its records.
    fn grouped(&self) -> impl Iterator<Item = (&CopiedEvent, &[CopiedRecord])> {
        let mut start = 0;
        self.events.iter().map(move |event| {
            let records = &self.records[start..event.end];
            start = event.end;
            (event, records)
        })
    }

    pub(crate) fn push_record(&mut self, record: &Record<'_>) {
        let copied = CopiedRecord::copy(record, &mut self.bytes);
        self.records.push(copied);
    }

    /// Adds an event whose records have their lines in `bytes`.
    pub(crate) fn push_event(
        &mut self,
        id: EventId,
        completion: Completion,
        head: Option<CallHead>,
        records: &[CopiedRecord],
        bytes: &[u8],
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.records.extend(records.iter().map(|record| record.behind(start)));
        self.events.push(CopiedEvent { id, completion, head, end: self.records.len() });
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("events", &self.event_count())
            .field("records", &self.record_count())
            .field("size", &self.size())
            .finish()
    }
}
