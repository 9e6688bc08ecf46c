//! JSON text, made piece by piece.
//!
//! For documents of a fixed shape that are written by the million: names and
//! punctuation are copied as they are, and text that needs no escape is copied
//! after one look. Text that does is left to `serde_json`.
//!
//! Members are written with a comma behind; closing an object or array takes
//! the last comma away.

use std::fmt::Display;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use serde::Serialize;

use crate::text::Utf8;

/// A buffer of JSON text.
#[derive(Debug, Default)]
pub(crate) struct JsonBuffer {
    bytes: Vec<u8>,
}

impl JsonBuffer {
    /// An empty buffer with room for `capacity` bytes.
    pub(crate) fn with_capacity(capacity: usize) -> JsonBuffer {
        JsonBuffer { bytes: Vec::with_capacity(capacity) }
    }

    /// The text so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes a value as a member.
    pub(crate) fn value(&mut self, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
        serde_json::to_writer(&mut self.bytes, value)?;
        self.bytes.push(b',');
        Ok(())
    }

    /// Copies JSON text as it is.
    #[inline]
    pub(crate) fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// Ends the object or array whose members were written, with `bracket`.
    #[inline]
    pub(crate) fn close(&mut self, bracket: &str) {
        if self.bytes.last() == Some(&b',') {
            self.bytes.pop();
        }
        self.raw(bracket);
        self.raw(",");
    }

    /// Ends a document that was closed like a member, and its line.
    #[inline]
    pub(crate) fn end_line(&mut self) {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
    }

    /// Writes text of this program that needs no escape as a string member.
    #[inline]
    pub(crate) fn plain(&mut self, text: &'static str) {
        self.bytes.push(b'"');
        self.raw(text);
        self.raw("\",");
    }

    /// Writes text as a string member; what is not UTF-8 becomes U+FFFD.
    #[inline]
    pub(crate) fn string(&mut self, text: &[u8]) {
        if is_plain(text) {
            self.bytes.reserve(text.len() + 3);
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(text);
            self.bytes.extend_from_slice(b"\",");
        } else {
            self.escaped(&Utf8(text).get());
        }
    }

    /// Writes what a value displays as a string member.
    pub(crate) fn display(&mut self, value: impl Display) {
        self.escaped(&value.to_string());
    }

    #[cold]
    fn escaped(&mut self, text: &str) {
        // Writing a string to memory cannot fail.
        let _ = self.value(text);
    }

    /// Writes a number member.
    #[inline]
    pub(crate) fn number(&mut self, number: impl itoa::Integer) {
        self.digits(number);
        self.bytes.push(b',');
    }

    /// Writes a number as a string member.
    #[inline]
    pub(crate) fn quoted_number(&mut self, number: impl itoa::Integer) {
        self.bytes.push(b'"');
        self.digits(number);
        self.bytes.extend_from_slice(b"\",");
    }

    /// Writes an address as a string member; gives the place of the member,
    /// for [`again`](JsonBuffer::again).
    #[inline]
    pub(crate) fn ip(&mut self, ip: IpAddr) -> Range<usize> {
        let start = self.bytes.len();
        match ip {
            IpAddr::V4(ip) => self.ipv4(ip),
            IpAddr::V6(ip) => self.display(ip),
        }
        start..self.bytes.len()
    }

    fn ipv4(&mut self, ip: Ipv4Addr) {
        let mut mark = b'"';
        for octet in ip.octets() {
            self.bytes.push(mark);
            self.digits(octet);
            mark = b'.';
        }
        self.bytes.extend_from_slice(b"\",");
    }

    /// Writes a member that was written before.
    #[inline]
    pub(crate) fn again(&mut self, member: Range<usize>) {
        self.bytes.extend_from_within(member);
    }

    #[inline]
    fn digits(&mut self, number: impl itoa::Integer) {
        self.bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Empties the buffer, keeping its room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Whether text is ASCII without control characters, quotes and backslashes,
/// so that it stands in JSON as it is.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    const WORD: usize = size_of::<u64>();
    let (words, rest) = text.as_chunks::<WORD>();
    words.iter().all(|word| is_plain_word(u64::from_le_bytes(*word))) && {
        let mut last = [b' '; WORD];
        last[..rest.len()].copy_from_slice(rest);
        is_plain_word(u64::from_le_bytes(last))
    }
}

/// [`is_plain`] for eight bytes at once.
#[inline]
fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Exact for words of ASCII, and other words are told by the high bits of
    // their own: a byte less than `bound` borrows from its high bit.
    let below = |bytes: u64, bound: u64| bytes.wrapping_sub(ONES * bound) & HIGH;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (word & HIGH) | below(word, 0x20) | is(b'"') | is(b'\\') == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The buffer's text, without the comma of the last member.
    fn text(write: impl FnOnce(&mut JsonBuffer)) -> String {
        let mut buffer = JsonBuffer::default();
        write(&mut buffer);
        let text = String::from_utf8(buffer.bytes).unwrap();
        text.strip_suffix(',').unwrap().to_owned()
    }

    #[test]
    fn every_byte_in_every_place_is_a_valid_string() {
        for byte in 0..=255u8 {
            for place in 0..20 {
                let mut bytes = [b'x'; 20];
                bytes[place] = byte;
                let read: String =
                    serde_json::from_str(&text(|buffer| buffer.string(&bytes))).unwrap();
                assert_eq!(read, String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn short_strings() {
        assert_eq!(text(|buffer| buffer.string(b"")), r#""""#);
        assert_eq!(text(|buffer| buffer.string(b"nc")), r#""nc""#);
        assert_eq!(text(|buffer| buffer.string("clé\n".as_bytes())), r#""clé\n""#);
    }

    #[test]
    fn addresses_and_numbers() {
        let show = |ip: &str| {
            text(|buffer| {
                buffer.ip(ip.parse().unwrap());
            })
        };
        assert_eq!(show("203.0.113.9"), r#""203.0.113.9""#);
        assert_eq!(show("::ffff:10.0.0.1"), r#""::ffff:10.0.0.1""#);
        assert_eq!(text(|buffer| buffer.quoted_number(-115)), r#""-115""#);
    }

    #[test]
    fn closing_takes_the_last_comma() {
        let written = text(|buffer| {
            buffer.raw("{\"a\":[");
            buffer.number(1);
            buffer.number(2);
            buffer.close("]");
            buffer.raw("\"b\":{");
            buffer.close("}");
            buffer.close("}");
        });
        assert_eq!(written, r#"{"a":[1,2],"b":{}}"#);
    }
}
