//! What `ausearch` and `aureport` made of the real logs (`corpus/*/reference`).

use std::collections::BTreeMap;
use std::fmt;

use super::{days_since_1970, lossy, read, read_text};

/// An event as `ausearch --interpret` prints it.
pub(crate) struct Interpreted {
    pub(crate) node: Option<Vec<u8>>,
    pub(crate) millis: u64,
    pub(crate) serial: u32,
    /// Type and interpreted text of each record.
    pub(crate) records: Vec<(String, Vec<u8>)>,
}

impl Interpreted {
    /// The text of the first record of a type.
    pub(crate) fn record(&self, record_type: &str) -> Option<&[u8]> {
        let (_, body) = self.records.iter().find(|(name, _)| name == record_type)?;
        Some(body)
    }

    /// The text between ` key=` and ` next=` in the SYSCALL record; the values are not quoted.
    pub(crate) fn syscall_field(&self, key: &str, next: &str) -> Option<&[u8]> {
        let body = self.record("SYSCALL")?;
        let start = find(body, format!(" {key}=").as_bytes())? + key.len() + 2;
        let length = find(&body[start..], format!(" {next}=").as_bytes())?;
        Some(&body[start..start + length])
    }
}

impl fmt::Debug for Interpreted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.records.iter().map(|(name, body)| format!("{name} {}", lossy(body)));
        write!(f, "{}:{} ", self.millis, self.serial)?;
        f.debug_list().entries(records).finish()
    }
}

/// The events of an `ausearch --interpret` output.
pub(crate) fn interpreted(name: &str) -> Vec<Interpreted> {
    let text = read(name);
    let mut events = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        if line == b"----" {
            events.push(Interpreted { node: None, millis: 0, serial: 0, records: Vec::new() });
        } else if let Some((head, body)) = split_at(line, b") : ") {
            let event: &mut Interpreted = events.last_mut().expect("a record after a separator");
            let (prefix, stamp) = split_at(head, b" msg=audit(").expect("a stamp");
            let (node, record_type) = match prefix.strip_prefix(b"node=") {
                Some(rest) => split_at(rest, b" type=").map(|(n, t)| (Some(n.to_vec()), t)),
                None => prefix.strip_prefix(b"type=").map(|t| (None, t)),
            }
            .expect("a type");
            (event.millis, event.serial) = stamp_of(std::str::from_utf8(stamp).expect("digits"));
            event.node = node;
            let record_type = String::from_utf8_lossy(record_type).into_owned();
            event.records.push((record_type, body.strip_suffix(b" ").unwrap_or(body).to_vec()));
        }
    }
    events
}

/// The serials in an `aureport --event` listing.
pub(crate) fn event_serials(name: &str) -> Vec<u32> {
    let text = read_text(name);
    let rows = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    rows.map(|row| row.split(' ').nth(3).expect("event").parse().expect("a serial")).collect()
}

/// The rows `COUNT  WHAT` of an `aureport --summary` table, with escapes undone.
pub(crate) fn summary(name: &str) -> BTreeMap<String, usize> {
    let text = read(name);
    let rows = text.split(|&byte| byte == b'\n').filter_map(|row| {
        let (count, what) = split_at(row, b"  ")?;
        let count = std::str::from_utf8(count).ok()?.parse().ok()?;
        Some((lossy(unescape(what)), count))
    });
    rows.collect()
}

/// Undoes `\ooo`, which the audit tools write for control characters.
pub(crate) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        match tail.get(..3).filter(|_| byte == b'\\').and_then(octal) {
            Some(control) => {
                plain.push(control);
                rest = &tail[3..];
            }
            None => {
                plain.push(byte);
                rest = tail;
            }
        }
    }
    plain
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

/// `MM/DD/YY HH:MM:SS.mmm:SERIAL` in UTC: milliseconds since 1970, and the serial.
fn stamp_of(stamp: &str) -> (u64, u32) {
    let numbers: Vec<u64> = stamp
        .split(|c: char| !c.is_ascii_digit())
        .map(|digits| digits.parse().expect("digits"))
        .collect();
    let [month, day, year, hour, minute, second, millis, serial] = numbers[..] else {
        panic!("not a stamp: {stamp}");
    };
    let days = days_since_1970(2000 + year, month, day);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    (seconds * 1000 + millis, u32::try_from(serial).expect("a serial"))
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

pub(crate) fn split_at<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// The number of rows of an `ausearch --format csv` output, without its head.
pub(crate) fn csv_rows(name: &str) -> usize {
    read_text(name).lines().filter(|line| !line.is_empty()).count() - 1
}
