//! Takes lines from where they come into a queue, as fast as they come.

use std::io::{self, Read};

use auditparse::Limits;
use memchr::{memchr, memrchr};

use super::queue::Queue;

/// Bytes that are read at a time, at least.
const CHUNK: usize = 64 << 10;

/// What becomes of a last line without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It is a line.
    Taken,
    /// It was cut off, and is lost.
    Lost,
}

/// Moves all lines of `source` to `queue`, until the source ends or fails.
///
/// A line that is longer than an audit record can be
/// ([`Limits::line_bytes`]) is lost. The lines that are begun are held in a
/// buffer of that size.
///
/// # Errors
///
/// Those of the source; everything before is in the queue.
pub(super) fn pump(source: &mut impl Read, queue: &Queue, rest: Rest) -> io::Result<()> {
    let mut lines = Lines::new(queue, Limits::default().line_bytes.max(CHUNK));
    let result = loop {
        match source.read(lines.room()) {
            Ok(0) => break Ok(()),
            Ok(length) => lines.take(length),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    lines.finish(rest);
    result
}

/// Lines that are put together of what is read.
struct Lines<'a> {
    queue: &'a Queue,
    /// Room for lines; `begun` bytes of it are the start of one.
    buffer: Vec<u8>,
    begun: usize,
    /// Bytes of the line so far, if it is too long to be held.
    too_long: Option<u64>,
}

impl Lines<'_> {
    fn new(queue: &Queue, longest: usize) -> Lines<'_> {
        Lines { queue, buffer: vec![0; longest], begun: 0, too_long: None }
    }

    /// Where to read to; never empty.
    fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.begun..]
    }

    /// Takes so many bytes that were read to the room.
    fn take(&mut self, length: usize) {
        let end = self.begun + length;
        let mut start = 0;
        if let Some(bytes) = self.too_long {
            let Some(line_end) = memchr(b'\n', &self.buffer[..end]) else {
                self.too_long = Some(bytes + end as u64);
                return;
            };
            start = line_end + 1;
            self.queue.lose_line(bytes + start as u64);
            self.too_long = None;
        }
        let new = self.begun.max(start);
        if let Some(last) = memrchr(b'\n', &self.buffer[new..end]) {
            let whole = new + last + 1;
            self.queue.push(&self.buffer[start..whole]);
            start = whole;
        }
        self.buffer.copy_within(start..end, 0);
        self.begun = end - start;
        if self.begun == self.buffer.len() {
            self.too_long = Some(self.begun as u64);
            self.begun = 0;
        }
    }

    fn finish(self, rest: Rest) {
        match (self.too_long, &self.buffer[..self.begun]) {
            (Some(bytes), _) => self.queue.lose_line(bytes),
            (None, []) => {}
            (None, line) if rest == Rest::Taken => self.queue.push(line),
            (None, line) => self.queue.lose_line(line.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::daemon::queue::{Dropped, Popped};

    /// A source that gives its text in pieces of a length.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            (&mut self.0).take(length as u64).read(buffer)
        }
    }

    /// What becomes of a text that is read in pieces, with lines of 8 bytes at
    /// most.
    fn pumped(text: &[u8], piece: usize, rest: Rest) -> (String, Dropped) {
        let queue = Queue::new(1000);
        let mut lines = Lines::new(&queue, 8);
        let mut source = Pieces(text, piece);
        while let length @ 1.. = source.read(lines.room()).unwrap() {
            lines.take(length);
        }
        lines.finish(rest);
        let mut buffer = [0; 1000];
        match queue.pop(&mut buffer, Duration::ZERO) {
            Popped::Bytes(length) => {
                (String::from_utf8(buffer[..length].into()).unwrap(), queue.dropped())
            }
            _ => (String::new(), queue.dropped()),
        }
    }

    #[test]
    fn lines_are_whole_however_they_are_read() {
        let text = b"one\ntwo\n\nfour\n1234567\n12345678\nsix\n1234567890123456789\nlast\nre";
        let wanted = "one\ntwo\n\nfour\n1234567\nsix\nlast\n";
        for piece in 1..=text.len() {
            let (lines, dropped) = pumped(text, piece, Rest::Lost);
            assert_eq!(lines, wanted, "{piece}");
            assert_eq!(dropped, Dropped { lines: 3, bytes: 9 + 20 + 2 }, "{piece}");
            assert_eq!(pumped(text, piece, Rest::Taken).0, format!("{wanted}re"), "{piece}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_writer_never_waits_and_every_line_is_taken_or_counted() {
        use std::io::Write;
        use std::os::unix::net::UnixStream;
        use std::thread;

        const LINES: u64 = 100_000;
        let line = |number: u64| format!("type=EOE msg=audit(1.000:{number}): \n");
        let queue = Queue::new(1 << 16);
        let (mut writer, mut source) = UnixStream::pair().unwrap();
        let reader = thread::spawn({
            let queue = queue.clone();
            move || pump(&mut source, &queue, Rest::Lost)
        });
        // Nobody takes anything from the queue: a writer that waited would wait for ever.
        (0..LINES).for_each(|number| writer.write_all(line(number).as_bytes()).unwrap());
        drop(writer);
        reader.join().unwrap().unwrap();
        let mut taken = vec![0; 1 << 16];
        let Popped::Bytes(length) = queue.pop(&mut taken, Duration::ZERO) else { panic!() };
        let taken = std::str::from_utf8(&taken[..length]).unwrap();
        let first: String = (0..taken.lines().count() as u64).map(line).collect();
        // All that came before the first that found no room is there, whole and in order.
        assert_eq!(taken, first);
        let bytes: u64 = (0..LINES).map(|number| line(number).len() as u64).sum();
        let lines = LINES - taken.lines().count() as u64;
        assert_eq!(queue.dropped(), Dropped { lines, bytes: bytes - length as u64 });
    }

    #[test]
    fn a_source_without_line_end_is_bounded() {
        let (lines, dropped) = pumped(&[b'x'; 100], 3, Rest::Taken);
        assert_eq!((lines.as_str(), dropped), ("", Dropped { lines: 1, bytes: 100 }));
    }
}
