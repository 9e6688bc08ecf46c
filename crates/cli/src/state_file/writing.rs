//! Writing files so that what is there is whole, whenever the machine stops.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::beside;

/// Puts these bytes into the file at `path` by way of one beside it, which is on
/// disk before it gets the name. Only the owner may read it: a state tells what
/// a fleet talks to. `between` is done when all is written and the old file is
/// still there.
///
/// # Errors
///
/// If it cannot be done. What was there before stays.
pub(super) fn replace(path: &Path, bytes: &[u8], between: impl FnOnce()) -> io::Result<()> {
    let part = beside(path, ".part");
    let written = write_whole(&part, bytes).and_then(|()| {
        between();
        fs::rename(&part, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written?;
    sync_directory(directory_of(path))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The directory that a file is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a directory, which only its owner may look into, if it is not there.
pub(super) fn make_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Brings the names in a directory to disk.
#[cfg(unix)]
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere directories cannot be opened.
#[cfg(not(unix))]
pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
