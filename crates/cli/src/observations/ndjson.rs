//! Events from JSON: an ECS document on each line, or as the elements of an
//! array, or as the hits of a search response.
//!
//! The fields of a document may be nested or dotted (`{"host":{"name":…}}` or
//! `{"host.name":…}`). Several values of a field are joined by commas, as
//! Elastic hands them to its model; `null` is no value. A document may be in a hit
//! (`{"_id":…,"_source":{…}}`).

use std::io::{self, BufRead, BufReader, Read};

use super::LONGEST_ROW;
use super::document::Picker;
use super::elements::{Elements, Wrapping};
use super::fields::Event;
use super::rows::{Context, Rows};
use super::totals::BadRow;
use crate::input::LogReader;

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// What a file of UTF-8 may start with.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file of JSON documents being read.
pub(super) struct NdjsonRows<'a> {
    texts: Texts<BufReader<LogReader<'a>>>,
    picker: Picker<'a>,
}

impl<'a> Rows<'a> for NdjsonRows<'a> {
    fn open(_: &str, mut text: LogReader<'a>, context: &Context<'a>) -> io::Result<Option<Self>> {
        let wrapping = text.peek(Wrapping::is_told)?.and_then(Wrapping::of);
        let text = BufReader::with_capacity(CHUNK, text);
        let texts = match wrapping {
            None => Texts::Lines(Lines::new(text)),
            Some(wrapping) => Texts::Elements(Elements::new(text, wrapping)),
        };
        Ok(Some(NdjsonRows { texts, picker: Picker::new(context.fields) }))
    }

    fn read(&mut self, event: &mut Event) -> io::Result<Option<Result<&[u8], BadRow>>> {
        loop {
            match self.texts.next()? {
                None => return Ok(None),
                Some(Line::TooLong) => return Ok(Some(Err(BadRow::TooLong))),
                Some(Line::Text) if self.texts.text().trim_ascii().is_empty() => {}
                Some(Line::Text) => break,
            }
        }
        Ok(Some(self.picker.pick(self.texts.text(), event).ok_or(BadRow::NotJson)))
    }

    fn line(&self) -> u64 {
        match &self.texts {
            Texts::Lines(lines) => lines.number,
            Texts::Elements(elements) => elements.number,
        }
    }
}

/// The texts of documents.
enum Texts<R> {
    Lines(Lines<R>),
    Elements(Elements<R>),
}

impl<R: BufRead> Texts<R> {
    fn next(&mut self) -> io::Result<Option<Line>> {
        match self {
            Texts::Lines(lines) => lines.next(),
            Texts::Elements(elements) => elements.next(),
        }
    }

    fn text(&self) -> &[u8] {
        match self {
            Texts::Lines(lines) => lines.text(),
            Texts::Elements(elements) => elements.text(),
        }
    }
}

/// A line or an element that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It is there.
    Text,
    /// It was skipped.
    TooLong,
}

/// Lines of bounded length, read into one buffer.
struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Number of the line that was read, counted from 1.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Lines<R> {
        Lines { reader, buffer: Vec::new(), number: 0 }
    }

    /// Reads the next line; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Line>> {
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

    fn text(&self) -> &[u8] {
        &self.buffer
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
