//! The identity of an event: the `audit(SECONDS.MILLIS:SERIAL)` stamp that the kernel writes into
//! every record. This module owns the stamp's grammar and its text form. It does not own the node
//! name, which is the third part of an event's identity and belongs to the [`Record`](crate::Record).

use core::fmt;
use core::str::FromStr;

use nom::IResult;

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
        match rest.strip_prefix(b".") {
            Some(fraction) => EventId::parse_fraction(seconds, fraction, at(fraction)),
            None => EventId::parse_last(seconds * 1000, rest, at(rest)),
        }
    }

    /// Reads `MILLIS:SERIAL` behind the seconds and the point.
    #[inline(always)]
    pub(crate) fn parse_fraction(
        seconds: u64,
        input: &[u8],
        offset: usize,
    ) -> Result<(EventId, &[u8]), RecordError> {
        let (millis, rest) = three_digits(input)
            .or_else(|| decimal(input).filter(|&(millis, _)| millis < 1000))
            .ok_or_else(|| RecordError::new(RecordErrorKind::Timestamp, offset))?;
        EventId::parse_last(seconds * 1000 + millis, rest, offset + input.len() - rest.len())
    }

    /// Reads `:SERIAL` behind the time.
    #[inline]
    fn parse_last(
        millis: u64,
        input: &[u8],
        offset: usize,
    ) -> Result<(EventId, &[u8]), RecordError> {
        let serial = input
            .strip_prefix(b":")
            .ok_or_else(|| RecordError::new(RecordErrorKind::Timestamp, offset))?;
        let (serial, rest) = decimal(serial)
            .and_then(|(serial, rest)| Some((u32::try_from(serial).ok()?, rest)))
            .ok_or_else(|| RecordError::new(RecordErrorKind::Serial, offset + 1))?;
        Ok((EventId { millis, serial }, rest))
    }
}

/// Three digits with a colon behind them, as the kernel writes milliseconds, and what follows those
/// digits.
#[inline]
fn three_digits(input: &[u8]) -> Option<(u64, &[u8])> {
    let (text, _) = input.split_first_chunk()?;
    let [hundreds @ b'0'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b':'] = *text else {
        return None;
    };
    let digit = |byte| u64::from(byte - b'0');
    Some((digit(hundreds) * 100 + digit(tens) * 10 + digit(ones), &input[3..]))
}

/// Decimal digits at the front of `input`: their value and what follows them. `None` without a
/// digit or past 2⁶⁴.
#[inline]
fn decimal(input: &[u8]) -> Option<(u64, &[u8])> {
    match input.first_chunk().map(leading_digits) {
        Some((value, digits @ 1..8)) => Some((value, &input[digits..])),
        _ => long_decimal(input),
    }
}

/// [`decimal`] of eight digits and more, or near the end of a line.
#[inline(never)]
fn long_decimal(input: &[u8]) -> Option<(u64, &[u8])> {
    match input.split_first_chunk().map(|(text, rest)| (leading_digits(text), rest)) {
        Some(((high, 8), rest)) => more_digits(high, rest).or_else(|| any_decimal(input)),
        _ => any_decimal(input),
    }
}

/// The value of digits behind those of `high`, if there are few enough to be read at once.
#[inline]
fn more_digits(high: u64, input: &[u8]) -> Option<(u64, &[u8])> {
    const POWERS_OF_TEN: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

    match leading_digits(input.first_chunk()?) {
        (_, 0) => Some((high, input)),
        (low, digits) => Some((high * POWERS_OF_TEN.get(digits)? + low, &input[digits..])),
    }
}

/// Any number of digits, one by one.
#[cold]
fn any_decimal(input: &[u8]) -> Option<(u64, &[u8])> {
    let digits = input.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = input.split_at(digits);
    let value = core::str::from_utf8(number).ok()?.parse().ok()?;
    Some((value, rest))
}

/// Decimal digits in front, below 2³².
#[inline]
pub(crate) fn decimal_u32(input: &[u8]) -> IResult<&[u8], u32, ()> {
    let (number, rest) = decimal(input).ok_or(nom::Err::Error(()))?;
    let number = u32::try_from(number).map_err(|_| nom::Err::Error(()))?;
    Ok((rest, number))
}

/// The value of the decimal digits in front, of no meaning without any, and how many they are. It
/// is computed side by side in one register: digits are joined to pairs, pairs to fours and fours
/// to the whole.
#[inline]
fn leading_digits(text: &[u8; 8]) -> (u64, usize) {
    let digits = u64::from_le_bytes(*text) ^ 0x3030_3030_3030_3030;
    // Exact up to the first byte that is no digit, which is all that is looked at.
    let above_nine = digits.wrapping_add(0x7676_7676_7676_7676) | digits;
    let bits = (above_nine & 0x8080_8080_8080_8080).trailing_zeros() & !7;
    // As if zeros stood in front and nothing behind.
    let digits = digits.wrapping_shl(64 - bits);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    ((fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF, (bits / 8) as usize)
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}:{}", self.millis / 1000, self.millis % 1000, self.serial)
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
            Err(RecordError::new(RecordErrorKind::Serial, text.len() - rest.len()))
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
        assert_eq!(parse("7:12"), Ok(EventId { millis: 7000, serial: 12 }));
        assert_eq!(parse("7.5:12"), Ok(EventId { millis: 7005, serial: 12 }));
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
        assert_eq!(parse("99999999999999999999999:1"), Err(RecordErrorKind::Timestamp));
    }

    #[test]
    fn leading_digits_agree_with_the_plain_reading() {
        for digits in ["00000000", "12345678", "99999999", "10000001", "90807060"] {
            for length in 0..=8 {
                for other in [b'/', b':', b' ', b'a', 0, 0x80, 0xB5, 0xFF] {
                    let mut text = [other; 8];
                    text[..length].copy_from_slice(&digits.as_bytes()[..length]);
                    let (value, found) = leading_digits(&text);
                    assert_eq!(found, length, "{other:#x}");
                    if length > 0 {
                        assert_eq!(digits[..length].parse(), Ok(value), "{other:#x}");
                    }
                }
            }
        }
    }

    #[test]
    fn errors_point_at_the_offending_byte() {
        let error = "17.001:x".parse::<EventId>().unwrap_err();
        assert_eq!(error.offset(), 7);
    }
}
