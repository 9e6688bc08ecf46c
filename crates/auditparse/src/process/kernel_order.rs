//! A `SYSCALL` record read straight through, in the order in which the kernel prints its fields. It says
//! nothing of a record in any other order.

use std::borrow::Cow;

use memchr::memchr;
use nom::character::complete::alpha1;
use nom::combinator::{map, opt};
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

use super::{Id, Keys, Process};
use crate::event_id::decimal_u32;
use crate::header::literal;
use crate::hex::decode_hex;
use crate::scan::{find, find_either};
use crate::segment::ENRICHMENT_SEPARATOR;

type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// A record in the order of the kernel, from `arch=` on, with the names that auditd adds or without.
// What it gives is large, and would be moved when it is returned.
#[inline(always)]
pub(super) fn kernel_form(body: &[u8], arguments: usize) -> Parsed<'_, Process<'_>> {
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
pub(super) fn separates_names_alone(body: &[u8], rest: &[u8]) -> bool {
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
pub(super) fn other_names(input: &[u8]) -> Parsed<'_, ()> {
    let (rest, _) = (quoted, literal(b" FSUID="), quoted, literal(b" EGID=")).parse(input)?;
    let (rest, _) = (quoted, literal(b" SGID="), quoted, literal(b" FSGID=")).parse(rest)?;
    map(quoted, |_| ()).parse(rest)
}
