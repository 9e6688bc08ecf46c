//! Where in the files of a log a line of its text is.
//!
//! `auditparse` counts the lines of a log as one text; a person looks for them
//! in a file. This module keeps at which line each file began.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use memchr::memchr_iter;

use super::compression::decompress;
use super::log::{Log, Member};

/// Where the members of a log that is being read begin.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Of each member that was opened, its index and the number of lines in
    /// front of it.
    starts: RefCell<Vec<(usize, u64)>>,
    /// Ends of lines that were passed.
    lines: Cell<u64>,
    /// The member whose text was not read from its start, and from which byte on.
    passed_over: Cell<Option<(usize, u64)>>,
}

impl Places {
    /// Notes that text of another member follows.
    pub(super) fn begin(&self, member: usize) {
        self.starts.borrow_mut().push((member, self.lines.get()));
    }

    /// Notes that so many bytes of a member's text are passed over.
    pub(super) fn pass_over(&self, member: usize, bytes: u64) {
        self.passed_over.set(Some((member, bytes)));
    }

    /// Notes text that was read.
    pub(super) fn pass(&self, text: &[u8]) {
        let ends = memchr_iter(b'\n', text).count();
        self.lines.set(self.lines.get() + ends as u64);
    }

    /// The file that a line of the whole log is in and its number there, such
    /// as `audit.log.1:17`; both numbers count from 1.
    pub(super) fn name(&self, log: &Log, line: u64) -> Option<String> {
        let starts = self.starts.borrow();
        let (at, before) = starts.iter().rev().find(|(_, before)| *before < line)?;
        let member = log.members.get(*at)?;
        let passed_over = self.passed_over.get().filter(|(passed_over, _)| passed_over == at);
        let in_front = passed_over.map_or(Ok(0), |(_, bytes)| lines_in_front(member, bytes));
        Some(match in_front {
            Ok(in_front) => format!("{member}:{}", in_front + line - before),
            // Its number is gone with what was in front.
            Err(_) => member.to_string(),
        })
    }
}

/// Ends of lines in the first bytes of a file's text.
fn lines_in_front(member: &Member, bytes: u64) -> io::Result<u64> {
    let Member::File { path, .. } = member else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut text = BufReader::new(decompress(File::open(path)?)?.reader.take(bytes));
    let mut lines = 0;
    loop {
        let read = text.fill_buf()?;
        if read.is_empty() {
            return Ok(lines);
        }
        lines += memchr_iter(b'\n', read).count() as u64;
        let length = read.len();
        text.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn lines_are_numbered_by_file() {
        let file = |name| Member::File { path: PathBuf::from(name), size: None };
        let members = vec![file("2"), file("missing"), file("empty"), file("1")];
        let log = Log::new(members, None);
        let places = Places::default();
        for (index, text) in [(0, &b"a\nb"[..]), (2, b""), (3, b"c\nd\n")] {
            places.begin(index);
            places.pass(text);
            if index == 0 {
                places.pass(b"\n");
            }
        }
        let found = [1, 2, 3, 4].map(|line| places.name(&log, line).unwrap());
        assert_eq!(found, ["2:1", "2:2", "1:1", "1:2"]);
    }
}
