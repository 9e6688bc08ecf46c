//! Snapshots as bytes.

use super::{Snapshot, SnapshotError, impossible};
use xxhash_rust::xxh3::Xxh3;

/// What every snapshot begins with.
pub const MAGIC: [u8; 8] = *b"rareport";

/// The version of the format that is written, and the latest that is read.
pub const NEWEST_VERSION: u32 = 1;

/// Length of what comes before the body.
const HEADER: usize = MAGIC.len() + 4 + 8 + 8;

/// The snapshot as bytes.
///
/// # Errors
/// Never in practice: the state is plain data.
pub fn encode(snapshot: &Snapshot) -> Result<Vec<u8>, SnapshotError> {
    let body = postcard::to_allocvec(snapshot)
        .map_err(|error| SnapshotError::Unwritable(error.to_string()))?;
    let length = body.len() as u64;
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend(MAGIC);
    bytes.extend(NEWEST_VERSION.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(checksum(NEWEST_VERSION, length, &body).to_le_bytes());
    bytes.extend(body);
    Ok(bytes)
}

/// The snapshot that bytes stand for.
///
/// # Errors
/// If the bytes are not those of a snapshot, are not all there, were changed, or are of a later
/// format.
pub fn decode(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let (version, body) = checked_body(bytes)?;
    match version {
        NEWEST_VERSION => read(body),
        found if found > NEWEST_VERSION => Err(SnapshotError::NewerFormat { found }),
        found => Err(SnapshotError::UnknownFormat { found }),
    }
}

/// The version and the body of a snapshot of any version, if they are as they were written.
fn checked_body(bytes: &[u8]) -> Result<(u32, &[u8]), SnapshotError> {
    let shared = bytes.len().min(MAGIC.len());
    if bytes.is_empty() || bytes[..shared] != MAGIC[..shared] {
        return Err(SnapshotError::NotASnapshot);
    }
    let found = bytes.len() as u64;
    let mut header = bytes.get(MAGIC.len()..).unwrap_or_default();
    let fields = (|| Some((take(&mut header)?, take(&mut header)?, take(&mut header)?)))();
    let Some((version, length, expected)) = fields else {
        return Err(SnapshotError::Torn { expected: HEADER as u64, found });
    };
    let (version, length) = (u32::from_le_bytes(version), u64::from_le_bytes(length));
    let body = header;
    if body.len() as u64 != length {
        return Err(SnapshotError::Torn { expected: length.saturating_add(HEADER as u64), found });
    }
    let (expected, found) = (u64::from_le_bytes(expected), checksum(version, length, body));
    if expected != found {
        return Err(SnapshotError::Damaged { expected, found });
    }
    Ok((version, body))
}

/// Takes the first bytes, if there are as many.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// The body of the newest version.
fn read(body: &[u8]) -> Result<Snapshot, SnapshotError> {
    match postcard::take_from_bytes(body) {
        Ok((snapshot, [])) => Ok(snapshot),
        Ok((_, rest)) => Err(impossible(format!("{} bytes are left over", rest.len()))),
        Err(error) => Err(impossible(format!("something cannot be read ({error})"))),
    }
}

fn checksum(version: u32, length: u64, body: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&version.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(body);
    hasher.digest()
}
