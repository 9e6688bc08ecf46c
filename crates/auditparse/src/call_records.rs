//! The records of an event that a call is told by. This module owns what is told by them together,
//! and the reading of those whose one field is nearly always the first; what becomes of it is
//! [`connection`](crate::connection)'s.

use std::borrow::Cow;

use nom::Parser;
use nom::sequence::preceded;

use crate::attempt::{NotAConnection, Via};
use crate::header::literal;
use crate::hex::is_hex;
use crate::process::{bare, present_text, string};
use crate::record::Record;
use crate::sockaddr::SockAddrBytes;
use crate::syscall::{Call, CallHead, ConnectionKind};

/// The records of an event that tell who did what.
#[derive(Clone, Copy, Default)]
pub(crate) struct CallRecords<'a> {
    pub(crate) syscall: Option<Record<'a>>,
    pub(crate) uringop: Option<Record<'a>>,
    pub(crate) proctitle: Option<Record<'a>>,
}

impl<'a> CallRecords<'a> {
    /// What was done, told by the system call or, if that only submitted it, by the operation.
    pub(crate) fn read(
        &self,
        head: Option<CallHead>,
    ) -> Result<(ConnectionKind, Via, CallHead), NotAConnection> {
        let read = || self.syscall.as_ref().map(CallHead::read);
        let head = head.or_else(read).unwrap_or_default();
        if let Call::Network(kind) = head.call {
            return Ok((kind, Via::Syscall, head));
        }
        let Some(uringop) = &self.uringop else {
            return Err(match self.syscall {
                Some(_) => NotAConnection::OtherCall,
                None => NotAConnection::NoSyscall,
            });
        };
        let uring = CallHead::read(uringop);
        let kind = uring.uring_op.and_then(ConnectionKind::from_uring_op);
        let kind = kind.ok_or(NotAConnection::OtherCall)?;
        let head = CallHead { arch: head.arch, number: head.number, ..uring };
        Ok((kind, Via::IoUring, head))
    }

    /// The record that tells who made the call.
    pub(crate) fn who(&self) -> Option<&Record<'a>> {
        self.syscall.as_ref().or(self.uringop.as_ref())
    }
}

/// The text of `proctitle=`, which is the first field.
pub(crate) fn process_title<'a>(record: &Record<'a>) -> Option<Cow<'a, [u8]>> {
    match string(b"proctitle=", record.body()) {
        Ok((_, title)) => title,
        Err(_) => present_text(record.get("proctitle")?),
    }
}

/// Whether `proctitle=` is all that a record has, as the kernel writes it.
pub(crate) fn is_sound_title(record: &Record<'_>) -> bool {
    let Ok((digits, ())) = literal(b"proctitle=")(record.body()) else { return false };
    is_hex(digits) || string(b"proctitle=", record.body()).is_ok_and(|(rest, _)| rest.is_empty())
}

/// The value of `saddr=`, and the bytes that it stands for.
#[inline]
pub(crate) fn read_address<'a>(record: &Record<'a>) -> Option<(&'a [u8], SockAddrBytes)> {
    // Without names behind it, its digits are the rest of the record, and their end need not be
    // searched.
    if let Ok((digits @ [.., b'0'..=b'9' | b'A'..=b'F'], ())) = literal(b"saddr=")(record.body())
        && let Some(bytes) = SockAddrBytes::from_sound_hex(digits)
    {
        return Some((digits, bytes));
    }
    let digits = socket_address(record)?;
    Some((digits, SockAddrBytes::from_hex(digits)))
}

/// The value of `saddr=`, which is the first field.
fn socket_address<'a>(record: &Record<'a>) -> Option<&'a [u8]> {
    match preceded(literal(b"saddr="), bare).parse(record.body()) {
        Ok((_, digits)) => Some(digits),
        Err(_) => Some(record.get("saddr")?.raw_value()),
    }
}

/// Whether a `SOCKADDR` record has other digits than these, which may be in either case.
#[cold]
pub(crate) fn is_other_address(digits: &[u8], record: &Record<'_>) -> bool {
    socket_address(record).is_some_and(|other| !other.eq_ignore_ascii_case(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_fields_are_read_as_all_others_are() {
        for value in [
            "6E63002D6C",
            "6e63",
            "6E6",
            "6E63 a=b",
            "6E63\x1dX=1",
            "nc",
            "\"nc\"",
            "\"nc",
            "\"nc\"x",
            "\"n\x1dc\"",
            "\"a b\" c=d",
            "(null)",
            "?",
            "",
            " a=b",
            "'n c'",
            "{ n c }",
        ] {
            let line =
                |kind: &str, key: &str| format!("type={kind} msg=audit(1.001:1): {key}={value}");
            let (address, title) = (line("SOCKADDR", "saddr"), line("PROCTITLE", "proctitle"));
            let address = Record::parse(address.as_bytes()).unwrap();
            let title = Record::parse(title.as_bytes()).unwrap();
            let read = address.get("saddr").map(|field| field.raw_value());
            assert_eq!(socket_address(&address), read, "{value:?}");
            let bytes = read.map(|digits| (digits, SockAddrBytes::from_hex(digits)));
            assert_eq!(read_address(&address), bytes, "{value:?}");
            let read = title.get("proctitle").and_then(present_text);
            assert_eq!(process_title(&title), read, "{value:?}");
        }
    }
}
