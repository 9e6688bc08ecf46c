//! Compressed files that threads of their own decompress, ahead of who reads
//! them.
//!
//! Each thread hands over chunks of text and waits while [`CHUNKS`] of them are
//! not read; it ends with its file, or when nobody reads on. Chunks that were
//! read are filled again: memory that one thread gives back and another asks for
//! anew takes about as long as what is done with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::mem;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use indicatif::ProgressBar;

use super::compression::{Text, decompress_within, stored_as};
use super::log::Member;

/// Bytes of a chunk.
const CHUNK_BYTES: usize = 256 << 10;

/// Chunks that may wait: the text of a file of the size that auditd rotates at
/// unless it is told otherwise, 8 MiB.
const CHUNKS: usize = 32;

/// Files of a log that are decompressed ahead.
pub(super) struct Prefetch {
    /// How many at a time, the one that is read included.
    most: usize,
    progress: ProgressBar,
    /// By their place in the log.
    started: BTreeMap<usize, Text<'static>>,
    /// The place from which on nothing was started.
    next: usize,
}

impl Prefetch {
    /// Decompresses so many files at a time; what is read of them is progress.
    pub(super) fn new(most: usize, progress: ProgressBar) -> Prefetch {
        Prefetch { most, progress, started: BTreeMap::new(), next: 0 }
    }

    /// The text of the file at `place`, if it is compressed; starts on it and
    /// on some of those that follow, which are `members` from it on.
    ///
    /// A file that cannot be opened has no text here: that is told when its
    /// turn comes.
    pub(super) fn text<'a>(
        &mut self,
        place: usize,
        members: impl Iterator<Item = &'a Member>,
        expansion: u64,
    ) -> Option<Text<'static>> {
        for (place, member) in (place..).zip(members.take(self.most)) {
            if let Member::File { path, size: Some(_) } = member
                && place >= self.next
            {
                let text = start(path, self.progress.clone(), expansion);
                self.started.extend(text.ok().flatten().map(|text| (place, text)));
            }
            self.next = self.next.max(place + 1);
        }
        self.started.remove(&place)
    }
}

/// Starts to decompress a file; `None` if it is not compressed.
fn start(path: &Path, progress: ProgressBar, expansion: u64) -> io::Result<Option<Text<'static>>> {
    let mut file = File::open(path)?;
    let Some(printed_by) = stored_as(&mut file)? else { return Ok(None) };
    file.rewind()?;
    let (sender, chunks) = sync_channel(CHUNKS);
    // There are never more of them than of chunks.
    let (used_up, spares) = channel();
    let unpacker = Unpacker { expansion, chunks: sender, spares };
    let unpack = move || unpacker.unpack(progress.wrap_read(file));
    thread::Builder::new().name("unpacker".to_owned()).spawn(unpack)?;
    let reader = Box::new(Chunks { chunks, used_up, current: Chunk::default(), read: 0 });
    Ok(Some(Text { reader, printed_by: Some(printed_by) }))
}

/// A piece of text.
#[derive(Default)]
struct Chunk {
    /// The text, and behind it what was there before.
    bytes: Vec<u8>,
    length: usize,
}

impl Chunk {
    /// Fills it with text, as far as there is any.
    fn fill(&mut self, text: &mut impl Read) -> io::Result<()> {
        self.bytes.resize(CHUNK_BYTES, 0);
        self.length = 0;
        while self.length < CHUNK_BYTES {
            match text.read(&mut self.bytes[self.length..]) {
                Ok(0) => break,
                Ok(read) => self.length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A thread's end of the chunks.
struct Unpacker {
    expansion: u64,
    chunks: SyncSender<io::Result<Chunk>>,
    spares: Receiver<Chunk>,
}

impl Unpacker {
    /// Sends the text of a source, until it ends or nobody wants more.
    fn unpack(&self, source: impl Read) {
        let mut text = match decompress_within(source, self.expansion) {
            Ok(text) => text.reader,
            Err(error) => return drop(self.chunks.send(Err(error))),
        };
        loop {
            let mut chunk = self.spares.try_recv().unwrap_or_default();
            let filled = chunk.fill(&mut text);
            let is_end = chunk.length < CHUNK_BYTES;
            if chunk.length > 0 && self.chunks.send(Ok(chunk)).is_err() {
                return;
            }
            if let Err(error) = filled {
                return drop(self.chunks.send(Err(error)));
            }
            if is_end {
                return;
            }
        }
    }
}

/// What a thread decompresses.
struct Chunks {
    chunks: Receiver<io::Result<Chunk>>,
    used_up: Sender<Chunk>,
    current: Chunk,
    /// How much of it was read.
    read: usize,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.current.length {
            let Ok(next) = self.chunks.recv() else { return Ok(0) };
            let used_up = mem::replace(&mut self.current, next?);
            self.read = 0;
            // At the end of the file nobody fills it again.
            drop(self.used_up.send(used_up));
        }
        let left = &self.current.bytes[self.read..self.current.length];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.read += length;
        Ok(length)
    }
}
