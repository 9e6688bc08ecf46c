//! Points in time as they are given on the command line, and the range they
//! bound.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A point in time as the user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    At(i64),
    /// Milliseconds back from the end of the log.
    BeforeEnd(i64),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        if let Some(millis) = epoch_seconds(text) {
            return Ok(When::At(millis));
        }
        if let Some(millis) = instant(text) {
            return Ok(When::At(millis));
        }
        if let Some(millis) = duration(text) {
            return Ok(When::BeforeEnd(millis));
        }
        Err("expected RFC 3339 (2026-06-01T00:00:00Z), a date (2026-06-01), seconds since 1970 \
             (1780272000) or a duration back from the log's end (90m, 2h, 7d)"
            .to_owned())
    }
}

/// Seconds since 1970 with an optional fraction, as milliseconds.
fn epoch_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let millis = whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(millis)?;
    Timestamp::from_millisecond(millis).ok()?;
    Some(millis)
}

/// RFC 3339, of UTC if it has no offset, or a date, as milliseconds since 1970.
pub(crate) fn instant(text: &str) -> Option<i64> {
    match text.parse::<Timestamp>() {
        Ok(stamp) => Some(stamp.as_millisecond()),
        Err(_) => utc(text),
    }
}

/// A date, with or without a time of day, of UTC, as milliseconds since 1970.
fn utc(text: &str) -> Option<i64> {
    // A time zone in brackets would be read and ignored.
    if text.contains('[') {
        return None;
    }
    let stamp = TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?;
    Some(stamp.as_millisecond())
}

/// A duration such as `90m`, `1h 30m` or `7d`, as milliseconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    if length < SignedDuration::ZERO {
        return None;
    }
    i64::try_from(length.as_millis()).ok()
}

/// A half-open range of time, in milliseconds since 1970: from inclusive, to
/// exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeRange {
    /// Earliest instant in the range; `None` is unbounded.
    pub(crate) from: Option<i64>,
    /// First instant past the range; `None` is unbounded.
    pub(crate) to: Option<i64>,
}

impl TimeRange {
    /// Whether every instant lies in the range.
    pub(crate) fn is_unbounded(&self) -> bool {
        *self == TimeRange::default()
    }

    /// Whether an instant lies in the range.
    pub(crate) fn contains(&self, millis: i64) -> bool {
        self.from.is_none_or(|from| millis >= from) && self.to.is_none_or(|to| millis < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_name_a_time() {
        // 2026-06-01T00:00:00Z is 1780272000 by `date -u +%s`.
        let june = When::At(1_780_272_000_000);
        assert_eq!("2026-06-01T00:00:00Z".parse(), Ok(june));
        assert_eq!("2026-06-01T02:00:00+02:00".parse(), Ok(june));
        assert_eq!("2026-06-01T00:00:00".parse(), Ok(june));
        assert_eq!("2026-06-01 00:00".parse(), Ok(june));
        assert_eq!("2026-06-01".parse(), Ok(june));
        assert_eq!("1780272000".parse(), Ok(june));
        assert_eq!("1780272000.5".parse(), Ok(When::At(1_780_272_000_500)));
        assert_eq!("2h".parse(), Ok(When::BeforeEnd(7_200_000)));
        assert_eq!("7d".parse(), Ok(When::BeforeEnd(604_800_000)));
        assert_eq!("1h 30m".parse(), Ok(When::BeforeEnd(5_400_000)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-06-01T00:00:00[Europe/Berlin]",
            "-2h",
            "1.",
            "99999999999999999999",
        ] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_is_half_open() {
        let range = TimeRange { from: Some(10), to: Some(20) };
        assert!(
            !range.contains(9) && range.contains(10) && range.contains(19) && !range.contains(20)
        );
        assert!(TimeRange::default().contains(i64::MIN));
    }
}
