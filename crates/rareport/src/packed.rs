//! Short values as plain numbers.

/// Longest value that is packed, in bytes: a dotted IPv4 address just fits.
const LONGEST: usize = 15;

/// Fields from here on are not packed.
const FIELDS: u16 = 16;

/// A field and a short value in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Packed(u128);

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
        let tag = u128::from(field) << 4 | length as u128;
        Some(Packed(u128::from(low) | u128::from(high) << 64 | tag << 120))
    }

    /// The value.
    pub(crate) fn value(self) -> Vec<u8> {
        let length = (self.0 >> 120) as usize % (LONGEST + 1);
        self.0.to_le_bytes()[..length].to_vec()
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
            .flat_map(|field| values.iter().map(move |value| Packed::of(field, value).unwrap().0))
            .collect();
        packed.sort_unstable();
        packed.dedup();
        assert_eq!(packed.len(), 16 * values.len());
        for value in values {
            assert_eq!(Packed::of(15, value).unwrap().value(), value);
        }
        assert_eq!(Packed::of(0, b"sixteen bytes !!"), None);
        assert_eq!(Packed::of(16, b""), None);
    }
}
