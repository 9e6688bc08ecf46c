//! The header of a record: what stands in front of its body. This module owns its grammar, and the
//! memory of the header before: records of one event come behind each other nearly always and begin
//! alike, and comparing is faster than reading. Nearly all headers are read by that memory alone
//! ([`KnownHeader::usual`]), any other by the grammar, and both say the same where both can read. The stamp's own grammar is
//! [`event_id`](crate::event_id)'s, that of a prefix [`transport`]'s.

use nom::branch::alt;
use nom::combinator::{map, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::error::{RecordError, RecordErrorKind};
use crate::event_id::EventId;
use crate::record_type::RecordType;
use crate::scan::find;
use crate::transport;

/// Where the parts of a record stand in its line, and what its header says. Offsets are 32 bits
/// wide: a longer line is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) id: EventId,
    /// Start and end; both 0 without a node.
    pub(crate) node: (u32, u32),
    pub(crate) type_name: (u32, u32),
    pub(crate) body: u32,
    pub(crate) record_type: RecordType,
}

impl Layout {
    /// Reads the header of a line without its line end, given what is known of the lines before.
    #[inline]
    pub(crate) fn read(line: &[u8], known: &mut KnownHeader) -> Result<Layout, RecordError> {
        if line.len() > u32::MAX as usize {
            return Err(RecordError::new(RecordErrorKind::TooLong, u32::MAX as usize));
        }
        let at = |rest: &[u8]| line.len() - rest.len();

        let (rest, node) = known.front(line)?;
        let name = at(rest);
        let (record_type, length) = record_type(rest, name)?;
        let stamp = &rest[(length + 1).min(rest.len())..];
        let (id, body) = known.stamp(stamp, at(stamp))?;
        Ok(Layout {
            id,
            node,
            type_name: (name as u32, (name + length) as u32),
            body: at(body) as u32,
            record_type,
        })
    }
}

/// Texts of the headers before, and what was read from them.
#[derive(Clone, Debug)]
pub(crate) struct KnownHeader {
    /// `node=web01 type=`, if it is short enough: its bytes, how many they are, and where the node is
    /// in them. Hosts have short names nearly always.
    front: [u8; KnownHeader::FRONT],
    front_length: usize,
    node: (u32, u32),
    /// `msg=audit(1716998400.001:100): `.
    stamp: StampText,
    id: EventId,
    /// `msg=audit(1716998400.`, the form of any time from 2001 to 2286, and the number.
    seconds: Option<([u8; KnownHeader::SECONDS], u64)>,
}

impl Default for KnownHeader {
    fn default() -> KnownHeader {
        KnownHeader {
            front: [0; KnownHeader::FRONT],
            front_length: 0,
            node: (0, 0),
            stamp: StampText::default(),
            id: EventId { millis: 0, serial: 0 },
            seconds: None,
        }
    }
}

impl KnownHeader {
    const FRONT: usize = 64;
    /// `msg=audit(`, ten digits and a point.
    const SECONDS: usize = 21;

    /// The header of a line without its line end, if it is of the form of nearly all: front and seconds
    /// of the lines before, and one of the types that make most records.
    #[inline(always)]
    pub(crate) fn usual(&mut self, line: &[u8]) -> Option<Layout> {
        let (rest, node) = self.known_front(line)?;
        let (stamp, record_type) = usual_type(rest)?;
        let body = match self.stamp.cut_off(stamp) {
            Some(body) => body,
            None => self.next_stamp(stamp)?,
        };
        let at = |rest: &[u8]| (line.len() - rest.len()) as u32;
        let type_name = (at(rest), at(stamp) - 1);
        Some(Layout { id: self.id, node, type_name, body: at(body), record_type })
    }

    /// What stands behind a stamp of the second of the stamp before.
    #[inline(never)]
    fn next_stamp<'a>(&mut self, input: &'a [u8]) -> Option<&'a [u8]> {
        let (seconds, fraction) = self.known_seconds(input)?;
        let (id, rest) = EventId::parse_fraction(seconds, fraction, 0).ok()?;
        let body = rest.strip_prefix(b"): ")?;
        self.id = id;
        self.stamp = StampText::of(&input[..input.len() - body.len()]);
        Some(body)
    }

    /// What stands behind `type=`, and where the node is.
    #[inline]
    fn front<'a>(&mut self, line: &'a [u8]) -> Result<(&'a [u8], (u32, u32)), RecordError> {
        match self.known_front(line) {
            Some(known) => Ok(known),
            None => self.read_front(line),
        }
    }

    #[inline]
    fn known_front<'a>(&self, line: &'a [u8]) -> Option<(&'a [u8], (u32, u32))> {
        match literal(b"type=")(line) {
            Ok((rest, ())) => Some((rest, (0, 0))),
            Err(_) if self.front_length == 0 => None,
            Err(_) => Some((line.strip_prefix(&self.front[..self.front_length])?, self.node)),
        }
    }

    #[inline(never)]
    fn read_front<'a>(&mut self, line: &'a [u8]) -> Result<(&'a [u8], (u32, u32)), RecordError> {
        let (rest, node) = behind_prefix(line)?;
        let range = |part: &[u8]| {
            let offset = part.as_ptr() as usize - line.as_ptr() as usize;
            (offset as u32, (offset + part.len()) as u32)
        };
        let node = node.map_or((0, 0), range);
        // How far the prefix of a transport goes may depend on what follows it.
        let front = &line[..line.len() - rest.len()];
        if line.starts_with(b"node=")
            && let Some(place) = self.front.get_mut(..front.len())
        {
            place.copy_from_slice(front);
            self.front_length = front.len();
            self.node = node;
        }
        Ok((rest, node))
    }

    /// The event that a stamp names, and what stands behind it. Blanks may stand in front. `offset` is
    /// where `input` starts in its line.
    #[inline]
    fn stamp<'a>(
        &mut self,
        input: &'a [u8],
        offset: usize,
    ) -> Result<(EventId, &'a [u8]), RecordError> {
        match self.stamp.cut_off(input) {
            Some(body) => Ok((self.id, body)),
            None => self.read_stamp(input, offset),
        }
    }

    #[inline(never)]
    fn read_stamp<'a>(
        &mut self,
        input: &'a [u8],
        offset: usize,
    ) -> Result<(EventId, &'a [u8]), RecordError> {
        let at = |rest: &[u8]| offset + input.len() - rest.len();
        let fail = |kind, rest: &[u8]| RecordError::new(kind, at(rest));

        let input = &input[leading_blanks(input)..];
        let (id, rest) = match self.known_seconds(input) {
            Some((seconds, fraction)) => EventId::parse_fraction(seconds, fraction, at(fraction))?,
            None => {
                let start = stamp_start(input);
                let (time, ()) = start.map_err(|_| fail(RecordErrorKind::NoStamp, input))?;
                let parsed = EventId::parse_prefix(time, at(time))?;
                self.know_seconds(input, parsed.0);
                parsed
            }
        };
        let rest = rest.strip_prefix(b")").ok_or_else(|| fail(RecordErrorKind::Serial, rest))?;
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        let body = rest.strip_prefix(b" ").unwrap_or(rest);
        self.id = id;
        self.stamp = StampText::of(&input[..input.len() - body.len()]);
        Ok((id, body))
    }

    /// The seconds of a stamp if they are those of a stamp before, and what stands behind their point.
    #[inline]
    fn known_seconds<'a>(&self, stamp: &'a [u8]) -> Option<(u64, &'a [u8])> {
        let (text, fraction) = stamp.split_first_chunk()?;
        let (known, seconds) = self.seconds.as_ref()?;
        (known == text).then_some((*seconds, fraction))
    }

    fn know_seconds(&mut self, stamp: &[u8], id: EventId) {
        if let Some(text) = stamp.first_chunk::<{ KnownHeader::SECONDS }>()
            && let Some([digits @ .., b'.']) = text.strip_prefix(b"msg=audit(")
            && digits.iter().all(u8::is_ascii_digit)
        {
            self.seconds = Some((*text, id.millis / 1000));
        }
    }
}

/// A stamp with what stands around it, if it has the form of nearly all: the `msg=` in front, a time
/// from 2001 to 2286 and the blank behind.
#[derive(Clone, Copy, Debug, Default)]
struct StampText {
    /// Up to the milliseconds.
    front: [u8; StampText::FRONT],
    /// The last bytes, of which some may be in the front as well.
    back: [u8; StampText::BACK],
    /// Of the whole; 0 without any.
    length: usize,
}

impl StampText {
    /// `msg=audit(1716998400.001`.
    const FRONT: usize = 24;
    /// `:4294967295): ` is shorter.
    const BACK: usize = 16;

    fn of(text: &[u8]) -> StampText {
        let parts = (text.first_chunk(), text.last_chunk());
        match parts {
            (Some(front), Some(back))
                if text.len() <= StampText::FRONT + StampText::BACK && text.ends_with(b": ") =>
            {
                StampText { front: *front, back: *back, length: text.len() }
            }
            _ => StampText::default(),
        }
    }

    /// What follows the text at the front of `input`.
    #[inline(always)]
    fn cut_off<'a>(&self, input: &'a [u8]) -> Option<&'a [u8]> {
        let (text, rest) = input.split_at_checked(self.length)?;
        let is_same =
            text.first_chunk() == Some(&self.front) && text.last_chunk() == Some(&self.back);
        is_same.then_some(rest)
    }
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

/// The type that is named in front of `input`, and what stands behind its blank, if it is one of those
/// that make most records.
#[inline(always)]
fn usual_type(input: &[u8]) -> Option<(&[u8], RecordType)> {
    let behind = |name: &[u8], record_type| Some((input.strip_prefix(name)?, record_type));
    match input.first()? {
        b'S' => behind(b"SYSCALL ", RecordType::SYSCALL)
            .or_else(|| behind(b"SOCKADDR ", RecordType::SOCKADDR)),
        b'P' => behind(b"PROCTITLE ", RecordType::PROCTITLE)
            .or_else(|| behind(b"PATH ", RecordType::PATH)),
        b'C' => behind(b"CWD ", RecordType::CWD),
        b'E' => behind(b"EXECVE ", RecordType::EXECVE).or_else(|| behind(b"EOE ", RecordType::EOE)),
        _ => None,
    }
}

/// The type that is named in front of `input`, and the length of its name. `offset` is where `input`
/// starts in its line.
#[inline]
fn record_type(input: &[u8], offset: usize) -> Result<(RecordType, usize), RecordError> {
    match word(input) {
        Ok((_, name)) => Ok((RecordType::from_token(name), name.len())),
        Err(_) => Err(RecordError::new(RecordErrorKind::NotAudit, offset)),
    }
}

/// A word and the blanks behind it.
fn word(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    let length = find(b' ', input).unwrap_or(input.len());
    if length == 0 {
        return Err(nom::Err::Error(()));
    }
    let (word, rest) = input.split_at(length);
    Ok((&rest[leading_blanks(rest)..], word))
}

fn leading_blanks(input: &[u8]) -> usize {
    input.iter().take_while(|&&byte| byte == b' ').count()
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
    use crate::record::Record;

    const FRONTS: [&str; 16] = [
        "type=PATH",
        "type=PATH ",
        "type=CWD",
        "type=EXECVE",
        "type=SYSCALL",
        "type=SOCKADDR",
        "type=PROCTITLE",
        "type=EOE",
        "type=EOES",
        "node=a type=PATH",
        "node=a  type=PATH",
        "node=b type=PATH",
        "node= type=PATH",
        "node=a type=PATHS",
        "May 29 16:00:00 web01 audispd: type=PATH",
        "May 29 16:00:00 web02 audispd: node=a type=PATH",
    ];

    const STAMPS: [&str; 24] = [
        "1716998400.001:7): ",
        "1716998400.001:7):",
        "1716998400.001:7) ",
        "1716998400.001:7)  ",
        "1716998400.001:8): ",
        "1716998400.001:71): ",
        "1716998400.001:1234567): ",
        "1716998400.001:1234568): ",
        "1716998400.001:12345678): ",
        "1716998400.002:12345678): ",
        "1716998400.2:12345678): ",
        "1716998400.1002:7): ",
        "1716998400.:7): ",
        "1716998401.001:4294967295): ",
        "1716998401.001:4294967296): ",
        "1716998400.001:x): ",
        "1716998400:12): ",
        "1716998:40.001:7): ",
        "17169984001.01:7): ",
        "171699840.001:7): ",
        "1.1:1): ab.",
        "1.1:1): ac.",
        "\0\0\0\0\0\0\0\0\0\0.001:7): ",
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0:7): ",
    ];

    /// All headers of these fronts and stamps, with and without a body.
    fn lines() -> Vec<String> {
        let line = |front, stamp| format!("{front} msg=audit({stamp}");
        let headers = FRONTS.iter().flat_map(|front| STAMPS.map(|stamp| line(front, stamp)));
        headers.flat_map(|header| [format!("{header}a=b"), header]).collect()
    }

    #[test]
    fn what_is_read_after_another_record_is_what_is_read_alone() {
        for first in lines() {
            let mut known = KnownHeader::default();
            let _ = Record::parse_after(first.as_bytes(), &mut known);
            for second in lines() {
                let mut known = known.clone();
                let after = Record::parse_after(second.as_bytes(), &mut known);
                assert_eq!(after, Record::parse(second.as_bytes()), "{second} after {first}");
            }
        }
    }

    #[test]
    fn a_header_of_the_usual_form_is_that_of_the_record() {
        let mut types = std::collections::BTreeMap::new();
        for first in lines() {
            let mut known = KnownHeader::default();
            let _ = Record::parse_after(first.as_bytes(), &mut known);
            for second in lines() {
                let mut known = known.clone();
                if let Some(usual) = Record::parse_usual(second.as_bytes(), &mut known) {
                    assert_eq!(
                        Ok(usual),
                        Record::parse(second.as_bytes()),
                        "{second} after {first}"
                    );
                    *types.entry(usual.type_name().to_owned()).or_insert(0) += 1;
                    // What it leaves known is of that line.
                    let again = Record::parse_after(second.as_bytes(), &mut known);
                    assert_eq!(Ok(usual), again, "{second} after {first} and itself");
                }
            }
        }
        let all = [&b"CWD"[..], b"EOE", b"EXECVE", b"PATH", b"PROCTITLE", b"SOCKADDR", b"SYSCALL"];
        assert!(types.into_keys().eq(all));
    }
}
