//! Milliseconds since 1970 as RFC 3339 text in UTC.

pub(crate) use rareport::moment::rfc3339;

/// Formats times as `2026-06-01T00:05:00.123Z`.
///
/// Keeps the text of the last second, as neighbours in a log share it.
#[derive(Clone, Debug)]
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

    /// The text of a time in milliseconds since 1970; see [`rfc3339`].
    pub(crate) fn format(&mut self, millis: u64) -> &str {
        let (second, fraction) = (millis / 1000, millis % 1000);
        if self.second == Some(second) {
            self.text.truncate(self.text.len() - FRACTION);
            let digit = |place: u64| char::from(b'0' + (fraction / place % 10) as u8);
            self.text.extend(['.', digit(100), digit(10), digit(1), 'Z']);
        } else {
            self.text = match i64::try_from(millis) {
                Ok(millis) => rfc3339(millis),
                Err(_) => format!("{second}.{fraction:03}"),
            };
            self.second = self.text.ends_with('Z').then_some(second);
        }
        &self.text
    }
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
    fn a_time_that_cannot_be_written_is_not_made_up() {
        let mut stamper = Stamper::new();
        assert_eq!(stamper.format(999_999_999_999_001), "999999999999.001");
        assert_eq!(stamper.format(999_999_999_999_002), "999999999999.002");
        assert_eq!(stamper.format(1000), "1970-01-01T00:00:01.000Z");
        assert_eq!(stamper.format(u64::MAX), "18446744073709551.615");
        assert_eq!(rfc3339(999_999_999_999_001), "999999999999.001");
        assert_eq!(rfc3339(-999_999_999_999_001), "-999999999999.001");
    }

    #[test]
    fn there_were_times_before_1970() {
        // By `date -u -d @-900` and `date -u -d @-2208988800`.
        assert_eq!(rfc3339(-900_000), "1969-12-31T23:45:00.000Z");
        assert_eq!(rfc3339(-899_999), "1969-12-31T23:45:00.001Z");
        assert_eq!(rfc3339(-2_208_988_800_000), "1900-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_780_319_550_864), "2026-06-01T13:12:30.864Z");
    }
}
