//! How a run ends.

use std::io;
use std::process::ExitCode;

use anyhow::Error;

/// The exit statuses of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Done and something was found, when that was asked for.
    Found,
    /// Something went wrong and was reported.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Failed => 2,
        })
    }
}

/// Whether an error only says that the reader of our output has gone, as
/// `head` does when it has enough.
pub(crate) fn is_broken_pipe(error: &Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// What to say of an error. Input never fails with a bare error of the system,
/// so that one is about the output.
pub(crate) fn describe(error: &Error) -> String {
    match error.downcast_ref::<io::Error>() {
        Some(io) if error.chain().len() == 1 => format!("cannot write the output: {io}"),
        _ => format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let gone = Error::new(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&gone) && is_broken_pipe(&gone.context("while writing")));
        let full = Error::new(io::Error::from(io::ErrorKind::StorageFull));
        assert!(!is_broken_pipe(&full));
        assert!(describe(&full).starts_with("cannot write the output: "));
        assert!(describe(&full.context("x: cannot read")).starts_with("x: cannot read: "));
        assert_eq!(describe(&anyhow!("no such thing")), "no such thing");
    }
}
