//! The bytes of a state file: a header by which damage is found, and a
//! compressed body.
//!
//! What the body means is not known here.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 4 | version of the format, little-endian as all numbers here |
//! | 8 | length of the rest, from behind the checksum on |
//! | 8 | XXH3 (64 bits, no seed) of the version, the length and the rest |
//! | … | the body, compressed with zstd |
//!
//! The first 28 bytes are the same in every version, so that a file of a later
//! one is told from a damaged one.

use std::fmt;
use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

use crate::seems::{self, Seems};

/// What every state file begins with.
pub(super) const MAGIC: [u8; 8] = seems::STATE;

/// The version that is written, and the latest that is read.
pub(super) const VERSION: u32 = 1;

/// Length of what comes before the compressed body.
const HEADER: usize = MAGIC.len() + 4 + 8 + 8;

/// How hard zstd tries: its default.
const LEVEL: i32 = 3;

/// How many times as long as what is stored a body may be. Every value that a
/// model keeps has times and counts of its own, so that no state comes near it.
const MAX_EXPANSION: u64 = 250;

/// A body up to this length is no bomb, however little is stored of it.
const HARMLESS: u64 = 64 << 20;

/// The longest body that so many compressed bytes may hold.
fn longest_body(compressed: u64) -> u64 {
    compressed.saturating_mul(MAX_EXPANSION).max(HARMLESS)
}

/// Why bytes are no state.
#[derive(Debug)]
pub(crate) enum Flaw {
    /// They are something else.
    Other(Seems),
    /// They are not all there, or there are more.
    Torn { expected: u64, found: u64 },
    /// They are not those that were written.
    Damaged,
    /// They hold more than a state does, as a bomb does.
    TooLong { most: u64 },
    /// A later version wrote them.
    Newer { found: u32 },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Other(seems) => {
                write!(f, "is no state of rareport: it seems to be {seems}")
            }
            Flaw::Torn { expected, found } => {
                write!(f, "is torn: it has {found} of {expected} bytes")
            }
            Flaw::Damaged => f.write_str("is damaged: its checksum is wrong"),
            Flaw::TooLong { most } => write!(
                f,
                "grows to more than {most} bytes when it is decompressed, as no state does: \
                 rareport did not write it"
            ),
            Flaw::Newer { found } => write!(
                f,
                "has format {found}, but this rareport knows none after {VERSION}; use the version \
                 of rareport that wrote it, or a later one"
            ),
        }
    }
}

impl std::error::Error for Flaw {}

/// The body in its container.
///
/// # Errors
///
/// If it cannot be compressed, for want of memory, or could not be read again.
pub(super) fn pack(body: &[u8]) -> io::Result<Vec<u8>> {
    let compressed = zstd::bulk::compress(body, LEVEL)?;
    let length = compressed.len() as u64;
    let most = longest_body(length);
    if body.len() as u64 > most {
        return Err(io::Error::other(Flaw::TooLong { most }));
    }
    let mut bytes = Vec::with_capacity(HEADER + compressed.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(checksum(VERSION, length, &compressed).to_le_bytes());
    bytes.extend(compressed);
    Ok(bytes)
}

/// The body of a container.
///
/// # Errors
///
/// If the bytes are not those of a container of this version.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Flaw> {
    let begins = bytes.len().min(MAGIC.len());
    if bytes[..begins] != MAGIC[..begins] {
        return Err(Flaw::Other(Seems::of(bytes)));
    }
    let found = bytes.len() as u64;
    let mut rest = bytes.get(MAGIC.len()..).unwrap_or_default();
    let header = (|| Some((take(&mut rest)?, take(&mut rest)?, take(&mut rest)?)))();
    let Some((version, length, expected)) = header else {
        return Err(Flaw::Torn { expected: HEADER as u64, found });
    };
    let (version, length) = (u32::from_le_bytes(version), u64::from_le_bytes(length));
    if rest.len() as u64 != length {
        return Err(Flaw::Torn { expected: length.saturating_add(HEADER as u64), found });
    }
    if checksum(version, length, rest) != u64::from_le_bytes(expected) {
        return Err(Flaw::Damaged);
    }
    if version != VERSION {
        return Err(Flaw::Newer { found: version });
    }
    decompress(rest)
}

/// The body that was compressed to these bytes.
fn decompress(compressed: &[u8]) -> Result<Vec<u8>, Flaw> {
    let most = longest_body(compressed.len() as u64);
    let mut body = Vec::new();
    zstd::Decoder::with_buffer(compressed)
        .and_then(|text| text.take(most.saturating_add(1)).read_to_end(&mut body))
        .map_err(|_| Flaw::Damaged)?;
    if body.len() as u64 > most {
        return Err(Flaw::TooLong { most });
    }
    Ok(body)
}

/// Takes the first bytes, if there are as many.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn checksum(version: u32, length: u64, rest: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&version.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(rest);
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Vec<u8> {
        (0..5000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for body in [Vec::new(), b"x".to_vec(), body()] {
            assert_eq!(unpack(&pack(&body).unwrap()).unwrap(), body);
        }
        assert!(pack(&[7; 100_000]).unwrap().len() < 1000);
    }

    #[test]
    fn a_file_that_was_cut_anywhere_is_torn() {
        let bytes = pack(&body()).unwrap();
        for end in 0..bytes.len() {
            let flaw = unpack(&bytes[..end]).unwrap_err();
            assert!(matches!(flaw, Flaw::Torn { .. }), "{end}: {flaw}");
        }
        let flaw = unpack(&[&bytes[..], b"x"].concat()).unwrap_err();
        assert!(matches!(flaw, Flaw::Torn { .. }), "{flaw}");
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = pack(b"learned from weeks of logs").unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_forged_body_does_not_fill_the_memory() {
        let forged = |length: u64| {
            let compressed = zstd::encode_all(io::repeat(0).take(length), LEVEL).unwrap();
            let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes()].concat();
            let stored = compressed.len() as u64;
            bytes.extend(stored.to_le_bytes());
            bytes.extend(checksum(VERSION, stored, &compressed).to_le_bytes());
            bytes.extend(compressed);
            bytes
        };
        assert_eq!(unpack(&forged(HARMLESS)).unwrap().len() as u64, HARMLESS);
        let flaw = unpack(&forged(HARMLESS + 1)).unwrap_err();
        assert!(matches!(flaw, Flaw::TooLong { most: HARMLESS }), "{flaw}");
        assert!(flaw.to_string().contains("more than 67108864 bytes"), "{flaw}");
        // Nothing is written that could not be read again.
        assert!(pack(&vec![0; HARMLESS as usize + 1]).is_err());
    }

    #[test]
    fn a_later_format_is_told_from_damage() {
        let mut bytes = pack(b"body").unwrap();
        let later = VERSION + 1;
        bytes[8..12].copy_from_slice(&later.to_le_bytes());
        assert!(matches!(unpack(&bytes), Err(Flaw::Damaged)));
        let sum = checksum(later, (bytes.len() - HEADER) as u64, &bytes[HEADER..]);
        bytes[20..28].copy_from_slice(&sum.to_le_bytes());
        let flaw = unpack(&bytes).unwrap_err();
        assert!(matches!(flaw, Flaw::Newer { found: 2 }));
        assert!(flaw.to_string().contains("has format 2, but"), "{flaw}");
    }

    #[test]
    fn other_files_are_no_state() {
        assert!(matches!(unpack(b"type=SYSCALL msg=audit("), Err(Flaw::Other(Seems::AuditLog))));
    }
}
