//! Newlines inside a record. auditd's ENRICHED format writes the path of a Unix socket as it is,
//! so that a path with newlines turns one record into several lines, and a crafted path into lines
//! that look like records. This module owns telling those lines from records: the `saddr=` in
//! front has the same path in hexadecimal, so what must follow is known byte for byte.
//!
//! On its way a log may be cut into lines anew. Each may come behind a prefix of its own, lines of
//! other hosts may come between, and a filter may have dropped some. So what a record goes on with
//! is expected until its node writes another record, in any order, behind a prefix or not.

use memchr::memchr;

use crate::record::Record;
use crate::record_type::RecordType;
use crate::sockaddr::{MAX_SOCKADDR, SockAddr, SockAddrBytes};
use crate::transport;

/// What the last records of the nodes go on with. It is empty nearly always.
#[derive(Clone, Debug, Default)]
pub(crate) struct Continuations {
    expected: Vec<Rest>,
}

/// Nodes of which lines may be expected at a time; with more, the oldest expectation is given up.
const MAX_EXPECTED: usize = 16;

/// The lines that the path of one record still has to come with.
#[derive(Clone, Debug)]
struct Rest {
    node: Option<Box<[u8]>>,
    /// The path behind its first newline.
    path: Box<[u8]>,
    /// A bit for each line of the path: it has come.
    taken: u128,
}

// A path with nothing but newlines must have a bit for each line.
const _: () = assert!(MAX_SOCKADDR <= u128::BITS as usize);

/// auditd closes its interpretation of an address so.
const CLOSE: &[u8] = b" }";

impl Continuations {
    /// Whether a line may be expected; false for nearly every line.
    pub(crate) fn is_pending(&self) -> bool {
        !self.expected.is_empty()
    }

    /// Whether `line` is what a record goes on with, which is then expected no more. A line
    /// without its line end is the end of the input, which may have been cut.
    #[cold]
    pub(crate) fn take(&mut self, line: &[u8]) -> bool {
        let message = transport::message(line);
        let taken = self.expected.iter_mut().any(|rest| {
            rest.take(|shown, close| is_line(line, shown, close))
                || message.is_some_and(|message| {
                    rest.take(|shown, close| is_message(message, shown, close))
                })
        });
        if taken {
            self.expected.retain(|rest| !rest.is_whole());
        }
        taken
    }

    /// Looks at a record for text that goes on in the next line; adds to `broken_off` how many
    /// records before it did not go on as they should have.
    #[inline(always)]
    pub(crate) fn pass(&mut self, record: &Record<'_>, broken_off: &mut u64) {
        if self.is_pending() {
            *broken_off += self.give_up(record.node());
        }
        if record.record_type() == RecordType::SOCKADDR
            && !is_of_internet(record.body())
            && memchr(b'{', record.body()).is_some()
        {
            *broken_off += self.expect_after(record);
        }
    }

    /// Expects no more of a node; gives how many records that leaves broken off.
    #[cold]
    fn give_up(&mut self, node: Option<&[u8]>) -> u64 {
        let before = self.expected.len();
        self.expected.retain(|rest| rest.node.as_deref() != node);
        (before - self.expected.len()) as u64
    }

    #[cold]
    fn expect_after(&mut self, record: &Record<'_>) -> u64 {
        let Some(rest) = Rest::of(record) else { return 0 };
        let is_full = self.expected.len() >= MAX_EXPECTED;
        if is_full {
            self.expected.remove(0);
        }
        self.expected.push(rest);
        u64::from(is_full)
    }
}

impl Rest {
    /// The part of the path that the record's own line does not show. `None` if there is none.
    fn of(record: &Record<'_>) -> Option<Rest> {
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
        Some(Rest {
            node: record.node().map(Box::from),
            path: shown[newline + 1..].into(),
            taken: 0,
        })
    }

    /// Takes the first line that did not come yet and that `is_it`, given the line and what closes
    /// it.
    fn take(&mut self, is_it: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let last = self.lines() - 1;
        for (place, shown) in self.path.split(|&byte| byte == b'\n').enumerate() {
            let close = if place == last { CLOSE } else { b"" };
            if self.taken & 1 << place == 0 && is_it(shown, close) {
                self.taken |= 1 << place;
                return true;
            }
        }
        false
    }

    fn lines(&self) -> usize {
        self.path.split(|&byte| byte == b'\n').count()
    }

    fn is_whole(&self) -> bool {
        self.taken.count_ones() as usize == self.lines()
    }
}

/// Whether an address is of a family of the internet, as most are, and so has no path.
fn is_of_internet(body: &[u8]) -> bool {
    body.starts_with(b"saddr=02") || body.starts_with(b"saddr=0A")
}

/// Whether `line` is `shown` and `close`, or the front of them where the input ends.
fn is_line(line: &[u8], shown: &[u8], close: &[u8]) -> bool {
    match line.strip_suffix(b"\n") {
        Some(line) => without_cr(line).strip_suffix(close) == Some(without_cr_if(shown, close)),
        None => is_prefix(line, shown, close),
    }
}

/// The same behind a prefix. Blanks that follow that belong to neither.
fn is_message(message: &[u8], shown: &[u8], close: &[u8]) -> bool {
    let shown = without_blanks(shown);
    let close = if shown.is_empty() { without_blanks(close) } else { close };
    is_line(without_blanks(message), shown, close)
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

fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    &text[blanks..]
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

    fn after(line: &str) -> Continuations {
        let mut continuations = Continuations::default();
        assert_eq!(broken_off_by(&mut continuations, line), 0);
        continuations
    }

    /// How many records a line leaves broken off.
    fn broken_off_by(continuations: &mut Continuations, line: &str) -> u64 {
        let mut broken_off = 0;
        continuations.pass(&Record::parse(line.as_bytes()).unwrap(), &mut broken_off);
        broken_off
    }

    #[test]
    fn exactly_the_rest_of_the_path_is_taken() {
        let mut rest = after(&sockaddr("/a\nb\n\nc"));
        for line in ["b", "", "c }"] {
            assert!(rest.take(format!("{line}\n").as_bytes()), "{line:?}");
        }
        assert!(!rest.is_pending());
        assert!(!rest.take(b"c }\n"));
    }

    #[test]
    fn a_line_that_does_not_match_is_left_alone() {
        let mut rest = after(&sockaddr("/a\nb\nc"));
        assert!(!rest.take(b"type=EOE msg=audit(1.001:1):\n"));
        assert!(rest.take(b"b\n"));
        assert!(!rest.take(b"b\n"), "a line comes as often as it is in the path");
        assert!(!after(&sockaddr("/a\nb")).take(b"b\n"), "the brace must close");
    }

    #[test]
    fn a_forged_record_is_the_rest_of_the_path() {
        let forged = "type=SYSCALL msg=audit(9.001:9): pid=1";
        let mut rest = after(&sockaddr(&format!("/a\n{forged}")));
        assert!(rest.take(format!("{forged} }}\n").as_bytes()));
    }

    #[test]
    fn a_brace_inside_the_path_closes_nothing() {
        let forged = "type=EOE msg=audit(9.001:9): }";
        let mut rest = after(&sockaddr(&format!("/a }}\n{forged}\nb")));
        assert!(rest.take(format!("{forged}\n").as_bytes()));
        assert!(rest.take(b"b }\r\n"));
    }

    #[test]
    fn the_end_of_the_input_may_cut_the_path() {
        for cut in ["", "b", "b ", "b }"] {
            assert!(after(&sockaddr("/a\nb")).take(cut.as_bytes()), "{cut:?}");
        }
        assert!(!after(&sockaddr("/a\nb")).take(b"b }x"));
        assert!(!after(&sockaddr("/a\nb")).take(b"c"));
    }

    #[test]
    fn the_next_record_of_the_node_ends_it() {
        let record = |node: &str| format!("{node}type=EOE msg=audit(1.001:1):");
        let mut rest = after(&sockaddr("/a\nb"));
        assert_eq!(broken_off_by(&mut rest, &record("node=x ")), 0);
        assert_eq!(broken_off_by(&mut rest, &record("")), 1);
        assert!(!rest.take(b"b }\n"));
    }

    #[test]
    fn behind_a_prefix_blanks_in_front_may_be_gone() {
        let mut rest = after(&sockaddr("/a\n  b\n\nc"));
        for line in ["May  9 16:00:00 h auditd:  b\n", "audit:\n", "<5>audit: c }"] {
            assert!(rest.take(line.as_bytes()), "{line:?}");
        }
        assert!(!rest.is_pending());
    }

    #[test]
    fn few_nodes_are_waited_for_at_a_time() {
        let mut rest = Continuations::default();
        let line = sockaddr("/a\nb");
        let broken_off =
            (0..20).map(|node| broken_off_by(&mut rest, &format!("node=n{node} {line}")));
        assert_eq!(broken_off.sum::<u64>(), 4);
        assert_eq!((0..20).filter(|_| rest.take(b"b }\n")).count(), 16);
    }

    #[test]
    fn other_records_expect_nothing() {
        assert!(!after(&format!("{} }}", sockaddr("/a"))).is_pending());
        assert!(!after("type=SOCKADDR msg=audit(1.001:1): saddr=01002F610A6200").is_pending());
        assert!(!after("type=CWD msg=audit(1.001:1): cwd=\"/\"").is_pending());
        assert!(!after(&sockaddr("/a")).is_pending());
    }
}
