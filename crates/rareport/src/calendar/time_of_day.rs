//! Times of day, such as those at which weekly windows begin.

use crate::moment::{self, SECOND};
use jiff::civil::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use std::str::FromStr;

/// A time of day in UTC, to the millisecond.
///
/// ```
/// use rareport::calendar::TimeOfDay;
///
/// let evening: TimeOfDay = "22:00".parse()?;
/// assert_eq!(evening.millis(), 22 * 3_600_000);
/// assert_eq!(evening.to_string(), "22:00:00");
/// let error = "9:00".parse::<TimeOfDay>().unwrap_err();
/// assert_eq!(error.to_string(), "9:00 is no time of day; write 09:00");
/// # Ok::<(), rareport::calendar::TimeOfDayError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(Time);

/// A text that is no time of day, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TimeOfDayError(String);

impl TimeOfDay {
    /// Milliseconds since midnight, from 0 up to, but not including, 86,400,000.
    #[must_use]
    pub fn millis(self) -> i64 {
        let TimeOfDay(time) = self;
        let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60;
        (seconds + i64::from(time.second())) * SECOND + i64::from(time.millisecond())
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<TimeOfDay, TimeOfDayError> {
        text.parse().map(TimeOfDay).map_err(|_| {
            let midnight = text.starts_with("24:00").then(|| "00:00".to_owned());
            let padded = Some(format!("0{text}")).filter(|padded| padded.parse::<Time>().is_ok());
            TimeOfDayError(match padded.or(midnight) {
                Some(meant) => format!("{text} is no time of day; write {meant}"),
                None => format!("expected a time of day such as 22:00, found {text}"),
            })
        })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        moment::text(deserializer)?.parse().map_err(D::Error::custom)
    }
}
