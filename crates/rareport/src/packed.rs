//! Short values as plain numbers.

use std::hash::{Hash, Hasher};

/// Longest value that is packed, in bytes: a dotted IPv4 address just fits.
const LONGEST: usize = 15;

/// Fields from here on are not packed.
const FIELDS: u16 = 16;

/// A field and a short value, which are compared as one number.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(16))]
pub(crate) struct Packed {
    /// The value, followed by zeros; in the last byte the field, and below it the length of the value.
    bytes: [u8; LONGEST + 1],
}

impl PartialEq for Packed {
    #[inline]
    fn eq(&self, other: &Packed) -> bool {
        self.number() == other.number()
    }
}

impl Eq for Packed {}

impl Hash for Packed {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.number());
    }
}

impl Packed {
    /// `None` if the value or the number of the field is too large.
    #[inline]
    pub(crate) fn of(field: u16, value: &[u8]) -> Option<Packed> {
        if value.len() > LONGEST || field >= FIELDS {
            return None;
        }
        let length = value.len();
        // Two overlapping words each: copying a varying number of bytes would be a call.
        let (low, high) =
            if let (Some(first), Some(last)) = (value.first_chunk(), value.last_chunk()) {
                let last = u64::from_le_bytes(*last);
                let behind = last.checked_shr(8 * (16 - length as u32)).unwrap_or(0);
                (u64::from_le_bytes(*first), behind)
            } else if let (Some(first), Some(last)) = (value.first_chunk(), value.last_chunk()) {
                let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
                (u64::from(first) | u64::from(last) << (8 * (length - 4)), 0)
            } else {
                (value.iter().rev().fold(0, |low, &byte| low << 8 | u64::from(byte)), 0)
            };
        let tag = u64::from(field) << 4 | length as u64;
        let number = u128::from(low) | u128::from(high | tag << 56) << 64;
        Some(Packed { bytes: number.to_le_bytes() })
    }

    #[inline]
    fn number(&self) -> u128 {
        u128::from_le_bytes(self.bytes)
    }

    /// A number by which fields and values compare as by field and then by bytes.
    #[inline]
    pub(crate) fn ordered(self) -> u128 {
        let number = u128::from_be_bytes(self.bytes);
        // Of values that differ in zeros at the end alone the shorter one comes first.
        u128::from(self.field()) << 124 | number >> 8 << 4 | number & 0xF
    }

    /// The field as two bytes and the first 14 of the value, followed by zeros, as one number.
    #[inline]
    pub(crate) fn prefix(self) -> u128 {
        u128::from(self.field()) << 112 | u128::from_be_bytes(self.bytes) >> 16
    }

    /// The field.
    #[inline]
    pub(crate) fn field(self) -> u16 {
        u16::from(self.bytes[LONGEST] >> 4)
    }

    /// A number in whose low bits all bits of this and of `salt` are mixed.
    #[inline]
    pub(crate) fn spread(self, salt: u32) -> u64 {
        // Halves of the product of odd numbers without a pattern, as hashes are made.
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let number = self.number();
        let (low, high) = (number as u64, (number >> 64) as u64);
        let sum = low.wrapping_add(high.rotate_left(29));
        let sum = sum.wrapping_add(u64::from(salt).wrapping_mul(FACTOR));
        let product = u128::from(sum) * u128::from(FACTOR);
        product as u64 ^ (product >> 64) as u64
    }

    /// The value.
    pub(crate) fn value(&self) -> &[u8] {
        &self.bytes[..usize::from(self.bytes[LONGEST]) % (LONGEST + 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_short_is_the_same() {
        let mut values: Vec<&[u8]> = vec![b"\0", b"\0\0", b"a", b"a\0", b"\0a"];
        let digits = b"123456789012345";
        let changed = [b"023456789012345", b"123406789012345", b"123456780012345"];
        values.extend((0..=15).map(|length| &digits[..length]));
        values.extend(changed.iter().flat_map(|text| (9..=15).map(|length| &text[..length])));
        values.extend((1..=15).map(|length| &b"123456789012340"[15 - length..]));
        let mut packed: Vec<u128> = (0..FIELDS)
            .flat_map(|field| {
                values.iter().map(move |value| Packed::of(field, value).unwrap().number())
            })
            .collect();
        packed.sort_unstable();
        packed.dedup();
        assert_eq!(packed.len(), 16 * values.len());
        let mut pairs: Vec<(u16, &[u8])> =
            (0..FIELDS).flat_map(|field| values.iter().map(move |value| (field, *value))).collect();
        pairs.sort_unstable();
        let ordered =
            pairs.iter().map(|(field, value)| Packed::of(*field, value).unwrap().ordered());
        assert!(ordered.is_sorted_by(|x, y| x < y));
        for value in values {
            let packed = Packed::of(15, value).unwrap();
            assert_eq!((packed.field(), packed.value()), (15, value));
        }
        assert_eq!(Packed::of(0, b"sixteen bytes !!"), None);
        assert_eq!(Packed::of(16, b""), None);
    }
}
