//! The files of a log: what each begins with, its text from an offset on, and
//! which of them is one that was read before. Which there are is not its to say.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::compression::{decompress, is_compressed};
use super::position::{Fingerprint, Inode, Place, START};
use super::stamp::Stamp;

/// A file of a log, as it was when it was looked at last.
#[derive(Clone, Debug)]
pub(super) struct Generation {
    pub(super) path: PathBuf,
    pub(super) inode: Inode,
    /// What its text begins with, up to [`START`] bytes; empty if nothing can
    /// be read of it, as of a compressed file that is still being written.
    pub(super) head: Vec<u8>,
    /// That of all of `head`.
    pub(super) start: Fingerprint,
    /// From what it was before this was read.
    pub(super) stamp: Option<Stamp>,
}

/// The text of a file from an offset on.
pub(super) enum Text {
    /// As it is stored.
    Plain {
        file: File,
        /// Its length when it was last looked at.
        length: u64,
        /// When it was changed last before that.
        changed: Option<SystemTime>,
    },
    /// Decompressed.
    Packed(Box<dyn Read>),
}

/// What the text of a file begins with, up to [`START`] bytes.
fn head_of(file: File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    decompress(file)?.reader.take(START as u64).read_to_end(&mut head)?;
    Ok(head)
}

impl Generation {
    /// The file at a path, as it is now.
    pub(super) fn of(path: &Path) -> Generation {
        let inode = path.metadata().map_or_else(|_| Inode::default(), |found| Inode::of(&found));
        Generation::at(path, inode, None)
    }

    /// The file of this inode at a path, whose start is read. By the time that
    /// it is opened the path may be another file's: then nothing is known of it.
    pub(super) fn at(path: &Path, inode: Inode, stamp: Option<Stamp>) -> Generation {
        let is_it = |file: &File| file.metadata().is_ok_and(|found| Inode::of(&found) == inode);
        let file = File::open(path).ok();
        let is_other = file.as_ref().is_some_and(|file| !is_it(file));
        let file = file.filter(|_| !is_other);
        let head = file.and_then(|file| head_of(file).ok());
        // What could not be read is opened again, and so is what is another file by now.
        let stamp = stamp.filter(|_| head.is_some());
        let head = head.unwrap_or_default();
        let start = Fingerprint::of(&head);
        Generation { path: path.to_owned(), inode, head, start, stamp }
    }

    /// Whether its text begins as that of the file with this fingerprint does.
    pub(super) fn begins_as(&self, other: Fingerprint) -> bool {
        // To compare fingerprints is far less than to take one.
        if self.start.has_length_of(other) {
            return self.start == other && !other.is_empty();
        }
        other.is_of(&self.head)
    }

    /// Opens the file at an offset of its text, which may be behind its end;
    /// `None` if the path is another file's by now.
    pub(super) fn open(&self, offset: u64) -> io::Result<Option<Text>> {
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        if Inode::of(&metadata) != self.inode {
            return Ok(None);
        }
        if !is_compressed(&mut file)? {
            file.seek(io::SeekFrom::Start(offset))?;
            return Ok(Some(Text::Plain {
                file,
                length: metadata.len(),
                changed: metadata.modified().ok(),
            }));
        }
        file.rewind()?;
        let mut text = decompress(file)?.reader;
        io::copy(&mut text.by_ref().take(offset), &mut io::sink())?;
        Ok(Some(Text::Packed(text)))
    }
}

/// Where a place is among the files that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In this file.
    In(usize),
    /// Its file is gone; the files from this one on are younger.
    Before(usize),
}

/// Finds a place.
pub(super) fn find(place: &Place, files: &[Generation]) -> Found {
    let is_it = |file: &&Generation| file.begins_as(place.file.start);
    let at = files.iter().position(|file| is_it(&file) && file.inode.is(place.file.inode));
    if let Some(at) = at.or_else(|| files.iter().position(|file| is_it(&file))) {
        return Found::In(at);
    }
    let is_older = |file: &Generation| place.older.iter().any(|older| file.begins_as(*older));
    Found::Before(files.iter().rposition(is_older).map_or(0, |at| at + 1))
}
