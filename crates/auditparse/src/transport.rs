//! What may stand before a record: nothing, or the prefix of the program that carried it (syslog,
//! journald, dmesg, the kernel's printk). This module owns finding where the record starts, and
//! refusing lines of other programs, also those that quote a record. It does not own the record.
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

/// Offset in `line` at which `node=` or `type=` starts.
pub(crate) fn record_start(line: &[u8]) -> Result<usize, RecordError> {
    if is_record_head(line) {
        return Ok(0);
    }
    let start = skip_blanks(line, 0);
    let rest = &line[start..];
    if rest.is_empty() {
        return Err(RecordError::new(RecordErrorKind::Blank, start));
    }
    if is_record_head(rest) {
        return Ok(start);
    }
    if rest.starts_with(b"----") || rest.starts_with(b"time->") {
        return Err(RecordError::new(RecordErrorKind::Separator, start));
    }
    let not_audit = RecordError::new(RecordErrorKind::NotAudit, start);
    let message = audit_message(line, start).ok_or(not_audit)?;
    let text = &line[message..];
    if is_record_head(text) {
        Ok(message)
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

/// Where the message of an audit tag starts, if the line has such a prefix.
fn audit_message(line: &[u8], start: usize) -> Option<usize> {
    let mut at = skip_priority(line, start);
    if line.get(at) == Some(&b'[') {
        at = skip_blanks(
            line,
            at + line[at..].iter().position(|&byte| byte == b']')? + 1,
        );
        return after_tag(line, at);
    }
    if let Some(message) = after_tag(line, at) {
        return Some(message);
    }
    at = after_stamp(line, at)?;
    // dmesg prints no host name between stamp and tag; syslog does.
    if let Some(message) = after_tag(line, at) {
        return Some(message);
    }
    let host_end = at + line[at..].iter().position(|&byte| byte == b' ')?;
    at = skip_blanks(line, host_end);
    if let Some(rest) = line[at..].strip_prefix(b"kernel:") {
        at = skip_blanks(line, line.len() - rest.len());
        if line.get(at) == Some(&b'[') {
            at = skip_blanks(
                line,
                at + line[at..].iter().position(|&byte| byte == b']')? + 1,
            );
        }
    }
    after_tag(line, at)
}

/// `<5>`, the priority of a raw kernel or syslog message.
fn skip_priority(line: &[u8], at: usize) -> usize {
    let digits = match line.get(at) {
        Some(b'<') => line[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count(),
        _ => return at,
    };
    if digits > 0 && line.get(at + 1 + digits) == Some(&b'>') {
        at + digits + 2
    } else {
        at
    }
}

/// The end of a syslog stamp and the blanks behind it: `May 29 16:00:00` (RFC 3164) or one word
/// that starts with a year (RFC 3339).
fn after_stamp(line: &[u8], at: usize) -> Option<usize> {
    let text = line.get(at..)?;
    let width = if text.first()?.is_ascii_digit() {
        let word = text.iter().position(|&byte| byte == b' ')?;
        (word >= 19 && text[4] == b'-' && text[10] == b'T').then_some(word)?
    } else {
        let stamp = text.get(..16)?;
        (stamp[3] == b' ' && stamp[9] == b':' && stamp[12] == b':' && stamp[15] == b' ')
            .then_some(15)?
    };
    Some(skip_blanks(line, at + width))
}

/// `audispd: ` or `audit[1234]: `: the offset of what follows.
fn after_tag(line: &[u8], at: usize) -> Option<usize> {
    let text = line.get(at..)?;
    let name_length = text
        .iter()
        .position(|&byte| byte == b':' || byte == b'[' || byte == b' ')?;
    if !TAGS.contains(&&text[..name_length]) {
        return None;
    }
    let mut rest = &text[name_length..];
    if rest.first() == Some(&b'[') {
        let digits = rest[1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        rest = rest[1 + digits..].strip_prefix(b"]")?;
    }
    let rest = rest.strip_prefix(b":")?;
    Some(skip_blanks(line, line.len() - rest.len()))
}

fn skip_blanks(line: &[u8], at: usize) -> usize {
    at + line[at..]
        .iter()
        .take_while(|&&byte| byte == b' ' || byte == b'\t')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(line: &str) -> Result<&str, RecordErrorKind> {
        record_start(line.as_bytes())
            .map(|at| &line[at..])
            .map_err(|error| error.kind())
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
        ] {
            assert_eq!(
                start(&format!("{prefix}type=X")),
                Ok("type=X"),
                "{prefix:?}"
            );
            assert_eq!(
                start(&format!("{prefix}node=a type=X")),
                Ok("node=a type=X"),
                "{prefix:?}"
            );
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
        assert_eq!(
            start("time->Wed Jun  3 10:00:00 2026"),
            Err(RecordErrorKind::Separator)
        );
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
