//! Milliseconds since 1970 as RFC 3339 text in UTC.

use jiff::Timestamp;

/// Formats times as `2026-06-01T00:05:00.123Z`.
///
/// Keeps the text of the last second, as neighbours in a log share it.
#[derive(Debug)]
pub(crate) struct Stamper {
    second: Option<u64>,
    text: String,
}

/// Length of `.mmmZ`.
const FRACTION: usize = 5;

impl Stamper {
    /// A formatter that has seen nothing yet.
    pub(crate) fn new() -> Stamper {
        Stamper { second: None, text: String::new() }
    }

    /// The text of a time in milliseconds since 1970.
    ///
    /// A time past the year 9999 is given as the last instant of that year.
    pub(crate) fn format(&mut self, millis: u64) -> &str {
        let (second, fraction) = (millis / 1000, millis % 1000);
        if self.second == Some(second) {
            self.text.truncate(self.text.len() - FRACTION);
        } else {
            let stamp = i64::try_from(second)
                .ok()
                .and_then(|s| Timestamp::from_second(s).ok())
                .unwrap_or(Timestamp::MAX);
            self.text = format!("{stamp:.0}");
            self.text.pop();
            self.second = Some(second);
        }
        let digit = |place: u64| char::from(b'0' + (fraction / place % 10) as u8);
        self.text.extend(['.', digit(100), digit(10), digit(1), 'Z']);
        &self.text
    }
}

/// The time as `2026-06-01T00:05:00.123Z`.
pub(crate) fn rfc3339(millis: u64) -> String {
    Stamper::new().format(millis).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_and_strangers() {
        // Seconds by `date -u -d @N`.
        let mut stamper = Stamper::new();
        assert_eq!(stamper.format(1_780_319_550_864), "2026-06-01T13:12:30.864Z");
        assert_eq!(stamper.format(1_780_319_550_007), "2026-06-01T13:12:30.007Z");
        assert_eq!(stamper.format(1_780_319_551_000), "2026-06-01T13:12:31.000Z");
        assert_eq!(stamper.format(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_time_out_of_range_is_still_a_time() {
        assert_eq!(rfc3339(u64::MAX), "9999-12-30T22:00:00.615Z");
    }
}
