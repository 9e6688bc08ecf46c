//! Where in the files of a log a line of its text is.
//!
//! `auditparse` counts the lines of a log as one text; a person looks for them
//! in a file. This module keeps at which line each file began.

use std::cell::{Cell, RefCell};

use memchr::memchr_iter;

use super::log::Log;

/// Where the members of a log that is being read begin.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Of each member that was opened, its index and the number of lines in
    /// front of it.
    starts: RefCell<Vec<(usize, u64)>>,
    /// Ends of lines that were passed.
    lines: Cell<u64>,
}

impl Places {
    /// Notes that text of another member follows.
    pub(super) fn begin(&self, member: usize) {
        self.starts.borrow_mut().push((member, self.lines.get()));
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
        let (member, before) = starts.iter().rev().find(|(_, before)| *before < line)?;
        Some(format!("{}:{}", log.members.get(*member)?, line - before))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::log::Member;
    use super::*;

    #[test]
    fn lines_are_numbered_by_file() {
        let file = |name| Member::File { path: PathBuf::from(name), size: None };
        let members = vec![file("2"), file("missing"), file("empty"), file("1")];
        let log = Log { members, host: None };
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
