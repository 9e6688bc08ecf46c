//! Who made a call: the process, its users, and the rules that its event matched. Nearly every
//! `SYSCALL` record has its fields in the one order in which `audit_log_exit` in
//! `kernel/auditsc.c` prints them; those are read straight through, others field by field.

use core::iter::FusedIterator;
use std::borrow::Cow;

use memchr::memchr;
use nom::character::complete::alpha1;
use nom::combinator::{all_consuming, map, opt};
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

use crate::event_id::decimal_u32;
use crate::field::Field;
use crate::header::literal;
use crate::hex::decode_hex;
use crate::record::Record;
use crate::scan::{find, find_either};
use crate::segment::ENRICHMENT_SEPARATOR;
use crate::syscall::once;

/// A user or group id, with the name that the logging host had for it (ENRICHED format only).
///
/// ```
/// use auditparse::Connections;
///
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 uid=33\x1dUID=\"www-data\"";
/// let uid = Connections::new(log).next().unwrap().uid().unwrap();
/// assert_eq!(uid.number, 33);
/// assert_eq!(uid.name, Some(&b"www-data"[..]));
/// assert!(uid.is_set());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    /// The id; `u32::MAX` stands for "not set".
    pub number: u32,
    /// The name; auditd writes `unset` and `unknown(1234)` where there is none.
    pub name: Option<&'a [u8]>,
}

impl Id<'_> {
    /// Whether the id is one, and not the kernel's "not set".
    ///
    /// ```
    /// use auditparse::Id;
    ///
    /// assert!(Id { number: 0, name: Some(b"root") }.is_set());
    /// assert!(!Id { number: 4_294_967_295, name: Some(b"unset") }.is_set());
    /// ```
    pub fn is_set(&self) -> bool {
        self.number != u32::MAX
    }
}

/// Who made a call, on whose behalf, and with which arguments.
///
/// ```
/// use auditparse::Connections;
///
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 uid=33 comm=\"curl\" exe=\"/usr/bin/curl\"";
/// let process = Connections::new(log).next().unwrap().process();
/// assert_eq!(process.pid, Some(7));
/// assert_eq!(process.exe.as_deref(), Some(&b"/usr/bin/curl"[..]));
/// assert_eq!(process.arguments[0], Some(&b"3"[..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process<'a> {
    /// The process.
    pub pid: Option<u32>,
    /// Its parent.
    pub ppid: Option<u32>,
    /// The login user, who stays the same through `su` and `sudo`.
    pub auid: Option<Id<'a>>,
    /// The real user.
    pub uid: Option<Id<'a>>,
    /// The effective user.
    pub euid: Option<Id<'a>>,
    /// The real group.
    pub gid: Option<Id<'a>>,
    /// The login session; `u32::MAX` for none.
    pub ses: Option<u32>,
    /// The terminal; `None` without one.
    pub tty: Option<&'a [u8]>,
    /// The security context.
    pub subj: Option<&'a [u8]>,
    /// Name of the task.
    pub comm: Option<Cow<'a, [u8]>>,
    /// Path of the executable.
    pub exe: Option<Cow<'a, [u8]>>,
    /// The keys of the rules that matched.
    pub keys: Keys<'a>,
    /// The first four arguments of the call, `a0` to `a3`, in hexadecimal as the kernel writes
    /// them.
    pub arguments: [Option<&'a [u8]>; 4],
}

impl<'a> Process<'a> {
    /// Reads a record whose arguments are known to start at `arguments` of its body, or are not if
    /// that is 0.
    pub(crate) fn of(record: &Record<'a>, arguments: usize) -> Process<'a> {
        let body = record.body();
        match kernel_form(body, arguments) {
            Ok((rest, process)) if separates_names_alone(body, rest) => process,
            _ => Process::of_fields(record),
        }
    }

    /// Reads a record only if all of it is as the kernel and auditd write it, so that nothing is wrong
    /// with any field.
    pub(crate) fn of_sound(record: &Record<'a>, arguments: usize) -> Option<Process<'a>> {
        let body = record.body();
        let (rest, process) = kernel_form(body, arguments).ok()?;
        let is_sound = separates_names_alone(body, rest)
            && (rest.is_empty() || all_consuming(other_names).parse(rest).is_ok());
        is_sound.then_some(process)
    }

    /// Reads a record whose fields are in any order. Of a field that repeats, the first counts,
    /// also if it cannot be read.
    fn of_fields(record: &Record<'a>) -> Process<'a> {
        let [mut pid, mut ppid, mut ses] = [None; 3];
        let [mut auid, mut uid, mut euid, mut gid] = [IdFields::default(); 4];
        let [mut tty, mut subj] = [None; 2];
        let [mut comm, mut exe, mut key] = [None, None, None];
        let mut arguments = [None; 4];
        for field in record.fields() {
            match field.key() {
                [b'a', index @ b'0'..=b'3'] => {
                    arguments[usize::from(index - b'0')].get_or_insert(field.raw_value());
                }
                b"pid" => once(&mut pid, || field.as_id()),
                b"ppid" => once(&mut ppid, || field.as_id()),
                b"auid" => once(&mut auid.number, || field.as_id()),
                b"uid" => once(&mut uid.number, || field.as_id()),
                b"euid" => once(&mut euid.number, || field.as_id()),
                b"gid" => once(&mut gid.number, || field.as_id()),
                b"AUID" => auid.add_name(&field),
                b"UID" => uid.add_name(&field),
                b"EUID" => euid.add_name(&field),
                b"GID" => gid.add_name(&field),
                b"ses" => once(&mut ses, || field.as_id()),
                b"tty" => once(&mut tty, || terminal(field)),
                b"subj" => once(&mut subj, || Some(field.raw_value())),
                b"comm" => once(&mut comm, || present_text(field)),
                b"exe" => once(&mut exe, || present_text(field)),
                b"key" => once(&mut key, || present_text(field)),
                _ => {}
            }
        }
        Process {
            pid: pid.flatten(),
            ppid: ppid.flatten(),
            auid: auid.id(),
            uid: uid.id(),
            euid: euid.id(),
            gid: gid.id(),
            ses: ses.flatten(),
            tty: tty.flatten(),
            subj: subj.flatten(),
            comm: comm.flatten(),
            exe: exe.flatten(),
            keys: Keys { joined: key.flatten() },
            arguments,
        }
    }
}

/// The fields that an id is made of: its number, once that was seen, and the name behind it.
#[derive(Clone, Copy, Default)]
struct IdFields<'a> {
    number: Option<Option<u32>>,
    name: Option<&'a [u8]>,
}

impl<'a> IdFields<'a> {
    /// Names stand behind all numbers.
    fn add_name(&mut self, field: &Field<'a>) {
        if self.number.is_some() {
            self.name.get_or_insert(field.raw_value());
        }
    }

    fn id(self) -> Option<Id<'a>> {
        Some(Id { number: self.number??, name: self.name })
    }
}

type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// A record in the order of the kernel, from `arch=` on, with the names that auditd adds or without.
// What it gives is large, and would be moved when it is returned.
#[inline(always)]
fn kernel_form(body: &[u8], arguments: usize) -> Parsed<'_, Process<'_>> {
    let rest = match arguments {
        0 => call(body)?.0,
        _ => body.get(arguments..).ok_or(nom::Err::Error(()))?,
    };
    let (rest, a0) = word(b"a0=", rest)?;
    let (rest, a1) = word(b"a1=", rest)?;
    let (rest, a2) = word(b"a2=", rest)?;
    let (rest, a3) = word(b"a3=", rest)?;
    let (rest, _) = word(b"items=", rest)?;
    let (rest, ppid) = id(b"ppid=", rest)?;
    let (rest, pid) = id(b"pid=", rest)?;
    let (rest, auid) = login_id(b"auid=", rest)?;
    let (rest, uid) = id(b"uid=", rest)?;
    let (rest, gid) = id(b"gid=", rest)?;
    let (rest, euid) = id(b"euid=", rest)?;
    let (rest, _) = word(b"suid=", rest)?;
    let (rest, _) = word(b"fsuid=", rest)?;
    let (rest, _) = word(b"egid=", rest)?;
    let (rest, _) = word(b"sgid=", rest)?;
    let (rest, _) = word(b"fsgid=", rest)?;
    let (rest, tty) = word(b"tty=", rest)?;
    let (rest, ses) = login_id(b"ses=", rest)?;
    let (rest, comm) = string(b"comm=", rest)?;
    let (rest, ()) = blank(rest)?;
    let (rest, exe) = string(b"exe=", rest)?;
    let (rest, ()) = blank(rest)?;
    let (rest, subj) = opt(context).parse(rest)?;
    let (rest, joined) = string(b"key=", rest)?;
    let (rest, names) = if rest.is_empty() { (rest, [None; 4]) } else { names(rest)? };

    let named = |number, name: usize| Some(Id { number, name: names[name] });
    let process = Process {
        pid: Some(pid),
        ppid: Some(ppid),
        auid: named(auid, 0),
        uid: named(uid, 1),
        gid: named(gid, 2),
        euid: named(euid, 3),
        ses: Some(ses),
        tty: Some(tty).filter(|tty| !matches!(*tty, b"(none)" | b"(null)" | b"?" | b"")),
        subj,
        comm,
        exe,
        keys: Keys { joined },
        arguments: [Some(a0), Some(a1), Some(a2), Some(a3)],
    };
    Ok((rest, process))
}

/// Whether the separator stands before the names, of which `rest` was not read, and nowhere else: amid
/// the fields it would end them there.
fn separates_names_alone(body: &[u8], rest: &[u8]) -> bool {
    memchr(ENRICHMENT_SEPARATOR, body).is_none_or(|end| {
        !rest.is_empty() && memchr(ENRICHMENT_SEPARATOR, &body[end + 1..]).is_none()
    })
}

/// What [`CallHead`](crate::syscall::CallHead) is read from.
fn call(body: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = word(b"arch=", body)?;
    let (rest, _) = word(b"syscall=", rest)?;
    let (rest, _) = word(b"success=", rest)?;
    let (rest, _) = word(b"exit=", rest)?;
    Ok((rest, ()))
}

/// `key=value ` whose value has no delimiters.
// Keys are compared in registers only where they are known.
#[inline(always)]
fn word<'a, const N: usize>(key: &'static [u8; N], input: &'a [u8]) -> Parsed<'a, &'a [u8]> {
    let (rest, ()) = literal(key)(input)?;
    let length = find(b' ', rest).ok_or(nom::Err::Error(()))?;
    let (value, rest) = rest.split_at(length);
    if is_delimited(value) { Err(nom::Err::Error(())) } else { Ok((&rest[1..], value)) }
}

/// `subj=label `, and the mode that AppArmor writes behind a label: `subj=docker-default (enforce) `.
fn context(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, label) = word(b"subj=", input)?;
    match delimited(literal(b"("), alpha1, literal(b") ")).parse(rest) {
        Ok((behind, _mode)) => {
            let value = &input[b"subj=".len()..input.len() - behind.len() - 1];
            Ok((behind, value))
        }
        Err(_) => Ok((rest, label)),
    }
}

/// `key=number ` below 2³².
#[inline(always)]
fn id<'a, const N: usize>(key: &'static [u8; N], input: &'a [u8]) -> Parsed<'a, u32> {
    let (rest, ()) = literal(key)(input)?;
    number(rest)
}

/// The same of what a login sets, which is "not set" for all that the system starts.
#[inline(always)]
fn login_id<'a, const N: usize>(key: &'static [u8; N], input: &'a [u8]) -> Parsed<'a, u32> {
    let (rest, ()) = literal(key)(input)?;
    match literal(b"4294967295 ")(rest) {
        Ok((rest, ())) => Ok((rest, u32::MAX)),
        Err(_) => number(rest),
    }
}

#[inline(always)]
fn number(input: &[u8]) -> Parsed<'_, u32> {
    let (rest, number) = decimal_u32(input)?;
    let (rest, ()) = blank(rest)?;
    Ok((rest, number))
}

/// `key=string`, quoted or encoded.
#[inline(always)]
pub(crate) fn string<'a, const N: usize>(
    key: &'static [u8; N],
    input: &'a [u8],
) -> Parsed<'a, Option<Cow<'a, [u8]>>> {
    let (rest, ()) = literal(key)(input)?;
    match quoted(rest) {
        Ok((rest, text)) => Ok((rest, Some(Cow::Borrowed(text)))),
        Err(_) => encoded(rest),
    }
}

fn blank(input: &[u8]) -> Parsed<'_, ()> {
    literal(b" ")(input)
}

fn is_delimited(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'"' | b'\'' | b'{'))
}

/// `"text"`. The separator ends a record's own fields even between quotes.
fn quoted(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, ()) = literal(b"\"")(input)?;
    let length = find_either(b'"', ENRICHMENT_SEPARATOR, rest).ok_or(nom::Err::Error(()))?;
    let (text, rest) = rest.split_at(length);
    let (rest, ()) = literal(b"\"")(rest)?;
    Ok((rest, text))
}

/// A string without quotes: hexadecimal or `(null)`.
fn encoded(input: &[u8]) -> Parsed<'_, Option<Cow<'_, [u8]>>> {
    let (rest, digits) = bare(input)?;
    let is_absent = matches!(digits, b"(null)" | b"?" | b"");
    let text = || decode_hex(digits).map_or(Cow::Borrowed(digits), Cow::Owned);
    Ok((rest, (!is_absent).then(text)))
}

/// A value without delimiters, up to a blank, the separator or the end.
pub(crate) fn bare(input: &[u8]) -> Parsed<'_, &[u8]> {
    let length = find_either(b' ', ENRICHMENT_SEPARATOR, input).unwrap_or(input.len());
    let (value, rest) = input.split_at(length);
    if is_delimited(value) { Err(nom::Err::Error(())) } else { Ok((rest, value)) }
}

/// The names that auditd adds: of the login user, the user, the group and the effective user. Those
/// of the other ids follow and are not read.
fn names(input: &[u8]) -> Parsed<'_, [Option<&[u8]>; 4]> {
    let (rest, ()) = literal(b"\x1d")(input)?;
    let (rest, _) = word(b"ARCH=", rest)?;
    let (rest, _) = word(b"SYSCALL=", rest)?;
    let (rest, ()) = literal(b"AUID=")(rest)?;
    let (rest, auid) = terminated(quoted, literal(b" UID=")).parse(rest)?;
    let (rest, uid) = terminated(quoted, literal(b" GID=")).parse(rest)?;
    let (rest, gid) = terminated(quoted, literal(b" EUID=")).parse(rest)?;
    let (rest, euid) = terminated(quoted, literal(b" SUID=")).parse(rest)?;
    Ok((rest, [auid, uid, gid, euid].map(Some)))
}

/// The names of the other ids, from the value of `SUID=` on.
fn other_names(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = (quoted, literal(b" FSUID="), quoted, literal(b" EGID=")).parse(input)?;
    let (rest, _) = (quoted, literal(b" SGID="), quoted, literal(b" FSGID=")).parse(rest)?;
    map(quoted, |_| ()).parse(rest)
}

/// The text of a field that says there is some.
pub(crate) fn present_text(field: Field<'_>) -> Option<Cow<'_, [u8]>> {
    (!field.is_absent()).then(|| field.text())
}

/// `tty=`, which is `(none)` for a process without a terminal.
pub(crate) fn terminal(field: Field<'_>) -> Option<&[u8]> {
    Some(field.raw_value()).filter(|&tty| tty != b"(none)" && !field.is_absent())
}

/// The keys of the audit rules that matched an event (`auditctl -k`). The kernel joins several
/// with a 0x01 byte.
///
/// ```
/// use auditparse::Connections;
///
/// // Two keys, joined by the byte 01.
/// let log = b"type=SYSCALL msg=audit(1.001:7): \
///     arch=c000003e syscall=42 a0=3 pid=7 uid=33 key=6E657401776562";
/// let keys = Connections::new(log).next().unwrap().keys();
///
/// assert_eq!(keys.iter().collect::<Vec<_>>(), [&b"net"[..], b"web"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys<'a> {
    pub(crate) joined: Option<Cow<'a, [u8]>>,
}

impl Keys<'_> {
    /// The keys one by one.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 key=\"net\"";
    /// let keys = auditparse::Connections::new(log).next().unwrap().keys();
    /// assert!(keys.iter().any(|key| key == b"net"));
    /// ```
    pub fn iter(&self) -> KeysIter<'_> {
        KeysIter { rest: self.joined.as_deref() }
    }

    /// Whether there is none.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 key=(null)";
    /// assert!(auditparse::Connections::new(log).next().unwrap().keys().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.joined.is_none()
    }
}

impl<'k> IntoIterator for &'k Keys<'_> {
    type Item = &'k [u8];
    type IntoIter = KeysIter<'k>;

    fn into_iter(self) -> KeysIter<'k> {
        self.iter()
    }
}

/// Iterator over the keys of an event; made by [`Keys::iter`].
///
/// ```
/// let keys = auditparse::Keys::default();
/// assert_eq!(keys.iter().next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct KeysIter<'k> {
    /// The keys to come, joined; `None` behind the last.
    rest: Option<&'k [u8]>,
}

impl<'k> Iterator for KeysIter<'k> {
    type Item = &'k [u8];

    fn next(&mut self) -> Option<&'k [u8]> {
        let joined = self.rest?;
        let (key, rest) = match joined.iter().position(|&byte| byte == 1) {
            Some(end) => (&joined[..end], Some(&joined[end + 1..])),
            None => (joined, None),
        };
        self.rest = rest;
        Some(key)
    }
}

impl FusedIterator for KeysIter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscall::CallHead;

    const FRONT: &str = "arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7f a2=10 a3=0 items=0 \
        ppid=1 pid=2 auid=4294967295 uid=33 gid=34 euid=35 suid=36 fsuid=37 egid=38 sgid=39 \
        fsgid=40 tty=pts0 ses=3";
    const NAMES: &str = "\x1dARCH=x86_64 SYSCALL=connect AUID=\"unset\" UID=\"www-data\" \
        GID=\"www\" EUID=\"root\" SUID=\"a\" FSUID=\"b\" EGID=\"c\" SGID=\"d\" FSGID=\"e\"";

    /// Reads a body both ways; gives what both say, and whether it has the kernel's order.
    fn read(body: &str) -> (bool, String) {
        let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
        let record = Record::parse(line.as_bytes()).unwrap();
        let process = Process::of(&record, 0);
        assert_eq!(process, Process::of_fields(&record), "{body}");
        let arguments = CallHead::read(&record).arguments as usize;
        assert_eq!(process, Process::of(&record, arguments), "{body}");
        (kernel_form(record.body(), 0).is_ok(), format!("{process:?}"))
    }

    #[test]
    fn the_kernels_order_is_read_straight_through() {
        for tail in [
            "comm=\"nc\" exe=\"/usr/bin/nc\" subj=unconfined key=\"net\"",
            "comm=\"nc\" exe=\"/usr/bin/nc\" key=(null)",
            "comm=\"nc\" exe=\"/usr/bin/nc\" subj=docker-default (enforce) key=\"net\"",
            "comm=612062 exe=2F7467 subj=unconfined key=6101",
            "comm=\"\" exe=(null) key=\"\"",
        ] {
            assert!(read(&format!("{FRONT} {tail}")).0, "{tail}");
            assert!(read(&format!("{FRONT} {tail}{NAMES}")).0, "{tail} with names");
        }
    }

    #[test]
    fn any_other_order_is_read_field_by_field() {
        let tail = "comm=\"nc\" exe=\"/usr/bin/nc\" subj=unconfined key=\"net\"";
        for body in [
            format!("pid=9 {FRONT} {tail}"),
            format!("{FRONT} {tail} pid=9"),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default  (enforce) key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default (enforce key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default enforce key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default (a) (b) key=\"net\""),
            format!("{FRONT} comm=\"nc\" exe=\"/x\" subj=docker-default (enforce)"),
            format!("{FRONT} comm=\"nc\" exe=\"/usr/b"),
            format!("{FRONT} comm='nc' exe={{ x }} key=\"net\""),
            format!("{FRONT}  {tail}"),
            format!("{} {tail}", FRONT.replace("pid=2", "pid=-1")),
            format!("{} {tail}", FRONT.replace("pts0", "\"pts 0\"")),
            format!("{} {tail}{NAMES}", FRONT.replace("uid=33", "uid=4294967296")),
            format!("{FRONT} {tail}\x1dUID=\"root\""),
            format!("{FRONT} {tail}\x1d"),
            FRONT.to_owned(),
            String::new(),
        ] {
            assert!(!read(&body).0, "{body}");
        }
    }

    #[test]
    fn of_a_field_that_repeats_the_first_counts_even_if_it_cannot_be_read() {
        let line = b"type=SYSCALL msg=audit(1.001:1): auid=x pid=1 pid=2 auid=3 AUID=\"a\"";
        let process = Process::of(&Record::parse(line).unwrap(), 0);
        assert_eq!(process.auid, None);
        assert_eq!(process.pid, Some(1));
    }

    #[test]
    fn names_belong_to_their_ids() {
        let (_, shown) = read(&format!("{FRONT} comm=\"nc\" exe=\"/x\" key=(null){NAMES}"));
        for (number, text) in [(u32::MAX, "unset"), (33, "www-data"), (34, "www"), (35, "root")] {
            let id = Id { number, name: Some(text.as_bytes()) };
            assert!(shown.contains(&format!("{id:?}")), "{shown}");
        }
    }
}
