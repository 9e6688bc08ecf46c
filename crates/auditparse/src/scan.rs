//! Searches for a byte over the short distances between the blanks and equal signs of a record.
//! This module owns those two loops and nothing else. They look at eight bytes at a time in a
//! register; the vector searches of `memchr`, which lines are cut with, take longer to start than
//! most fields are long.

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that equals `byte`, exact up to the first such byte.
#[inline]
fn matches(word: u64, byte: u8) -> u64 {
    let zeroed = word ^ (LOW_BITS * u64::from(byte));
    zeroed.wrapping_sub(LOW_BITS) & !zeroed & HIGH_BITS
}

#[inline]
fn find_by(haystack: &[u8], found: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    let at = search(haystack, found, is);
    #[cfg(test)]
    looked_at::add(at.map_or(haystack.len(), |at| at + 1));
    at
}

#[inline]
fn search(haystack: &[u8], found: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    let mut offset = 0;
    let (words, rest) = haystack.as_chunks::<8>();
    for word in words {
        let found = found(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(offset + (found.trailing_zeros() / 8) as usize);
        }
        offset += 8;
    }
    rest.iter().position(|&byte| is(byte)).map(|at| offset + at)
}

/// Offset of the first `byte`.
#[inline]
pub(crate) fn find(byte: u8, haystack: &[u8]) -> Option<usize> {
    find_by(haystack, |word| matches(word, byte), |found| found == byte)
}

/// Offset of the first byte that is `a` or `b`.
#[inline]
pub(crate) fn find_either(a: u8, b: u8, haystack: &[u8]) -> Option<usize> {
    find_by(haystack, |word| matches(word, a) | matches(word, b), |found| found == a || found == b)
}

/// How many bytes searches have looked at on this thread, so that tests can tell linear time.
#[cfg(test)]
pub(crate) mod looked_at {
    use std::cell::Cell;

    thread_local!(static BYTES: Cell<usize> = const { Cell::new(0) });

    pub(super) fn add(bytes: usize) {
        BYTES.set(BYTES.get() + bytes);
    }

    /// The bytes that `work` looks at.
    pub(crate) fn by(work: impl FnOnce()) -> usize {
        let before = BYTES.get();
        work();
        BYTES.get() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_plain_search_at_every_length_and_place() {
        let mut haystack = [0u8; 40];
        for length in 0..haystack.len() {
            for at in 0..length {
                for (noise, byte) in [(b'!', b' '), (0x1F, 0x20), (0xA0, 0x20), (0x21, 0x20)] {
                    haystack.fill(noise);
                    haystack[at] = byte;
                    let part = &haystack[..length];
                    assert_eq!(find(byte, part), Some(at));
                    assert_eq!(find_either(byte, b'=', part), Some(at));
                    assert_eq!(find_either(b'=', byte, part), Some(at));
                    assert_eq!(find(byte, &part[..at]), None);
                }
            }
        }
    }
}
