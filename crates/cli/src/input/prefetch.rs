//! Compressed files that threads of their own decompress, ahead of who reads
//! them.
//!
//! Each thread hands over chunks of text and waits while [`CHUNKS`] of them are
//! not read; it ends with its file, or when nobody reads on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
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
    let unpack = move || unpack(progress.wrap_read(file), expansion, &sender);
    thread::Builder::new().name("unpacker".to_owned()).spawn(unpack)?;
    let reader = Box::new(Chunks { chunks, current: Cursor::default() });
    Ok(Some(Text { reader, printed_by: Some(printed_by) }))
}

/// Sends the text of a source, until it ends or nobody wants more.
fn unpack(source: impl Read, expansion: u64, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let text = decompress_within(source, expansion);
    let mut text = match text {
        Ok(text) => text.reader,
        Err(error) => return drop(chunks.send(Err(error))),
    };
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = text.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk);
        let is_end = chunk.len() < CHUNK_BYTES;
        if !chunk.is_empty() && chunks.send(Ok(chunk)).is_err() {
            return;
        }
        if let Err(error) = read {
            return drop(chunks.send(Err(error)));
        }
        if is_end {
            return;
        }
    }
}

/// What a thread decompresses.
struct Chunks {
    chunks: Receiver<io::Result<Vec<u8>>>,
    current: Cursor<Vec<u8>>,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.current.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            match self.chunks.recv() {
                Ok(chunk) => self.current = Cursor::new(chunk?),
                Err(_) => return Ok(0),
            }
        }
    }
}
