//! Which files a log has now, oldest first.
//!
//! It is asked for at every rotation, and there may be thousands of files. So a
//! directory that has not changed is not read again, and a file that has not is
//! not opened again, whatever its name is by now.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::generation::Generation;
use super::super::position::{Inode, START};
use super::super::rotation::RotatedName;
use super::super::stamp::Stamp;

/// How often a directory is read anew while its files are being renamed.
const ATTEMPTS: usize = 10;

/// The files of a log, as they were when they were looked at last.
pub(super) struct Listing {
    directory: PathBuf,
    base: String,
    files: Vec<Generation>,
    /// From what the directory was before they were listed.
    stamp: Option<Stamp>,
}

/// A file of a log, as a directory has it.
#[derive(PartialEq, Eq)]
struct Entry {
    name: RotatedName,
    path: PathBuf,
    inode: Inode,
}

impl Listing {
    /// The log whose live file is `base` in `directory`; nothing is looked at yet.
    pub(super) fn of(directory: &Path, base: &str) -> Listing {
        let (directory, base) = (directory.to_owned(), base.to_owned());
        Listing { directory, base, files: Vec::new(), stamp: None }
    }

    /// The path of the live file.
    pub(super) fn live(&self) -> PathBuf {
        self.directory.join(&self.base)
    }

    /// The files that there were when they were looked at last, oldest first.
    pub(super) fn files(&self) -> &[Generation] {
        &self.files
    }

    /// Looks which files there are; none if they cannot be listed, as while
    /// their directory is not there.
    pub(super) fn look(&mut self) {
        let stamp = fs::metadata(&self.directory).ok().and_then(|found| Stamp::of(&found));
        if stamp.is_some() && stamp == self.stamp && self.look_again() {
            return;
        }
        let listed = self.list();
        self.stamp = stamp.filter(|_| listed.is_ok());
        self.files = listed.unwrap_or_default();
    }

    /// Looks again at the files that may have other text than they had: the
    /// live one, and those that had little. Whether all of them are where they
    /// were.
    fn look_again(&mut self) -> bool {
        let live = self.files.len().saturating_sub(1);
        let is_whole = |file: &Generation| file.head.len() == START && file.stamp.is_some();
        let mut open = self.files.iter_mut().enumerate();
        open.all(|(at, file)| (at != live && is_whole(file)) || look_again(file))
    }

    /// The files of the log.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read, or its files are being renamed all the time.
    fn list(&self) -> io::Result<Vec<Generation>> {
        let known: HashMap<Inode, &Generation> =
            self.files.iter().map(|file| (file.inode, file)).collect();
        let mut entries = self.entries()?;
        // A directory that is read while files get other names may show one twice or not at all,
        // and a name may lead to another file by the time that it is opened.
        for _ in 0..ATTEMPTS {
            let files = entries.iter().map(|(Entry { path, inode, .. }, stamp)| {
                let is_as_it_was = |file: &&&Generation| stamp.is_some() && file.stamp == *stamp;
                match known.get(inode).filter(is_as_it_was) {
                    Some(&file) => Generation { path: path.clone(), ..file.clone() },
                    None => Generation::at(path, *inode, *stamp),
                }
            });
            let files = files.collect();
            let again = self.entries()?;
            if again.iter().map(|(entry, _)| entry).eq(entries.iter().map(|(entry, _)| entry)) {
                return Ok(files);
            }
            entries = again;
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// What the directory has of the log, oldest first.
    fn entries(&self) -> io::Result<Vec<(Entry, Option<Stamp>)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with(&self.base) {
                continue;
            }
            let name = RotatedName::parse(&name);
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if name.base == self.base && metadata.is_file() {
                let inode = Inode::of(&metadata);
                found.push((Entry { name, path, inode }, Stamp::of(&metadata)));
            }
        }
        found.sort_by(|(left, _), (right, _)| left.name.cmp(&right.name));
        Ok(found)
    }
}

/// Looks again at a file; whether it is where it was.
fn look_again(file: &mut Generation) -> bool {
    let Ok(metadata) = fs::metadata(&file.path) else { return false };
    let stamp = Stamp::of(&metadata);
    if stamp.is_none() || stamp != file.stamp {
        *file = Generation::at(&file.path, file.inode, stamp);
    }
    Inode::of(&metadata) == file.inode
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use tempfile::TempDir;

    use super::*;

    /// Sets back when a file or directory was changed, by so many seconds.
    fn age(path: &Path, seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        File::open(path).unwrap().set_modified(then).unwrap();
    }

    /// Writes a file that begins with some bytes, as if so many seconds ago.
    fn write(path: &Path, byte: u8, seconds: u64) {
        fs::write(path, vec![byte; 2 * START]).unwrap();
        age(path, seconds);
    }

    /// The first byte of each file that a listing finds.
    fn first_bytes(listing: &mut Listing) -> Vec<u8> {
        listing.look();
        listing.files().iter().map(|file| file.head.first().copied().unwrap_or(b'-')).collect()
    }

    #[test]
    fn a_file_is_opened_again_only_if_it_has_changed() {
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut listing = Listing::of(directory.path(), "audit.log");
        write(&path("audit.log.1"), b'a', 1000);
        write(&path("audit.log"), b'b', 100);
        assert_eq!(first_bytes(&mut listing), b"ab");
        // What no stamp tells is not seen: the file is not opened, not by another name either.
        let before = fs::metadata(path("audit.log.1")).unwrap().modified().unwrap();
        write(&path("audit.log.1"), b'A', 1000);
        File::open(path("audit.log.1")).unwrap().set_modified(before).unwrap();
        assert_eq!(first_bytes(&mut listing), b"ab");
        fs::rename(path("audit.log.1"), path("audit.log.2")).unwrap();
        fs::rename(path("audit.log"), path("audit.log.1")).unwrap();
        write(&path("audit.log"), b'c', 10);
        assert_eq!(first_bytes(&mut listing), b"abc");
        write(&path("audit.log.2"), b'A', 900);
        assert_eq!(first_bytes(&mut listing), b"Abc");
    }

    #[test]
    fn a_directory_is_read_again_only_if_it_has_changed() {
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut listing = Listing::of(directory.path(), "audit.log");
        write(&path("audit.log"), b'b', 100);
        age(directory.path(), 100);
        let before = fs::metadata(directory.path()).unwrap().modified().unwrap();
        assert_eq!(first_bytes(&mut listing), b"b");
        write(&path("audit.log.1"), b'a', 1000);
        File::open(directory.path()).unwrap().set_modified(before).unwrap();
        assert_eq!(first_bytes(&mut listing), b"b");
        age(directory.path(), 50);
        assert_eq!(first_bytes(&mut listing), b"ab");
        // The live file is looked at all the same.
        write(&path("audit.log"), b'B', 99);
        assert_eq!(first_bytes(&mut listing), b"aB");
    }

    #[test]
    fn what_was_changed_just_now_is_looked_at_again() {
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut listing = Listing::of(directory.path(), "audit.log");
        fs::write(path("audit.log"), "").unwrap();
        for byte in b'a'..=b'z' {
            write(&path("audit.log.1"), byte, 0);
            assert_eq!(first_bytes(&mut listing), [byte, b'-']);
        }
        fs::remove_file(path("audit.log.1")).unwrap();
        assert_eq!(first_bytes(&mut listing), b"-");
    }
}
