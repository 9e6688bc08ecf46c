//! The error by which a text tells that it is at its end, once, before it is
//! over or goes on: what was read up to then is not taken for more than it is.

use std::io;

/// Everything that there is was read.
#[derive(Debug)]
struct CaughtUp;

impl std::fmt::Display for CaughtUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("all that there is was read")
    }
}

impl std::error::Error for CaughtUp {}

/// The error.
pub(super) fn caught_up() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, CaughtUp)
}

/// Whether an error only tells that all there is was read.
pub(super) fn is_caught_up(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<CaughtUp>())
}
