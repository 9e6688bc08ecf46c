//! Inputs for property tests: logs with anything wrong in them, and a source that delivers its bytes
//! in pieces of any size.

use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// The lines of the quirk logs, with their line ends; the one very long line is left out.
static LINES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let entries = std::fs::read_dir(super::path("quirks")).expect("the quirk logs");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let logs = paths.iter().map(|path| std::fs::read(path).expect("a quirk log"));
    let lines = logs.flat_map(|log| {
        log.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
    });
    lines.filter(|line| line.len() < 1000).collect()
});

/// What is done to a line.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Cut(Index),
    Remove(Index),
    Replace(Index, u8),
    Insert(Index, u8),
    Repeat,
}

fn change() -> impl Strategy<Value = Change> {
    // Bytes that the grammar gives a meaning are as likely as all others together.
    let byte =
        prop_oneof![any::<u8>(), proptest::sample::select(&b"\n\r\0\x01\x1d '\"{}()=:,.?-0"[..])];
    prop_oneof![
        3 => Just(Change::Nothing),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        1 => (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => Just(Change::Repeat),
    ]
}

fn apply(line: &[u8], change: &Change) -> Vec<u8> {
    let mut line = line.to_vec();
    match change {
        Change::Nothing => {}
        Change::Cut(at) => line.truncate(at.index(line.len())),
        Change::Remove(at) => drop(line.remove(at.index(line.len()))),
        Change::Replace(at, byte) => {
            let at = at.index(line.len());
            line[at] = *byte;
        }
        Change::Insert(at, byte) => line.insert(at.index(line.len()), *byte),
        Change::Repeat => line = line.repeat(2),
    }
    line
}

/// A log that a failing test shows as text.
#[derive(Clone)]
pub(crate) struct Log(Vec<u8>);

impl Deref for Log {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Lines of the quirk logs in any order, some of them damaged, or arbitrary bytes.
pub(crate) fn damaged_log() -> impl Strategy<Value = Log> {
    let lines = vec((any::<Index>(), change()), 0..40).prop_map(|lines| {
        let damaged =
            lines.iter().map(|(line, change)| apply(&LINES[line.index(LINES.len())], change));
        damaged.collect::<Vec<_>>().concat()
    });
    prop_oneof![7 => lines, 1 => vec(any::<u8>(), 0..2000)].prop_map(Log)
}

/// A source that gives its bytes in pieces of these sizes, over and over, and is interrupted now
/// and then.
pub(crate) struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(bytes: &'a [u8], sizes: &'a [usize]) -> Pieces<'a> {
        Pieces { bytes, sizes, turn: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = self.sizes[self.turn % self.sizes.len()];
        let count = size.min(buffer.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}
