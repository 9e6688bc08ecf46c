//! A `key=value` of a record: the forms that a value is written in, and what they mean. This
//! module owns quotes, hexadecimal encoding and number bases; finding the fields in a body is
//! [`segment`](crate::segment)'s.

use core::fmt;
use core::iter::FusedIterator;
use std::borrow::Cow;

use crate::hex::{decode_hex, is_hex, nibble};
use crate::record_type::RecordType;
use crate::scan::find;

/// The form in which a value is written; the bytes are without the delimiters.
///
/// ```
/// use auditparse::{Record, Value};
///
/// let record = Record::parse(b"type=SYSCALL msg=audit(1.001:7): comm=612062 exe=\"/bin/a\"")?;
/// assert_eq!(record.get("comm").unwrap().value(), Value::Bare(b"612062"));
/// assert_eq!(record.get("exe").unwrap().value(), Value::Quoted(b"/bin/a"));
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// No delimiters: a number, a word, or an encoded string.
    Bare(&'a [u8]),
    /// `"…"`: the bytes as they are.
    Quoted(&'a [u8]),
    /// `'…'`.
    Apostrophed(&'a [u8]),
    /// `{ … }`: a list of words, as in SELinux permissions and interpreted socket addresses.
    Braced(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes without delimiters.
    ///
    /// ```
    /// use auditparse::Value;
    ///
    /// assert_eq!(Value::Quoted(b"/tmp").bytes(), b"/tmp");
    /// ```
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Value::Bare(bytes)
            | Value::Quoted(bytes)
            | Value::Apostrophed(bytes)
            | Value::Braced(bytes) => bytes,
        }
    }
}

/// The part of a record that a field stands in.
///
/// ```
/// use auditparse::{Origin, Record};
///
/// let line = b"type=USER_AUTH msg=audit(1.001:7): \
///     uid=0 msg='op=login res=success'\x1dUID=\"root\"";
/// let record = Record::parse(line)?;
/// let origin = |key| record.get(key).unwrap().origin();
/// assert_eq!(origin("uid"), Origin::Body);
/// assert_eq!(origin("op"), Origin::Message);
/// assert_eq!(origin("UID"), Origin::Enrichment);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The record proper.
    Body,
    /// Within `msg='…'`, the text of a user-space message.
    Message,
    /// Behind the 0x1D byte: auditd's interpretation, with keys in capitals.
    Enrichment,
}

/// [`Origin`], with the messages apart whose `acct=` is plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Body,
    Message,
    /// A message as daemons of RHEL 5 write it: `PAM: … acct=root : exe="…" (hostname=…)`. Its
    /// `acct=` is as the daemon has it, neither quoted nor encoded.
    OldMessage,
    Enrichment,
}

impl Part {
    pub(crate) fn is_message(self) -> bool {
        matches!(self, Part::Message | Part::OldMessage)
    }
}

/// One field of a record.
///
/// The kernel writes strings that a user can influence either between quotes or, when they hold a
/// blank, a quote, a control character or a byte above 0x7E, as hexadecimal without quotes
/// (`audit_log_n_untrustedstring` in `kernel/audit.c`). So `comm="612062"` is those six digits
/// and `comm=612062` is `a b`. Only the key tells whether an unquoted value may be encoded:
/// `dest=8080` is a number. [`text`](Field::text) knows the keys.
///
/// ```
/// use auditparse::Record;
///
/// let record = Record::parse(b"type=SYSCALL msg=audit(1.001:1): exit=-115 a0=1f comm=612062")?;
/// assert_eq!(record.get("exit").unwrap().as_i64(), Some(-115));
/// assert_eq!(record.get("a0").unwrap().as_hex(), Some(0x1f));
/// assert_eq!(&*record.get("comm").unwrap().text(), b"a b");
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: Value<'a>,
    pub(crate) raw: &'a [u8],
    pub(crate) part: Part,
    pub(crate) record_type: RecordType,
    pub(crate) terminated: bool,
}

impl<'a> Field<'a> {
    /// The key. Old `old auid=` and `new ses=` of RHEL 6 come under today's names `old-auid` and
    /// `ses`; an AVC's verdict and permissions come under `seresult` and `seperms`.
    ///
    /// ```
    /// let line = b"type=LOGIN msg=audit(1.001:7): \
    ///     login pid=7 uid=0 old auid=4294967295 new auid=1000";
    /// let record = auditparse::Record::parse(line)?;
    /// let keys: Vec<_> = record.fields().map(|field| field.key()).collect();
    /// assert_eq!(keys, [&b"pid"[..], b"uid", b"old-auid", b"auid"]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    /// The value and the form it is written in.
    ///
    /// ```
    /// use auditparse::{Record, Value};
    ///
    /// let line = b"type=AVC msg=audit(1.001:7): avc:  denied  { read } for  pid=7";
    /// let record = Record::parse(line)?;
    /// assert_eq!(record.get("seperms").unwrap().value(), Value::Braced(b"read"));
    /// assert_eq!(record.get("pid").unwrap().value(), Value::Bare(b"7"));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// The value's bytes without delimiters, not decoded.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=CWD msg=audit(1.001:7): cwd=2F612062")?;
    /// let cwd = record.get("cwd").unwrap();
    /// assert_eq!(cwd.raw_value(), b"2F612062");
    /// assert_eq!(&*cwd.text(), b"/a b");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn raw_value(&self) -> &'a [u8] {
        self.value.bytes()
    }

    /// The field as the line has it, key and delimiters included.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=CWD msg=audit(1.001:7): cwd=\"/tmp\"")?;
    /// assert_eq!(record.get("cwd").unwrap().raw(), b"cwd=\"/tmp\"");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The part of the record that the field stands in.
    ///
    /// ```
    /// use auditparse::{Origin, Record};
    ///
    /// let line = b"type=CRED_ACQ msg=audit(1.001:7): pid=7 msg='op=PAM res=success'";
    /// let record = Record::parse(line)?;
    /// assert_eq!(record.get("pid").unwrap().origin(), Origin::Body);
    /// assert_eq!(record.get("res").unwrap().origin(), Origin::Message);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn origin(&self) -> Origin {
        match self.part {
            Part::Body => Origin::Body,
            Part::Message | Part::OldMessage => Origin::Message,
            Part::Enrichment => Origin::Enrichment,
        }
    }

    /// Whether the value's closing delimiter is there; `false` for a line that was cut.
    ///
    /// ```
    /// let line = b"type=SYSCALL msg=audit(1.001:7): pid=7 exe=\"/usr/b";
    /// let cut = auditparse::Record::parse(line)?;
    /// assert!(cut.get("pid").unwrap().is_terminated());
    /// assert!(!cut.get("exe").unwrap().is_terminated());
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.terminated
    }

    /// Whether the field says that there is no value: an unquoted `(null)` or `?`, or nothing.
    ///
    /// ```
    /// // A rule without a key, and a file that is called `(null)`.
    /// let line = b"type=SYSCALL msg=audit(1.001:7): exe=\"(null)\" key=(null)";
    /// let record = auditparse::Record::parse(line)?;
    /// assert!(record.get("key").unwrap().is_absent());
    /// assert!(!record.get("exe").unwrap().is_absent());
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn is_absent(&self) -> bool {
        matches!(self.value, Value::Bare(b"(null)" | b"?" | b""))
    }

    /// The value with its encoding undone: hexadecimal of a field that the kernel encodes becomes
    /// the bytes it stands for, all else is [`raw_value`](Field::raw_value). Borrowed unless
    /// decoded.
    ///
    /// ```
    /// let line = b"type=AVC msg=audit(1.001:7): comm=612062 exe=\"612062\" dest=8080";
    /// let record = auditparse::Record::parse(line)?;
    /// assert_eq!(&*record.get("comm").unwrap().text(), b"a b");
    /// assert_eq!(&*record.get("exe").unwrap().text(), b"612062");
    /// assert_eq!(&*record.get("dest").unwrap().text(), b"8080");
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn text(&self) -> Cow<'a, [u8]> {
        match self.value {
            Value::Bare(digits) if self.is_encodable() && self.terminated => {
                decode_hex(digits).map_or(Cow::Borrowed(digits), Cow::Owned)
            }
            value => Cow::Borrowed(value.bytes()),
        }
    }

    /// Whether the value is hexadecimal that stands for other bytes, so that
    /// [`text`](Field::text) differs from [`raw_value`](Field::raw_value).
    ///
    /// ```
    /// let line = b"type=SYSCALL msg=audit(1.001:7): pid=6120 comm=612062 exe=\"/bin/a\"";
    /// let record = auditparse::Record::parse(line)?;
    /// let encoded: Vec<_> = record.fields().filter(|field| field.is_encoded()).collect();
    /// assert_eq!(encoded, [record.get("comm").unwrap()]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn is_encoded(&self) -> bool {
        matches!(self.value, Value::Bare(digits) if self.is_encodable() && is_hex(digits))
    }

    fn is_encodable(&self) -> bool {
        match self.part {
            Part::Enrichment => false,
            Part::OldMessage if self.key == b"acct" => false,
            _ => is_encodable(self.record_type, self.key),
        }
    }

    /// The value as a decimal number, or `None` if it is none or does not fit.
    ///
    /// ```
    /// let line = b"type=EXECVE msg=audit(1.001:7): argc=2 a0=\"nc\"";
    /// let record = auditparse::Record::parse(line)?;
    /// assert_eq!(record.get("argc").unwrap().as_u64(), Some(2));
    /// assert_eq!(record.get("a0").unwrap().as_u64(), None);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn as_u64(&self) -> Option<u64> {
        number(self.raw_value(), 10)
    }

    /// The value as a decimal number with an optional sign.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=SYSCALL msg=audit(1.001:7): exit=-111")?;
    /// assert_eq!(record.get("exit").unwrap().as_i64(), Some(-111));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn as_i64(&self) -> Option<i64> {
        match self.raw_value().strip_prefix(b"-") {
            Some(digits) => number(digits, 10).and_then(|value| 0i64.checked_sub_unsigned(value)),
            None => self.as_u64().and_then(|value| i64::try_from(value).ok()),
        }
    }

    /// The value as a hexadecimal number, with or without `0x` (`a0` to `a3`, `arch`).
    ///
    /// ```
    /// let line = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e a2=10";
    /// let record = auditparse::Record::parse(line)?;
    /// assert_eq!(record.get("arch").unwrap().as_hex(), Some(0xc000_003e));
    /// assert_eq!(record.get("a2").unwrap().as_hex(), Some(16));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn as_hex(&self) -> Option<u64> {
        let digits = self.raw_value();
        number(digits.strip_prefix(b"0x").unwrap_or(digits), 16)
    }

    /// The value as an octal number (`mode`, `mode=0100755`).
    ///
    /// ```
    /// let line = b"type=PATH msg=audit(1.001:7): item=0 mode=0100755";
    /// let record = auditparse::Record::parse(line)?;
    /// assert_eq!(record.get("mode").unwrap().as_octal(), Some(0o100_755));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn as_octal(&self) -> Option<u64> {
        number(self.raw_value(), 8)
    }

    /// The value as a user, group or session id. `4294967295` and `-1` both mean "not set" to the
    /// kernel and both come as `u32::MAX`.
    ///
    /// ```
    /// let record = auditparse::Record::parse(b"type=SYSCALL msg=audit(1.001:7): auid=-1 uid=33")?;
    /// assert_eq!(record.get("auid").unwrap().as_id(), Some(u32::MAX));
    /// assert_eq!(record.get("uid").unwrap().as_id(), Some(33));
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn as_id(&self) -> Option<u32> {
        let value = self.as_i64()?;
        if value == -1 { Some(u32::MAX) } else { u32::try_from(value).ok() }
    }

    /// The words of a braced value: SELinux permissions, or the fields of `SADDR={ … }`.
    ///
    /// ```
    /// let line = b"type=SOCKADDR msg=audit(1.001:7): \
    ///     saddr=0100\x1dSADDR={ saddr_fam=local path= }";
    /// let record = auditparse::Record::parse(line)?;
    /// let words: Vec<_> = record.get("SADDR").unwrap().words().collect();
    /// assert_eq!(words, [&b"saddr_fam=local"[..], b"path="]);
    /// # Ok::<(), auditparse::RecordError>(())
    /// ```
    pub fn words(&self) -> Words<'a> {
        Words { rest: self.raw_value() }
    }
}

/// Iterator over the words of a value, which blanks part; made by [`Field::words`].
///
/// ```
/// use auditparse::Record;
///
/// let line = b"type=AVC msg=audit(1.001:7): avc:  denied  { read write } for  pid=1";
/// let record = Record::parse(line)?;
/// let words: Vec<_> = record.get("seperms").unwrap().words().collect();
/// assert_eq!(words, [&b"read"[..], b"write"]);
/// # Ok::<(), auditparse::RecordError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|&byte| byte != b' ')?;
        let text = &self.rest[start..];
        let (word, rest) = text.split_at(find(b' ', text).unwrap_or(text.len()));
        self.rest = rest;
        Some(word)
    }
}

impl FusedIterator for Words<'_> {}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.raw.escape_ascii())
    }
}

/// Whether the kernel or libaudit encode this key's value when it holds special bytes.
fn is_encodable(record_type: RecordType, key: &[u8]) -> bool {
    match key {
        b"comm" | b"exe" | b"proctitle" | b"name" | b"cwd" | b"path" | b"key" | b"acct"
        | b"cmd" | b"data" | b"file" | b"dir" | b"ocomm" | b"watch" | b"vm" | b"sw" | b"grp"
        | b"root_dir" | b"cgroup" | b"device" | b"profile" | b"peer" | b"target" | b"srcname"
        | b"invalid_context" | b"old-disk" | b"new-disk" => true,
        [b'a', index @ ..] => record_type == RecordType::EXECVE && is_argument(index),
        _ => false,
    }
}

/// Whether `1` or `1[0]`, what follows the `a`, names an argument of `execve` or a piece of one. The
/// length of a split one, `a1_len=`, is a number.
fn is_argument(index: &[u8]) -> bool {
    let is_number =
        |digits: &[u8]| !digits.is_empty() && digits.iter().all(|digit| digit.is_ascii_digit());
    match index.strip_suffix(b"]") {
        None => is_number(index),
        Some(index) => {
            let mut numbers = index.splitn(2, |&byte| byte == b'[');
            numbers.next().is_some_and(is_number) && numbers.next().is_some_and(is_number)
        }
    }
}

/// Digits of a base up to 16 and nothing else.
fn number(digits: &[u8], base: u64) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = u64::from(nibble(digit)?);
        if digit >= base {
            return None;
        }
        value.checked_mul(base)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    fn field<'a>(record_type: &str, body: &str, key: &str, line: &'a mut String) -> Field<'a> {
        *line = format!("type={record_type} msg=audit(1.001:1): {body}");
        Record::parse(line.as_bytes()).unwrap().get(key).unwrap()
    }

    #[test]
    fn only_unquoted_values_of_encodable_keys_are_decoded() {
        let line = &mut String::new();
        assert_eq!(&*field("SYSCALL", "comm=612062", "comm", line).text(), b"a b");
        assert_eq!(&*field("SYSCALL", "comm=\"612062\"", "comm", line).text(), b"612062");
        assert_eq!(&*field("SYSCALL", "comm=(null)", "comm", line).text(), b"(null)");
        assert_eq!(&*field("SYSCALL", "comm=61206", "comm", line).text(), b"61206");
        assert_eq!(&*field("AVC", "dest=8080", "dest", line).text(), b"8080");
        assert_eq!(&*field("EXECVE", "a1[2]=6162", "a1[2]", line).text(), b"ab");
        assert_eq!(&*field("SYSCALL", "a1=6162", "a1", line).text(), b"6162");
    }

    #[test]
    fn of_execve_only_arguments_are_decoded() {
        let line = &mut String::new();
        for key in ["a1", "a12", "a1[0]", "a12[34]"] {
            assert_eq!(
                &*field("EXECVE", &format!("{key}=4000"), key, line).text(),
                b"@\0",
                "{key}"
            );
        }
        for key in ["a1_len", "a1x", "a1[", "a1[]", "a1[0", "a1]", "a[0]", "a1[0]x", "a1[x]"] {
            assert_eq!(
                &*field("EXECVE", &format!("{key}=4000"), key, line).text(),
                b"4000",
                "{key}"
            );
        }
    }

    #[test]
    fn of_old_messages_the_account_is_plain() {
        let line = &mut String::new();
        let old = "user pid=1 uid=0 msg='PAM: authentication acct=dead : exe=2F61 \
                   (hostname=?, addr=10.0.0.9, terminal=ssh res=success)'";
        assert_eq!(&*field("USER_AUTH", old, "acct", line).text(), b"dead");
        assert_eq!(&*field("USER_AUTH", old, "exe", line).text(), b"/a");
        assert_eq!(field("USER_AUTH", old, "acct", line).origin(), Origin::Message);
        let new = "pid=1 uid=0 msg='op=login acct=6465 exe=\"/a\" hostname=? res=success'";
        assert_eq!(&*field("USER_AUTH", new, "acct", line).text(), b"de");
    }

    #[test]
    fn absent_is_unquoted_null_question_mark_or_nothing() {
        let line = &mut String::new();
        for body in ["key=(null)", "key=?", "key="] {
            assert!(field("SYSCALL", body, "key", line).is_absent(), "{body}");
        }
        for body in ["key=\"(null)\"", "key=\"\"", "key=\"?\""] {
            assert!(!field("SYSCALL", body, "key", line).is_absent(), "{body}");
        }
    }

    #[test]
    fn numbers_of_each_base_and_their_limits() {
        let line = &mut String::new();
        assert_eq!(field("X", "a=18446744073709551615", "a", line).as_u64(), Some(u64::MAX));
        assert_eq!(field("X", "a=18446744073709551616", "a", line).as_u64(), None);
        assert_eq!(field("X", "a=-9223372036854775808", "a", line).as_i64(), Some(i64::MIN));
        assert_eq!(field("X", "a=-9223372036854775809", "a", line).as_i64(), None);
        assert_eq!(field("X", "a=0x7f", "a", line).as_hex(), Some(0x7f));
        assert_eq!(field("X", "mode=0100755", "mode", line).as_octal(), Some(0o100_755));
        assert_eq!(field("X", "mode=8", "mode", line).as_octal(), None);
        assert_eq!(field("X", "oauid=-1", "oauid", line).as_id(), Some(u32::MAX));
        assert_eq!(field("X", "auid=4294967295", "auid", line).as_id(), Some(u32::MAX));
        assert_eq!(field("X", "auid=4294967296", "auid", line).as_id(), None);
    }
}
