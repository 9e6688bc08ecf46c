//! Lines: cutting them out of a slice or a stream, their bound, and reading each as a record. This
//! module owns the buffer of a stream; what becomes of the records is its users'.

use std::io::{self, Read};

use memchr::memchr;

use crate::continuation::Continuations;
use crate::error::{RecordError, RecordErrorKind};
use crate::header::KnownHeader;
use crate::reassembly::Limits;
use crate::record::Record;
use crate::stats::Stats;

/// Reads lines as records and counts them.
pub(crate) struct LineParser {
    pub(crate) line_bytes: usize,
    pub(crate) stats: Stats,
    continuations: Continuations,
    known: KnownHeader,
}

impl LineParser {
    pub(crate) fn new(limits: &Limits) -> LineParser {
        LineParser {
            line_bytes: limits.line_bytes,
            stats: Stats::default(),
            continuations: Continuations::default(),
            known: KnownHeader::default(),
        }
    }

    /// Reads one line, given with its line end.
    #[inline(always)]
    pub(crate) fn parse<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        match self.parse_usual(line) {
            Some(record) => Ok(record),
            None => self.parse_any(line),
        }
    }

    /// [`parse`](LineParser::parse) of a line that has the form of nearly all. `None` without having
    /// read it for another.
    #[inline(always)]
    pub(crate) fn parse_usual<'a>(&mut self, line: &'a [u8]) -> Option<Record<'a>> {
        if self.continuations.is_pending() || line.len() > self.line_bytes.min(u32::MAX as usize) {
            return None;
        }
        let record = Record::parse_usual(line, &mut self.known)?;
        self.stats.bytes += line.len() as u64;
        self.stats.lines += 1;
        self.stats.records += 1;
        self.continuations.pass(&record, &mut self.stats.broken_off);
        Some(record)
    }

    /// [`parse`](LineParser::parse) of a line of any form.
    #[inline(never)]
    pub(crate) fn parse_any<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        self.stats.bytes += line.len() as u64;
        self.stats.lines += 1;
        let parsed = self.parse_counted(line);
        match &parsed {
            Ok(_) => self.stats.records += 1,
            Err(error) => self.stats.rejected.add(error.kind(), self.stats.lines),
        }
        parsed
    }

    fn parse_counted<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, RecordError> {
        if line.len() > self.line_bytes {
            return Err(RecordError::new(RecordErrorKind::TooLong, self.line_bytes));
        }
        if self.continuations.is_pending() && self.continuations.take(line) {
            return Err(RecordError::new(RecordErrorKind::Continuation, 0));
        }
        let parsed = Record::parse_after(line, &mut self.known);
        if let Ok(record) = &parsed {
            self.continuations.pass(record, &mut self.stats.broken_off);
        }
        parsed
    }

    /// Counts a line of `length` bytes that was too long to be kept.
    pub(crate) fn skip_too_long(&mut self, length: u64) -> RecordError {
        self.stats.bytes += length;
        self.stats.lines += 1;
        self.stats.rejected.add(RecordErrorKind::TooLong, self.stats.lines);
        RecordError::new(RecordErrorKind::TooLong, self.line_bytes)
    }
}

/// Cuts the first line, with its line end, off the front of `input`.
pub(crate) fn cut_line<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    if input.is_empty() {
        return None;
    }
    let length = memchr(b'\n', input).map_or(input.len(), |at| at + 1);
    let (line, rest) = input.split_at(length);
    *input = rest;
    Some(line)
}

/// Cuts lines out of a stream. The buffer grows to the longest line, at most to the bound.
pub(crate) struct LineBuffer<R> {
    source: R,
    read_bytes: usize,
    pub(crate) buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Bytes that were passed over of a line that is too long, while its end is not found.
    passed_over: Option<u64>,
}

/// A line of a [`LineBuffer`]: where it is, or how long it was.
pub(crate) enum Line {
    At(usize, usize),
    TooLong(u64),
}

impl<R: Read> LineBuffer<R> {
    pub(crate) fn new(source: R, limits: &Limits) -> LineBuffer<R> {
        LineBuffer {
            source,
            read_bytes: limits.read_bytes.max(1),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at_end: false,
            passed_over: None,
        }
    }

    pub(crate) fn next_line(&mut self, bound: usize) -> io::Result<Option<Line>> {
        if self.passed_over.is_some() {
            return self.skip_line().map(Some);
        }
        let mut searched = self.start;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[searched..self.end]) {
                let start = self.start;
                self.start = searched + at + 1;
                return Ok(Some(Line::At(start, self.start)));
            }
            let length = self.end - self.start;
            if length > bound {
                return self.skip_line().map(Some);
            }
            if self.at_end {
                let start = self.start;
                self.start = self.end;
                return Ok((length > 0).then_some(Line::At(start, self.end)));
            }
            self.fill()?;
            searched = self.start + length;
        }
    }

    /// Reads more bytes behind those that are not consumed yet.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + self.read_bytes {
            self.buffer.resize(self.end + self.read_bytes, 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    /// Passes over a line that is too long to be kept; gives its length. After an error of the
    /// source it goes on where it was.
    fn skip_line(&mut self) -> io::Result<Line> {
        loop {
            let rest = &self.buffer[self.start..self.end];
            let found = memchr(b'\n', rest);
            let length = found.map_or(rest.len(), |at| at + 1);
            self.start += length;
            let passed_over = self.passed_over.unwrap_or(0) + length as u64;
            if found.is_some() || self.at_end {
                self.passed_over = None;
                return Ok(Line::TooLong(passed_over));
            }
            self.passed_over = Some(passed_over);
            self.fill()?;
        }
    }
}
