//! Points in time as rule files write them and as alerts show them, in milliseconds since 1970.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Milliseconds of a second.
pub(crate) const SECOND: i64 = 1000;

/// The time as `2026-06-01T00:05:00.000Z`. A time outside the years 1 to 9999 is given as the
/// nearest one within.
pub(crate) fn rfc3339(millis: i64) -> String {
    let limit = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let stamp = Timestamp::from_millisecond(millis).unwrap_or(limit);
    format!("{stamp:.3}")
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
    parse(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "expected a date (2026-06-01) or a time (2026-06-01T22:00:00Z), found {text}"
        ))
    })
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
}
