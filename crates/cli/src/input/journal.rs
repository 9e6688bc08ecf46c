//! What journald keeps of audit, as `journalctl -o json` prints it.
//!
//! journald hears the records of the kernel and keeps their time and serial in
//! fields of its own; `journalctl -o short` drops them. This module writes
//! each entry as the line of a log. Lines that are no such entries stay as
//! they are, so that they are counted where all lines are.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::rc::Rc;

use auditparse::Limits;
use serde::Deserialize;

use super::compression::CHUNK;

/// Whether a text begins with an object whose first key may be that of a field
/// of the journal; see systemd.journal-fields(7).
pub(super) fn is_journal(start: &[u8]) -> bool {
    let Some(key) = start.strip_prefix(b"{\"") else { return false };
    let is_field = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let length = key.iter().take_while(|byte| is_field(byte)).count();
    length > 0 && key[length..].starts_with(b"\"")
}

/// An entry of the journal, as far as it matters.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "_TRANSPORT", borrow)]
    transport: Cow<'a, str>,
    #[serde(rename = "_HOSTNAME", borrow, default)]
    host: Cow<'a, str>,
    #[serde(rename = "MESSAGE")]
    message: Message,
    #[serde(rename = "_AUDIT_TYPE", borrow, default)]
    audit_type: Cow<'a, str>,
    #[serde(rename = "_AUDIT_ID", borrow, default)]
    audit_id: Cow<'a, str>,
    /// When the event was, in microseconds since 1970.
    #[serde(rename = "_SOURCE_REALTIME_TIMESTAMP", borrow, default)]
    source_time: Cow<'a, str>,
}

/// A text, as numbers if it is not UTF-8, and left out if it is long.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Bytes(Vec<u8>),
    LeftOut(()),
}

/// What became of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// It is a line now.
    Line,
    /// It is of audit, but its text was left out.
    Nothing,
    /// It is not of audit.
    Foreign,
}

impl Entry<'_> {
    /// Writes the entry as a line, if it can be.
    fn write(self, line: &mut Vec<u8>) -> io::Result<Written> {
        let mut message = match self.message {
            Message::Text(text) => text.into_bytes(),
            Message::Bytes(bytes) => bytes,
            Message::LeftOut(()) if self.transport == "audit" => return Ok(Written::Nothing),
            Message::LeftOut(()) => return Ok(Written::Foreign),
        };
        // A record is a line whatever a program wrote in it.
        message.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        if !self.host.is_empty() && !self.host.contains(|char: char| char.is_ascii_whitespace()) {
            write!(line, "node={} ", self.host)?;
        }
        match &*self.transport {
            "audit" => {
                let Ok(micros) = self.source_time.parse::<u64>() else {
                    return Ok(Written::Foreign);
                };
                let (seconds, millis) = (micros / 1_000_000, micros / 1000 % 1000);
                let (kind, id) = (&self.audit_type, &self.audit_id);
                write!(line, "type={kind} msg=audit({seconds}.{millis:03}:{id}):")?;
                // In front of it is the name of the type.
                let body = message.iter().position(|&byte| byte == b' ');
                line.extend_from_slice(&message[body.unwrap_or(message.len())..]);
            }
            "kernel" => {
                let record = message.strip_prefix(b"audit: ").unwrap_or_default();
                let Some(id) = memchr::memmem::find(record, b" audit(") else {
                    return Ok(Written::Foreign);
                };
                line.extend_from_slice(&record[..id]);
                line.extend_from_slice(b" msg=");
                line.extend_from_slice(&record[id + 1..]);
            }
            _ => return Ok(Written::Foreign),
        }
        line.push(b'\n');
        Ok(Written::Line)
    }
}

/// Reads a journal as a log. Holds one line of at most the length that a line
/// of a log may have; a longer one is given as it is. An entry of audit whose text
/// was left out is an empty line.
pub(super) struct JournalReader<R> {
    lines: BufReader<R>,
    /// What was read.
    line: Vec<u8>,
    /// What is given for it, and how much of that was.
    text: Vec<u8>,
    given: usize,
    /// Whether what was read last is a part of a line.
    in_line: bool,
    /// Entries of audit whose text was left out.
    left_out: Rc<Cell<u64>>,
}

impl<R: Read> JournalReader<R> {
    /// The journal in `source` as a log.
    ///
    /// `left_out` counts entries of audit whose text `journalctl` left out.
    pub(super) fn new(source: R, left_out: Rc<Cell<u64>>) -> JournalReader<R> {
        JournalReader {
            lines: BufReader::with_capacity(CHUNK, source),
            line: Vec::new(),
            text: Vec::new(),
            given: 0,
            in_line: false,
            left_out,
        }
    }

    /// Reads the next line, or the next part of a long one.
    fn next(&mut self) -> io::Result<()> {
        (self.given, self.in_line) = (0, self.in_line && !self.line.ends_with(b"\n"));
        self.line.clear();
        self.text.clear();
        let longest = Limits::default().line_bytes as u64;
        self.lines.by_ref().take(longest).read_until(b'\n', &mut self.line)?;
        let entry = if self.in_line { None } else { serde_json::from_slice(&self.line).ok() };
        let written = entry.map(|entry: Entry<'_>| entry.write(&mut self.text)).transpose()?;
        match written.unwrap_or(Written::Foreign) {
            Written::Line => {}
            Written::Nothing => {
                self.left_out.set(self.left_out.get() + 1);
                self.text.push(b'\n');
            }
            Written::Foreign => {
                self.text.clear();
                self.text.extend_from_slice(&self.line);
            }
        }
        self.in_line = true;
        Ok(())
    }
}

impl<R: Read> Read for JournalReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.next()?;
        }
        let length = (&self.text[self.given..]).read(buffer)?;
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(journal: &str) -> String {
        let reader = JournalReader::new(journal.as_bytes(), Rc::default());
        io::read_to_string(reader).unwrap()
    }

    #[test]
    fn texts_that_were_left_out_are_counted() {
        let entry = |transport: &str, message: &str| {
            format!(
                r#"{{"_TRANSPORT":"{transport}","_AUDIT_TYPE":"1327","_AUDIT_ID":"7","_SOURCE_REALTIME_TIMESTAMP":"1500000","MESSAGE":{message}}}"#
            )
        };
        let foreign = entry("stdout", "null");
        let [long, short] =
            ["null", "\"PROCTITLE proctitle=\\\"a\\\"\""].map(|it| entry("audit", it));
        let journal = format!("{long}\n{foreign}\n{short}\n{long}\n");
        let left_out = Rc::default();
        let text = JournalReader::new(journal.as_bytes(), Rc::clone(&left_out));
        assert_eq!(
            io::read_to_string(text).unwrap(),
            format!("\n{foreign}\ntype=1327 msg=audit(1.500:7): proctitle=\"a\"\n\n")
        );
        assert_eq!(left_out.get(), 2);
    }

    #[test]
    fn a_journal_is_told_by_its_first_key() {
        assert!(is_journal(br#"{"__CURSOR":"s=1","#) && is_journal(br#"{"_PID":"1"}"#));
        for other in [r#"{"@timestamp":"#, r#"{"host":"#, r#"[{"_PID""#, r#"{"""#, "{", ""] {
            assert!(!is_journal(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn entries_of_audit_become_lines() {
        let audit = r#"{"_TRANSPORT":"audit","_HOSTNAME":"web01","_AUDIT_TYPE":"1307","_AUDIT_ID":"7","_SOURCE_REALTIME_TIMESTAMP":"1500000","MESSAGE":"CWD cwd=\"/\ntype=X\""}"#;
        assert_eq!(read(audit), "node=web01 type=1307 msg=audit(1.500:7): cwd=\"/ type=X\"\n");
        let kernel =
            r#"{"_TRANSPORT":"kernel","MESSAGE":"audit: type=1307 audit(1.500:7): cwd=\"/\""}"#;
        assert_eq!(read(kernel), "type=1307 msg=audit(1.500:7): cwd=\"/\"\n");
        let bytes = r#"{"_TRANSPORT":"audit","_AUDIT_TYPE":"1320","_AUDIT_ID":"7","_SOURCE_REALTIME_TIMESTAMP":"1500000","MESSAGE":[69,79,69]}"#;
        assert_eq!(read(bytes), "type=1320 msg=audit(1.500:7):\n");
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let long = format!("{{\"MESSAGE\":\"{}\"}}\n", "x".repeat(3 << 20));
        for other in ["{\"_TRANSPORT\":\"stdout\",\"MESSAGE\":\"x\"}\nhello\n\n{", "", &long] {
            assert_eq!(read(other), other);
        }
    }
}
