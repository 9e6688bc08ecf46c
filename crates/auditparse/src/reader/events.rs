//! Events of a stream.

use core::fmt;
use std::io::{self, Read};

use super::Reader;
use crate::batch::Batch;
use crate::event::Event;
use crate::line::Line;
use crate::reassembly::{Assembler, Copied, CopiedRecord, Interest, LostRanges, SlotIndex};
use crate::stats::Stats;

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
    pub(super) assembler: Assembler<CopiedRecord>,
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
    pub(super) fn with_interest(records: Reader<R>, interest: Interest) -> EventReader<R> {
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
    pub(super) fn next_slot(&mut self) -> io::Result<Option<SlotIndex>> {
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
                    self.assembler.stand_at(position);
                    if let Some(record) = parser.parse_usual(line) {
                        self.assembler.push::<Copied>(&record);
                    } else if let Ok(record) = parser.parse_any(line) {
                        self.assembler.push_any::<Copied>(&record);
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
