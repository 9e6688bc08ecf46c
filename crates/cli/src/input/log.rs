//! A log: the files that one audit daemon wrote, oldest first.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::rotation::RotatedName;
use super::start::Start;
use crate::text::Inert;

/// A log and its rotations, to be read as one stream: an event may begin in
/// one file and end in the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// The files, oldest first; never empty.
    pub(crate) members: Vec<Member>,
    /// Host name for records without one, from the way the log was found.
    pub(crate) host: Option<String>,
    /// Where it is read on, if its position is to be noted.
    pub(super) start: Option<Start>,
}

impl Log {
    /// A log of these files, all of which are read.
    pub(super) fn new(members: Vec<Member>, host: Option<String>) -> Log {
        Log { members, host, start: None }
    }

    /// Whether something of it was read by an earlier run.
    pub(crate) fn is_read_on(&self) -> bool {
        self.start.as_ref().is_some_and(|start| start.member > 0 || start.place.is_some())
    }

    /// The path of its live file, by which its position is kept; `None` if that
    /// cannot be told, as of a pipe.
    pub(super) fn live(&self) -> Option<String> {
        let (directory, base) = self.place()?;
        Some(directory.join(base).to_string_lossy().into_owned())
    }

    /// The directory and the name of its live file.
    pub(super) fn place(&self) -> Option<(PathBuf, String)> {
        let Some(Member::File { path, .. }) = self.members.last() else { return None };
        let name = RotatedName::parse(&path.file_name()?.to_string_lossy());
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        Some((fs::canonicalize(directory).ok()?, name.base))
    }
}

/// Something that bytes of a log are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its size in bytes as stored; `None` for pipes and devices.
        size: Option<u64>,
    },
}

impl Member {
    /// Where it is, if it is a file.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Member::Stdin => None,
            Member::File { path, .. } => Some(path),
        }
    }

    /// Whether its bytes may be yet to come, as from a pipe.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self, Member::Stdin | Member::File { size: None, .. })
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Member::Stdin => f.write_str("standard input"),
            Member::File { path, .. } => Inert(path.as_os_str().as_encoded_bytes()).fmt(f),
        }
    }
}

/// Size of all logs in bytes as stored, if it is known.
pub(crate) fn total_size(logs: &[Log]) -> Option<u64> {
    logs.iter()
        .flat_map(|log| &log.members)
        .map(|member| match member {
            Member::Stdin => None,
            Member::File { size, .. } => *size,
        })
        .sum()
}
