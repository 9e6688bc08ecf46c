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
//! | dmesg | `[   12.345678] audit: `, `[Tue Jun  2 11:02:21 2026] audit: `, `2026-06-02T11:02:21,238447+00:00 audit: `, `<5>[   12.3] audit: `, `kern  :notice: [   12.3] audit: ` |
//! | syslog (RFC 3164) | `May 29 16:00:00 web01 audispd: `, also `kernel: [   12.3] audit: ` |
//! | syslog (RFC 3339 stamps) | `2026-06-02T11:02:14.340872+00:00 web01 audisp-syslog: ` |
//! | syslog (RFC 5424) | `<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - `, `<5>1 2026-06-01T13:12:35.56+00:00 web01 kernel - - - [   12.3] audit: ` |
//! | journalctl | `Jun 02 11:02:20.123456 web01 kernel: audit: `, `Tue 2026-06-02 11:02:20 UTC web01 kernel: audit: `, `[  120.421566] web01 kernel: audit: `, `1780398142.151000 web01 kernel: audit: ` |
//!
//! Behind the kernel's time stamp its caller may stand, as in `[   12.3][    T1] audit: `.

use nom::branch::alt;
use nom::bytes::complete::{escaped, is_not, tag, take, take_till1, take_while_m_n, take_while1};
use nom::character::complete::{alpha1, digit1, one_of, space0, space1};
use nom::combinator::{map, opt, recognize, value, verify};
use nom::multi::{many0_count, many1_count};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::error::{RecordError, RecordErrorKind};

/// Syslog tags under which audit records are written. `tag_audit_log` is the one that vendors of
/// log management have users configure for rsyslog's `imfile`.
const TAGS: [&[u8]; 9] = [
    b"audispd",
    b"audisp-syslog",
    b"audit",
    b"auditd",
    b"audisp",
    b"augenrules",
    b"kauditd",
    b"sedispatch",
    b"tag_audit_log",
];

/// May stand in front of the message of RFC 5424, and of a file that an editor has saved.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

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
    let start =
        if line.starts_with(BYTE_ORDER_MARK.as_bytes()) { BYTE_ORDER_MARK.len() } else { 0 };
    let blanks = line[start..].iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    let start = start + blanks;
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

/// What stands behind the prefix of an audit tag and the blanks that follow it, whatever it is;
/// `None` without a prefix.
pub(crate) fn message(line: &[u8]) -> Option<&[u8]> {
    audit_message(line).ok().map(|(message, _host)| message)
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
    let prefix = preceded(opt(alt((priority, level))), alt((rfc5424, stamped, no_host)));
    terminated(prefix, space0).parse(line)
}

/// `<5>`, the priority of a raw kernel or syslog message.
fn priority(input: &[u8]) -> Parsed<'_> {
    value((), delimited(tag("<"), digit1, tag(">"))).parse(input)
}

/// `kern  :notice: `, the same in words (`dmesg --decode`). Others than the kernel can write into
/// its buffer, but not as the kernel.
fn level(input: &[u8]) -> Parsed<'_> {
    value((), (tag("kern"), space0, tag(":"), alpha1, space0, tag(":"), space1)).parse(input)
}

/// `1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - `, behind its priority.
fn rfc5424(input: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    let stamp = alt((iso_stamp, nil));
    let mut front = (delimited((tag("1 "), stamp, space1), word, space1), terminated(word, space1));
    let (rest, (host, app)) = front.parse(input)?;
    let (rest, _) = (word, space1, word, space1, structured_data, space1).parse(rest)?;
    let (rest, _) = opt(tag(BYTE_ORDER_MARK)).parse(rest)?;
    let (rest, ()) = match app {
        b"kernel" => kernel_message(rest)?,
        app if TAGS.contains(&app) => (rest, ()),
        _ => return Err(nom::Err::Error(())),
    };
    Ok((rest, Some(host).filter(|&host| host != b"-")))
}

/// What stands for a part of RFC 5424 that is not known.
fn nil(input: &[u8]) -> Parsed<'_> {
    value((), tag("-")).parse(input)
}

/// `-`, or elements such as `[meta seq="1"][origin ip="10.0.0.1"]`, whose quoted values may hold
/// brackets and escaped quotes.
fn structured_data(input: &[u8]) -> Parsed<'_> {
    let quoted = (tag("\""), opt(escaped(is_not("\\\""), '\\', take(1usize))), tag("\""));
    let part = alt((recognize(quoted), is_not("\"]")));
    let element = (tag("["), many0_count(part), tag("]"));
    alt((nil, value((), many1_count(element)))).parse(input)
}

/// A stamp, a host name where the source writes one, and an audit tag.
fn stamped(input: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    let stamp = alt((value((), bracketed), bsd_stamp, full_stamp, iso_stamp, unix_stamp));
    let (rest, _) = (stamp, opt(preceded(space0, caller)), space1).parse(input)?;
    let name = verify(word, |name: &[u8]| !name.starts_with(b"["));
    let host = terminated(name, (space1, alt((kernel_tag, audit_tag))));
    alt((value(None, audit_tag), map(host, Some))).parse(rest)
}

/// `[   12.345678]`.
fn bracketed(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    delimited(tag("["), take_till1(|byte| byte == b']'), tag("]")).parse(input)
}

/// `[    T1]` or `[    C0]`: the thread or processor that printed (`CONFIG_PRINTK_CALLER`).
fn caller(input: &[u8]) -> Parsed<'_> {
    value((), (tag("["), space0, one_of("TC"), digit1, tag("]"))).parse(input)
}

/// `May 29 16:00:00`, with a fraction of a second or without.
fn bsd_stamp(input: &[u8]) -> Parsed<'_> {
    let month = take_while_m_n(3, 3, |byte: u8| byte.is_ascii_alphabetic());
    let clock = take_while1(|byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.');
    value((), (month, space1, digit1, space1, clock)).parse(input)
}

/// `Tue 2026-06-02 11:02:20 UTC`, journalctl's `short-full`.
fn full_stamp(input: &[u8]) -> Parsed<'_> {
    let clock = take_while1(|byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.');
    value((), (alpha1, space1, date, space1, clock, space1, word)).parse(input)
}

/// `2026-06-02T11:02:14.340872+00:00`.
fn iso_stamp(input: &[u8]) -> Parsed<'_> {
    value((), (date, tag("T"), word)).parse(input)
}

/// `2026-06-02`.
fn date(input: &[u8]) -> Parsed<'_> {
    value((), (digit1, tag("-"), digit1, tag("-"), digit1)).parse(input)
}

/// `1780398142.151000`.
fn unix_stamp(input: &[u8]) -> Parsed<'_> {
    value((), (digit1, tag("."), digit1)).parse(input)
}

/// `kernel: [  120.421566] audit: `, as syslog forwards the kernel's messages.
fn kernel_tag(input: &[u8]) -> Parsed<'_> {
    preceded((tag("kernel:"), space0), kernel_message).parse(input)
}

/// `[  120.421566][    T1] audit: `, with stamp and caller or without.
fn kernel_message(input: &[u8]) -> Parsed<'_> {
    let printed = (opt(bracketed), space0, opt(caller), space0);
    preceded(printed, audit_tag).parse(input)
}

/// `audispd: ` or `audit[1234]: `.
fn audit_tag(input: &[u8]) -> Parsed<'_> {
    let name = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
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
            (
                "<5>1 2026-06-01T13:12:35.56+00:00 web01 kernel - - - [   12.3] audit: ",
                Some("web01"),
            ),
            ("Tue 2026-06-02 11:02:20 UTC lab01 kernel: audit: ", Some("lab01")),
            ("May 29 16:00:00 web01 tag_audit_log: ", Some("web01")),
            ("[   12.345678] [    T1] audit: ", None),
            ("[   12.345678][    T1] audit: ", None),
            ("kern  :notice: [   12.345678] audit: ", None),
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
            "Tue 2026-06-02 11:02:20 UTC lab01 kernel: audit: ",
            "[   12.345678][    T1] audit: ",
            "[   12.345678] [    C0] audit: ",
            "[    T1] audit: ",
            "<5>[   12.345678][    T1] audit: ",
            "kern  :notice: [   12.345678] audit: ",
            "kern  :notice: [   12.345678] [    T1] audit: ",
            "kern  :info  : [Tue Jun  2 11:02:21 2026] audit: ",
            "Jun  2 11:02:20 lab01 kernel: [  120.421566][    T1] audit: ",
            "Jun  2 11:02:20 lab01 kernel: [  120.421566] [  T123] audit: ",
            "May 29 16:00:00 web01 tag_audit_log: ",
            "<13>1 - web01 audispd - - - ",
            "<5>1 2026-06-01T13:12:35.56+00:00 web01 kernel - - - [   12.3] audit: ",
            "<5>1 2026-06-01T13:12:35.56+00:00 web01 kernel - - - [   12.3][    T1] audit: ",
            "<5>1 2026-06-01T13:12:35.56+00:00 web01 kernel - - -  audit: ",
            "<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - - \u{FEFF}",
            "<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - [a b=\"c\"][d e=\"f\"] ",
            "<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - [a b=\"c] d\" e=\"\"] ",
            "<13>1 2026-06-01T13:12:35.56+00:00 web01 audispd 77 - [a b=\"\\\"\\\\\\] \"] ",
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
            format!("[   12.345678] [X] audit: {forged}"),
            format!("[   12.345678][    T1] usb 1-1: audit: {forged}"),
            format!("user  :notice: [   12.345678] audit: {forged}"),
            format!("kern  :notice: [   12.345678] usb 1-1: audit: {forged}"),
            format!("Tue 2026-06-02 11:02:20 UTC lab01 sshd[9]: audit: {forged}"),
            format!("<5>1 2026-06-01T13:12:35.56+00:00 a kernel - - - usb 1-1: audit: {forged}"),
            format!("<13>1 2026-06-01T13:12:35.56+00:00 a sshd 9 - - audit: {forged}"),
            format!("<13>1 2026-06-01T13:12:35.56+00:00 a audit 9 - [a b=\"] {forged}\"] x"),
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
        for line in [
            "<13>2026-06-02T11:02:14.340872+00:00 lab01 kernel: [  120.421566] audit[12]: type=X",
            "<5>1 2026-06-02T11:02:14+00:00 a kernel - - [a b=\"\\\"]\"][c] [ 12.3][ T1] audit: type=X",
            "Tue 2026-06-02 11:02:20 UTC lab01 kernel: audit: type=X",
            "kern  :notice: [   12.345678] [    T1] audit: type=X",
        ] {
            assert_eq!(start(line), Ok("type=X"), "{line}");
            for end in 0..line.len() - "type=X".len() {
                assert!(record_start(&line.as_bytes()[..end]).is_err(), "{line}: {end}");
            }
        }
    }
}
