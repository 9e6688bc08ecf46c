//! One log as a stream of text that goes on while the log is written.
//!
//! Owned here are the file that is open, and when another takes its place:
//! when it was renamed and a younger one has text, or when it was cut short in
//! place. What the text means is not known here.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::caught_up::caught_up;
use super::super::discover::unreadable_path;
use super::super::generation::{Found, Generation, Text, find};
use super::super::position::{FileMark, Fingerprint, Inode, OLDER, Place, START};
use super::listing::Listing;
use super::passages::Passages;
use crate::console::Console;
use crate::text::Inert;

/// Reads a log over its rotations. At its end for now, reading fails with the
/// error [`caught_up`]; it never comes to another end.
pub(super) struct Tail<'a> {
    listing: Listing,
    current: Option<Current>,
    /// Where the next file is to be opened.
    start: Start,
    ends_in_newline: bool,
    passages: Rc<RefCell<Passages>>,
    console: &'a Console,
    /// Whether it was told that nothing can be read.
    is_told: bool,
}

/// Where reading begins.
enum Start {
    /// At the start of this file, or of the oldest.
    File(Option<PathBuf>),
    /// At a place that was read up to.
    Place(Place),
}

/// The file that is being read.
struct Current {
    path: PathBuf,
    inode: Inode,
    text: Text,
    head: Vec<u8>,
    offset: u64,
    older: Vec<Fingerprint>,
    /// A younger file had text when this one was last read to its end.
    is_followed: bool,
}

impl<'a> Tail<'a> {
    /// The log whose live file is `base` in `directory`, from its file `first`
    /// on, or from its oldest.
    pub(super) fn new(
        directory: &Path,
        base: &str,
        first: Option<PathBuf>,
        console: &'a Console,
    ) -> Tail<'a> {
        Tail {
            listing: Listing::of(directory, base),
            current: None,
            start: Start::File(first),
            ends_in_newline: true,
            passages: Rc::default(),
            console,
            is_told: false,
        }
    }

    /// The same log from a place on.
    pub(super) fn read_on_at(mut self, place: Place) -> Tail<'a> {
        self.passages.borrow_mut().resume(place.clone());
        self.start = Start::Place(place);
        self
    }

    /// Which text was in which file.
    pub(super) fn passages(&self) -> Rc<RefCell<Passages>> {
        Rc::clone(&self.passages)
    }

    /// Opens the file to begin with; whether there is one with text.
    fn begin(&mut self) -> io::Result<bool> {
        self.listing.look();
        let files = self.listing.files();
        let (at, offset, is_lost) = match &self.start {
            Start::File(first) => {
                let is_first = |file: &Generation| first.as_ref() == Some(&file.path);
                (files.iter().position(is_first).unwrap_or(0), 0, false)
            }
            Start::Place(place) => match find(place, files) {
                Found::In(at) => (at, place.offset, false),
                Found::Before(at) => (at, 0, !place.file.start.is_empty()),
            },
        };
        let Some(at) = with_text(files, at, &[]) else {
            self.tell_unreadable();
            return Ok(false);
        };
        if is_lost {
            self.console.warn(format_args!(
                "{}: the file that was read last is not there any more; what was written to it \
                 since is lost",
                Inert(self.listing.live().as_os_str().as_encoded_bytes())
            ));
        }
        Ok(self.open(at, offset))
    }

    /// Tells once if there is a live file that must not be read.
    fn tell_unreadable(&mut self) {
        let live = self.listing.files().last();
        let Some(Err(error)) = live.map(|file| File::open(&file.path)) else { return };
        if !self.is_told && error.kind() == io::ErrorKind::PermissionDenied {
            self.is_told = true;
            self.console.error(unreadable_path(&self.listing.live(), &error));
        }
    }

    /// Opens a file; whether that could be done. If not, as when it was given
    /// another name just now, it is tried again later.
    fn open(&mut self, at: usize, offset: u64) -> bool {
        let files = self.listing.files();
        let file = &files[at];
        let Ok(Some(text)) = file.open(offset) else { return false };
        let older = &files[at.saturating_sub(OLDER)..at];
        let older = older.iter().filter(|file| !file.head.is_empty());
        self.current = Some(Current {
            path: file.path.clone(),
            inode: file.inode,
            text,
            head: file.head[..file.head.len().min(offset.min(START as u64) as usize)].to_vec(),
            offset,
            older: older.map(|file| file.start).collect(),
            is_followed: false,
        });
        self.passages.borrow_mut().open();
        true
    }

    /// At the end of the current file: opens the next, if there is one with
    /// text; whether there may be more to read.
    fn turn(&mut self) -> io::Result<bool> {
        let Some(current) = &mut self.current else { return Ok(false) };
        let live = fs::metadata(self.listing.live());
        if live.is_ok_and(|live| Inode::of(&live).is(current.inode)) {
            return Ok(false);
        }
        self.listing.look();
        let files = self.listing.files();
        let known = files.iter().position(|file| file.inode.is(current.inode));
        let next = match known.map_or_else(|| find(&current.place(), files), Found::In) {
            Found::In(at) => at + 1,
            Found::Before(at) => at,
        };
        let Some(next) = with_text(files, next, &current.head) else { return Ok(false) };
        // Who writes has turned to the next by now, but may have written here before that.
        if !current.is_followed {
            current.is_followed = true;
            return Ok(true);
        }
        Ok(self.open(next, 0))
    }

    /// The current file was cut short or written anew in place: what it was is
    /// to be found elsewhere.
    fn lose(&mut self) {
        if let Some(current) = self.current.take() {
            self.start = Start::Place(current.place());
        }
    }
}

/// The first file from `at` on that has text and is no copy of the one that
/// begins with `head`.
fn with_text(files: &[Generation], at: usize, head: &[u8]) -> Option<usize> {
    let is_copy = |file: &Generation| !head.is_empty() && file.head.starts_with(head);
    (at..files.len()).find(|&at| !files[at].head.is_empty() && !is_copy(&files[at]))
}

impl Current {
    fn place(&self) -> Place {
        let file = FileMark { inode: self.inode, start: Fingerprint::of(&self.head) };
        Place { file, offset: self.offset, older: self.older.clone() }
    }

    /// Whether the file whose first text was read is the next one. A file that was empty may have been
    /// written, copied, cut short and written again since it was looked at.
    fn is_next(&self, listing: &mut Listing) -> bool {
        if !self.head.is_empty() {
            return true;
        }
        listing.look();
        let files = listing.files();
        let (Found::In(at) | Found::Before(at)) = find(&self.place(), files);
        with_text(files, at, &[]).is_some_and(|at| files[at].inode.is(self.inode))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.text {
            Text::Plain { file, .. } => file.read(buffer),
            Text::Packed(text) => text.read(buffer),
        }
    }

    /// Notes text that was read; gives where it began.
    fn pass(&mut self, text: &[u8]) -> Place {
        let known = self.head.len() as u64;
        if known < START as u64
            && let Some(new) = known.checked_sub(self.offset)
        {
            let new = &text[(new as usize).min(text.len())..];
            self.head.extend_from_slice(&new[..new.len().min(START - self.head.len())]);
        }
        let place = self.place();
        self.offset += text.len() as u64;
        self.is_followed = false;
        place
    }

    /// Whether the file still is what it was when it was opened, and goes on
    /// up to where it was read. Asked after reading, it tells that of what was
    /// read.
    fn is_itself(&mut self, read: usize) -> io::Result<bool> {
        let Text::Plain { file, length, changed } = &mut self.text else { return Ok(true) };
        let now = file.metadata()?;
        let (longest, modified) = (*length, now.modified().ok());
        let is_unchanged = modified == *changed;
        (*length, *changed) = (now.len(), modified);
        if now.len() < longest {
            return Ok(false);
        }
        if read == 0 && is_unchanged {
            return Ok(true);
        }
        let end = self.offset + read as u64;
        let mut head = vec![0; self.head.len()];
        file.seek(SeekFrom::Start(0))?;
        let is_there = file.read_exact(&mut head);
        file.seek(SeekFrom::Start(end))?;
        Ok(is_there.is_ok() && head == self.head)
    }
}

impl Read for Tail<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.current.is_none() && !self.begin()? {
                return Err(caught_up());
            }
            let Some(current) = &mut self.current else { continue };
            if current.offset == 0 && current.head.is_empty() && !self.ends_in_newline {
                self.ends_in_newline = true;
                buffer[0] = b'\n';
                self.passages.borrow_mut().pass(None, 1);
                return Ok(1);
            }
            let length = match current.read(buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.console.error(format_args!(
                        "{}; the rest of this file is lost, what came before it was used",
                        unreadable_path(&current.path, &error)
                    ));
                    current.text = Text::Packed(Box::new(io::empty()));
                    0
                }
            };
            if !current.is_itself(length)? || (length > 0 && !current.is_next(&mut self.listing)) {
                self.lose();
            } else if length > 0 {
                let place = current.pass(&buffer[..length]);
                self.passages.borrow_mut().pass(Some(place), length);
                self.ends_in_newline = buffer[..length].ends_with(b"\n");
                return Ok(length);
            } else if !self.turn()? {
                return Err(caught_up());
            }
        }
    }
}

#[cfg(test)]
mod tests;
