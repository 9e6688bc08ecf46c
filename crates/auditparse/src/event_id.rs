//! The identity of an event: the `audit(SECONDS.MILLIS:SERIAL)` stamp that the kernel writes into
//! every record. This module owns the stamp's grammar and its text form. It does not own the node
//! name, which is the third part of an event's identity and belongs to the [`Record`](crate::Record).

use core::fmt;
use core::str::FromStr;

use crate::error::{RecordError, RecordErrorKind};

/// Time and serial number that all records of one event share.
///
/// The kernel prints it as `audit(%llu.%03lu:%u)` (`audit_log_start` in `kernel/audit.c`). Serials
/// are unique within a boot of one host and wrap at 2³², so an event of a merged log is identified
/// by its node, its time and its serial together.
///
/// ```
/// use auditparse::EventId;
///
/// let id: EventId = "1716998400.001:100".parse().unwrap();
/// assert_eq!(id, EventId { millis: 1_716_998_400_001, serial: 100 });
/// assert_eq!(id.to_string(), "1716998400.001:100");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EventId {
    /// Milliseconds since 1970-01-01T00:00:00Z, by the clock of the host that wrote the record.
    pub millis: u64,
    /// Serial number, counted by the kernel from boot and wrapping at 2³².
    pub serial: u32,
}

/// Largest number of seconds whose milliseconds, with room to add a time-out, fit an `i64`.
const MAX_SECONDS: u64 = i64::MAX as u64 / 1000 - 1;

impl EventId {
    /// Reads `SECONDS[.MILLIS]:SERIAL` from the front of `input`; gives it and the rest.
    ///
    /// `offset` is where `input` starts in its line, for error messages. Milliseconds may be
    /// missing (old forwarders drop them) and then are 0.
    pub(crate) fn parse_prefix(
        input: &[u8],
        offset: usize,
    ) -> Result<(EventId, &[u8]), RecordError> {
        let at = |rest: &[u8]| offset + input.len() - rest.len();
        let bad_time = |rest: &[u8]| RecordError::new(RecordErrorKind::Timestamp, at(rest));

        let (seconds, rest) = decimal(input).ok_or_else(|| bad_time(input))?;
        if seconds > MAX_SECONDS {
            return Err(bad_time(input));
        }
        let (millis, rest) = match rest.split_first() {
            Some((b'.', fraction)) => decimal(fraction)
                .filter(|&(ms, _)| ms < 1000)
                .ok_or_else(|| bad_time(fraction))?,
            _ => (0, rest),
        };
        let serial_text = match rest.split_first() {
            Some((b':', text)) => text,
            _ => return Err(bad_time(rest)),
        };
        let bad_serial = || RecordError::new(RecordErrorKind::Serial, at(serial_text));
        let (serial, rest) = decimal(serial_text).ok_or_else(bad_serial)?;
        let serial = u32::try_from(serial).map_err(|_| bad_serial())?;
        Ok((
            EventId {
                millis: seconds * 1000 + millis,
                serial,
            },
            rest,
        ))
    }
}

/// Decimal digits at the front of `input`: their value and what follows them. `None` without a
/// digit or past 2⁶⁴.
fn decimal(input: &[u8]) -> Option<(u64, &[u8])> {
    let mut value: u64 = 0;
    let mut digits = 0;
    for &byte in input {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // 19 digits cannot overflow, so only longer numbers pay for the check.
        value = if digits < 19 {
            value * 10 + u64::from(digit)
        } else {
            value.checked_mul(10)?.checked_add(u64::from(digit))?
        };
        digits += 1;
    }
    if digits == 0 {
        None
    } else {
        Some((value, &input[digits..]))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:03}:{}",
            self.millis / 1000,
            self.millis % 1000,
            self.serial
        )
    }
}

impl FromStr for EventId {
    type Err = RecordError;

    /// Reads the text form, as `ausearch -a` and this type's `Display` write it.
    fn from_str(text: &str) -> Result<EventId, RecordError> {
        let (id, rest) = EventId::parse_prefix(text.as_bytes(), 0)?;
        if rest.is_empty() {
            Ok(id)
        } else {
            Err(RecordError::new(
                RecordErrorKind::Serial,
                text.len() - rest.len(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EventId, RecordErrorKind> {
        text.parse().map_err(|error: RecordError| error.kind())
    }

    #[test]
    fn milliseconds_may_be_missing_but_not_more_than_three_digits() {
        assert_eq!(
            parse("7:12"),
            Ok(EventId {
                millis: 7000,
                serial: 12
            })
        );
        assert_eq!(
            parse("7.5:12"),
            Ok(EventId {
                millis: 7005,
                serial: 12
            })
        );
        assert_eq!(parse("7.1000:12"), Err(RecordErrorKind::Timestamp));
        assert_eq!(parse("7.:12"), Err(RecordErrorKind::Timestamp));
    }

    #[test]
    fn serials_are_32_bits_wide() {
        assert_eq!(parse("7.001:4294967295").map(|id| id.serial), Ok(u32::MAX));
        assert_eq!(parse("7.001:4294967296"), Err(RecordErrorKind::Serial));
        assert_eq!(parse("7.001:"), Err(RecordErrorKind::Serial));
        assert_eq!(parse("7.001:1x"), Err(RecordErrorKind::Serial));
    }

    #[test]
    fn seconds_that_would_overflow_are_refused() {
        assert_eq!(parse("9223372036854774:1").map(|id| id.serial), Ok(1));
        assert_eq!(parse("9223372036854775:1"), Err(RecordErrorKind::Timestamp));
        assert_eq!(
            parse("99999999999999999999999:1"),
            Err(RecordErrorKind::Timestamp)
        );
    }

    #[test]
    fn errors_point_at_the_offending_byte() {
        let error = "17.001:x".parse::<EventId>().unwrap_err();
        assert_eq!(error.offset(), 7);
    }
}
