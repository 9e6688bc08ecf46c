//! Newlines inside a record. auditd's ENRICHED format writes the path of a Unix socket as it is,
//! so that a path with newlines turns one record into several lines, and a crafted path into lines
//! that look like records. This module owns telling those lines from records: the `saddr=` in
//! front has the same path in hexadecimal, so what must follow is known byte for byte.

use memchr::memchr;

use crate::record::Record;
use crate::record_type::RecordType;
use crate::sockaddr::{MAX_SOCKADDR, SockAddr, SockAddrBytes};

/// The rest of the path of the last record, if its text goes on in the next line.
#[derive(Clone, Debug)]
pub(crate) struct Continuation {
    path: [u8; MAX_SOCKADDR],
    start: usize,
    end: usize,
    pending: bool,
}

/// auditd closes its interpretation of an address so.
const CLOSE: &[u8] = b" }";

impl Continuation {
    pub(crate) fn new() -> Continuation {
        Continuation { path: [0; MAX_SOCKADDR], start: 0, end: 0, pending: false }
    }

    /// Whether a line may be expected; false for nearly every line.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    /// Whether `line` is what the last record goes on with, and if so, moves past it. A line
    /// without its line end is the end of the input, which may have been cut.
    pub(crate) fn takes(&mut self, line: &[u8]) -> bool {
        if !self.pending {
            return false;
        }
        let path = &self.path[self.start..self.end];
        let newline = path.iter().position(|&byte| byte == b'\n');
        let (shown, close): (_, &[u8]) = match newline {
            Some(at) => (&path[..at], b""),
            None => (path, CLOSE),
        };
        let taken = match line.strip_suffix(b"\n") {
            Some(line) => without_cr(line).strip_suffix(close) == Some(without_cr_if(shown, close)),
            None => is_prefix(line, shown, close),
        };
        self.start += newline.map_or(0, |at| at + 1);
        self.pending = taken && newline.is_some();
        taken
    }

    /// Looks at a record for text that goes on in the next line.
    pub(crate) fn expect_after(&mut self, record: &Record<'_>) {
        self.pending = record.record_type() == RecordType::SOCKADDR
            && memchr(b'{', record.body()).is_some()
            && self.remember_rest(record).is_some();
    }

    /// Keeps the part of the path that the record's own line does not show. `None` if there is
    /// none.
    fn remember_rest(&mut self, record: &Record<'_>) -> Option<()> {
        let bytes = SockAddrBytes::from_hex(record.get("saddr")?.raw_value());
        let address = bytes.decode(None).ok()?;
        let (SockAddr::UnixPath(path) | SockAddr::UnixAbstract(path)) = address else {
            return None;
        };
        let shown = path.split(|&byte| byte == 0).next()?;
        let newline = shown.iter().position(|&byte| byte == b'\n')?;
        if !record.line().ends_with(without_cr(&shown[..newline])) {
            return None;
        }
        self.start = 0;
        self.end = shown.len() - newline - 1;
        self.path[..self.end].copy_from_slice(&shown[newline + 1..]);
        Some(())
    }
}

/// Whether `line` is the front of `shown` and `close`.
fn is_prefix(line: &[u8], shown: &[u8], close: &[u8]) -> bool {
    match line.strip_prefix(shown) {
        Some(rest) => close.starts_with(rest),
        None => shown.starts_with(line),
    }
}

/// `shown` as a reader of lines sees it: a carriage return at its end is part of the line end,
/// unless something follows it.
fn without_cr_if<'a>(shown: &'a [u8], close: &[u8]) -> &'a [u8] {
    if close.is_empty() { without_cr(shown) } else { shown }
}

/// Readers of lines take a carriage return for part of the line end.
fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SOCKADDR line whose text ends where its path has the first newline.
    fn sockaddr(path: &str) -> String {
        let hex: String = path.bytes().map(|byte| format!("{byte:02X}")).collect();
        let first = path.split('\n').next().unwrap();
        format!(
            "type=SOCKADDR msg=audit(1.001:1): saddr=0100{hex}00\x1dSADDR={{ saddr_fam=local path={first}"
        )
    }

    fn after(line: &str) -> Continuation {
        let mut continuation = Continuation::new();
        continuation.expect_after(&Record::parse(line.as_bytes()).unwrap());
        continuation
    }

    #[test]
    fn exactly_the_rest_of_the_path_is_taken() {
        let mut rest = after(&sockaddr("/a\nb\n\nc"));
        for line in ["b", "", "c }"] {
            assert!(rest.takes(format!("{line}\n").as_bytes()), "{line:?}");
        }
        assert!(!rest.is_pending());
        assert!(!rest.takes(b"c }\n"));
    }

    #[test]
    fn a_line_that_does_not_match_is_left_alone() {
        let mut rest = after(&sockaddr("/a\nb\nc"));
        assert!(!rest.takes(b"type=EOE msg=audit(1.001:1):\n"));
        assert!(!rest.takes(b"b\n"), "after a line that does not match nothing is expected");
        assert!(!after(&sockaddr("/a\nb")).takes(b"b\n"), "the brace must close");
    }

    #[test]
    fn a_forged_record_is_the_rest_of_the_path() {
        let forged = "type=SYSCALL msg=audit(9.001:9): pid=1";
        let mut rest = after(&sockaddr(&format!("/a\n{forged}")));
        assert!(rest.takes(format!("{forged} }}\n").as_bytes()));
    }

    #[test]
    fn a_brace_inside_the_path_closes_nothing() {
        let forged = "type=EOE msg=audit(9.001:9): }";
        let mut rest = after(&sockaddr(&format!("/a }}\n{forged}\nb")));
        assert!(rest.takes(format!("{forged}\n").as_bytes()));
        assert!(rest.takes(b"b }\r\n"));
    }

    #[test]
    fn the_end_of_the_input_may_cut_the_path() {
        for cut in ["", "b", "b ", "b }"] {
            assert!(after(&sockaddr("/a\nb")).takes(cut.as_bytes()), "{cut:?}");
        }
        assert!(!after(&sockaddr("/a\nb")).takes(b"b }x"));
        assert!(!after(&sockaddr("/a\nb")).takes(b"c"));
    }

    #[test]
    fn other_records_expect_nothing() {
        assert!(!after(&format!("{} }}", sockaddr("/a"))).is_pending());
        assert!(!after("type=SOCKADDR msg=audit(1.001:1): saddr=01002F610A6200").is_pending());
        assert!(!after("type=CWD msg=audit(1.001:1): cwd=\"/\"").is_pending());
        assert!(!after(&sockaddr("/a")).is_pending());
    }
}
