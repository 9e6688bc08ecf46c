//! The grammar of a record's body: a body is cut into fields, blanks, and the words and delimiters
//! that stand between them, without losing a byte. This module owns where a field starts and ends;
//! what its value means is [`field`](crate::field)'s.
//!
//! ```text
//! body       = part [ 0x1D part ]
//! part       = { blank | field | word }
//! field      = key "=" value
//! value      = '"' … '"' | "'" … "'" | "{" … "}" | bare
//! message    = "msg='" part "'"
//! ```
//!
//! Old kernels and daemons write more than that, and all of it is read: the words before an AVC's
//! permissions (`avc:  denied  { read } for`), the parenthesised tail of a RHEL 5 message
//! (`(hostname=h, addr=10.0.0.9, terminal=ssh res=success)`), `old auid=` of RHEL 6, labels in
//! front (`user pid=…`, `tty pid=…`, `netlabel: auid=0`), and values with blanks that nobody
//! quoted (`op=adding user to group`, `subj=docker-default (enforce)`).

use memchr::{memchr, memrchr, memrchr_iter};

use crate::error::FieldErrorKind;
use crate::field::{Field, Origin, Value};
use crate::record::ENRICHMENT_SEPARATOR;
use crate::record_type::RecordType;

/// A piece of a body. The pieces of a body, put together, are the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// A field.
    Field(Field<'a>),
    /// Blanks and tabs.
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
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    record_type: RecordType,
    body: &'a [u8],
    pos: usize,
    /// End of the part that is being read: its closing apostrophe, the separator or the body's end.
    end: usize,
    /// End of the record proper, where the separator is.
    record_end: usize,
    origin: Origin,
    /// A field of this part has been read, so that a word is no label any more.
    past_labels: bool,
    /// `avc:` has been read, and verdict and permissions are still to come.
    in_avc: bool,
    /// An opening parenthesis has been read in a message.
    in_parens: bool,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(record_type: RecordType, body: &'a [u8]) -> Segments<'a> {
        let record_end = memchr(ENRICHMENT_SEPARATOR, body).unwrap_or(body.len());
        Segments {
            record_type,
            body,
            pos: 0,
            end: record_end,
            record_end,
            origin: Origin::Body,
            past_labels: false,
            in_avc: false,
            in_parens: false,
        }
    }

    /// Offset in the body of the piece that comes next.
    pub(crate) fn offset(&self) -> usize {
        self.pos
    }

    fn part(&self) -> &'a [u8] {
        &self.body[self.pos..self.end]
    }

    /// Cuts `length` bytes off the front.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let raw = &self.body[self.pos..self.pos + length];
        self.pos += length;
        raw
    }

    /// At the end of a part: the delimiter that follows it, or `None` at the end of the body.
    fn leave_part(&mut self) -> Option<Segment<'a>> {
        self.past_labels = false;
        if self.pos == self.body.len() {
            return None;
        }
        if self.origin == Origin::Message && self.pos < self.record_end {
            self.origin = Origin::Body;
            self.end = self.record_end;
            self.past_labels = true;
            return Some(Segment::MessageEnd(self.take(1)));
        }
        self.origin = Origin::Enrichment;
        self.end = self.body.len();
        Some(Segment::Separator(self.take(1)))
    }

    fn word(&mut self) -> Segment<'a> {
        let part = self.part();
        let length = match part[0] {
            b'(' => {
                self.in_parens = self.origin == Origin::Message;
                return Segment::Label(self.take(1));
            }
            b')' | b',' if self.in_parens => return Segment::Label(self.take(1)),
            b'{' if self.in_avc => return self.permissions(),
            // A key is missing in front of a '=', or a quote stands alone: up to the next blank.
            _ => part
                .iter()
                .position(|&byte| is_blank(byte))
                .unwrap_or(part.len()),
        };
        let word = &part[..length];
        match word {
            b"avc:" => self.in_avc = true,
            b"denied" | b"granted" if self.in_avc => {
                return self.made_up_field(b"seresult", Value::Bare(word), length, true);
            }
            b"old" | b"new" => {
                if let Some(field) = self.renamed_field(word) {
                    return field;
                }
            }
            _ => {}
        }
        let expected = word == b":"
            || (word == b"for" && self.record_type_has_permissions())
            || (!self.past_labels
                && self.origin != Origin::Enrichment
                && (length < part.len() || self.origin == Origin::Message));
        if expected {
            Segment::Label(self.take(length))
        } else {
            Segment::Stray(self.take(length))
        }
    }

    fn record_type_has_permissions(&self) -> bool {
        matches!(
            self.record_type,
            RecordType::AVC | RecordType::USER_AVC | RecordType::SELINUX_ERR
        )
    }

    /// `{ read write }` of an AVC.
    fn permissions(&mut self) -> Segment<'a> {
        self.in_avc = false;
        let part = self.part();
        let (length, terminated) = match memchr(b'}', part) {
            Some(close) => (close + 1, true),
            None => (part.len(), false),
        };
        let inner = &part[1..length - usize::from(terminated)];
        self.made_up_field(
            b"seperms",
            Value::Braced(trim_blanks(inner)),
            length,
            terminated,
        )
    }

    /// `old auid=` and the like: today's key for it, and the value that follows.
    fn renamed_field(&mut self, word: &[u8]) -> Option<Segment<'a>> {
        let part = self.part();
        let rest = part.get(word.len() + 1..)?;
        let key_length = key_length(rest)?;
        let key: &'static [u8] = match (word, &rest[..key_length]) {
            (b"old", b"auid") => b"old-auid",
            (b"old", b"ses") => b"old-ses",
            (b"new", b"auid") => b"auid",
            (b"new", b"ses") => b"ses",
            _ => return None,
        };
        let value_start = word.len() + 1 + key_length + 1;
        let value_length = bare_length(&part[value_start..]);
        let value = &part[value_start..value_start + value_length];
        Some(self.made_up_field(key, Value::Bare(value), value_start + value_length, true))
    }

    fn made_up_field(
        &mut self,
        key: &'static [u8],
        value: Value<'a>,
        length: usize,
        terminated: bool,
    ) -> Segment<'a> {
        self.past_labels = true;
        let raw = self.take(length);
        Segment::Field(Field {
            key,
            value,
            raw,
            origin: self.origin,
            record_type: self.record_type,
            terminated,
        })
    }

    fn field(&mut self, key_length: usize) -> Segment<'a> {
        let part = self.part();
        let key = &part[..key_length];
        let start = key_length + 1;
        let (value, length, terminated) = match part.get(start) {
            Some(b'"') => delimited(part, start, |rest| memchr(b'"', rest), Value::Quoted),
            Some(b'\'') if key == b"msg" && self.origin == Origin::Body => {
                return self.message_start(start + 1);
            }
            Some(b'\'') => delimited(part, start, |rest| memchr(b'\'', rest), Value::Apostrophed),
            Some(b'{') => {
                let braced = |inner| Value::Braced(trim_blanks(inner));
                delimited(part, start, |rest| memrchr(b'}', rest), braced)
            }
            _ => {
                let length = self.bare_value_length(key, &part[start..]);
                (
                    Value::Bare(&part[start..start + length]),
                    start + length,
                    true,
                )
            }
        };
        self.past_labels = true;
        let raw = self.take(length);
        Segment::Field(Field {
            key,
            value,
            raw,
            origin: self.origin,
            record_type: self.record_type,
            terminated,
        })
    }

    /// `msg='`: the message goes to the last apostrophe that a blank or the part's end follows,
    /// since its text may hold others.
    fn message_start(&mut self, length: usize) -> Segment<'a> {
        let raw = self.take(length);
        let text = self.part();
        let close = memrchr_iter(b'\'', text)
            .find(|&at| text.get(at + 1).is_none_or(|&byte| is_blank(byte)));
        self.origin = Origin::Message;
        self.past_labels = false;
        self.in_parens = false;
        self.end = self.pos + close.unwrap_or(text.len());
        Segment::MessageStart(raw, close.is_some())
    }

    fn bare_value_length(&self, key: &[u8], rest: &[u8]) -> usize {
        let length = bare_length(rest);
        if self.in_parens {
            let value = &rest[..length];
            let punctuation = value
                .iter()
                .rev()
                .take_while(|&&byte| byte == b',' || byte == b')');
            return length - punctuation.count();
        }
        if matches!(
            key,
            b"op" | b"text" | b"subj" | b"obj" | b"scontext" | b"tcontext"
        ) {
            return with_following_words(rest, length);
        }
        length
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let part = self.part();
        let Some(&first) = part.first() else {
            return self.leave_part();
        };
        if is_blank(first) {
            let length = part.iter().take_while(|&&byte| is_blank(byte)).count();
            return Some(Segment::Blank(self.take(length)));
        }
        match key_length(part) {
            Some(length) => Some(self.field(length)),
            None => Some(self.word()),
        }
    }
}

/// Iterator over the [`Field`]s of a record; made by [`Record::fields`](crate::Record::fields).
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

    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            if let Segment::Field(field) = self.segments.next()? {
                return Some(field);
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim_blanks(bytes: &[u8]) -> &[u8] {
    let bytes = &bytes[bytes.iter().take_while(|&&byte| is_blank(byte)).count()..];
    &bytes[..bytes.len()
        - bytes
            .iter()
            .rev()
            .take_while(|&&byte| is_blank(byte))
            .count()]
}

/// Length of the key at the front of `part`, if there is one and `=` follows it.
fn key_length(part: &[u8]) -> Option<usize> {
    let end = part.iter().position(|&byte| {
        matches!(
            byte,
            b'=' | b' ' | b'\t' | b'"' | b'\'' | b'(' | b')' | b'{' | b'}' | b','
        )
    })?;
    (end > 0 && part[end] == b'=').then_some(end)
}

/// Length up to the next blank.
fn bare_length(rest: &[u8]) -> usize {
    rest.iter()
        .position(|&byte| is_blank(byte))
        .unwrap_or(rest.len())
}

/// Stretches a bare value of `length` bytes over the words behind it that start no field.
fn with_following_words(rest: &[u8], mut length: usize) -> usize {
    loop {
        let gap = rest[length..]
            .iter()
            .take_while(|&&byte| is_blank(byte))
            .count();
        let word = &rest[length + gap..];
        if word.is_empty() || key_length(word).is_some() {
            return length;
        }
        length += gap + bare_length(word);
    }
}

/// A value between delimiters that opens at `part[start]`: the value, the length of the whole
/// field, and whether it is closed.
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
mod tests {
    use crate::{FieldErrorKind, Origin, Record};

    /// The fields of a body as `key=text`, joined by `|`; the pieces are checked to be the body.
    fn fields(record_type: &str, body: &str) -> String {
        let line = format!("type={record_type} msg=audit(1.001:1): {body}");
        let record = Record::parse(line.as_bytes()).unwrap();
        let pieces: Vec<u8> = record
            .segments()
            .flat_map(|piece| piece.raw().to_vec())
            .collect();
        assert_eq!(pieces, record.body());
        let shown = record.fields().map(|field| {
            let mark = match field.origin() {
                Origin::Body => "",
                Origin::Message => "'",
                Origin::Enrichment => "^",
            };
            let key = String::from_utf8_lossy(field.key()).into_owned();
            format!("{mark}{key}={}", String::from_utf8_lossy(&field.text()))
        });
        shown.collect::<Vec<_>>().join("|")
    }

    fn problems(body: &str) -> Vec<(FieldErrorKind, usize)> {
        let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
        let record = Record::parse(line.as_bytes()).unwrap();
        record
            .problems()
            .map(|problem| (problem.kind(), problem.offset()))
            .collect()
    }

    #[test]
    fn quotes_bare_words_and_enrichment() {
        assert_eq!(
            fields(
                "SYSCALL",
                "comm=\"a b\" tty=(none) key=\x1dUID=\"root\" SADDR={ x=1 y=2 }"
            ),
            "comm=a b|tty=(none)|key=|^UID=root|^SADDR=x=1 y=2"
        );
        assert_eq!(fields("SOCKADDR", "saddr=00\x1d"), "saddr=00");
        assert_eq!(fields("PATH", "name=\"a=b\" inode=1"), "name=a=b|inode=1");
    }

    #[test]
    fn avc_verdict_and_permissions_are_fields() {
        assert_eq!(
            fields("AVC", "avc:  denied  { read write } for  pid=1 dest=8080"),
            "seresult=denied|seperms=read write|pid=1|dest=8080"
        );
        assert_eq!(
            fields(
                "USER_AVC",
                "pid=1 msg='avc:  denied  { start } for auid=n/a exe=\"/x\" addr=?'"
            ),
            "pid=1|'seresult=denied|'seperms=start|'auid=n/a|'exe=/x|'addr=?"
        );
    }

    #[test]
    fn messages_with_apostrophes_inside_and_fields_behind() {
        assert_eq!(
            fields(
                "USER_CMD",
                "pid=1 msg='cwd=\"/\" cmd=\"it's\" exe=\"/it's\" res=success'"
            ),
            "pid=1|'cwd=/|'cmd=it's|'exe=/it's|'res=success"
        );
        assert_eq!(
            fields(
                "USER",
                "msg='text=a message with 'quotes' and = signs exe=\"/x\"' UID=\"root\""
            ),
            "'text=a message with 'quotes' and = signs|'exe=/x|UID=root"
        );
        assert_eq!(
            fields("X", "msg=' comm=\"systemd-update\"'"),
            "'comm=systemd-update"
        );
    }

    #[test]
    fn forms_of_old_releases() {
        assert_eq!(
            fields(
                "USER_AUTH",
                "user pid=13 msg='PAM: authentication acct=\"root\" : exe=\"/s\" \
                 (hostname=h, addr=10.0.0.9, terminal=ssh res=success)'"
            ),
            "pid=13|'acct=root|'exe=/s|'hostname=h|'addr=10.0.0.9|'terminal=ssh|'res=success"
        );
        assert_eq!(
            fields(
                "LOGIN",
                "pid=2 uid=0 old auid=4294967295 new auid=0 old ses=1 new ses=3"
            ),
            "pid=2|uid=0|old-auid=4294967295|auid=0|old-ses=1|ses=3"
        );
        assert_eq!(
            fields("DAEMON_START", "auditd start, ver=2.4.5 res=success"),
            "ver=2.4.5|res=success"
        );
    }

    #[test]
    fn unquoted_values_with_blanks() {
        assert_eq!(
            fields("X", "subj=docker-default (enforce) key=a"),
            "subj=docker-default (enforce)|key=a"
        );
        assert_eq!(
            fields("X", "subj==/usr/sbin/ntpd (enforce) key=a"),
            "subj==/usr/sbin/ntpd (enforce)|key=a"
        );
        assert_eq!(
            fields("X", "msg='op=adding user to group acct=\"c\"'"),
            "'op=adding user to group|'acct=c"
        );
        assert_eq!(fields("X", "pid=12 abc"), "pid=12");
    }

    #[test]
    fn what_is_cut_is_said_and_where() {
        assert_eq!(
            problems("pid=1 exe=\"/usr/b"),
            [(FieldErrorKind::UnterminatedQuote, 6)]
        );
        assert_eq!(problems("pid=1 ex"), [(FieldErrorKind::StrayWord, 6)]);
        assert_eq!(
            problems("pid=1 msg='op=x"),
            [(FieldErrorKind::UnterminatedQuote, 6)]
        );
        assert_eq!(
            problems("a=1\x1dSADDR={ fam=local path=x"),
            [(FieldErrorKind::UnterminatedBrace, 4)]
        );
        assert_eq!(problems("user pid=1 a=\"b\" tty=(none)"), []);
    }
}
