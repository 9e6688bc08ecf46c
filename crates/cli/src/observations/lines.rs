//! Lines of text of bounded length, which may be documents of JSON. Documents
//! that are not one to a line are `elements`.

use std::io::{self, BufRead, Read};

use super::LONGEST_ROW;

/// What a file of UTF-8 may start with.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line or an element that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It is there.
    Text,
    /// It was skipped.
    TooLong,
    /// It was skipped, for it did not end before the next one began.
    Broken,
}

/// Lines of bounded length, read into one buffer.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `reader`.
    pub(super) fn new(reader: R) -> Lines<R> {
        Lines { reader, buffer: Vec::new(), number: 0 }
    }

    /// Reads the next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        if !self.fill()? {
            return Ok(None);
        }
        self.number += 1;
        if self.number == 1 && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        if self.is_whole() {
            return Ok(Some(Line::Text));
        }
        while !self.buffer.ends_with(b"\n") && self.fill()? {}
        Ok(Some(Line::TooLong))
    }

    /// Fills the buffer up to the end of the line; whether there was anything.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        let mut bounded = self.reader.by_ref().take(LONGEST_ROW as u64);
        Ok(bounded.read_until(b'\n', &mut self.buffer)? > 0)
    }

    fn is_whole(&self) -> bool {
        self.buffer.ends_with(b"\n") || self.buffer.len() < LONGEST_ROW
    }

    /// The line that was read.
    pub(super) fn text(&self) -> &[u8] {
        &self.buffer
    }

    /// Number of the line that was read, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_skipped_and_the_next_is_read() {
        let long = "x".repeat(2 * LONGEST_ROW + 5);
        let longest = "x".repeat(LONGEST_ROW - 1);
        let text = format!("\u{feff}one\n{long}\n{longest}\nlast");
        let mut lines = Lines::new(text.as_bytes());
        let mut next =
            || lines.next().unwrap().map(|line| (line, lines.text().len(), lines.number));
        assert_eq!(next(), Some((Line::Text, 4, 1)));
        assert_eq!(next().unwrap().0, Line::TooLong);
        assert_eq!(next(), Some((Line::Text, LONGEST_ROW, 3)));
        assert_eq!(next(), Some((Line::Text, 4, 4)));
        assert_eq!(next(), None);
    }
}
