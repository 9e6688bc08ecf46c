//! Pairs of hexadecimal digits, in which the kernel writes bytes that it does not trust
//! (`audit_log_n_hex` in `kernel/audit.c`). Which values may be such pairs is `field`'s.

/// Whether `digits` are pairs of hexadecimal digits. All are looked at, so that it can be done with
/// many at a time.
pub(crate) fn is_hex(digits: &[u8]) -> bool {
    !digits.is_empty()
        && digits.len().is_multiple_of(2)
        && digits.iter().fold(true, |all, digit| all & digit.is_ascii_hexdigit())
}

/// The bytes that pairs of hexadecimal digits of either case stand for; `None` if `digits` is
/// empty, of odd length or holds anything else.
///
/// ```
/// use auditparse::decode_hex;
///
/// assert_eq!(decode_hex(b"6E63").unwrap(), b"nc");
/// assert_eq!(decode_hex(b"6E6"), None);
/// ```
pub fn decode_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, _) = digits.as_chunks();
    is_hex(digits).then(|| pairs.iter().copied().map(byte_of).collect())
}

/// The byte of two hexadecimal digits. They are read side by side and without a table, which
/// compilers do for many pairs at a time.
#[inline]
pub(crate) fn byte_of(digits: [u8; 2]) -> u8 {
    let digits = u16::from_le_bytes(digits);
    // Letters, whose bit 6 is set, have the low bits 1 to 6.
    let nibbles = (digits & 0x0F0F) + 9 * (digits >> 6 & 0x0101);
    (nibbles << 4 | nibbles >> 8) as u8
}

/// The value of a hexadecimal digit; above 15 for what is none.
const NIBBLES: [u8; 256] = {
    let mut values = [0xFF; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// The value of one hexadecimal digit.
#[inline]
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    let value = NIBBLES[usize::from(digit)];
    (value < 16).then_some(value)
}
