//! Records, events and connections of a stream, through one buffer. The same over a slice, without
//! copying, is in [`Records`](crate::Records), [`Events`](crate::Events) and
//! [`Connections`](crate::Connections). Files, compression and directories are the caller's.

mod connections;
mod events;

use core::fmt;
use std::io::{self, Read};

use crate::batch::Batch;
use crate::error::RecordError;
use crate::line::{Line, LineBuffer, LineParser};
use crate::reassembly::{Interest, Limits};
use crate::record::Record;
use crate::stats::Stats;

pub use connections::ConnectionReader;
pub use events::EventReader;

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
        ConnectionReader::new(EventReader::with_interest(self, Interest::Connections))
    }
}
