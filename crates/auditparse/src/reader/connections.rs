//! Connections of a stream.

use core::fmt;
use std::io::{self, Read};

use super::EventReader;
use crate::batch::Batch;
use crate::connection::Connection;
use crate::reassembly::{LostRanges, SlotIndex};
use crate::stats::Stats;

/// Reads connections from a stream; made by
/// [`Reader::connections`](crate::Reader::connections).
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
    /// The connections among the events of a reader that keeps what can make them.
    pub(super) fn new(events: EventReader<R>) -> ConnectionReader<R> {
        ConnectionReader { events }
    }

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
