//! Lengths of time as configurations write them: a number with a unit.

use serde::Serializer;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;

/// Units and their lengths in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// The length of time in whole seconds that a text such as `15m` stands for.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let milliseconds = number.parse::<u64>().ok()?.checked_mul(*milliseconds)?;
    if milliseconds % 1000 != 0 {
        return None;
    }
    u32::try_from(milliseconds / 1000).ok()
}

/// A length of time in seconds as configurations write it, such as `15m`: in the largest unit, up to
/// days, of which it is a whole number.
#[must_use]
pub fn text(seconds: u32) -> String {
    let milliseconds = u64::from(seconds) * 1000;
    let fits = |(_, length): &&(&str, u64)| seconds > 0 && milliseconds.is_multiple_of(*length);
    let (unit, length) = UNITS.iter().rev().find(fits).copied().unwrap_or(("s", 1000));
    format!("{}{unit}", milliseconds / length)
}

/// Writes a number of seconds as a text with a unit.
pub(crate) fn serialize<S: Serializer>(seconds: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*seconds))
}

/// Reads a number of seconds or a text with a unit.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    deserializer.deserialize_any(SpanVisitor)
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = u32;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number of seconds, or one with a unit such as 15m or 1h")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<u32, E> {
        u32::try_from(seconds).map_err(|_| E::invalid_value(Unexpected::Unsigned(seconds), &self))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<u32, E> {
        u32::try_from(seconds).map_err(|_| E::invalid_value(Unexpected::Signed(seconds), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn written_with_the_largest_unit() {
        let texts = [0, 1, 90, 900, 5400, 7200, 86_400, 129_600].map(text);
        assert_eq!(texts, ["0s", "1s", "90s", "15m", "90m", "2h", "1d", "36h"]);
    }

    #[test]
    fn units() {
        let seconds = ["15m", "1h", "900s", "2000ms", "7d"].map(parse);
        assert_eq!(seconds, [900, 3600, 900, 2, 604_800].map(Some));
        assert_eq!(
            ["", "m", "15", "1.5h", "-1m", "1w", "1500ms", "99999999999d"].map(parse),
            [None; 8]
        );
    }
}
