//! Where reading is to be taken up, in a form that lasts.
//!
//! A place in a log is a file, told by what it begins with (names change with
//! each rotation, and a compressed copy is another file), and an offset in its
//! text. Together with the events behind that place that were taken already it
//! is exact: whoever reads on from there, without these, misses none and takes
//! none twice.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Cursor;

use auditparse::EventId;
use serde::{Deserialize, Serialize};

/// Bytes at the start of a file's text by which it is told.
pub(super) const START: usize = 1 << 10;

/// How many files before the current one are remembered.
pub(super) const OLDER: usize = 128;

/// Logs beside those that are read now whose positions are kept.
const MOST_OTHERS: usize = 1 << 12;

/// The positions of all logs, by the path of each log's live file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Positions(BTreeMap<String, Position>);

impl Positions {
    /// Sets the position of a log.
    pub(super) fn set(&mut self, log: &str, position: Position) {
        self.0.insert(log.to_owned(), position);
    }

    /// Sets the place up to which all of a log was taken.
    pub(super) fn set_place(&mut self, log: &str, place: Place) {
        self.set(log, Position { place, taken: Vec::new() });
    }

    /// Takes over the positions of logs that were read now. If there are too
    /// many others, they are forgotten, and those logs are read whole the next
    /// time.
    pub(super) fn renew(&mut self, read: &Positions) {
        let others = self.0.keys().filter(|log| !read.0.contains_key(*log)).count();
        if others > MOST_OTHERS {
            self.0.clear();
        }
        self.0.extend(read.0.clone());
    }

    /// The position of a log, if it has one.
    pub(super) fn get(&self, log: &str) -> Option<&Position> {
        self.0.get(log)
    }
}

/// The position of one log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Where the first record is of the events that were not taken.
    pub(super) place: Place,
    /// The events with records behind that place that were taken.
    pub(super) taken: Vec<EventKey>,
}

/// A place in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) file: FileMark,
    /// Bytes of the file's text, decompressed, in front of the place.
    pub(super) offset: u64,
    /// Files of the log before this one, oldest first, so that none of them is
    /// read again when this one is gone.
    pub(super) older: Vec<Fingerprint>,
}

/// What a file is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileMark {
    pub(super) inode: Inode,
    pub(super) start: Fingerprint,
}

/// Device and inode of a file; both are 0 where there is no such thing, and
/// then tell nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Inode {
    device: u64,
    number: u64,
}

impl Inode {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Inode {
        use std::os::unix::fs::MetadataExt;
        Inode { device: metadata.dev(), number: metadata.ino() }
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Inode {
        Inode::default()
    }

    /// Whether both are of the same file, while it is there.
    pub(super) fn is(self, other: Inode) -> bool {
        self == other && self != Inode::default()
    }
}

/// What the text of a file begins with: MurmurHash3 (x64, 128 bits) of its
/// first bytes. Records have a time and a serial, so no two files of a log
/// begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    length: u16,
    hash: [u64; 2],
}

impl Fingerprint {
    /// That of a file whose text begins so; what is behind the first
    /// [`START`] bytes is not looked at.
    pub(super) fn of(head: &[u8]) -> Fingerprint {
        let head = &head[..head.len().min(START)];
        let hash = murmur3::murmur3_x64_128(&mut Cursor::new(head), 0).unwrap_or(0);
        Fingerprint { length: head.len() as u16, hash: [(hash >> 64) as u64, hash as u64] }
    }

    /// Whether it is that of a file without text.
    pub(super) fn is_empty(self) -> bool {
        self.length == 0
    }

    /// Whether both are of as many bytes.
    pub(super) fn has_length_of(self, other: Fingerprint) -> bool {
        self.length == other.length
    }

    /// Whether a file whose text begins so is that file, which may have grown
    /// since. Nothing is told of a file without text.
    pub(super) fn is_of(self, head: &[u8]) -> bool {
        let start = head.get(..usize::from(self.length)).unwrap_or_default();
        !start.is_empty() && Fingerprint::of(start) == self
    }
}

/// What an event is told by in its log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct EventKey {
    pub(super) id: EventId,
    /// Empty without `node=`.
    pub(super) node: Box<[u8]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grows_stays_the_same_and_another_does_not() {
        let short = Fingerprint::of(b"one\n");
        assert!(short.is_of(b"one\ntwo\n") && !short.is_of(b"one") && !short.is_of(b"two\none\n"));
        let long = Fingerprint::of(&[b'x'; 5000]);
        assert!(long.is_of(&[b'x'; START]) && !long.is_of(&[b'x'; START - 1]));
        assert!(!Fingerprint::of(b"").is_of(b"anything"));
    }

    #[test]
    fn positions_last() {
        let mut positions = Positions::default();
        let start = Fingerprint::of(b"x");
        let file = FileMark { inode: Inode { device: u64::MAX, number: 1 }, start };
        let key = EventKey { id: EventId { millis: 1, serial: 2 }, node: b"\xff"[..].into() };
        let place = Place { file, offset: 7, older: vec![start] };
        positions.set("/var/log/audit/audit.log", Position { place, taken: vec![key] });
        let text = serde_json::to_string(&positions).unwrap();
        assert_eq!(serde_json::from_str::<Positions>(&text).unwrap(), positions);
    }
}
