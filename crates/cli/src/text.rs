//! Bytes from a log as text for people and for machines.
//!
//! A log holds what an attacker chose: process names with escape sequences,
//! paths with newlines, bytes that are no UTF-8. [`Inert`] is for a terminal
//! and can neither move the cursor nor reorder what is read; [`Utf8`] is for
//! documents and keeps every character.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::{Serialize, Serializer};

/// Displays bytes so that a terminal shows them and does nothing else.
///
/// Control characters, line separators and characters that are invisible or
/// change the direction of text are written as their bytes in hexadecimal
/// (`\x1b`), and so are bytes that are not UTF-8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inert<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Inert<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                if is_active(char) {
                    escape(char.encode_utf8(&mut [0; 4]).as_bytes(), f)?;
                } else {
                    f.write_char(char)?;
                }
            }
            escape(chunk.invalid(), f)?;
        }
        Ok(())
    }
}

/// Writes bytes in hexadecimal.
fn escape(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
}

/// Whether a terminal or a reader's eye would take the character for more (or
/// less) than a visible character.
pub(crate) fn is_active(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Serialises bytes as a string; what is not UTF-8 becomes U+FFFD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Utf8<'a>(pub(crate) &'a [u8]);

impl<'a> Utf8<'a> {
    /// The text itself.
    pub(crate) fn get(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }
}

impl fmt::Display for Utf8<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.get())
    }
}

impl Serialize for Utf8<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.get())
    }
}

/// A number with a comma after every third digit from the right.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 line`, `2 lines`: a number with its noun.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A length of time in milliseconds, to the minute: `14.5 days`, `3h 20m`.
pub(crate) fn length(millis: u64) -> String {
    const MINUTE: u64 = 60_000;
    const DAY: u64 = 24 * 60 * MINUTE;
    if millis >= 2 * DAY {
        return format!("{:.1} days", millis as f64 / DAY as f64);
    }
    let (hours, minutes) = (millis / MINUTE / 60, millis / MINUTE % 60);
    match (hours, minutes) {
        (0, 0) => format!("{}s", millis / 1000),
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inert_text_shows_what_would_act() {
        let shown = |bytes: &[u8]| Inert(bytes).to_string();
        assert_eq!(shown(b"nc"), "nc");
        assert_eq!(shown("clé 端口".as_bytes()), "clé 端口");
        assert_eq!(shown(b"\x1b[2Jgone\r\n"), "\\x1b[2Jgone\\x0d\\x0a");
        assert_eq!(shown("gpj.\u{202e}sh".as_bytes()), "gpj.\\xe2\\x80\\xaesh");
        assert_eq!(shown(b"a\xffb\xc2"), "a\\xffb\\xc2");
        assert_eq!(shown("\u{85}\u{9b}31m".as_bytes()), "\\xc2\\x85\\xc2\\x9b31m");
    }

    #[test]
    fn utf8_keeps_the_characters() {
        assert_eq!(serde_json::to_string(&Utf8(b"a\n\xff")).unwrap(), "\"a\\n\u{fffd}\"");
    }

    #[test]
    fn a_length_of_time_is_as_exact_as_it_is_short() {
        let lengths = [0, 59_999, 60_000, 5_400_000, 7_200_000, 172_799_999, 302_400_000];
        let texts = lengths.map(length);
        assert_eq!(texts, ["0s", "59s", "1m", "1h 30m", "2h", "47h 59m", "3.5 days"]);
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "line", "lines"), "1 line");
        assert_eq!(count(0, "line", "lines"), "0 lines");
    }
}
