//! Windows of time in which nothing is learned and nothing alerts: maintenance, load tests, drills.
//!
//! What lies in a window is left out as if it were not in the log.

mod time_of_day;

pub use time_of_day::{TimeOfDay, TimeOfDayError};

use crate::condition::Condition;
use crate::rule::error::RuleError;
use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400_000;

/// A window of time: once, or every week.
///
/// ```
/// use rareport::calendar::Window;
///
/// let patching: Window = toml::from_str(
///     r#"
///     comment = "Patches are rolled out on Sunday night"
///     weekly = { days = ["sunday"], from = "22:00", to = "04:00" }
///     "#,
/// )?;
/// let sunday_night = 1_780_268_400_000; // 2026-05-31T23:00:00Z
/// assert!(patching.contains(sunday_night));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Window {
    /// What the window is for; it names the window in reports.
    pub comment: String,
    /// When it is.
    pub when: When,
    /// What must hold of an event in it, all of it; with none it is for every event.
    pub conditions: Vec<Condition>,
}

/// When a window is, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Once, in milliseconds since 1970: from inclusive, to exclusive.
    Once {
        /// The first instant.
        from: i64,
        /// The first instant that is past it.
        to: i64,
    },
    /// On some days of every week.
    Weekly(Weekly),
}

/// A window on some days of every week, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    /// The days on which it begins.
    pub days: Vec<Day>,
    /// Time of the day at which it begins, such as `22:00`.
    pub from: TimeOfDay,
    /// Time of the day at which it is over: of the next day unless it is later than `from`.
    pub to: TimeOfDay,
}

/// A day of the week.
#[allow(missing_docs, reason = "days of the week")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

impl Day {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Day::Sunday => "sunday",
            Day::Monday => "monday",
            Day::Tuesday => "tuesday",
            Day::Wednesday => "wednesday",
            Day::Thursday => "thursday",
            Day::Friday => "friday",
            Day::Saturday => "saturday",
        }
    }
}

const DAYS: [Day; 7] = [
    Day::Sunday,
    Day::Monday,
    Day::Tuesday,
    Day::Wednesday,
    Day::Thursday,
    Day::Friday,
    Day::Saturday,
];

impl Window {
    /// Whether it can be meant so.
    ///
    /// # Errors
    /// [`RuleError::Window`] if it is over before it begins, has no day to begin on, or has a
    /// condition that cannot be meant so.
    pub fn validate(&self) -> Result<(), RuleError> {
        let wrong = |problem: String| RuleError::Window { comment: self.comment.clone(), problem };
        match &self.when {
            When::Once { from, to } if from >= to => {
                return Err(wrong("it is over before it begins".to_owned()));
            }
            When::Weekly(weekly) if weekly.days.is_empty() => {
                return Err(wrong("weekly needs a day".to_owned()));
            }
            When::Once { .. } | When::Weekly(_) => {}
        }
        self.conditions.iter().try_for_each(Condition::validate).map_err(wrong)
    }

    /// Whether a time, in milliseconds since 1970, lies in the window.
    #[must_use]
    pub fn contains(&self, millis: i64) -> bool {
        match &self.when {
            When::Once { from, to } => (*from..*to).contains(&millis),
            When::Weekly(weekly) => weekly.contains(millis),
        }
    }

    /// Whether an event at a time, in milliseconds since 1970, is left out, given the values of each
    /// field.
    pub fn covers<'v, V>(&self, millis: i64, values: impl Fn(&str) -> V) -> bool
    where
        V: IntoIterator<Item = &'v [u8]>,
    {
        self.contains(millis)
            && self.conditions.iter().all(|condition| condition.holds(values(&condition.field)))
    }
}

impl Weekly {
    fn contains(&self, millis: i64) -> bool {
        let (day, of_day) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
        let (from, to) = (self.from.millis(), self.to.millis());
        let begins = |day: i64| self.days.contains(&weekday(day));
        if from < to {
            begins(day) && (from..to).contains(&of_day)
        } else {
            begins(day) && of_day >= from || begins(day - 1) && of_day < to
        }
    }
}

/// Day of the week of a day counted from 1970-01-01, a Thursday.
fn weekday(day: i64) -> Day {
    DAYS[(day + 4).rem_euclid(7) as usize]
}

/// A window as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    comment: String,
    #[serde(default, with = "end", skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(default, with = "end", skip_serializing_if = "Option::is_none")]
    to: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weekly: Option<Weekly>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<Condition>,
}

/// An end of a window that is there once; a time of day is told where it goes.
mod end {
    pub(super) use crate::moment::optional::serialize;

    use super::TimeOfDay;
    use crate::moment;
    use serde::{Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<i64>, D::Error> {
        let text = moment::text(deserializer)?;
        let is_of_day = text.parse::<TimeOfDay>().is_ok();
        match moment::parse(&text) {
            Some(millis) => Ok(Some(millis)),
            None if is_of_day => Err(D::Error::custom(format!(
                "expected a date (2026-06-01) or a time (2026-06-01T22:00:00Z), found {text}; what \
                 comes every week goes into weekly, such as weekly = {{ days = [\"sunday\"], from = \
                 \"22:00\", to = \"04:00\" }}"
            ))),
            None => Err(moment::unreadable(&text)),
        }
    }
}

impl TryFrom<Written> for Window {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { comment, from, to, weekly, conditions } = written;
        let when = match (from, to, weekly) {
            (Some(from), Some(to), None) => When::Once { from, to },
            (None, None, Some(weekly)) => When::Weekly(weekly),
            _ => {
                return Err(format!(
                    "the calendar window “{comment}”: it needs either from and to, or weekly"
                ));
            }
        };
        let window = Window { comment, when, conditions };
        window.validate().map_err(|error| error.to_string())?;
        Ok(window)
    }
}

impl From<Window> for Written {
    fn from(window: Window) -> Written {
        let Window { comment, when, conditions } = window;
        let (from, to, weekly) = match when {
            When::Once { from, to } => (Some(from), Some(to), None),
            When::Weekly(weekly) => (None, None, Some(weekly)),
        };
        Written { comment, from, to, weekly, conditions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment;

    fn window(text: &str) -> Window {
        let window = toml::from_str(&format!("comment = \"c\"\n{text}")).unwrap();
        let written = toml::to_string(&window).unwrap();
        assert_eq!(toml::from_str::<Window>(&written).unwrap(), window, "{written}");
        window
    }

    fn contains(window: &Window, time: &str) -> bool {
        window.contains(moment::parse(time).unwrap())
    }

    #[test]
    fn once_is_half_open() {
        let once = window("from = 2026-06-01T22:00:00Z\nto = 2026-06-02");
        assert!(!contains(&once, "2026-06-01T21:59:59.999Z"));
        assert!(contains(&once, "2026-06-01T22:00:00Z"));
        assert!(!contains(&once, "2026-06-02T00:00:00Z"));
    }

    #[test]
    fn weekly_goes_past_midnight() {
        // `cal 5 2026`: 31 May 2026 is a Sunday.
        let nights = window("weekly = { days = [\"sunday\"], from = \"22:00\", to = \"04:00\" }");
        for inside in ["2026-05-31T22:00:00Z", "2026-06-01T03:59:59Z", "2026-06-07T23:00:00Z"] {
            assert!(contains(&nights, inside), "{inside}");
        }
        for outside in ["2026-05-31T03:00:00Z", "2026-06-01T04:00:00Z", "2026-06-01T22:30:00Z"] {
            assert!(!contains(&nights, outside), "{outside}");
        }
        let noons = window("weekly = { days = [\"monday\"], from = \"12:00\", to = \"13:30\" }");
        assert!(contains(&noons, "2026-06-01T13:29:00Z"));
        assert!(!contains(&noons, "2026-06-01T13:30:00Z"));
        assert!(!contains(&noons, "2026-06-02T12:30:00Z"));
    }

    #[test]
    fn a_window_may_be_for_some_events_only() {
        let window = window(
            "from = 2026-06-01\nto = 2026-06-02\n\
             conditions = [{ field = \"host.name\", is = \"db01\" }]",
        );
        let covers = |time: &str, host: &'static str| {
            window.covers(moment::parse(time).unwrap(), |_| Some(host.as_bytes()))
        };
        assert!(covers("2026-06-01T12:00:00Z", "db01"));
        assert!(!covers("2026-06-01T12:00:00Z", "db02"));
        assert!(!covers("2026-06-03T12:00:00Z", "db01"));
    }

    #[test]
    fn a_time_of_day_is_told_how_to_be_written() {
        for (from, said) in [
            ("\"9:00\"", "9:00 is no time of day; write 09:00"),
            ("\"24:00\"", "write 00:00"),
            ("9", "expected a date or a time, such as"),
            ("\"noon\"", "expected a time of day such as 22:00, found noon"),
        ] {
            let weekly =
                format!("weekly = {{ days = [\"sunday\"], from = {from}, to = \"10:00\" }}");
            let error =
                toml::from_str::<Window>(&format!("comment = \"c\"\n{weekly}")).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        // TOML has times of day of its own.
        window("weekly = { days = [\"sunday\"], from = 09:00:00, to = \"10:00\" }");
    }

    #[test]
    fn a_time_of_day_goes_into_weekly() {
        for from in ["\"22:00\"", "22:00:00"] {
            let text = format!("comment = \"c\"\nfrom = {from}\nto = \"04:00\"");
            let error = toml::from_str::<Window>(&text).unwrap_err().to_string();
            assert!(error.contains("goes into weekly, such as weekly = { days"), "{error}");
        }
        let wrong = toml::from_str::<Window>("comment = \"c\"\nfrom = \"soon\"").unwrap_err();
        assert!(wrong.to_string().contains("found soon\n"), "{wrong}");
    }

    #[test]
    fn what_cannot_be_a_window() {
        for text in [
            "",
            "from = 2026-06-01",
            "from = 2026-06-02\nto = 2026-06-01",
            "weekly = { days = [], from = \"01:00\", to = \"02:00\" }",
        ] {
            assert!(toml::from_str::<Window>(&format!("comment = \"c\"\n{text}")).is_err());
        }
    }
}
