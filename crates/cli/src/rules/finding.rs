//! Something wrong with rules files, where it is and how bad it is; and the
//! findings of one check as they are gathered. What is wrong is for
//! [`load`](super::load) and [`lint`](super::lint()) to say.

use std::fmt;

use super::source::Source;

/// Something wrong with a rules file, in a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where it is; `None` if it is about the rules as a whole.
    pub(crate) place: Option<Place>,
    /// Whether connects are missed because of it.
    pub(crate) severity: Severity,
    /// The sentence.
    pub(crate) message: String,
}

/// A line of one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index of the file.
    pub(crate) file: usize,
    /// Line number from 1.
    pub(crate) line: usize,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Connects are missing from the log.
    Error,
    /// Records may be lost, or a rule does not do what it seems to.
    Warning,
    /// Connects may be missing from the log, but not every system can log them.
    Remark,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Remark => "remark",
        })
    }
}

/// Findings being gathered.
pub(super) struct Findings<'a> {
    files: &'a [Source],
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// None yet, about these files.
    pub(super) fn new(files: &'a [Source]) -> Findings<'a> {
        Findings { files, found: Vec::new() }
    }

    /// Adds a finding, unless it is known: a rule may be found wanting for
    /// several kinds of connect.
    fn add(&mut self, place: Option<Place>, severity: Severity, message: String) {
        let finding = Finding { place, severity, message };
        if !self.found.contains(&finding) {
            self.found.push(finding);
        }
    }

    /// Adds an error about a line, or `None` about the rules as a whole.
    pub(super) fn error(&mut self, place: impl Into<Option<Place>>, message: String) {
        self.add(place.into(), Severity::Error, message);
    }

    /// Adds a warning about a line, or `None` about the rules as a whole.
    pub(super) fn warning(&mut self, place: impl Into<Option<Place>>, message: String) {
        self.add(place.into(), Severity::Warning, message);
    }

    /// Adds a remark about a line, or `None` about the rules as a whole.
    pub(super) fn remark(&mut self, place: impl Into<Option<Place>>, message: String) {
        self.add(place.into(), Severity::Remark, message);
    }

    /// How a message about one place, or about the whole, names another.
    pub(super) fn named(&self, other: Place, from: Option<Place>) -> String {
        let here = from.map_or(self.files.len() == 1, |from| from.file == other.file);
        match self.files.get(other.file) {
            Some(file) if !here => format!("{}:{}", file.name, other.line),
            _ => format!("line {}", other.line),
        }
    }

    /// The findings in order of their place, those about the whole last.
    pub(super) fn in_order(mut self) -> Vec<Finding> {
        self.found.sort_by_key(|finding| (finding.place.is_none(), finding.place));
        self.found
    }
}
