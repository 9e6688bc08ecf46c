//! JSON text, made piece by piece.
//!
//! For documents of a fixed shape that are written by the million: names and
//! punctuation are copied as they are, and text that needs no escape is copied
//! after one look. Text that does is left to `serde_json`.
//!
//! Members are written with a comma behind; closing an object or array takes
//! the last comma away. The opening quote of a string is written with what
//! stands in front of it, in one piece; what writes a string writes its end.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use serde::Serialize;

use crate::text::Utf8;

/// A buffer of JSON text.
#[derive(Clone, Debug, Default)]
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

    /// Copies what was written to another buffer.
    #[inline]
    pub(crate) fn copy(&mut self, other: &JsonBuffer) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    /// Ends the object or array whose members were written, with `brackets` and
    /// the comma behind; those around it, if it is the last of their members, can
    /// be ended with it.
    #[inline]
    pub(crate) fn close(&mut self, brackets: &str) {
        if self.bytes.last() == Some(&b',') {
            self.bytes.pop();
        }
        self.raw(brackets);
    }

    /// Ends a document that was closed like a member, and its line.
    #[inline]
    pub(crate) fn end_line(&mut self) {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
    }

    /// Ends a string with text that is known to need no escape.
    #[inline]
    pub(crate) fn plain(&mut self, text: &str) {
        self.raw(text);
        self.raw("\",");
    }

    /// Ends a string with text; what is not UTF-8 becomes U+FFFD.
    #[inline(never)]
    pub(crate) fn text(&mut self, text: &[u8]) {
        if is_plain(text) {
            self.bytes.extend_from_slice(text);
            self.raw("\",");
        } else {
            self.not_plain(text);
        }
    }

    /// [`text`](JsonBuffer::text) that is rare, and out of its way.
    #[cold]
    #[inline(never)]
    fn not_plain(&mut self, text: &[u8]) {
        self.escaped(&Utf8(text).get());
    }

    /// Ends a string with what a value displays.
    pub(crate) fn display(&mut self, value: impl Display) {
        self.escaped(&value.to_string());
    }

    #[cold]
    fn escaped(&mut self, text: &str) {
        // The string is written with an opening quote of its own. Writing to
        // memory cannot fail.
        self.bytes.pop();
        let _ = self.value(text);
    }

    /// Writes a number member.
    #[inline]
    pub(crate) fn number(&mut self, number: impl itoa::Integer) {
        self.digits(number);
        self.bytes.push(b',');
    }

    /// Ends a string with a number.
    #[inline]
    pub(crate) fn quoted_number(&mut self, number: impl itoa::Integer) {
        self.digits(number);
        self.raw("\",");
    }

    /// Ends a string with an address; gives the place of the address and the
    /// end, for [`again`](JsonBuffer::again).
    #[inline]
    pub(crate) fn ip(&mut self, ip: IpAddr) -> Range<usize> {
        let start = self.bytes.len();
        match ip {
            IpAddr::V4(ip) => self.ipv4(ip),
            IpAddr::V6(ip) => self.ipv6(ip),
        }
        start..self.bytes.len()
    }

    fn ipv4(&mut self, ip: Ipv4Addr) {
        for octet in ip.octets() {
            let digits = 1 + usize::from(octet >= 10) + usize::from(octet >= 100);
            let end = self.bytes.len() + digits + 1;
            // Four bytes are copied faster than just as many as are needed.
            self.bytes.extend_from_slice(&OCTETS[usize::from(octet)]);
            self.bytes.truncate(end);
        }
        self.bytes.pop();
        self.raw("\",");
    }

    fn ipv6(&mut self, ip: Ipv6Addr) {
        // Writing to memory cannot fail.
        let _ = write!(self.bytes, "{ip}");
        self.raw("\",");
    }

    /// Writes what was written before.
    #[inline]
    pub(crate) fn again(&mut self, written: Range<usize>) {
        self.bytes.extend_from_within(written);
    }

    /// Writes a number with nothing behind it.
    #[inline]
    pub(crate) fn digits(&mut self, number: impl itoa::Integer) {
        self.bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Empties the buffer, keeping its room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// The decimal digits of every byte, a dot behind them, and what fills up the
/// four bytes.
const OCTETS: [[u8; 4]; 256] = {
    let mut texts = [[b'.'; 4]; 256];
    let mut octet = 0;
    while octet < texts.len() {
        let (mut rest, mut place) = (octet, (octet >= 10) as usize + (octet >= 100) as usize);
        loop {
            texts[octet][place] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if place == 0 {
                break;
            }
            place -= 1;
        }
        octet += 1;
    }
    texts
};

/// Whether text is ASCII without control characters, quotes and backslashes,
/// so that it stands in JSON as it is.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return is_plain_word(short_word(text));
    };
    // The last word may hold bytes of the one before it again.
    let (words, _) = text.as_chunks();
    words.iter().all(|word| is_plain_word(u64::from_le_bytes(*word)))
        && is_plain_word(u64::from_le_bytes(*last))
}

/// Fewer than eight bytes in a word, in which they may occur twice.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    const BLANKS: u64 = u64::from_le_bytes(*b"        ");
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    text.iter().fold(BLANKS, |word, byte| word << 8 | u64::from(*byte))
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

    fn string(bytes: &[u8]) -> String {
        text(|buffer| {
            buffer.raw("\"");
            buffer.text(bytes);
        })
    }

    #[test]
    fn every_byte_in_every_place_is_a_valid_string() {
        for byte in 0..=255u8 {
            for place in 0..20 {
                for length in [place + 1, 20] {
                    let mut bytes = [b'x'; 20];
                    bytes[place] = byte;
                    let bytes = &bytes[..length];
                    let read: String = serde_json::from_str(&string(bytes)).unwrap();
                    assert_eq!(read, String::from_utf8_lossy(bytes));
                }
            }
        }
    }

    #[test]
    fn short_strings() {
        assert_eq!(string(b""), r#""""#);
        assert_eq!(string(b"nc"), r#""nc""#);
        assert_eq!(string("clé\n".as_bytes()), r#""clé\n""#);
    }

    #[test]
    fn addresses_and_numbers() {
        let show = |ip: &str| {
            text(|buffer| {
                buffer.raw("\"");
                let written = buffer.ip(ip.parse().unwrap());
                buffer.raw("\"");
                buffer.again(written);
            })
        };
        assert_eq!(show("203.0.113.9"), r#""203.0.113.9","203.0.113.9""#);
        for octet in 0..=255u8 {
            let ip = Ipv4Addr::new(octet, 0, octet, 100);
            assert_eq!(show(&ip.to_string()), format!(r#""{ip}","{ip}""#));
        }
        assert_eq!(show("::ffff:10.0.0.1"), r#""::ffff:10.0.0.1","::ffff:10.0.0.1""#);
        assert_eq!(text(|buffer| buffer.quoted_number(-115)), r#"-115""#);
    }

    #[test]
    fn closing_takes_the_last_comma() {
        let written = text(|buffer| {
            buffer.raw("{\"a\":[");
            buffer.number(1);
            buffer.number(2);
            buffer.close("],");
            buffer.raw("\"b\":{");
            buffer.close("}},");
        });
        assert_eq!(written, r#"{"a":[1,2],"b":{}}"#);
    }
}
