//! The grammar of a record's body: a body is cut into fields, blanks, and the words and delimiters
//! that stand between them, without losing a byte. This module owns where a field starts and ends;
//! what its value means is [`field`](crate::field)'s.

use memchr::{memchr, memmem, memrchr, memrchr_iter};

use crate::error::FieldErrorKind;
use crate::field::{Field, Part, Value};
use crate::record_type::RecordType;
use crate::scan::{find, find_either};

/// The byte between a record and auditd's interpretation of it (`log_format = ENRICHED`), ASCII
/// group separator.
///
/// ```
/// use auditparse::{ENRICHMENT_SEPARATOR, Record};
///
/// let record = Record::parse(b"type=LOGIN msg=audit(1.001:7): uid=0\x1dUID=\"root\"")?;
/// let mut parts = record.body().split(|&byte| byte == ENRICHMENT_SEPARATOR);
/// assert_eq!(parts.next(), Some(&b"uid=0"[..]));
/// assert_eq!(parts.next(), Some(&b"UID=\"root\""[..]));
/// # Ok::<(), auditparse::RecordError>(())
/// ```
pub const ENRICHMENT_SEPARATOR: u8 = 0x1D;

/// A piece of a body. The pieces of a body, put together, are the body.
///
/// ```
/// use auditparse::{Record, Segment};
///
/// let record = Record::parse(b"type=USER msg=audit(1.001:7): user pid=7")?;
/// let segments: Vec<_> = record.segments().collect();
/// assert_eq!(segments[0], Segment::Label(b"user"));
/// assert_eq!(segments[1], Segment::Blank(b" "));
/// assert!(matches!(segments[2], Segment::Field(field) if field.key() == b"pid"));
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// A field.
    Field(Field<'a>),
    /// Blanks.
    Blank(&'a [u8]),
    /// The 0x1D byte that starts the enrichment.
    Separator(&'a [u8]),
    /// `msg='`, with whether its closing apostrophe is there.
    MessageStart(&'a [u8], bool),
    /// The apostrophe that ends a message.
    MessageEnd(&'a [u8]),
    /// A word or punctuation that the format has in this place.
    Label(&'a [u8]),
    /// A word in a place where a field is expected.
    Stray(&'a [u8]),
}

impl<'a> Segment<'a> {
    /// The bytes of the piece.
    ///
    /// ```
    /// use auditparse::Segment;
    ///
    /// assert_eq!(Segment::MessageStart(b"msg='", true).raw(), b"msg='");
    /// ```
    pub fn raw(&self) -> &'a [u8] {
        match self {
            Segment::Field(field) => field.raw(),
            Segment::Blank(raw)
            | Segment::Separator(raw)
            | Segment::MessageStart(raw, _)
            | Segment::MessageEnd(raw)
            | Segment::Label(raw)
            | Segment::Stray(raw) => raw,
        }
    }

    /// What is wrong with the piece, if anything.
    pub(crate) fn problem(&self) -> Option<FieldErrorKind> {
        match self {
            Segment::Field(field) if !field.is_terminated() => Some(match field.value() {
                Value::Braced(_) => FieldErrorKind::UnterminatedBrace,
                _ => FieldErrorKind::UnterminatedQuote,
            }),
            Segment::MessageStart(_, false) => Some(FieldErrorKind::UnterminatedQuote),
            Segment::Stray(_) => Some(FieldErrorKind::StrayWord),
            _ => None,
        }
    }
}

/// Iterator over the [`Segment`]s of a body; made by [`Record::segments`](crate::Record::segments).
///
/// ```text
/// body       = part [ 0x1D part ]
/// part       = { blank | field | word }
/// field      = key "=" value
/// value      = '"' … '"' | "'" … "'" | "{" … "}" | bare
/// message    = "msg='" part "'"
/// ```
///
/// Old kernels and daemons write more than that, and all of it is read: the words before an AVC's
/// permissions (`avc:  denied  { read } for`), the parenthesised tail of a RHEL 5 message
/// (`(hostname=h, addr=10.0.0.9, terminal=ssh res=success)`), `old auid=` of RHEL 6, labels in
/// front (`user pid=…`, `tty pid=…`, `netlabel: auid=0`), and values with blanks that nobody
/// quoted (`op=adding user to group`, `subj=docker-default (enforce)`).
///
/// ```
/// use auditparse::Record;
///
/// let record = Record::parse(b"type=USER msg=audit(1.001:7): user pid=7  msg='op=x' ...")?;
/// let pieces: Vec<_> = record.segments().map(|segment| segment.raw()).collect();
/// assert_eq!(pieces.concat(), record.body());
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    /// What is left of the part that is being read.
    rest: &'a [u8],
    /// The apostrophe that ends the message being read, and the rest of the record.
    after_message: &'a [u8],
    /// The separator and what is behind it, until it is reached.
    enrichment: &'a [u8],
    record_type: RecordType,
    part: Part,
    /// A field of this part has been read, so that a word is no label any more.
    past_labels: bool,
    /// `avc:` has been read, and verdict and permissions are still to come.
    in_avc: bool,
    /// An opening parenthesis has been read in a message.
    in_parens: bool,
}

impl<'a> Segments<'a> {
    #[inline]
    pub(crate) fn new(record_type: RecordType, body: &'a [u8]) -> Segments<'a> {
        let end = memchr(ENRICHMENT_SEPARATOR, body).unwrap_or(body.len());
        let (rest, enrichment) = body.split_at(end);
        Segments {
            rest,
            after_message: &[],
            enrichment,
            record_type,
            part: Part::Body,
            past_labels: false,
            in_avc: false,
            in_parens: false,
        }
    }

    /// Bytes of the body that are not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len() + self.after_message.len() + self.enrichment.len()
    }

    /// Cuts `length` bytes off the front.
    #[inline]
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (raw, rest) = self.rest.split_at(length);
        self.rest = rest;
        raw
    }

    #[inline]
    fn skip_blanks(&mut self) {
        self.rest = &self.rest[leading_blanks(self.rest)..];
    }

    /// At the end of a part: the delimiter that follows it, or `None` at the end of the body.
    #[cold]
    fn leave_part(&mut self) -> Option<Segment<'a>> {
        if let Some((_, rest)) = self.after_message.split_first() {
            let raw = &self.after_message[..1];
            self.rest = rest;
            self.after_message = &[];
            self.part = Part::Body;
            return Some(Segment::MessageEnd(raw));
        }
        let (_, rest) = self.enrichment.split_first()?;
        let raw = &self.enrichment[..1];
        self.rest = rest;
        self.enrichment = &[];
        self.part = Part::Enrichment;
        Some(Segment::Separator(raw))
    }

    #[cold]
    fn word(&mut self) -> Segment<'a> {
        match self.rest.first() {
            Some(b'(') => {
                self.in_parens = self.part.is_message();
                return self.punctuation();
            }
            Some(b')' | b',') if self.in_parens => return self.punctuation(),
            Some(b'{') if self.in_avc => return self.permissions(),
            _ => {}
        }
        let word = &self.rest[..bare_length(self.rest)];
        match word {
            b"avc:" => self.in_avc = true,
            b"denied" | b"granted" if self.in_avc => {
                return self.cut_field(b"seresult", Value::Bare(word), word.len(), true);
            }
            b"old" | b"new" => {
                if let Some(field) = self.renamed_field(word) {
                    return field;
                }
            }
            _ => {}
        }
        if self.expects_label(word) {
            Segment::Label(self.take(word.len()))
        } else {
            Segment::Stray(self.take(word.len()))
        }
    }

    /// Parentheses and commas, all that stand together: to look for a key behind each of many would
    /// take time in the square of their number.
    fn punctuation(&mut self) -> Segment<'a> {
        let is_punctuation =
            |&&byte: &&u8| byte == b'(' || self.in_parens && matches!(byte, b')' | b',');
        let length = self.rest.iter().take_while(is_punctuation).count();
        Segment::Label(self.take(length))
    }

    /// Whether the format has words like `word` here: in front of a part's fields, before the
    /// fields of an AVC, or as punctuation of old messages. A word that ends the record is none:
    /// it is a key that was cut.
    fn expects_label(&self, word: &[u8]) -> bool {
        let in_front = !self.past_labels
            && match self.part {
                Part::Body => word.len() < self.rest.len(),
                Part::Message | Part::OldMessage => true,
                Part::Enrichment => false,
            };
        let of_avc = word == b"for"
            && matches!(
                self.record_type,
                RecordType::AVC | RecordType::USER_AVC | RecordType::SELINUX_ERR
            );
        in_front || of_avc || word == b":"
    }

    /// `{ read write }` of an AVC.
    fn permissions(&mut self) -> Segment<'a> {
        self.in_avc = false;
        let (value, length, terminated) =
            delimited(self.rest, 0, |rest| memchr(b'}', rest), braced);
        self.cut_field(b"seperms", value, length, terminated)
    }

    /// `old auid=` and the like: today's key for it, and the value that follows.
    fn renamed_field(&mut self, word: &[u8]) -> Option<Segment<'a>> {
        let rest = self.rest.get(word.len() + 1..)?;
        let key_length = key_length(rest)?;
        let key: &'static [u8] = match (word, &rest[..key_length]) {
            (b"old", b"auid") => b"old-auid",
            (b"old", b"ses") => b"old-ses",
            (b"new", b"auid") => b"auid",
            (b"new", b"ses") => b"ses",
            _ => return None,
        };
        let value = &rest[key_length + 1..];
        let value = &value[..bare_length(value)];
        let length = word.len() + 1 + key_length + 1 + value.len();
        Some(self.cut_field(key, Value::Bare(value), length, true))
    }

    fn cut_field(
        &mut self,
        key: &'a [u8],
        value: Value<'a>,
        length: usize,
        terminated: bool,
    ) -> Segment<'a> {
        Segment::Field(self.field(key, value, length, terminated))
    }

    #[inline(always)]
    fn field(
        &mut self,
        key: &'a [u8],
        value: Value<'a>,
        length: usize,
        terminated: bool,
    ) -> Field<'a> {
        self.past_labels = true;
        let raw = self.take(length);
        let (part, record_type) = (self.part, self.record_type);
        Field { key, value, raw, part, record_type, terminated }
    }

    /// A field whose value is bare or quoted, as nearly all are; `None` without taking anything
    /// for another.
    #[inline(always)]
    fn plain_field(&mut self) -> Option<Field<'a>> {
        let key_length = key_length(self.rest)?;
        let (key, rest) = self.rest.split_at(key_length);
        let rest = &rest[1..];
        match rest.first() {
            Some(b'"') => {
                let text = &rest[1..];
                let (length, terminated) = match find(b'"', text) {
                    Some(length) => (length, true),
                    None => (text.len(), false),
                };
                let whole = key_length + 2 + length + usize::from(terminated);
                Some(self.field(key, Value::Quoted(&text[..length]), whole, terminated))
            }
            Some(b'\'' | b'{') => None,
            _ => {
                let length = self.bare_value_length(key, rest);
                let whole = key_length + 1 + length;
                Some(self.field(key, Value::Bare(&rest[..length]), whole, true))
            }
        }
    }

    /// A field whose value opens with an apostrophe or a brace.
    fn delimited_field(&mut self, key_length: usize) -> Segment<'a> {
        let key = &self.rest[..key_length];
        let start = key_length + 1;
        let (value, length, terminated) = match self.rest.get(start) {
            Some(b'\'') if key == b"msg" && self.part == Part::Body => {
                return self.message_start(start + 1);
            }
            Some(b'\'') => {
                delimited(self.rest, start, |rest| memchr(b'\'', rest), Value::Apostrophed)
            }
            _ => delimited(self.rest, start, |rest| memrchr(b'}', rest), braced),
        };
        self.cut_field(key, value, length, terminated)
    }

    /// `msg='`: the message goes to the last apostrophe that a blank or the record's end follows,
    /// since its text may hold others.
    fn message_start(&mut self, length: usize) -> Segment<'a> {
        let raw = self.take(length);
        let text = self.rest;
        let close =
            memrchr_iter(b'\'', text).find(|&at| text.get(at + 1).is_none_or(|&byte| byte == b' '));
        (self.rest, self.after_message) = text.split_at(close.unwrap_or(text.len()));
        self.part = if is_old(self.rest) { Part::OldMessage } else { Part::Message };
        self.past_labels = false;
        self.in_parens = false;
        Segment::MessageStart(raw, close.is_some())
    }

    #[inline(always)]
    fn bare_value_length(&self, key: &[u8], rest: &[u8]) -> usize {
        let length = bare_length(rest);
        if self.in_parens {
            return without_punctuation(&rest[..length]);
        }
        match key {
            b"op" | b"text" | b"subj" | b"obj" | b"scontext" | b"tcontext" => {
                with_following_words(rest, length)
            }
            _ => length,
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Segment<'a>> {
        if let Some(field) = self.plain_field() {
            return Some(Segment::Field(field));
        }
        match self.rest.first() {
            None => self.leave_part(),
            Some(b' ') => Some(Segment::Blank(self.take(leading_blanks(self.rest)))),
            Some(_) => Some(match key_length(self.rest) {
                Some(length) => self.delimited_field(length),
                None => self.word(),
            }),
        }
    }
}

/// Iterator over the [`Field`]s of a record; made by [`Record::fields`](crate::Record::fields).
///
/// ```
/// use auditparse::Record;
///
/// let record = Record::parse(b"type=CWD msg=audit(1.001:7): pid=7 cwd=\"/\"")?;
/// let keys: Vec<_> = record.fields().map(|field| field.key()).collect();
/// assert_eq!(keys, [&b"pid"[..], b"cwd"]);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    segments: Segments<'a>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(segments: Segments<'a>) -> Fields<'a> {
        Fields { segments }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            self.segments.skip_blanks();
            if let Some(field) = self.segments.plain_field() {
                return Some(field);
            }
            if let Segment::Field(field) = self.segments.next()? {
                return Some(field);
            }
        }
    }
}

#[inline]
fn leading_blanks(part: &[u8]) -> usize {
    part.iter().take_while(|&&byte| byte == b' ').count()
}

fn braced(inner: &[u8]) -> Value<'_> {
    let inner = &inner[leading_blanks(inner)..];
    let trailing = inner.iter().rev().take_while(|&&byte| byte == b' ').count();
    Value::Braced(&inner[..inner.len() - trailing])
}

/// Whether a message has the form of RHEL 5: ` : ` behind the account, and a parenthesised tail.
fn is_old(message: &[u8]) -> bool {
    message.ends_with(b")") && memmem::find(message, b" : ").is_some()
}

/// Length of a value in parentheses without the comma or parenthesis behind it.
fn without_punctuation(value: &[u8]) -> usize {
    let punctuation = value.iter().rev().take_while(|&&byte| byte == b',' || byte == b')');
    value.len() - punctuation.count()
}

/// Length of the key at the front of `part`, if there is one and `=` follows it.
#[inline(always)]
fn key_length(part: &[u8]) -> Option<usize> {
    let end = find_either(b'=', b' ', part)?;
    let is_key = part[end] == b'='
        && !matches!(part[0], b'=' | b'(' | b')' | b'{' | b'}' | b',' | b'"' | b'\'');
    is_key.then_some(end)
}

/// Length up to the next blank.
#[inline]
fn bare_length(rest: &[u8]) -> usize {
    find(b' ', rest).unwrap_or(rest.len())
}

/// Stretches a bare value of `length` bytes over the words behind it that start no field.
#[inline(never)]
fn with_following_words(rest: &[u8], mut length: usize) -> usize {
    loop {
        let gap = leading_blanks(&rest[length..]);
        let word = &rest[length + gap..];
        if word.is_empty() || key_length(word).is_some() {
            return length;
        }
        length += gap + bare_length(word);
    }
}

/// A value between delimiters that opens at `part[start]`: the value, the length of the whole
/// field, and whether it is closed.
#[inline]
fn delimited<'a>(
    part: &'a [u8],
    start: usize,
    close: impl Fn(&[u8]) -> Option<usize>,
    form: impl Fn(&'a [u8]) -> Value<'a>,
) -> (Value<'a>, usize, bool) {
    let rest = &part[start + 1..];
    match close(rest) {
        Some(length) => (form(&rest[..length]), start + 1 + length + 1, true),
        None => (form(rest), part.len(), false),
    }
}

#[cfg(test)]
mod tests;
