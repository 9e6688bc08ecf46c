//! The bytes of an address as `saddr=` writes them, in hexadecimal digits. What they mean is
//! `sockaddr`'s.

use core::fmt;

use thiserror::Error;

use super::{MAX_SOCKADDR, SockAddr, SockAddrError};
use crate::arch::Arch;
use crate::hex::{byte_of, is_hex, nibble};

/// What is wrong with the hexadecimal text of an address.
///
/// ```
/// use auditparse::{SockAddrBytes, SockAddrHexError};
///
/// let damaged = SockAddrBytes::from_hex(b"020001BBxx");
/// assert_eq!(damaged.problem(), Some(SockAddrHexError::NotHex(8)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SockAddrHexError {
    /// The last byte has only one digit; the bytes before it are read.
    #[error("expected pairs of hexadecimal digits, found an odd digit at the end")]
    OddDigit,
    /// A character that is no hexadecimal digit; the bytes before it are read.
    #[error("expected a hexadecimal digit, found another character at digit {0}")]
    NotHex(usize),
    /// More than [`MAX_SOCKADDR`] bytes; the first of them are read.
    #[error("expected at most 128 bytes of address, found more")]
    TooLong,
}

/// The bytes of a `saddr=`, in a buffer of fixed size.
///
/// ```
/// use auditparse::SockAddrBytes;
///
/// let bytes = SockAddrBytes::from_hex(b"020001BB0A0000010");
/// assert_eq!(bytes.as_bytes(), [2, 0, 1, 0xBB, 10, 0, 0, 1]);
/// assert_eq!(bytes.decode(None).unwrap().to_string(), "10.0.0.1:443");
/// assert!(bytes.problem().is_some());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SockAddrBytes {
    bytes: [u8; MAX_SOCKADDR],
    length: u8,
    problem: Option<SockAddrHexError>,
}

impl SockAddrBytes {
    /// Decodes hexadecimal digits of either case as far as they are sound; see
    /// [`problem`](SockAddrBytes::problem) for what is not.
    ///
    /// ```
    /// use auditparse::SockAddrBytes;
    ///
    /// assert_eq!(SockAddrBytes::from_hex(b"0a00").as_bytes(), [10, 0]);
    /// assert_eq!(SockAddrBytes::from_hex(b"0A00zz").as_bytes(), [10, 0]);
    /// ```
    #[inline]
    pub fn from_hex(digits: &[u8]) -> SockAddrBytes {
        SockAddrBytes::from_sound_hex(digits).unwrap_or_else(|| SockAddrBytes::from_front(digits))
    }

    /// Decodes hexadecimal digits if there is nothing wrong with them.
    #[inline]
    pub(crate) fn from_sound_hex(digits: &[u8]) -> Option<SockAddrBytes> {
        let (pairs, _) = digits.as_chunks::<2>();
        if pairs.len() > MAX_SOCKADDR || !is_hex(digits) {
            return None;
        }
        let mut bytes = [0; MAX_SOCKADDR];
        bytes.iter_mut().zip(pairs).for_each(|(byte, &pair)| *byte = byte_of(pair));
        Some(SockAddrBytes { bytes, length: pairs.len() as u8, problem: None })
    }

    /// Decodes digits one by one, up to the first that is none.
    #[inline(never)]
    fn from_front(digits: &[u8]) -> SockAddrBytes {
        let mut bytes = [0; MAX_SOCKADDR];
        let mut length = 0;
        let (pairs, odd) = digits.as_chunks::<2>();
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (nibble(pair[0]), nibble(pair[1])) else {
                break;
            };
            *byte = high << 4 | low;
            length += 1;
        }
        let problem = if length < pairs.len().min(MAX_SOCKADDR) {
            let first = 2 * length + usize::from(nibble(pairs[length][0]).is_some());
            Some(SockAddrHexError::NotHex(first))
        } else if digits.len() > 2 * MAX_SOCKADDR {
            Some(SockAddrHexError::TooLong)
        } else {
            odd.first().map(|&digit| match nibble(digit) {
                Some(_) => SockAddrHexError::OddDigit,
                None => SockAddrHexError::NotHex(2 * length),
            })
        };
        SockAddrBytes { bytes, length: length as u8, problem }
    }

    /// The bytes.
    ///
    /// ```
    /// let bytes = auditparse::SockAddrBytes::from_hex(b"0200115C");
    /// assert_eq!(bytes.as_bytes(), [2, 0, 0x11, 0x5C]);
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// What was wrong with the text that the bytes were read from.
    ///
    /// ```
    /// use auditparse::{SockAddrBytes, SockAddrHexError};
    ///
    /// assert_eq!(SockAddrBytes::from_hex(b"0200115C").problem(), None);
    /// let problem = SockAddrBytes::from_hex(b"0200115").problem();
    /// assert_eq!(problem, Some(SockAddrHexError::OddDigit));
    /// ```
    pub fn problem(&self) -> Option<SockAddrHexError> {
        self.problem
    }

    /// Decodes the bytes as an address of `arch`; see [`SockAddr::decode`].
    ///
    /// ```
    /// use auditparse::{Arch, SockAddrBytes};
    ///
    /// let s390x = Arch::from_number(0x8000_0016); // has the high byte of the family in front
    /// let bytes = SockAddrBytes::from_hex(b"0002115CCB007109");
    /// assert_eq!(bytes.decode(Some(s390x))?.to_string(), "203.0.113.9:4444");
    /// # Ok::<(), auditparse::SockAddrError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are too few of them.
    pub fn decode(&self, arch: Option<Arch>) -> Result<SockAddr<'_>, SockAddrError> {
        SockAddr::decode(self.as_bytes(), arch)
    }
}

impl fmt::Debug for SockAddrBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SockAddrBytes(")?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
        f.write_str(")")
    }
}
