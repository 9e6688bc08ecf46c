//! Times as rows write them: RFC 3339, or seconds or milliseconds since 1970.

use std::str;

use rareport::job::TimeFormat;

use crate::when::instant;

/// The first number of milliseconds that is not taken for one of seconds: the
/// year 1973 as milliseconds, 5138 as seconds.
const LEAST_MILLIS: i64 = 100_000_000_000;

/// The time that a text stands for, in milliseconds since 1970; a number's
/// fraction is dropped, as Elastic drops it.
pub(super) fn millis(text: &[u8], format: TimeFormat) -> Option<i64> {
    match (number(text), format) {
        (Some(seconds), TimeFormat::Epoch) => seconds.checked_mul(1000),
        (Some(millis), TimeFormat::EpochMs) => Some(millis),
        (Some(seconds), TimeFormat::Auto) if seconds < LEAST_MILLIS => seconds.checked_mul(1000),
        (Some(millis), TimeFormat::Auto) => Some(millis),
        (None, TimeFormat::Auto) => instant(str::from_utf8(text).ok()?),
        (None, TimeFormat::Epoch | TimeFormat::EpochMs) => None,
    }
}

/// The whole part of decimal digits with an optional fraction.
fn number(text: &[u8]) -> Option<i64> {
    let mut parts = text.splitn(2, |&byte| byte == b'.');
    let (whole, fraction) = (parts.next()?, parts.next());
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !digits(whole) || !fraction.is_none_or(digits) {
        return None;
    }
    str::from_utf8(whole).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(text: &str) -> Option<i64> {
        millis(text.as_bytes(), TimeFormat::Auto)
    }

    #[test]
    fn the_three_ways_are_told_apart() {
        // `date -u -d 2024-01-01 +%s` is 1704067200.
        for text in [
            "1704067200",
            "1704067200.9",
            "1704067200000",
            "1704067200000.5",
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.000Z",
            "2024-01-01T01:00:00+01:00",
            "2024-01-01 00:00:00",
            "2024-01-01",
        ] {
            assert_eq!(auto(text), Some(1_704_067_200_000), "{text}");
        }
        assert_eq!(auto("2024-01-01T00:00:00.001Z"), Some(1_704_067_200_001));
        assert_eq!(auto("0"), Some(0));
    }

    #[test]
    fn a_job_that_says_how_times_are_written_is_believed() {
        assert_eq!(millis(b"170406720000", TimeFormat::Epoch), Some(170_406_720_000_000));
        assert_eq!(millis(b"1704067200", TimeFormat::EpochMs), Some(1_704_067_200));
        assert_eq!(millis(b"2024-01-01", TimeFormat::Epoch), None);
    }

    #[test]
    fn anything_else_is_no_time() {
        let digits = "9".repeat(30);
        for text in [
            "",
            " 1704067200",
            "-5",
            "+5",
            "1.",
            ".5",
            "1e9",
            "1,5",
            "yesterday",
            "\u{ff11}",
            &digits,
        ] {
            assert_eq!(auto(text), None, "{text:?}");
            assert_eq!(millis(text.as_bytes(), TimeFormat::Epoch), None, "{text:?}");
        }
    }
}
