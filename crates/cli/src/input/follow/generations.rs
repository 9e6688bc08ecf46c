//! The files that a log has now: which there are, in order of age, and which
//! of them is one that was read before.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::compression::{decompress, is_compressed};
use super::super::rotation::RotatedName;
use super::position::{Inode, Place, START};

/// A file of a log.
#[derive(Clone, Debug)]
pub(super) struct Generation {
    pub(super) path: PathBuf,
    pub(super) inode: Inode,
    /// What its text begins with, up to [`START`] bytes; empty if nothing can
    /// be read of it, as of a compressed file that is still being written.
    pub(super) head: Vec<u8>,
}

/// How often a directory is read anew while its files are being renamed.
const ATTEMPTS: usize = 10;

/// The files of a log, oldest first.
///
/// # Errors
///
/// If the directory cannot be read, or its files are being renamed all the time.
pub(super) fn list(directory: &Path, base: &str) -> io::Result<Vec<Generation>> {
    let mut names = entries(directory, base)?;
    // A directory that is read while files get other names may show one twice or not at all, and a
    // name may lead to another file by the time that it is opened.
    for _ in 0..ATTEMPTS {
        let generations = names.iter().map(|(_, path, inode)| {
            let head = head_of(path).unwrap_or_default();
            Generation { path: path.clone(), inode: *inode, head }
        });
        let generations = generations.collect();
        let again = entries(directory, base)?;
        if again == names {
            return Ok(generations);
        }
        names = again;
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// The names of the files of a log.
fn entries(directory: &Path, base: &str) -> io::Result<Vec<(RotatedName, PathBuf, Inode)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with(base) {
            continue;
        }
        let name = RotatedName::parse(&name);
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if name.base == base && metadata.is_file() {
            found.push((name, path, Inode::of(&metadata)));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(found)
}

fn head_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    decompress(File::open(path)?)?.reader.take(START as u64).read_to_end(&mut head)?;
    Ok(head)
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

impl Generation {
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
    let is_it = |file: &&Generation| place.file.start.is_of(&file.head);
    let at = files.iter().position(|file| is_it(&file) && file.inode.is(place.file.inode));
    if let Some(at) = at.or_else(|| files.iter().position(|file| is_it(&file))) {
        return Found::In(at);
    }
    let is_older = |file: &Generation| place.older.iter().any(|older| older.is_of(&file.head));
    Found::Before(files.iter().rposition(is_older).map_or(0, |at| at + 1))
}
