//! Whether a file or directory has changed since it was looked at, told
//! without opening it.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

use super::position::Inode;

/// How long ago a change must be for the time of another to differ from its
/// own: file systems count time in steps, of two seconds at most.
const STEP: Duration = Duration::from_secs(2);

/// By which a file is known to be as it was: there is none of one that was
/// changed a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: Inode,
    length: u64,
    changed: SystemTime,
}

impl Stamp {
    /// The stamp of a file with this metadata, which were taken just now.
    pub(super) fn of(metadata: &Metadata) -> Option<Stamp> {
        let changed = metadata.modified().ok()?;
        let is_settled = changed.elapsed().is_ok_and(|age| age > STEP);
        let inode = Inode::of(metadata);
        (is_settled && inode.is(inode)).then_some(Stamp { inode, length: metadata.len(), changed })
    }
}
