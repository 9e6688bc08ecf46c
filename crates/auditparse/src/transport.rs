//! What may stand before a record: nothing, or the prefix of the program that carried it (syslog,
//! journald, dmesg, the kernel's printk). This module owns finding where the record starts, and
//! refusing lines of other programs, also those that quote a record. It does not own the record.
//!
//! A host name in the prefix stands in for the `node=` of a record that has none, so that the hosts
//! of a central syslog stay apart.
//!
//! The accepted forms, each followed by `node=`, `type=` or, from journald, a bare type name:
//!
//! | source | prefix |
//! |---|---|
//! | auditd, `ausearch --raw` | blanks at most |
//! | printk on a console | `audit: ` |
//! | dmesg | `[   12.345678] audit: `, `[Tue Jun  2 11:02:21 2026] audit: `, `2026-06-02T11:02:21,238447+00:00 audit: `, `<5>[   12.3] audit: ` |
//! | syslog (RFC 3164) | `May 29 16:00:00 web01 audispd: `, also `kernel: [   12.3] audit: ` |
//! | syslog (RFC 3339 stamps) | `2026-06-02T11:02:14.340872+00:00 web01 audisp-syslog: ` |
//! | syslog (RFC 5424) | `<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - ` |
//! | journalctl | `Jun 02 11:02:20.123456 web01 kernel: audit: `, `[  120.421566] web01 kernel: audit: `, `1780398142.151000 web01 kernel: audit: ` |

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1, take_while_m_n, take_while1};
use nom::character::complete::{digit1, space0, space1};
use nom::combinator::{map, opt, value, verify};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::error::{RecordError, RecordErrorKind};

/// Syslog tags under which audit records are written.
const TAGS: [&[u8]; 8] = [
    b"audispd",
    b"audisp-syslog",
    b"audit",
    b"auditd",
    b"audisp",
    b"augenrules",
    b"kauditd",
    b"sedispatch",
];

/// Where in a line its record starts, and the host that the prefix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start<'a> {
    /// Offset of `node=` or `type=`.
    pub(crate) offset: usize,
    pub(crate) host: Option<&'a [u8]>,
}

/// Finds the record in a line.
pub(crate) fn record_start(line: &[u8]) -> Result<Start<'_>, RecordError> {
    if is_record_head(line) {
        return Ok(Start { offset: 0, host: None });
    }
    let start = line.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    let rest = &line[start..];
    if rest.is_empty() {
        return Err(RecordError::new(RecordErrorKind::Blank, start));
    }
    if is_record_head(rest) {
        return Ok(Start { offset: start, host: None });
    }
    if rest.starts_with(b"----") || rest.starts_with(b"time->") {
        return Err(RecordError::new(RecordErrorKind::Separator, start));
    }
    let not_audit = RecordError::new(RecordErrorKind::NotAudit, start);
    let (text, host) = audit_message(rest).map_err(|_| not_audit)?;
    let message = line.len() - text.len();
    if is_record_head(text) {
        Ok(Start { offset: message, host })
    } else if is_bare_type(text) {
        Err(RecordError::new(RecordErrorKind::NoEventId, message))
    } else {
        Err(RecordError::new(RecordErrorKind::NotAudit, message))
    }
}

fn is_record_head(text: &[u8]) -> bool {
    text.starts_with(b"type=") || text.starts_with(b"node=")
}

/// `SYSCALL arch=…`, `PROCTITLE proctitle=…`: how journald prints the kernel's records.
fn is_bare_type(text: &[u8]) -> bool {
    let name = text.split(|&byte| byte == b' ').next().unwrap_or_default();
    name.len() >= 3
        && name.len() < text.len()
        && name.iter().all(|&byte| {
            byte.is_ascii_uppercase()
                || byte.is_ascii_digit()
                || byte == b'_'
                || byte == b'['
                || byte == b']'
        })
        && text.contains(&b'=')
}

type Parsed<'a, T = ()> = IResult<&'a [u8], T, ()>;

/// The prefix up to the message of an audit tag, which gives the host.
fn audit_message(line: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    let no_host = value(None, audit_tag);
    let prefix = preceded(opt(priority), alt((rfc5424, stamped, no_host)));
    terminated(prefix, space0).parse(line)
}

/// `<5>`, the priority of a raw kernel or syslog message.
fn priority(input: &[u8]) -> Parsed<'_> {
    value((), delimited(tag("<"), digit1, tag(">"))).parse(input)
}

/// `1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - `, behind its priority.
fn rfc5424(input: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    let app = verify(word, |name: &[u8]| TAGS.contains(&name));
    let structured_data = alt((tag("-"), bracketed));
    let host = delimited((tag("1 "), iso_stamp, space1), word, space1);
    let rest = (app, space1, word, space1, word, space1, structured_data, space1);
    // "-" stands for a host that is not known.
    map(terminated(host, rest), |host| Some(host).filter(|&host| host != b"-")).parse(input)
}

/// A stamp, a host name where the source writes one, and an audit tag.
fn stamped(input: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    let stamp = alt((value((), bracketed), bsd_stamp, iso_stamp, unix_stamp));
    let (rest, _) = terminated(stamp, space1).parse(input)?;
    let host = terminated(word, (space1, alt((kernel_tag, audit_tag))));
    alt((value(None, audit_tag), map(host, Some))).parse(rest)
}

/// `[   12.345678]`.
fn bracketed(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    delimited(tag("["), take_till1(|byte| byte == b']'), tag("]")).parse(input)
}

/// `May 29 16:00:00`, with a fraction of a second or without.
fn bsd_stamp(input: &[u8]) -> Parsed<'_> {
    let month = take_while_m_n(3, 3, |byte: u8| byte.is_ascii_alphabetic());
    let clock = take_while1(|byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.');
    value((), (month, space1, digit1, space1, clock)).parse(input)
}

/// `2026-06-02T11:02:14.340872+00:00`.
fn iso_stamp(input: &[u8]) -> Parsed<'_> {
    let date = (digit1, tag("-"), digit1, tag("-"), digit1);
    value((), (date, tag("T"), word)).parse(input)
}

/// `1780398142.151000`.
fn unix_stamp(input: &[u8]) -> Parsed<'_> {
    value((), (digit1, tag("."), digit1)).parse(input)
}

/// `kernel: [  120.421566] audit: `, as syslog forwards the kernel's messages.
fn kernel_tag(input: &[u8]) -> Parsed<'_> {
    let kernel = (tag("kernel:"), space0, opt(terminated(bracketed, space0)));
    preceded(kernel, audit_tag).parse(input)
}

/// `audispd: ` or `audit[1234]: `.
fn audit_tag(input: &[u8]) -> Parsed<'_> {
    let name = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'-');
    let name = verify(name, |name: &[u8]| TAGS.contains(&name));
    let pid = delimited(tag("["), digit1, tag("]"));
    value((), (name, opt(pid), tag(":"))).parse(input)
}

fn word(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    take_till1(|byte| byte == b' ').parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(line: &str) -> Result<&str, RecordErrorKind> {
        let start = record_start(line.as_bytes());
        start.map(|start| &line[start.offset..]).map_err(|error| error.kind())
    }

    #[test]
    fn the_host_of_a_prefix_is_told() {
        for (prefix, host) in [
            ("", None),
            ("audit: ", None),
            ("[   12.345678] audit: ", None),
            ("2026-06-02T11:02:21,238447+00:00 audit: ", None),
            ("May 29 16:00:00 web01 audispd: ", Some("web01")),
            ("Jun  2 11:02:20 lab01 kernel: [  120.421566] audit: ", Some("lab01")),
            ("2026-06-01T17:41:13.305022+00:00 db01 audisp-syslog: ", Some("db01")),
            ("<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - ", Some("web01")),
            ("<13>1 2026-06-01T13:12:35.56+00:00 - audispd 77 - - ", None),
        ] {
            let line = format!("{prefix}type=X");
            let start = record_start(line.as_bytes()).unwrap();
            assert_eq!(start.host, host.map(str::as_bytes), "{prefix:?}");
        }
    }

    #[test]
    fn every_prefix_of_the_module_table_leads_to_the_record() {
        for prefix in [
            "",
            "  ",
            "audit: ",
            "[   12.345678] audit: ",
            "[Tue Jun  2 11:02:21 2026] audit: ",
            "2026-06-02T11:02:21,238447+00:00 audit: ",
            "<5>[  128.238182] audit: ",
            "May 29 16:00:00 web01 audispd: ",
            "Jun  2 11:02:20 lab01 kernel: audit: ",
            "Jun  2 11:02:20 lab01 kernel: [  120.421566] audit: ",
            "<13>Jun  2 11:02:20 lab01 audispd[77]: ",
            "2026-06-02T11:02:14.340872+00:00 lab01 kernel: [  120.421566] audit: ",
            "2026-06-01T17:41:13.305022+00:00 db01 audisp-syslog: ",
            "<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - ",
            "Jun 02 11:02:20.123456 lab01 kernel: audit: ",
            "[  120.421566] lab01 kernel: audit: ",
            "1780398142.151000 lab01 kernel: audit: ",
        ] {
            assert_eq!(start(&format!("{prefix}type=X")), Ok("type=X"), "{prefix:?}");
            assert_eq!(start(&format!("{prefix}node=a type=X")), Ok("node=a type=X"), "{prefix:?}");
        }
    }

    #[test]
    fn a_record_quoted_by_another_program_is_not_a_record() {
        let forged = "type=SYSCALL msg=audit(1.001:1): ";
        for line in [
            format!("Jun  2 11:02:20 lab01 sshd[9]: Invalid user {forged}"),
            format!("Jun  2 11:02:20 lab01 sshd[9]: audit: {forged}"),
            format!("2026-06-02T11:02:14.340872+00:00 lab01 logger: audispd: {forged}"),
            format!("hello audit: {forged}"),
        ] {
            assert_eq!(start(&line), Err(RecordErrorKind::NotAudit), "{line}");
        }
    }

    #[test]
    fn journald_drops_the_stamp_and_that_is_said() {
        for line in [
            "May 29 16:00:00 web01 audit[1234]: SYSCALL arch=c000003e syscall=42",
            "Jun 02 07:31:01.976000 lab01 audit[1]: SYSCALL arch=c000003e syscall=49",
            "2026-06-01T08:56:28.462000+0000 lab01 audit: SOCKADDR saddr=0200",
        ] {
            assert_eq!(start(line), Err(RecordErrorKind::NoEventId), "{line}");
        }
        let other = "Jun  2 11:02:20 lab01 auditd[1]: Init complete, auditd 3.0.9 listening";
        assert_eq!(start(other), Err(RecordErrorKind::NotAudit));
    }

    #[test]
    fn blank_lines_and_separators_are_no_faults() {
        assert_eq!(start(""), Err(RecordErrorKind::Blank));
        assert_eq!(start(" \t "), Err(RecordErrorKind::Blank));
        assert_eq!(start("----"), Err(RecordErrorKind::Separator));
        assert_eq!(start("time->Wed Jun  3 10:00:00 2026"), Err(RecordErrorKind::Separator));
    }

    #[test]
    fn prefixes_cut_anywhere_do_not_panic() {
        let line =
            "<13>2026-06-02T11:02:14.340872+00:00 lab01 kernel: [  120.421566] audit[12]: type=X";
        for end in 0..line.len() {
            let _ = record_start(&line.as_bytes()[..end]);
        }
    }
}
