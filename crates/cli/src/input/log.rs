//! A log: the files that one audit daemon wrote, oldest first.

use std::fmt;
use std::path::PathBuf;

use crate::text::Inert;

/// A log and its rotations, to be read as one stream: an event may begin in
/// one file and end in the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// The files, oldest first; never empty.
    pub(crate) members: Vec<Member>,
    /// Host name for records without one, from the way the log was found.
    pub(crate) host: Option<String>,
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
