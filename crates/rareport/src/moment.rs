//! Points in time as logs, rule files and alerts have them: milliseconds since 1970, and their text.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Milliseconds of a second.
pub(crate) const SECOND: i64 = 1000;

/// Midnight of 1970-01-01.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The time, in milliseconds since 1970, in UTC as RFC 3339 has it. One outside the years 0 to 9999,
/// which has no such text, is given in seconds since 1970, as audit logs have it.
///
/// ```
/// use rareport::moment::rfc3339;
///
/// assert_eq!(rfc3339(1_780_272_300_007), "2026-06-01T00:05:00.007Z");
/// assert_eq!(rfc3339(999_999_999_999_001), "999999999999.001");
/// ```
#[must_use]
pub fn rfc3339(millis: i64) -> String {
    let time = EPOCH.checked_add(SignedDuration::from_millis(millis));
    match time.ok().filter(|time| time.year() >= 0) {
        Some(time) => format!("{time:.3}Z"),
        None => {
            let sign = if millis < 0 { "-" } else { "" };
            let millis = millis.unsigned_abs();
            format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
        }
    }
}

/// RFC 3339, or a date with or without a time of day, of UTC then, as milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.as_millisecond());
    }
    let civil: DateTime = text.parse().ok()?;
    // A time zone in brackets would be read and ignored.
    let stamp = TimeZone::UTC.to_timestamp(civil).ok().filter(|_| !text.contains('['))?;
    Some(stamp.as_millisecond())
}

/// A time in TOML: its own kind, or a text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a date or a time, such as 2026-06-01 or \"22:00\"")]
enum Written {
    Time(toml::value::Datetime),
    Text(String),
}

/// Reads the text of a time.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Written::deserialize(deserializer)? {
        Written::Time(time) => time.to_string(),
        Written::Text(text) => text,
    })
}

/// Reads a time.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = text(deserializer)?;
    parse(&text).ok_or_else(|| unreadable(&text))
}

/// The error that a text is no time.
pub(crate) fn unreadable<E: Error>(text: &str) -> E {
    E::custom(format!(
        "expected a date (2026-06-01) or a time (2026-06-01T22:00:00Z), found {text}"
    ))
}

/// Writes a time.
pub(crate) fn serialize<S: Serializer>(millis: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*millis))
}

/// The same for a time that need not be there.
pub(crate) mod optional {
    use super::{Deserializer, Serializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<i64>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }

    pub(crate) fn serialize<S: Serializer>(
        millis: &Option<i64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match millis {
            Some(millis) => super::serialize(millis, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_write_a_time() {
        // 2026-06-01T00:00:00Z is 1780272000 by `date -u +%s`.
        let june = Some(1_780_272_000_000);
        for text in ["2026-06-01", "2026-06-01T00:00:00", "2026-06-01T02:00:00+02:00"] {
            assert_eq!(parse(text), june, "{text}");
        }
        for wrong in ["", "tomorrow", "2026-02-30", "2026-06-01T00:00[Europe/Berlin]"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(rfc3339(1_780_272_000_007), "2026-06-01T00:00:00.007Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }

    /// Seconds by `date -u -d @N`.
    #[test]
    fn the_years_that_can_be_written() {
        assert_eq!(rfc3339(253_402_300_799_999), "9999-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(253_402_300_800_000), "253402300800.000");
        assert_eq!(rfc3339(-62_167_219_200_000), "0000-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(-62_167_219_200_001), "-62167219200.001");
        assert_eq!(rfc3339(i64::MIN), "-9223372036854775.808");
    }
}
