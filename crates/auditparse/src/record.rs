//! One line of a log: an optional transport prefix, an optional node, a type, the stamp of the
//! event, and a body. This module owns what is asked of a line as a whole; the grammar of its header is
//! [`header`](crate::header)'s, the body's [`segment`](crate::segment)'s, and a value's meaning is
//! [`field`](crate::field)'s.
//!
//! ```text
//! node=web01 type=SYSCALL msg=audit(1716998400.001:100): arch=c000003e syscall=42 …⟨0x1D⟩UID="root"
//! ╰── node ─╯ ╰── type ──╯           ╰── event id ────╯  ╰──────────────── body ─────────────────╯
//! ```

use core::fmt;

use crate::error::RecordError;
use crate::event_id::EventId;
use crate::field::Field;
use crate::header::{KnownHeader, Layout};
use crate::record_type::RecordType;
use crate::segment::{Fields, Segments};

/// A record, borrowed from its line. Nothing is copied or decoded until asked for.
///
/// ```
/// use auditparse::{Record, RecordType};
///
/// let line = b"node=web01 type=SOCKADDR msg=audit(1716998400.001:100): saddr=020001BB0A000001";
/// let record = Record::parse(line)?;
/// assert_eq!(record.node(), Some(&b"web01"[..]));
/// assert_eq!(record.record_type(), RecordType::SOCKADDR);
/// assert_eq!(record.id().serial, 100);
/// assert_eq!(record.get("saddr").unwrap().raw_value(), b"020001BB0A000001");
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    line: &'a [u8],
    layout: Layout,
}

impl<'a> Record<'a> {
    /// Reads one line, with or without its line end.
    ///
    /// ```
    /// use auditparse::Record;
    ///
    /// let record = Record::parse(b"type=USER_CMD msg=audit(1716998400.001:7): pid=9 uid=1000\n")?;
    /// assert_eq!(record.get("uid").unwrap().as_id(), Some(1000));
    /// // As syslog and the kernel's own printk write it.
    /// let line = b"May 29 16:00:00 web01 kernel: [   12.345678] audit: \
    ///     type=1300 audit(1.001:7): pid=9";
    /// assert_eq!(Record::parse(line)?.node(), Some(&b"web01"[..]));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the line has no header that tells which event it belongs to. What is wrong behind the
    /// header never makes an error here: see [`problems`](Record::problems).
    pub fn parse(line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        Record::parse_after(line, &mut KnownHeader::default())
    }

    /// Reads one line of several, given what is known of those before.
    #[inline]
    pub(crate) fn parse_after(
        line: &'a [u8],
        known: &mut KnownHeader,
    ) -> Result<Record<'a>, RecordError> {
        let line = trim_line_end(line);
        let layout = Layout::read(line, known)?;
        Ok(Record { line, layout })
    }

    /// The record of a copy of its line.
    /// Reads a line, given with or without its line end, if its header has the form of nearly all.
    #[inline(always)]
    pub(crate) fn parse_usual(line: &'a [u8], known: &mut KnownHeader) -> Option<Record<'a>> {
        let line = trim_line_end(line);
        Some(Record { line, layout: known.usual(line)? })
    }

    pub(crate) fn with_layout(line: &'a [u8], layout: Layout) -> Record<'a> {
        Record { line, layout }
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    fn part(&self, (start, end): (u32, u32)) -> &'a [u8] {
        &self.line[start as usize..end as usize]
    }

    /// The whole line without its line end.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=EOE msg=audit(1.001:7):\r\n")?;
    /// assert_eq!(record.line(), b"type=EOE msg=audit(1.001:7):");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// The host that wrote the record, from `node=` (auditd's `name_format`) or, without it, from
    /// the prefix that syslog puts in front, if either is there.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"node=web01 type=EOE msg=audit(1.001:7):")?;
    /// assert_eq!(record.node(), Some(&b"web01"[..]));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn node(&self) -> Option<&'a [u8]> {
        (self.layout.node.1 > 0).then(|| self.part(self.layout.node))
    }

    /// The type of the record.
    ///
    /// ```
    /// use auditparse::{Record, RecordType};
    ///
    /// let record = Record::parse(b"type=1306 msg=audit(1.001:7): saddr=020001BB0A000001")?;
    /// assert_eq!(record.record_type(), RecordType::SOCKADDR);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn record_type(&self) -> RecordType {
        self.layout.record_type
    }

    /// The type as the line writes it: `SYSCALL`, `1300` or `UNKNOWN[1334]`.
    ///
    /// ```
    /// let line = b"type=UNKNOWN[1334] msg=audit(1.001:7): prog-id=3";
    /// let record = auditparse::Record::parse(line)?;
    /// assert_eq!(record.type_name(), b"UNKNOWN[1334]");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn type_name(&self) -> &'a [u8] {
        self.part(self.layout.type_name)
    }

    /// Time and serial of the event that the record belongs to.
    ///
    /// ```
    /// use auditparse::{EventId, Record};
    ///
    /// let record = Record::parse(b"type=EOE msg=audit(1716998400.001:7):")?;
    /// assert_eq!(record.id(), EventId { millis: 1_716_998_400_001, serial: 7 });
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn id(&self) -> EventId {
        self.layout.id
    }

    /// Everything behind the stamp, the enrichment included.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=CWD msg=audit(1.001:7): cwd=\"/tmp\"")?;
    /// assert_eq!(record.body(), b"cwd=\"/tmp\"");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn body(&self) -> &'a [u8] {
        &self.line[self.layout.body as usize..]
    }

    /// The fields in order: those of the body, of a nested `msg='…'` and of the enrichment;
    /// [`Field::origin`] tells them apart. Duplicate keys are all there.
    ///
    /// ```
    /// let line = b"type=LOGIN msg=audit(1.001:7): pid=9 uid=0\x1dUID=\"root\"";
    /// let record = auditparse::Record::parse(line)?;
    /// let keys: Vec<_> = record.fields().map(|field| field.key()).collect();
    /// assert_eq!(keys, [&b"pid"[..], b"uid", b"UID"]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    #[inline]
    pub fn fields(&self) -> Fields<'a> {
        Fields::new(self.segments())
    }

    /// The body cut into fields and what stands between them; the pieces put together are the body.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=LOGIN msg=audit(1.001:7): login pid=9")?;
    /// let pieces: Vec<_> = record.segments().map(|segment| segment.raw()).collect();
    /// assert_eq!(pieces, [&b"login"[..], b" ", b"pid=9"]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn segments(&self) -> Segments<'a> {
        Segments::new(self.record_type(), self.body())
    }

    /// The first field with this key.
    ///
    /// Keys are those of the log: auditd writes its interpretations in capitals, so `get("uid")`
    /// is the number and `get("UID")` the name.
    ///
    /// ```
    /// let line = b"type=LOGIN msg=audit(1.001:7): pid=9 uid=0\x1dUID=\"root\"";
    /// let record = auditparse::Record::parse(line)?;
    /// assert_eq!(record.get("uid").unwrap().as_id(), Some(0));
    /// assert_eq!(&*record.get("UID").unwrap().text(), b"root");
    /// assert_eq!(record.get("exe"), None);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    #[inline(never)]
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        self.fields().find(|field| field.key() == key.as_bytes())
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({})", self.line.escape_ascii())
    }
}

/// Cuts one `\n`, and the `\r` before it, off the end.
fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RecordErrorKind;

    fn kind(line: &[u8]) -> RecordErrorKind {
        Record::parse(line).unwrap_err().kind()
    }

    #[test]
    fn header_parts_are_told_apart() {
        let line = b"  node=a.b type=UNKNOWN[1399]  msg=audit(7.012:3): x=1\r\n";
        let record = Record::parse(line).unwrap();
        assert_eq!(record.node(), Some(&b"a.b"[..]));
        assert_eq!(record.type_name(), b"UNKNOWN[1399]");
        assert_eq!(record.record_type().number(), Some(1399));
        assert_eq!(record.id(), EventId { millis: 7012, serial: 3 });
        assert_eq!(record.body(), b"x=1");
        assert_eq!(record.line(), b"  node=a.b type=UNKNOWN[1399]  msg=audit(7.012:3): x=1");
    }

    #[test]
    fn the_body_keeps_every_blank_but_the_stamps_own() {
        assert_eq!(Record::parse(b"type=EOE msg=audit(7.012:3):").unwrap().body(), b"");
        assert_eq!(Record::parse(b"type=EOE msg=audit(7.012:3): ").unwrap().body(), b"");
        assert_eq!(Record::parse(b"type=EOE msg=audit(7.012:3):   ").unwrap().body(), b"  ");
        assert_eq!(Record::parse(b"type=X msg=audit(7.012:3) a=b").unwrap().body(), b"a=b");
    }

    #[test]
    fn each_cut_of_a_header_is_named() {
        assert_eq!(kind(b"node=a"), RecordErrorKind::NotAudit);
        assert_eq!(kind(b"node=a x=y"), RecordErrorKind::NotAudit);
        assert_eq!(kind(b"type= msg=audit(1.001:1):"), RecordErrorKind::NotAudit);
        assert_eq!(kind(b"type=SYSCALL"), RecordErrorKind::NoStamp);
        assert_eq!(kind(b"type=SYSCALL msg=aud"), RecordErrorKind::NoStamp);
        assert_eq!(kind(b"type=SYSCALL msg=audit(12"), RecordErrorKind::Timestamp);
        assert_eq!(kind(b"type=SYSCALL msg=audit(12.001:4"), RecordErrorKind::Serial);
    }
}
