//! One line of a log: an optional transport prefix, an optional node, a type, the stamp of the
//! event, and a body. This module owns the header; the body's grammar is
//! [`segment`](crate::segment)'s and a value's meaning is [`field`](crate::field)'s.
//!
//! ```text
//! node=web01 type=SYSCALL msg=audit(1716998400.001:100): arch=c000003e syscall=42 …⟨0x1D⟩UID="root"
//! ╰── node ─╯ ╰── type ──╯           ╰── event id ────╯  ╰──────────────── body ─────────────────╯
//! ```

use core::fmt;

use nom::branch::alt;
use nom::combinator::{map, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::error::{RecordError, RecordErrorKind};
use crate::event_id::EventId;
use crate::field::Field;
use crate::problems::Problems;
use crate::record_type::RecordType;
use crate::scan::find;
use crate::segment::{Fields, Segments};
use crate::transport;

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

/// Where the parts of a record stand in its line, and what its header says. Offsets are 32 bits
/// wide: a longer line is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    id: EventId,
    /// Start and end; both 0 without a node.
    node: (u32, u32),
    type_name: (u32, u32),
    body: u32,
    record_type: RecordType,
}

/// The stamp that was read last. Most records have the same as the one before them, and comparing
/// is faster than reading.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastStamp {
    time: Option<TimeText>,
    millis: u64,
    /// The serial and what follows it, if it ends within them.
    serial_text: Option<[u8; 8]>,
    serial_digits: usize,
    serial: u32,
}

/// `1716998400.001`, the form of any time from 2001 to 2286, in two words that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeText(u64, u64);

impl TimeText {
    const LENGTH: usize = 14;

    /// The time in front of `input`, if that is its form and the serial follows it.
    #[inline]
    fn of(input: &[u8]) -> Option<TimeText> {
        let text = input.first_chunk::<{ TimeText::LENGTH + 1 }>()?;
        let seconds = u64::from_le_bytes(*text.first_chunk()?);
        let millis = u64::from_le_bytes(*text[6..TimeText::LENGTH].first_chunk()?);
        (text[TimeText::LENGTH] == b':').then_some(TimeText(seconds, millis))
    }

    /// Whether the text in front of `input` is a time: others can have a colon in its place.
    fn is_time(input: &[u8]) -> bool {
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        digits(&input[..10]) && input[10] == b'.' && digits(&input[11..TimeText::LENGTH])
    }
}

impl LastStamp {
    /// Reads a stamp behind its opening parenthesis; gives the id and the rest.
    #[inline]
    fn read<'a>(
        &mut self,
        input: &'a [u8],
        offset: usize,
    ) -> Result<(EventId, &'a [u8]), RecordError> {
        const SERIAL: usize = TimeText::LENGTH + 1;

        let time = TimeText::of(input);
        if time.is_some() && time == self.time {
            let (serial, rest) = self.read_serial(&input[SERIAL..], offset + SERIAL)?;
            return Ok((EventId { millis: self.millis, serial }, rest));
        }
        let (id, rest) = EventId::parse_prefix(input, offset)?;
        if time.is_some() && TimeText::is_time(input) {
            (self.time, self.millis) = (time, id.millis);
            self.note_serial(&input[SERIAL..], rest, id.serial);
        }
        Ok((id, rest))
    }

    #[inline]
    fn read_serial<'a>(
        &mut self,
        input: &'a [u8],
        offset: usize,
    ) -> Result<(u32, &'a [u8]), RecordError> {
        let text = input.first_chunk();
        if text.is_some() && text == self.serial_text.as_ref() {
            return Ok((self.serial, &input[self.serial_digits..]));
        }
        let (serial, rest) = EventId::parse_serial(input, offset)?;
        self.note_serial(input, rest, serial);
        Ok((serial, rest))
    }

    /// Notes the serial in front of `input`; what follows it is `rest`.
    fn note_serial(&mut self, input: &[u8], rest: &[u8], serial: u32) {
        let digits = input.len() - rest.len();
        let text = input.first_chunk().filter(|text| digits < text.len());
        (self.serial_text, self.serial_digits, self.serial) = (text.copied(), digits, serial);
    }
}

impl<'a> Record<'a> {
    /// Reads one line, with or without its line end.
    ///
    /// # Errors
    ///
    /// If the line has no header that tells which event it belongs to. What is wrong behind the
    /// header never makes an error here: see [`problems`](Record::problems).
    pub fn parse(line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        Record::parse_after(line, &mut LastStamp::default())
    }

    /// Reads one line of several, whose last stamp is at hand.
    #[inline]
    pub(crate) fn parse_after(
        line: &'a [u8],
        last: &mut LastStamp,
    ) -> Result<Record<'a>, RecordError> {
        let line = trim_line_end(line);
        if line.len() > u32::MAX as usize {
            return Err(RecordError::new(RecordErrorKind::TooLong, u32::MAX as usize));
        }
        let at = |rest: &[u8]| line.len() - rest.len();
        let fail = |kind, rest: &[u8]| RecordError::new(kind, at(rest));

        let (rest, node) = match literal(b"type=")(line) {
            Ok((rest, ())) => (rest, None),
            Err(_) => behind_prefix(line)?,
        };
        let (rest, type_name) = word(rest).map_err(|_| fail(RecordErrorKind::NotAudit, rest))?;
        let (rest, ()) = stamp_start(rest).map_err(|_| fail(RecordErrorKind::NoStamp, rest))?;
        let (id, rest) = last.read(rest, at(rest))?;
        let rest = rest.strip_prefix(b")").ok_or_else(|| fail(RecordErrorKind::Serial, rest))?;
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        let body = rest.strip_prefix(b" ").unwrap_or(rest);

        let range = |part: &[u8]| {
            let offset = part.as_ptr() as usize - line.as_ptr() as usize;
            (offset as u32, (offset + part.len()) as u32)
        };
        let layout = Layout {
            id,
            node: node.map_or((0, 0), range),
            type_name: range(type_name),
            body: at(body) as u32,
            record_type: RecordType::from_token(type_name),
        };
        Ok(Record { line, layout })
    }

    /// The record of a copy of its line.
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
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// The host that wrote the record, from `node=` (auditd's `name_format`) or, without it, from
    /// the prefix that syslog puts in front, if either is there.
    pub fn node(&self) -> Option<&'a [u8]> {
        (self.layout.node.1 > 0).then(|| self.part(self.layout.node))
    }

    /// The type of the record.
    pub fn record_type(&self) -> RecordType {
        self.layout.record_type
    }

    /// The type as the line writes it: `SYSCALL`, `1300` or `UNKNOWN[1334]`.
    pub fn type_name(&self) -> &'a [u8] {
        self.part(self.layout.type_name)
    }

    /// Time and serial of the event that the record belongs to.
    pub fn id(&self) -> EventId {
        self.layout.id
    }

    /// Everything behind the stamp, the enrichment included.
    pub fn body(&self) -> &'a [u8] {
        &self.line[self.layout.body as usize..]
    }

    /// The fields in order: those of the body, of a nested `msg='…'` and of the enrichment;
    /// [`Field::origin`] tells them apart. Duplicate keys are all there.
    #[inline]
    pub fn fields(&self) -> Fields<'a> {
        Fields::new(self.segments())
    }

    /// The body cut into fields and what stands between them; the pieces put together are the body.
    pub fn segments(&self) -> Segments<'a> {
        Segments::new(self.record_type(), self.body())
    }

    /// The first field with this key.
    ///
    /// Keys are those of the log: auditd writes its interpretations in capitals, so `get("uid")`
    /// is the number and `get("UID")` the name.
    #[inline(never)]
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        self.fields().find(|field| field.key() == key.as_bytes())
    }

    /// What in the body is not as the format wants it. Empty for a sound record.
    ///
    /// ```
    /// use auditparse::{FieldErrorKind, Record};
    ///
    /// let cut = Record::parse(b"type=SYSCALL msg=audit(1.001:1): pid=7 exe=\"/usr/b")?;
    /// assert_eq!(cut.get("pid").unwrap().as_u64(), Some(7));
    /// let kinds: Vec<_> = cut.problems().map(|problem| problem.kind()).collect();
    /// assert_eq!(kinds, [FieldErrorKind::UnterminatedQuote]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn problems(&self) -> Problems<'a> {
        Problems::of(self)
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

/// Exactly `text`. Its length is part of its type, so that it is compared in registers; nom's own
/// `tag` goes byte by byte.
#[inline]
pub(crate) fn literal<'a, const N: usize>(
    text: &'static [u8; N],
) -> impl Fn(&'a [u8]) -> IResult<&'a [u8], (), ()> {
    move |input| match input.split_first_chunk::<N>() {
        Some((front, rest)) if front == text => Ok((rest, ())),
        _ => Err(nom::Err::Error(())),
    }
}

/// A word and the blanks behind it.
#[inline]
fn word(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    let length = find(b' ', input).unwrap_or(input.len());
    if length == 0 {
        return Err(nom::Err::Error(()));
    }
    let (word, rest) = input.split_at(length);
    Ok((&rest[rest.iter().take_while(|&&byte| byte == b' ').count()..], word))
}

/// What stands behind the prefix of a transport, `node=` and `type=`; and the node or, without it,
/// the host that the prefix names.
#[inline(never)]
fn behind_prefix(line: &[u8]) -> Result<(&[u8], Option<&[u8]>), RecordError> {
    let start = transport::record_start(line)?;
    let header = &line[start.offset..];
    let (header, node) = node(header).unwrap_or((header, None));
    match literal(b"type=")(header) {
        Ok((rest, ())) => Ok((rest, node.or(start.host))),
        Err(_) => Err(RecordError::new(RecordErrorKind::NotAudit, line.len() - header.len())),
    }
}

/// `node=web01 `. A node that is left empty is no node.
fn node(input: &[u8]) -> IResult<&[u8], Option<&[u8]>, ()> {
    let empty = value(None, literal(b" "));
    preceded(literal(b"node="), alt((map(word, Some), empty))).parse(input)
}

/// `msg=audit(`, or `audit(` as the kernel's printk has it.
fn stamp_start(input: &[u8]) -> IResult<&[u8], (), ()> {
    alt((literal(b"msg=audit("), literal(b"audit("))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_read_after_another_record_is_what_is_read_alone() {
        let stamps = [
            "1716998400.001:7",
            "1716998400.001:8",
            "1716998400.001:71",
            "1716998400.001:1234567",
            "1716998400.001:1234568",
            "1716998400.001:12345678",
            "1716998400.001:12345679",
            "1716998400.002:12345679",
            "1716998400.001:x",
            "1716998400:12",
            "1716998400:13",
            "1716998:40.001:7",
            "1716998:40.001:8",
            "17169984001.01:7",
            "1716998400.01:7",
            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0:7",
        ];
        for first in stamps {
            for second in stamps {
                let mut last = LastStamp::default();
                let line = |stamp| format!("type=X msg=audit({stamp}):: a=b");
                let _ = Record::parse_after(line(first).as_bytes(), &mut last);
                let second = line(second);
                let after = Record::parse_after(second.as_bytes(), &mut last);
                assert_eq!(after, Record::parse(second.as_bytes()), "{second} after {first}");
            }
        }
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
