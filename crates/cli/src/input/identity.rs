//! Whether two paths lead to the same file.

use std::fs::Metadata;
use std::path::Path;

/// What a file is told by, whatever link leads to it: its device and inode or,
/// where there are none, its path without symbolic links.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(Id);

#[cfg(unix)]
type Id = (u64, u64);

#[cfg(not(unix))]
type Id = std::path::PathBuf;

impl FileId {
    /// The identity of the file at `path`; `None` if it cannot be told.
    #[cfg(unix)]
    pub(super) fn of(_: &Path, metadata: &Metadata) -> Option<FileId> {
        use std::os::unix::fs::MetadataExt;
        Some(FileId((metadata.dev(), metadata.ino())))
    }

    /// The identity of the file at `path`; `None` if it cannot be told.
    #[cfg(not(unix))]
    pub(super) fn of(path: &Path, _: &Metadata) -> Option<FileId> {
        std::fs::canonicalize(path).ok().map(FileId)
    }
}
